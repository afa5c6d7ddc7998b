"""Evaluating expressions of the user in a stopped frame."""

import _warnings
import sys

from .classes import type_name
from .errors import Refusal
from .guard import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from .guard import Job

NAME = '<pylatch console>'
CONDITION = '<pylatch>/condition'
"""The file name of expressions of breakpoints; those are never shown on a stack."""
LINE = '<pylatch>/line'
"""That of the LINE callback, which conditions may be a part of."""
OBJECT: Any = type(sys.implementation)

LIMITS = {'hover': 0.5, 'watch': 1.0, 'variables': 1.0, 'clipboard': 5.0}
"""Seconds by DAP context. What the user typed into the console may take longer and can be cancelled."""
CONSOLE_LIMIT = 30.0


class Raised(Exception):
    """The evaluated code raised; the message is its type and text."""


def evaluate(text: str, frame: FrameType, job: Job, statements: bool) -> Any:
    """The value of an expression, or None for statements, which only the console may run.

    Raises `Raised` with what the code raised, and `Refusal` when its time was up or it was cancelled.
    """
    try:
        with Unwarned():
            code = compile_text(text.strip(), statements)
        return job.call(eval, code, space_for(code, frame), frame.f_locals)
    except Interrupted:
        raise interrupted(job) from None
    except BaseException as error:
        raise Raised(describe(error, job)) from None


class Unwarned:
    """The compiler's warnings about what the user typed are none of the program's: it would print them or, under
    `-W error`, refuse the text. The filter matches nothing but our texts, so that a copy of it does no harm."""

    OURS = ('ignore', None, SyntaxWarning, OBJECT(match=frozenset((NAME, CONDITION, LINE)).__contains__), 0)
    ALL = ('ignore', None, SyntaxWarning, None, 0)
    """For a program that has not imported `warnings`, where nobody copies filters: to compare names, 3.15 would import
    it."""

    def __enter__(self) -> None:
        module: Any = sys.modules.get('warnings')
        self.filters: list[Any] = (module or _warnings).filters
        self.added = self.OURS if module else self.ALL
        self.filters.insert(0, self.added)

    def __exit__(self, *_: object) -> None:
        self.filters.remove(self.added)


def compile_text(text: str, statements: bool) -> CodeType:
    # dont_inherit: the agent's own __future__ flags are not the user's.
    try:
        return compile(text, NAME, 'eval', dont_inherit=True)
    except SyntaxError:
        if not statements:
            raise
    return compile(text, NAME, 'exec', dont_inherit=True)


def space_for(code: CodeType, frame: FrameType) -> dict[str, Any]:
    """The globals to evaluate with: the frame's own. Lambdas and the like look names up in their globals alone, so
    that code with such parts gets one space with the locals merged in."""
    if any(type(const) is type(code) for const in code.co_consts):
        return {**frame.f_globals, **frame.f_locals}
    return frame.f_globals


def interrupted(job: Job) -> Refusal:
    if job.cancelled:
        return Refusal('cancelled', 'The evaluation was cancelled.')
    return Refusal('evaluation-timeout', 'The evaluation took too long and was stopped.')


def describe(error: BaseException, job: Job) -> str:
    """`Type: text` of an exception; its `__str__` is code of the program, which may raise or take its time."""
    try:
        text = str.__str__(job.call(str, error))
    except BaseException:
        text = ''
    name = type_name(type(error))
    return f'{name}: {text}' if text else name
