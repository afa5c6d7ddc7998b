"""The frames of the other threads."""

import _thread
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


def other_frames() -> dict[int, FrameType]:
    """The top frame of each thread but this one, by ident; threads that run no Python code have none.

    This thread's own frame is left out because a frame in its own locals would be a cycle, which holds everything that
    the stack below refers to until a garbage collection."""
    frames = sys._current_frames()
    del frames[_thread.get_ident()]
    return frames


def chain(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and its callers."""
    while frame is not None:
        yield frame
        frame = frame.f_back
