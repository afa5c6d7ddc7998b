"""The frames of the other threads, and a lock for work that signal handlers of the program may interrupt."""

import _thread
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import Any


def other_frames() -> dict[int, FrameType]:
    """The top frame of each thread but this one, by ident; threads that run no Python code have none.

    This thread's own frame is left out because a frame in its own locals would be a cycle, which holds everything that
    the stack below refers to until a garbage collection."""
    own = _thread.get_ident()
    frames = sys._current_frames()
    # Without a call in between, behind which a signal handler of the program may raise.
    del frames[own]
    return frames


def bottom(frame: FrameType) -> FrameType:
    """The first frame of the thread."""
    while frame.f_back is not None:
        frame = frame.f_back
    return frame


def chain(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and its callers."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def pause(seconds: float) -> None:
    """As `time.sleep`, of which audit hooks are told: one may refuse it."""
    lock = _thread.allocate_lock()
    lock.acquire()
    lock.acquire(timeout=seconds)


class Section:
    """A lock around work of ours that a signal handler of the program may break off by raising, on the main thread.

    Between taking a lock and entering the `with` body there is a point where handlers run, so a lock can be left taken.
    Who is interrupted gives it back and does the work again from the start (see `callbacks.py`). A thread never needs
    it twice at a time."""

    def __init__(self) -> None:
        self.lock: Any = _thread.RLock()

    def __enter__(self) -> None:
        # In the end phase of the interpreter its holder stands still for ever; nobody else is left to harm.
        self.lock.acquire(not sys.is_finalizing())

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        while self.lock._is_owned():
            self.lock.release()
