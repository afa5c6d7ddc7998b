"""Stopping and resuming the program's threads.

Threading model. A thread of the program stops by waiting inside a monitoring callback: a `Waiter` with a raw lock and
a list of jobs. While it waits, requests that concern it run on it as jobs (so thread-local state is the
program's own), until it is released. All decisions are the agent's thread's: a thread that stops registers its
waiter, wakes the agent and waits; `arrive` makes it the stopped one and announces it. That is because the
program's signal handlers run on its main thread, between any two steps of ours, and may raise; what the program's
threads do here is therefore little, and can be done again from the start.

With `stopThreads` "all", one thread at a time is *the* stopped one (`leader`); the wide tool's global events catch the
others as soon as they run Python code, and they wait as *parked*. A thread that is in C code cannot wait; it is
inspected where it is, and parked when it comes back. A second thread that hits a breakpoint meanwhile waits with
it, and is announced when the first one goes on. A thread that is let go on by itself (DAP's `singleThread`) is *alone*:
the others stay as they are, and when it stops it is the stopped one again.

`lock` guards the waiters against a release that misses one.
"""

import _thread
import gc
import sys

from .monitor import E
from .threads import Section, other_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    from .link import Json
    from .monitor import Monitor
    from .variables import Dropped

OURS = '<pylatch>/'
"""The file names of the agent's own code begin so."""

PARK = E.LINE | E.PY_START | E.PY_RESUME | E.JUMP
"""Where a thread can be caught: JUMP for loops on one line, which fire no LINE."""


class Waiter:
    """A thread of the program that waits in a callback."""

    def __init__(self, ident: int, frame: FrameType, body: Json | None, on_line: bool) -> None:
        self.ident = ident
        self.frame = frame
        self.body = body
        """The `stopped` event to be; None for a parked thread."""
        self.on_line = on_line
        """In the callback of a LINE event: only there CPython lets a frame jump."""
        self.bells: list[_thread.lock] = []
        """Taken locks. Each is released once: a second time, before the one who waits for it has gone on, is the end of
        a debug build of 3.14 (an assertion that is too strict, gh-143424)."""
        self.jobs: list[Callable[[], object]] = []
        self.moved: Json | None = None
        """The `stopped` event to be when the frame was made to go on elsewhere."""
        self.announced = False
        self.released = False
        self.raised: BaseException | None = None
        """What a signal handler of the program raised while our code ran: it belongs to the program, and is raised
        there when the thread goes on (Ctrl-C on a stopped program must not be lost)."""

    def give(self, job: Callable[[], object]) -> None:
        """From any thread: the waiting thread does the job."""
        self.jobs.append(job)
        self.wake()

    def wake(self) -> None:
        try:
            self.bells.pop().release()
        except IndexError:
            pass  # it is awake already, and looks again before it sleeps

    def wait(self) -> None:
        """Works until it is released. May be broken off by a signal handler, and called again: a job is taken off by
        statements between which no handler runs."""
        while True:
            bell = _thread.allocate_lock()
            bell.acquire()
            self.bells.append(bell)
            while self.jobs:
                job = self.jobs[0]
                del self.jobs[0]
                job()
            if self.released:
                return
            bell.acquire()


class Collector:
    """Python's garbage collector, held while all threads are stopped: what it frees has finalisers of the program, and
    our thread, the only one that goes on, must not wait in one for a lock that a stopped thread has."""

    def __init__(self) -> None:
        self.held = False

    def hold(self) -> None:
        if gc.isenabled():
            gc.disable()
            self.held = True

    def let_go(self) -> None:
        if self.held:
            self.held = False
            gc.enable()


