"""What each kind of fault does, and how it ends. Each is a block: the fault holds as long as the block lasts."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import psutil

from devstack.chaos.schedule import Fault
from devstack.chaos.servers import OF_SERVICES
from devstack.chaos.world import RELAYS, World
from devstack.waiting import wait_for

JUMPS_SECONDS = (-7_200, -90, 90, 7_200)
DELAYS_SECONDS = (0.02, 0.25)
NO_TIME_AT_ALL, THREE_MINUTES = "0", "0.05"
"""Hours of retention. An inbox has to remember for longer than a double may be under way."""
COMMAND_SECONDS = 60
WORKER_SECONDS = 30


Body = Callable[[World, str, float], Iterator[None]]


def inflict(fault: Fault, world: World) -> AbstractContextManager[None]:
    return contextmanager(_KINDS[fault.kind])(world, fault.victim, fault.spice)


def _kill(world: World, victim: str, _spice: float) -> Iterator[None]:
    if victim == "shop-worker":
        _a_worker(world).kill()  # gunicorn's master starts another
        yield
        return
    world.kill(victim)
    yield
    world.programs[victim].start()


def _stop(world: World, victim: str, _spice: float) -> Iterator[None]:
    """The slowest there is: it keeps its connections, its locks and what it has in hand."""
    if victim == "shop-worker":
        worker = _a_worker(world)
        worker.suspend()
        yield
        with suppress(psutil.NoSuchProcess):  # gunicorn kills a worker that says nothing for too long
            worker.resume()
        return
    process = world.programs[victim].process
    process.send_signal(signal.SIGSTOP)
    yield
    process.send_signal(signal.SIGCONT)


def _cut(world: World, victim: str, _spice: float) -> Iterator[None]:
    world.links[victim].sever()
    yield
    world.links[victim].heal()


def _stall(world: World, victim: str, spice: float) -> Iterator[None]:
    """Nothing comes through and nobody is told; then it goes on, or all of it turns out to be lost."""
    world.links[victim].stall()
    yield
    if spice < 0.5:
        world.links[victim].cut()
    world.links[victim].heal()


def _delay(world: World, victim: str, spice: float) -> Iterator[None]:
    """And what is under way at the end is lost."""
    least, most = DELAYS_SECONDS
    world.links[victim].delay(least + spice * (most - least))
    yield
    world.links[victim].cut()
    world.links[victim].heal()


def _restart_server(world: World, victim: str, _spice: float) -> Iterator[None]:
    """PostgreSQL's is the `fast` one: sessions end, what is committed stays."""
    world.servers.all[victim].stop()
    yield
    world.servers.all[victim].start()


def _kill_server(world: World, victim: str, _spice: float) -> Iterator[None]:
    world.servers.all[victim].kill()
    yield
    world.servers.all[victim].start()


def _prune(world: World, victim: str, _spice: float) -> Iterator[None]:
    """A disk runs full and somebody deletes what may be deleted; a backlog waits for its dead relay meanwhile."""
    if victim == "outbox":
        world.kill("relay")
        pruning = [world.command("shop", "outbox_prune", "--hours", NO_TIME_AT_ALL)]
    else:
        pruning = [world.command(name, "inbox_prune", "--hours", THREE_MINUTES) for name in OF_SERVICES]
    for program in pruning:
        program.start()
    yield
    for program in pruning:
        program.process.wait(COMMAND_SECONDS)
    if victim == "outbox":
        world.programs["relay"].start()


def _clock(world: World, victim: str, spice: float) -> Iterator[None]:
    world.clocks[victim].jump(JUMPS_SECONDS[int(spice * len(JUMPS_SECONDS)) % len(JUMPS_SECONDS)])
    yield
    world.clocks[victim].jump(0)


def _switch(world: World, _victim: str, spice: float) -> Iterator[None]:
    """As docs/moving.md says: the new one starts beside the old one, which is then stopped, or dies."""
    old, others = world.programs["relay"], [kind for kind in RELAYS if kind != world.relay_kind]
    new = world.new_relay(others[int(spice * len(others)) % len(others)])
    new.start()
    yield
    world.replace("relay", old, new, kindly=spice < 0.5)


def _deploy(world: World, victim: str, spice: float) -> Iterator[None]:
    """Old and new version side by side for a while; the auditor's new one reads another version of an event."""
    old = world.programs[victim]
    new = world.new_consumer(victim, reads=3 - world.reads[victim])
    new.start()
    yield
    world.replace(victim, old, new, kindly=spice < 0.5)


def _a_worker(world: World) -> psutil.Process:
    master = psutil.Process(world.programs["shop"].process.pid)
    return wait_for(master.children, WORKER_SECONDS, "a worker of the shop")[0]


_KINDS: dict[str, Body] = {
    "kill": _kill,
    "stop": _stop,
    "prune": _prune,
    "clock": _clock,
    "switch": _switch,
    "deploy": _deploy,
    "cut": _cut,
    "stall": _stall,
    "delay": _delay,
    "broker-restart": _restart_server,
    "broker-kill": _kill_server,
    "database-restart": _restart_server,
    "database-kill": _kill_server,
}
