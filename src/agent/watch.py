"""Ends expressions of breakpoints that do not end by themselves: the program must not stand still for them.

The agent's thread looks at the other threads now and then. A thread that is twice found in the same evaluation, with
the breakpoint not reached again in between, is interrupted by an asynchronous exception. That must come out within the
evaluation and not in the program, so `danger` names the thread before, and an evaluation that ends looks there.
"""

import _thread

from .conditions import OWNER
from .evaluate import CONDITION, LINE
from .guard import Interrupted, can_interrupt, raise_in, settle
from .threads import Section, chain, other_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

PERIOD = 1.0
"""Seconds between two looks."""


class Watch:
    def __init__(self, reached: Callable[[int], int]) -> None:
        self.reached = reached
        """How often the breakpoint with an id was reached."""
        self.danger: set[int] = set()
        """Threads that are being interrupted."""
        self.lock = Section()
        self.busy = False
        """Whether a thread may be evaluating for a breakpoint that is no more."""
        self.seen: dict[int, tuple[int, int]] = {}
        """By ident: for which breakpoint a thread evaluated at the last look, and how often that had been reached."""

    def settle(self) -> None:
        """At the end of an evaluation while anybody is in danger: an interruption comes here or not at all."""
        ident = _thread.get_ident()
        if ident in self.danger:
            with self.lock:
                self.danger.discard(ident)
            settle()

    def look(self) -> None:
        """On the agent's thread."""
        found = evaluations()
        before = self.seen
        self.busy = bool(found)
        self.seen = {ident: (number, self.reached(number)) for ident, number in found.items()}
        for ident, now in self.seen.items():
            if before.get(ident) == now:
                self.interrupt(ident, now[0])

    def end(self) -> None:
        """The session ends, and nobody looks any more."""
        for ident, number in evaluations().items():
            self.interrupt(ident, number)

    def interrupt(self, ident: int, number: int) -> None:
        if not can_interrupt():
            return
        with self.lock:
            self.danger.add(ident)
            if evaluations().get(ident) == number:
                raise_in(ident, Interrupted)
            else:
                self.danger.discard(ident)


def evaluations() -> dict[int, int]:
    """The threads that evaluate an expression of a breakpoint, and the breakpoint's id."""
    return {ident: number for ident, top in other_frames().items() if (number := evaluated(top))}


def evaluated(top: FrameType) -> int:
    for frame in chain(top):
        code = frame.f_code
        # Lambdas in an expression have names of their own.
        if code.co_filename == CONDITION and code.co_name.startswith(OWNER):
            return int(code.co_name.removeprefix(OWNER))
        if code.co_filename == LINE and (number := frame.f_globals['_evaluates'].get(frame.f_lineno)):
            return number
    return 0