class Control:
    def __init__(self, monitor: Monitor, send: Callable[[str, Json], None], stop_all: bool) -> None:
        self.monitor = monitor
        self.send = send
        self.stop_all = stop_all
        self.lock = Section()
        self.leader: int | None = None
        self.stopped: set[int] = set()
        """Threads that were announced as stopped; with `stopThreads` "all" one, and those that have gone on alone."""
        self.alone: set[int] = set()
        """With "all": the threads that run while the others stay stopped."""
        self.waiters: dict[int, Waiter] = {}
        self.pausing: set[int] = set()
        self.cause: Json | None = None
        """What the next thread that comes by is to stop for, if not for a pause that was asked for."""
        self.told: Json | None = None
        """The last cause that was announced."""
        self.held: set[int] = set()
        """Threads declared stopped while in C code: they wait as soon as they come back from it."""
        self.entering: set[int] = set()
        """Threads with a step into that waits for a function to start."""
        self.own: set[int] = set()
        """The agent's threads: no callback concerns them, whatever code a finaliser runs there."""
        self.closing = False
        self.collector = Collector()
        self.describe: Callable[[int], Json] = lambda _: {}
        """The thread's DAP id and a snapshot of its stack, for the `stopped` event."""
        self.counts: Callable[[Json], bool] = lambda _: True
        """Whether the reason of a stop that was not announced yet still holds."""
        self.begin_stop: Callable[[int], None] = lambda _: None
        """Told that a thread stops: steps end."""
        self.tell: Callable[[], None] = lambda: None
        """Sends what the program's threads have left to be told: all that came before a stop."""
        self.wake: Callable[[], None] = lambda: None
        """Makes the agent's thread call `arrive`."""
        self.forget: Callable[[set[int] | None], Dropped] = lambda _: []
        """Drops what was shown of threads, or of all, before they go on: their frames must be free to end. Returns the
        values, which the thread itself lets go of: their finalisers are the program's."""

    def waiting(self, ident: int) -> FrameType | None:
        """The top frame of a thread that waits, None for one that does not."""
        waiter = self.waiters.get(ident)
        return waiter.frame if waiter is not None else None

    def is_stopped(self, ident: int) -> bool:
        """Whether a thread counts as stopped, wherever it is: with "all" all do, but those that run alone."""
        if self.stop_all and self.leader is not None:
            return ident not in self.alone
        return ident in self.stopped

    def wide_events(self) -> None:
        """Turns the wide tool on for as long as somebody is to be caught. With the lock held."""
        if self.closing:
            return self.monitor.wide_global(0)
        events = 0
        if self.entering:
            events |= E.PY_START | E.PY_RESUME | E.PY_THROW
        if self.alone:
            events |= E.PY_START  # for the threads that these start
        if self.pausing or self.held or (self.leader is not None and self._others()):
            events |= PARK
        self.monitor.wide_global(events)

    def _others(self) -> bool:
        return bool(other_frames().keys() - self.own - self.waiters.keys() - self.alone)

    # -- in callbacks, on the program's threads

    def stop(self, frame: FrameType, body: Json, on_line: bool = True) -> BaseException | None:
        """Stops this thread. Returns what the caller is to raise when it goes on. `on_line`: see `Waiter`."""
        return self._wait(self._waiter(frame, body, on_line), lambda: True)

    def park(self, frame: FrameType, on_line: bool) -> BaseException | None:
        """Waits while another thread is the stopped one, or while this one counts as stopped."""
        ident = _thread.get_ident()
        return self._wait(self._waiter(frame, None, on_line), lambda: self.is_stopped(ident))

    def _wait(self, waiter: Waiter, wanted: Callable[[], bool]) -> BaseException | None:
        with self.lock:
            # In the end phase of the interpreter only this thread still runs: nobody could let it go on.
            if self.closing or sys.is_finalizing() or not wanted():
                return waiter.raised
            self.waiters[waiter.ident] = waiter
        self.wake()
        while not waiter.released:
            try:
                waiter.wait()
            except BaseException as error:
                if is_ours(error):
                    self.release([waiter.ident])
                    raise
                waiter.raised = waiter.raised or error
        return waiter.raised

    def _waiter(self, frame: FrameType, body: Json | None, on_line: bool) -> Waiter:
        """A new one, or that of the same stop when a signal handler broke it off and it begins again."""
        ident = _thread.get_ident()
        waiter = self.waiters.get(ident)
        return waiter if waiter is not None and waiter.frame is frame else Waiter(ident, frame, body, on_line)

    # -- on the agent's thread

    def arrive(self) -> None:
        """Announces the threads that have stopped since; with "all" the next one, if none is stopped."""
        for waiter in list(self.waiters.values()):
            if waiter.moved is not None:
                body, waiter.moved = waiter.moved, None
                waiter.give(self.forget({waiter.ident}).clear)
                self.stopped.add(waiter.ident)
                self.announce(waiter.ident, body)
            if waiter.body is not None and not waiter.announced and not self.is_stopped(waiter.ident):
                waiter.announced = True
                self._announce(waiter.ident, waiter.body)
        with self.lock:
            self._reap()
            self.wide_events()

    def _reap(self) -> None:
        """Expects no thread any more that has ended: the events for it would be on for ever."""
        if self.pausing or self.held or self.entering or self.alone:
            alive = other_frames().keys()
            if not self.stop_all:
                self.stopped -= self.held - alive
            for expected in (self.pausing, self.held, self.entering, self.alone):
                expected.intersection_update(alive)

    def stop_in_c(self, ident: int) -> None:
        """Declares a thread stopped that is in C code and did not come by: it is caught when it comes back."""
        if ident in self.pausing and not self.is_stopped(ident):
            self.held.add(ident)
            self._announce(ident, self.cause or {'reason': 'pause', 'description': 'Paused in C code'})

    def catch(self, body: Json) -> None:
        """Stops the program for something of which no thread can tell: the first one to come by stops."""
        with self.lock:
            self.cause = body
            self.pausing |= other_frames().keys() - self.own - self.waiters.keys()
            self.wide_events()

    def _announce(self, ident: int, body: Json) -> None:
        with self.lock:
            self.pausing.discard(ident)
            self.stopped.add(ident)
            self.alone.discard(ident)
            if self.stop_all:
                self.leader = ident
            if self.stop_all or body is self.cause:
                # Who asked to pause another thread has what they wanted.
                self.pausing.clear()
            if body is self.cause:
                self.cause, self.told = None, body
            self.wide_events()
        if self.stop_all:
            self.collector.hold()
        self.begin_stop(ident)
        self.tell()
        self.announce(ident, body)

    def announce(self, ident: int, body: Json) -> None:
        """Sends that a thread has stopped, or what has become of its stop."""
        together = self.stop_all and not self.alone
        self.send('stopped', {**body, 'allThreadsStopped': together, **self.describe(ident)})

    def resume(self, ident: int, alone: bool = False) -> None:
        """Lets a stopped thread go on, and unless `alone` all others that stopped with it."""
        if alone and self.stop_all:
            return self._resume_alone(ident)
        dropped = self.forget(None if self.stop_all else {ident})
        waiter = self.waiters.get(ident)
        if waiter is not None:
            waiter.give(dropped.clear)
        del dropped
        parked = [
            waiter.ident for waiter in list(self.waiters.values()) if waiter.announced or not self.pending(waiter)
        ]
        if self.stop_all:
            with self.lock:
                self.leader = None
                self.alone.clear()
        self.release([*parked, *self.stopped, *self.held, ident] if self.stop_all else [ident])
        self.arrive()

    def _resume_alone(self, ident: int) -> None:
        dropped = self.forget({ident})
        waiter = self.waiters.get(ident)
        if waiter is not None:
            waiter.give(dropped.clear)
        del dropped
        with self.lock:
            self.alone.add(ident)
        if waiter is None or waiter.announced or not self.pending(waiter):
            self.release([ident])
        self.arrive()

    def pending(self, waiter: Waiter) -> bool:
        """Whether a thread that stopped while another one was stopped still has a reason to."""
        body = waiter.body
        return body is not None and body['reason'] != 'pause' and body is not self.told and self.counts(body)

    def release(self, idents: list[int]) -> None:
        with self.lock:
            self.stopped.difference_update(idents)
            self.held.difference_update(idents)
            waiters = [self.waiters.pop(ident) for ident in idents if ident in self.waiters]
            for waiter in waiters:
                waiter.released = True
            self.wide_events()
        for waiter in waiters:
            waiter.wake()
        if self.leader is None:
            self.collector.let_go()

    def close(self) -> None:
        """Lets everybody go on, for good. From the agent's thread, or in a forked child."""
        with self.lock:
            self.closing = True
            self.leader = None
        for expected in (self.pausing, self.entering, self.alone):
            expected.clear()
        self.release([*self.waiters, *self.stopped, *self.held])


def is_own(code: CodeType) -> bool:
    """True for code of the agent, and of the stub, to which the interpreter gives no file."""
    name = code.co_filename
    return name.startswith(OURS) or (name == '<string>' and code.co_name.startswith('pylatch_'))


def is_ours(error: BaseException) -> bool:
    """True for an error of the agent's code; what a signal handler of the program raises in it is the program's.

    The innermost frame tells: a handler has one of its own. Python's handler of SIGINT is in C and has none. Where an
    audit hook does not let us look, it is such a hook that raised."""
    if isinstance(error, KeyboardInterrupt):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return True
    try:
        # No call in here, behind which a signal handler may raise.
        name = trace.tb_frame.f_code.co_filename
    except Exception:
        return True
    return name.startswith(OURS)
