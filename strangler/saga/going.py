"""What one transaction does to an instance, as far as it gets: forwards step by step, or backwards undo by undo.

Every way in (the start, an answer, a time that has come) ends here, with the instance's row locked. Nothing here
depends on the order in which they come: what an instance has been through says what a message still means.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Any

from strangler.errors import MessagingError, NoAnswer, SagaOutdated
from strangler.messaging import Envelope, decode, incoming_message, open_as, working_on
from strangler.saga.calling import Calls
from strangler.saga.declaring import Step
from strangler.saga.standing import Standing, Status, in_one_line
from strangler.saga.store import What
from strangler.saga.trail import Begun, State

_AWAITED = {State.ASKED, State.TRIED}
_TAKEN_BACK = {State.REFUSED, State.UNDONE}


class Go(Standing):
    """Call one way in, then `save()`."""

    _first = False

    # --- ways in

    def begin(self, data: Any) -> None:
        """In the transaction of who starts it: whatever goes wrong is raised, and takes everything back with it."""
        self.calls = Calls(self.saga, self.instance, data, using=self.using, alone=False)
        self._first = True
        self.note(What.STARTED)
        self._forward()

    def answered(self, step: Step[Any], envelope: Envelope, text: str) -> None:
        """`text` is the message, to be kept where it cannot be made use of now."""
        self.cause = envelope.id
        begun, instance = self.trail.of(step.name), self.instance
        at_hand = instance.step == step.name and not instance.undoing and not instance.answer
        if begun is None:
            self._ignore(step, "the step was not asked for")
        elif at_hand:
            instance.answer, instance.attempts = text, 0
            self._guarded(self._take_answer)
        elif begun.state in _TAKEN_BACK and step.is_done_by(envelope.event_type):
            self._guarded(partial(self._late, step, begun))
        else:
            self._ignore(step, _why_not(begun, answered=bool(instance.answer)))

    def due(self) -> None:
        """A deadline has passed, or something is to be tried again."""
        self._guarded(self._due)

    def failed(self, error: Exception) -> None:
        """What is at hand went wrong where nothing of it could be kept, at the commit for one."""
        self._guarded(partial(self.fail, error))

    def _guarded(self, work: Callable[[], None]) -> None:
        """With the data read. Who does not fit the code any more is a person's business at once."""
        try:
            data = self.saga.unpack(self.instance.data)
            self.calls = Calls(self.saga, self.instance, data, using=self.using, alone=True)
            with self._conversation():
                work()
        except SagaOutdated as error:
            self.stick(str(error))

    def _conversation(self) -> AbstractContextManager[object]:
        """Of the first step, whoever goes on with it."""
        instance = self.instance
        incoming = decode(instance.answer) if instance.answer else incoming_message()
        return working_on(instance.correlation_id, instance.traceparent, incoming=incoming)

    def _due(self) -> None:
        instance = self.instance
        unanswered = instance.status == Status.WAITING and not instance.answer
        if instance.attempts > self.limit + unanswered:
            self.doubt()
            self.stick(f"started {instance.attempts - 1} times, and each time its process died")
        elif instance.undoing:
            self._back()
        elif instance.answer:
            self._take_answer()
        elif unanswered and instance.attempts > self.limit:
            self._give_up_waiting(self.step)
        else:
            self._forward()

    # --- forwards

    def _forward(self) -> None:
        while self.instance.step:
            step = self.step
            self.count()
            try:
                waits = self.calls.call(step.run, may_wait=step.can_wait)
            except step.refusals as refusal:
                if self._first:
                    raise
                return self._refused(step, refusal)
            except Exception as error:
                if self._first:
                    raise
                return self.fail(error)
            if waits:
                return self._wait(step)
            self.trail.ran(step.name, State.DONE)
            self._done(step)
        self.stand(Status.COMPLETED)
        return self.note(What.COMPLETED)

    def _wait(self, step: Step[Any]) -> None:
        self.trail.ran(step.name, State.ASKED)
        self.stand(Status.WAITING, after=step.within)
        self.note(What.ASKED, step.name)

    def _done(self, step: Step[Any]) -> None:
        self.trail.mark(step.name, State.DONE)
        self.note(What.DONE, step.name)
        self.at(self.saga.after(step))

    def _take_answer(self) -> None:
        """Of the step at hand: what it brings, then what follows from it."""
        step, envelope = self.step, decode(self.instance.answer)
        self.cause = envelope.id
        self.count()
        event_class = step.class_of(envelope.event_type)
        try:
            event = open_as(envelope, event_class)
        except MessagingError as error:
            return self.fail(error)
        if not step.is_done_by(envelope.event_type):
            return self._refused(step, event)
        if step.on_done and not self._managed(step.on_done, event):
            return None
        self.instance.answer = ""
        self._done(step)
        return self._forward()

    # --- backwards

    def _refused(self, step: Step[Any], refusal: Any, *, leaves: State = State.REFUSED) -> None:
        """`leaves`: what is known of the step itself from now on."""
        if step.on_refused and not self._managed(step.on_refused, refusal):
            return None
        instance = self.instance
        instance.undoing, instance.answer, instance.reason = True, "", in_one_line(refusal)
        self.trail.mark(step.name, leaves)
        self.note(What.NO_ANSWER if isinstance(refusal, NoAnswer) else What.REFUSED, step.name, instance.reason)
        self.log.info("saga_refused", step=step.name, reason=instance.reason)
        self.at("")
        return self._back()

    def _give_up_waiting(self, step: Step[Any]) -> None:
        begun, within = self.trail.of(step.name), step.within or timedelta()
        runs = begun.runs if begun else 0
        times = "once" if runs == 1 else f"{runs} times"
        text = f"no answer to step {step.name!r} within {within.total_seconds():g} s, asked {times}"
        self._refused(step, NoAnswer(text), leaves=State.ASKED)

    def _late(self, step: Step[Any], begun: Begun) -> None:
        """It has happened after all, and was undone before, or not at all."""
        if step.undo is None or begun.undos > begun.runs:
            why = "nothing undoes it" if step.undo is None else "it was undone more often than it was asked for"
            self.log.warning("saga_answer_ignored", step=step.name, reason=why)
            return self._ignore(step, f"it came late, and {why}")
        self.trail.mark(step.name, State.DONE)
        self.note(What.LATE, step.name, "done after it was undone: it is undone once more")
        if self.instance.status == Status.STUCK:
            return self.stay()  # a person is asked already; this will be undone with the rest
        return self._back()

    def _back(self) -> None:
        while (begun := self.trail.last_to_undo()) is not None:
            self.at(begun.step)
            if self.step.undo is not None:
                self.count()
                if not self._managed(self.step.undo):
                    return None
                begun.undos += 1
                self.note(What.UNDONE, begun.step)
            begun.state = State.UNDONE
            self.at("")
        return self._end_compensated()

    def _end_compensated(self) -> None:
        """`compensated` is for the first time: a late answer, undone too, changes nothing about the end."""
        self.at("")
        if self.saga.compensated is not None and self.instance.finished_at is None:
            self.count()
            if not self._managed(self.saga.compensated):
                return None
        self.stand(Status.COMPENSATED)
        return self.note(What.COMPENSATED)

    def _managed(self, function: Callable[..., Any], *said: Any) -> bool:
        """False where it failed, which is on file then."""
        try:
            self.calls.call(function, *said)
        except Exception as error:  # noqa: BLE001  (it is tried again, and then a person is asked)
            self.fail(error)
            return False
        return True

    def _ignore(self, step: Step[Any], why: str) -> None:
        self.note(What.IGNORED, step.name, why)
        self.stay()


def _why_not(begun: Begun, *, answered: bool) -> str:
    if answered:
        return "an answer is here already"
    return "the step is to be undone" if begun.state in _AWAITED else f"the step is {begun.state} already"
