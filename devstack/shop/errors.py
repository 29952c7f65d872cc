class CannotGoOn(Exception):
    """The run cannot go on; the message says why and the way out."""


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: stop everything and leave. `number` is the signal's.

    No `Exception`, for the reason KeyboardInterrupt is none: nobody on the way may swallow it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
