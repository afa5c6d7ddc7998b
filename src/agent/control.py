"""Stopping and resuming the program's threads.

Threading model. A thread of the program stops by waiting inside a monitoring callback: a `Waiter` with a raw lock and
a list of jobs. While it waits, requests that concern it run on it as jobs (so thread-local state is the
program's own); a None among the jobs lets it go on. With `stopThreads` "all", one thread at a time is *the* stopped
one (`self.leader`); the wide tool's global events catch the others as soon as they run Python code, and they wait
as *parked*: a Waiter of the same kind that was not announced. A thread that is in C code cannot wait; it is listed
and inspected where it is, and parked when it comes back. A second thread that hits a breakpoint meanwhile is
parked in front of its stop, and stops once the first one goes on.

`lock` guards leader, waiters and wishes. It is taken by any thread, never while code of the program runs.
"""

import _thread

from .monitor import E
from .threads import other_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from .link import Json
    from .monitor import Monitor

OURS = '<pylatch>/'
"""The file names of the agent's own code begin so."""

PARK = E.LINE | E.PY_START | E.PY_RESUME | E.JUMP
"""Where a thread can be caught: JUMP for loops on one line, which fire no LINE."""


class Waiter:
    """A thread of the program that waits in a callback."""

    def __init__(self, ident: int, frame: FrameType) -> None:
        self.ident = ident
        self.frame = frame
        self.lock = _thread.allocate_lock()
        self.lock.acquire()
        self.jobs: list[Callable[[], object] | None] = []

    def give(self, job: Callable[[], object] | None) -> None:
        """From any thread: the waiting thread does the job; None lets it go on."""
        self.jobs.append(job)
        try:
            self.lock.release()
        except RuntimeError:
            pass  # it is awake already and will see the job

    def wait(self) -> BaseException | None:
        """Works until it may go on. Returns what a signal handler of the program raised meanwhile: it belongs to the
        program, and the caller raises it there (Ctrl-C on a stopped program must not be lost)."""
        raised: BaseException | None = None
        while True:
            try:
                self.lock.acquire()
                while self.jobs:
                    job = self.jobs.pop(0)
                    if job is None:
                        return raised
                    job()
            except BaseException as error:
                raised = raised or error


class Control:
    def __init__(self, monitor: Monitor, send: Callable[[str, Json], None], stop_all: bool) -> None:
        self.monitor = monitor
        self.send = send
        self.stop_all = stop_all
        self.lock = _thread.allocate_lock()
        self.leader: int | None = None
        self.stopped: set[int] = set()
        """Threads that were announced as stopped; with `stopThreads` "all" at most one."""
        self.waiters: dict[int, Waiter] = {}
        self.pausing: set[int] = set()
        self.held: set[int] = set()
        """Threads declared stopped while in C code: they wait as soon as they come back from it."""
        self.entering: set[int] = set()
        """Threads with a step into in flight."""
        self.own: set[int] = set()
        """The agent's threads: no callback concerns them, whatever code a finaliser runs there."""
        self.closing = False
        self.watching = False
        self.unwinding = False
        self.describe: Callable[[int], Json] = lambda _: {}
        """The thread's DAP id and a snapshot of its stack, for the `stopped` event."""
        self.forget: Callable[[set[int] | None], None] = lambda _: None
        """Drops what was shown of threads, or of all, before they go on: their frames must be free to end."""

    def waiting(self, ident: int) -> FrameType | None:
        """The top frame of a thread that waits, None for one that does not."""
        waiter = self.waiters.get(ident)
        return waiter.frame if waiter is not None else None

    # -- wishes that decide which global events are on

    def watch_code(self, on: bool) -> None:
        self.watching = on
        self.near_events()

    def near_events(self) -> None:
        events = (E.PY_START if self.watching else 0) | (E.PY_UNWIND if self.unwinding else 0)
        self.monitor.near_global(events)

    def wide_events(self) -> None:
        """Turns the wide tool on for as long as somebody is to be caught. With the lock held."""
        events = 0
        if self.entering:
            events |= E.PY_START | E.PY_RESUME
        if self.pausing or self.held or (self.leader is not None and self._others()):
            events |= PARK
        self.monitor.wide_global(0 if self.closing else events)

    def _others(self) -> bool:
        return bool(other_frames().keys() - self.own - self.waiters.keys())

    # -- in callbacks, on the program's threads

    def stop(self, frame: FrameType, body: Json) -> BaseException | None:
        """Announces this thread as stopped and waits until it may go on. Returns what the caller is to raise."""
        ident = _thread.get_ident()
        waiter = Waiter(ident, frame)
        raised: BaseException | None = None
        while not self._lead(waiter):
            if self.closing:
                break
            raised = waiter.wait() or raised
            waiter = Waiter(ident, frame)
        else:
            self._announce(ident, body)
            raised = waiter.wait() or raised
        return raised

    def park(self, frame: FrameType) -> BaseException | None:
        """Waits while another thread is the stopped one, or while this one counts as stopped."""
        waiter = Waiter(_thread.get_ident(), frame)
        with self.lock:
            if self.closing or (self.leader is None and waiter.ident not in self.held):
                return None
            self.waiters[waiter.ident] = waiter
            self.wide_events()
        return waiter.wait()

    def _lead(self, waiter: Waiter) -> bool:
        """Makes this thread the stopped one, or a parked one when there is one already. Both wait next."""
        with self.lock:
            if self.closing:
                return False
            self.waiters[waiter.ident] = waiter
            if self.stop_all and self.leader not in (None, waiter.ident):
                return False
            self.pausing.discard(waiter.ident)
            self.entering.discard(waiter.ident)
            if self.stop_all:
                self.leader = waiter.ident
            self.stopped.add(waiter.ident)
            self.wide_events()
            return True

    def _announce(self, ident: int, body: Json) -> None:
        self.send('stopped', {**body, 'allThreadsStopped': self.stop_all, **self.describe(ident)})

    # -- from the agent's thread

    def stop_in_c(self, ident: int) -> bool:
        """Declares a thread stopped that is in C code and did not come by: it is caught when it comes back.

        Returns False when it came by meanwhile or is gone."""
        with self.lock:
            if ident not in self.pausing or ident not in other_frames() or self.leader is not None:
                return False
            self.pausing.discard(ident)
            self.stopped.add(ident)
            self.held.add(ident)
            if self.stop_all:
                self.leader = ident
            self.wide_events()
        self._announce(ident, {'reason': 'pause', 'description': 'Paused in C code'})
        return True

    def resume(self, ident: int) -> bool:
        """Lets the stopped thread go on, and with it all that were parked for it. Returns whether all go on."""
        with self.lock:
            self.stopped.discard(ident)
            self.held.discard(ident)
            idents = [ident]
            if self.leader == ident:
                self.leader = None
                idents = list(self.waiters)
            waiters = [self.waiters.pop(one) for one in idents if one in self.waiters]
            self.wide_events()
        self.forget(None if self.stop_all else {ident})
        for waiter in waiters:
            waiter.give(None)
        return self.stop_all

    def close(self) -> None:
        """Lets everybody go on, for good."""
        with self.lock:
            self.closing = True
            self.leader = None
            for wishes in (self.stopped, self.held, self.pausing, self.entering):
                wishes.clear()
            waiters = list(self.waiters.values())
            self.waiters.clear()
            self.wide_events()
        for waiter in waiters:
            waiter.give(None)
