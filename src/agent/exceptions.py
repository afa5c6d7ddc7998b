"""Exception breakpoints: stops where an exception is raised, leaves the user's code, or ends its thread.

Events are on only while a filter asks for them: RAISE for `raised`, PY_UNWIND for the other two. Both cost nothing
until an exception is raised, and then mostly a look at the names of two files.

Threading: `set` runs on the agent's thread, `on_raise` and `on_unwind` on any thread of the program. The filters are
replaced as a whole. An exception, its traceback and its frames are held only while its thread is stopped at it.
"""

import _thread
import sys

from .classes import type_name
from .errors import Refusal
from .filters import MOST_TYPES, Filter
from .instruments import EXCEPTIONS
from .monitor import E
from .propagation import (
    IMPORTING,
    RUNNERS,
    Questions,
    ends_thread,
    entries,
    has_left,
    in_main_thread,
    is_awaited,
    leaves,
    module_name,
    traceback_of,
)
from .tracebacks import plain_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    from .breakpoints import Outcome
    from .frames import Frames
    from .instruments import Instruments
    from .link import Json
    from .points import Points

MOST_NAMES = 10_000
"""Of files that are remembered."""
MODES = {'raised': 'always', 'userUnhandled': 'userUnhandled', 'uncaught': 'unhandled'}
"""DAP's ExceptionBreakMode by filter."""
PROTOCOL = (StopIteration, StopAsyncIteration, GeneratorExit)
"""How generators and iterators end: no errors, nor are their subclasses."""
ENDINGS = (*PROTOCOL, SystemExit)
OUTCOMES = (
    'asyncio.exceptions.CancelledError',
    'unittest.case.SkipTest',
    'Skipped',
    '_pytest.outcomes.Skipped',
    '_pytest.outcomes.XFailed',
)
"""Exceptions by which the user's code tells something to the library that has called it. Pytest passes one of its own
off as a builtin."""


ROOM = 30
"""Frames that a stop at a RecursionError leaves free for us and for evaluations."""


class Stop:
    """What a thread stands at. `left` is the traceback of an exception that has left the frames it came through."""

    __slots__ = ('error', 'filter', 'left')

    def __init__(self, error: BaseException, filter: str, left: TracebackType | None) -> None:
        self.error = error
        self.filter = filter
        self.left = left


