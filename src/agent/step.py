"""One step: which frame it follows, and which of that frame's events count."""

from .lines import RESUME
from .monitor import E

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

GENERATOR = 0x20  # CO_GENERATOR
AWAITED = 0x100  # CO_ITERABLE_COROUTINE: a generator of `types.coroutine`, which yields to the event loop
ASYNC_VALUE = 'async_generator_wrapped_value'
"""The type of what an asynchronous generator gives its consumer; what else it yields is for the event loop."""

LINES = E.LINE | E.JUMP | E.PY_START | E.PY_RETURN | E.PY_YIELD
RETURNS = E.PY_RETURN | E.PY_YIELD
BACK = E.INSTRUCTION | E.PY_RETURN


class Step:
    def __init__(self, kind: str, frame: FrameType, targets: frozenset[int]) -> None:
        self.kind = kind
        self.code = frame.f_code
        self.frame: FrameType | None = frame
        """None while it is suspended, or has been."""
        self.generator: Any = None
        """Then a weak reference to the generator or coroutine that it is of."""
        self.owner = 0
        """And its id: while it is closed by its end, nothing refers to it any more, but its `finally` still runs."""
        self.line: int | None = None
        """Where the frame was when the step moved to it."""
        self.events = RETURNS if kind == 'stepOut' else LINES
        self.targets = targets
        """Where there are any, a step into enters only what these instructions of its first frame call. Offsets."""
        self.origin = frame if targets else None

    def follows(self, frame: FrameType) -> bool:
        if self.generator is None:
            return self.frame is frame
        owner: object = frame.f_generator
        return owner is not None and id(owner) == self.owner

    def enters(self, frame: FrameType) -> bool:
        if self.origin is None:
            return True
        back = frame.f_back
        while back is not None and back is not self.origin:
            back = back.f_back
        return back is not None and back.f_lasti in self.targets

    def move(self, frame: FrameType, events: int) -> None:
        self.frame, self.code, self.generator = frame, frame.f_code, None
        self.line = frame.f_lineno
        self.events = events


def is_given(code: CodeType, value: object) -> bool:
    """Whether a generator's `yield` is for its consumer, and not for the event loop."""
    if code.co_flags & GENERATOR:
        return not code.co_flags & AWAITED
    return type(value).__name__ == ASYNC_VALUE


def consumer(frame: FrameType) -> FrameType | None:
    """Who gets what a generator yields. Under `throw` those that delegate to it by `yield from` are not resumed: they
    stand where they were suspended, and get nothing."""
    caller = frame.f_back
    while caller is not None and caller.f_code.co_code[caller.f_lasti] == RESUME:
        caller = caller.f_back
    return caller


def line_at(code: CodeType, offset: int) -> int | None:
    return next((line for start, end, line in code.co_lines() if start <= offset < end), None)