class Exceptions:
    def __init__(self, instruments: Instruments, frames: Frames, points: Points) -> None:
        self.instruments = instruments
        self.frames = frames
        self.points = points
        self.questions = Questions()
        self.filters: dict[str, list[Filter]] = {}
        """Those that can apply, by their id."""
        self.last = 0
        self.stops: dict[int, Stop] = {}
        """By thread ident."""
        self.foreign: set[str] = set()
        """File names of code that is not mine."""
        self.users: set[str] = set()
        self.others: set[str] = set()
        """File names of the user's code, and of code of others that never is at the end of a thread's stack."""
        self.refused: set[type[Any]] = set()
        """Types of exceptions that the filters for `raised` do not admit."""

    def set(self, asked: list[Any]) -> Json:
        """DAP's setExceptionBreakpoints; `asked` are `ExceptionFilter`s of wire.ts."""
        # Below zero: the bridge's ids for the other breakpoints count from 1.
        made = [
            (item['filterId'], Filter(item.get('condition') or '', -number, self.points))
            for number, item in enumerate(asked, self.last + 1)
        ]
        self.last += len(made)
        filters: dict[str, list[Filter]] = {}
        for known in self.filters.values():
            for old in known:
                old.close()
        for name, found in made:
            if not found.problem:
                filters.setdefault(name, []).append(found)
        self.filters = filters
        self.refused = set()
        self.questions = Questions()
        raised = E.RAISE if 'raised' in filters else 0
        unwound = E.PY_UNWIND if 'userUnhandled' in filters or 'uncaught' in filters else 0
        self.instruments.want_everywhere(EXCEPTIONS, raised | unwound)
        return {'breakpoints': [answer(found) for _, found in made]}

    def clear(self) -> None:
        self.filters = {}
        self.stops.clear()

    def counts(self, body: Json) -> bool:
        """False for a stop that was not announced yet and that no filter asks for any more."""
        return body['reason'] != 'exception' or bool(self.filters)

    def left(self, ident: int) -> TracebackType | None:
        """The traceback that a stopped thread's stack is to begin with."""
        stop = self.stops.get(ident)
        return stop.left if stop is not None else None

    def error(self, ident: int, frame: FrameType) -> BaseException | None:
        """The exception that a stopped thread stands at, for the frame that it came to last, or was raised in."""
        stop = self.stops.get(ident)
        stack = self.frames.stack(ident) if stop is not None else []
        return stop.error if stop is not None and stack and stack[0] is frame else None

    def in_flight(self, ident: int) -> tuple[BaseException, str]:
        """The exception that a stopped thread stands at, or is handling, and DAP's break mode."""
        stop = self.stops.get(ident)
        if stop is not None:
            return stop.error, MODES[stop.filter]
        error = sys._current_exceptions().get(ident)
        if error is None:
            raise Refusal('no-exception', 'No exception is in flight or being handled where this thread is stopped.')
        return error, 'never'

    # -- in callbacks

    def ignores_raise(self, code: CodeType, error: BaseException) -> bool:
        """Whether it is known already that a raise does not matter."""
        kind = type(error)
        # The hash of a class is code of the program where its metaclass is.
        return code.co_filename in self.foreign or (type(kind) is type and kind in self.refused)

    def ignores_unwind(self, code: CodeType, frame: FrameType) -> bool:
        """The same of an exception that leaves a frame."""
        back = frame.f_back
        if back is None:
            return False
        name = back.f_code.co_filename
        return name in self.users or (name in self.others and code.co_filename in self.others)

    def on_raise(self, frame: FrameType, error: BaseException) -> Outcome:
        """RAISE: an exception is raised in a frame, or has come to it. Counts at the first frame of mine."""
        refused = self.refused  # before the filters: what these refuse must not come among what newer ones do
        if not self._is_mine(frame):
            remember(self.foreign, frame.f_code.co_filename)
            return False
        kind = type(error)
        filters = self._admitting('raised', kind)
        if not filters or issubclass(kind, PROTOCOL):
            if type(kind) is type and len(refused) < MOST_TYPES:
                refused.add(kind)
            return False
        trace = traceback_of(error)
        if trace is None or (trace.tb_next and not self._is_first(kind, trace.tb_next)):
            return False
        if issubclass(kind, AttributeError) and self.questions.asks(frame):
            return False
        return self._judge('raised', filters, error, trace)

    def _is_first(self, kind: type[Any], inner: TracebackType) -> bool:
        """Whether an exception with entries of other frames has not been in one of mine yet."""
        if issubclass(kind, RecursionError):
            # In the frames where it comes up there is no room for us.
            return sum(1 for _ in entries(inner)) == ROOM
        return not any(self._is_mine(entry.tb_frame) for entry in entries(inner))

    def on_unwind(self, frame: FrameType, error: BaseException) -> Outcome:
        """PY_UNWIND: an exception leaves a frame."""
        back = frame.f_back
        if back is not None and self.frames.is_users(back):
            remember(self.users, back.f_code.co_filename)
            return False
        if not self.frames.is_users(frame) and module_name(frame) not in RUNNERS:
            remember(self.others, frame.f_code.co_filename)
        kind = type(error)
        if issubclass(kind, ENDINGS) or (issubclass(kind, KeyboardInterrupt) and in_main_thread()):
            return False
        trace = traceback_of(error)
        if trace is None:
            return False
        outcome: Outcome = False
        if (filters := self._admitting('uncaught', kind)) and ends_thread(frame, trace):
            outcome = self._judge('uncaught', filters, error, trace)
        if (
            not outcome
            and (filters := self._admitting('userUnhandled', kind))
            and self._is_unhandled(frame, kind, trace)
        ):
            outcome = self._judge('userUnhandled', filters, error, trace)
        return outcome

    def _admitting(self, name: str, kind: type[Any]) -> list[Filter]:
        """The filters of a name that may apply to exceptions of a type."""
        return [filter for filter in self.filters.get(name, ()) if filter.admits(kind)]

    def _is_unhandled(self, frame: FrameType, kind: type[Any], trace: TracebackType) -> bool:
        if not leaves(frame, self._is_users) or type_name(kind) in OUTCOMES:
            return False
        return not has_left(trace, self._is_users) and not is_awaited(frame)

    def _judge(self, name: str, filters: list[Filter], error: BaseException, trace: TracebackType) -> Outcome:
        """A stop where one of the filters holds. Raises `Handed`."""
        raised, mine = self._origin(trace)
        for filter in filters:
            if filter.holds(error, raised, mine):
                return self._stop(name, error, trace)
        return False

    def _stop(self, name: str, error: BaseException, trace: TracebackType) -> Json:
        left = None if name == 'raised' else trace
        self.stops[_thread.get_ident()] = Stop(error, name, left)
        body: Json = {'reason': 'exception', 'description': type_name(type(error))}
        text = plain_message(error)
        return body | {'text': text} if text else body

    def _origin(self, trace: TracebackType) -> tuple[FrameType, FrameType]:
        """The frame that raised an exception, and the first one of mine that it came to, if any."""
        if trace.tb_next is None:
            return trace.tb_frame, trace.tb_frame
        frames = [entry.tb_frame for entry in entries(trace)]
        return frames[-1], next((frame for frame in reversed(frames) if self._is_mine(frame)), frames[-1])

    def gone_on(self) -> None:
        """The thread does not stand at an exception any more."""
        self.stops.pop(_thread.get_ident(), None)

    def _is_mine(self, frame: FrameType) -> bool:
        return self.frames.is_mine(frame) and not frame.f_code.co_filename.startswith(IMPORTING)

    def _is_users(self, frame: FrameType) -> bool:
        return self.frames.is_users(frame)


def remember(names: set[str], name: str) -> None:
    """Code without a file may be the user's or not under the same name."""
    if name[:1] != '<' and len(names) < MOST_NAMES:
        names.add(name)


def answer(filter: Filter) -> Json:
    """A DAP Breakpoint."""
    return {'verified': False, 'message': filter.problem} if filter.problem else {'verified': True}
