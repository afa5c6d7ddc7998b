"""What `sys.monitoring` calls, on the program's threads: short, and nothing of ours escapes into the program."""

import _thread
import sys

from .control import OURS, is_ours
from .errors import Handed
from .monitor import DISABLE, E

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

    from .breakpoints import Breakpoints, Outcome
    from .control import Control
    from .databreakpoints import DataBreakpoints
    from .exceptions import Exceptions
    from .functions import FunctionBreakpoints
    from .instruments import Instruments
    from .monitor import Monitor
    from .stepping import Stepping

    Verdict = object
    """DISABLE, None, or an exception that is the program's own and is raised into it."""


CODE = type(sys._getframe().f_code)
MOST_TRIES = 20
"""How often signal handlers may break off one callback."""


class Callbacks:
    def __init__(
        self,
        control: Control,
        instruments: Instruments,
        stepping: Stepping,
        fail: Callable[[BaseException], None],
    ) -> None:
        self.control = control
        self.instruments = instruments
        self.stepping = stepping
        self.fail = fail
        # The engine fills these in when they are first asked for.
        self.breakpoints: Breakpoints | None = None
        self.functions: FunctionBreakpoints | None = None
        self.exceptions: Exceptions | None = None
        self.data: DataBreakpoints | None = None
        self.skip: set[int] = set()
        """Threads whose next near LINE was already reported by the wide tool in the same dispatch."""

    def install(self, monitor: Monitor) -> None:
        near = {
            E.PY_START: self.start,
            E.PY_RETURN: self.left,
            E.PY_YIELD: self.yielded,
            E.PY_RESUME: self.resumed,
            E.JUMP: self.jump,
        }
        wide = {
            E.LINE: self.caught_on_line,
            E.JUMP: self.caught,
            E.PY_START: self.entered,
            E.PY_RESUME: self.entered,
            E.PY_THROW: self.thrown,
        }
        monitor.callbacks(monitor.near, {event: self.shield(function) for event, function in near.items()})
        sifted = {
            E.LINE: self.sieve(self.ignores_line, self.line),
            E.INSTRUCTION: self.sieve(self.ignores_instruction, self.instruction),
            E.PY_UNWIND: self.sieve(self.ignores_unwind, self.unwound),
        }
        monitor.callbacks(monitor.near, sifted)
        monitor.callbacks(monitor.wide, {event: self.shield(function) for event, function in wide.items()})

    def catch_raise(self, monitor: Monitor, exceptions: Exceptions) -> None:
        monitor.callbacks(monitor.near, {E.RAISE: self.sieve(exceptions.ignores_raise, self.raised)})

    def shield(self, function: Callable[..., Verdict], depth: int = 1) -> Callable[..., Any]:
        """Keeps our faults from the program and its exceptions from us. `depth`: calls from the program on."""
        own = self.control.own
        get_ident = _thread.get_ident
        getframe = sys._getframe

        def callback(code: CodeType, detail: object, *more: object) -> object:
            # A finaliser of the program that runs on the agent's thread; or C code that fires events for an object of
            # its own (PyMonitoring_EnterScope), which has neither lines nor a frame.
            if get_ident() in own or type(code) is not CODE:
                return None
            raised: BaseException | None = None
            for _ in range(MOST_TRIES):
                try:
                    verdict = function(getframe(depth), code, detail, *more)
                    break
                except Handed as handed:
                    raised = raised or handed.error
                    verdict = None
                    break
                except BaseException as error:
                    trace = error.__traceback__
                    if type(error) is RecursionError and trace is not None and trace.tb_next is None:
                        return None  # the stack is full: not even `is_ours` could be called
                    if is_ours(error):
                        verdict = self.lost(error)
                        break
                    # A signal handler of the program raised in our code: that is done to its end, then it is raised.
                    raised = raised or error
                    self.free_locks()
            else:
                # Not a handler, which runs once for a signal, but an audit hook that refuses what we do here.
                return self.lost(raised or RuntimeError())
            raised = raised or (verdict if isinstance(verdict, BaseException) else None)
            if raised is None:
                return verdict
            try:
                raise raised.with_traceback(None)
            finally:
                # This frame is in its traceback: the two would keep each other, and frames of the program, alive.
                del raised, verdict

        return callback

    def sieve(
        self, ignores: Callable[[CodeType, Any], bool], function: Callable[..., Verdict], depth: int = 1
    ) -> Callable[..., Any]:
        """A callback for events that come often and matter seldom: `ignores` tells most of them in a few instructions,
        at a fraction of the shield's cost; by the line or offset, or by the exception. `depth` as for `shield`."""
        shielded = self.shield(function, depth + 1)

        def callback(code: CodeType, detail: object, error: BaseException | None = None) -> object:
            try:
                if type(code) is not CODE or ignores(code, detail if error is None else error):
                    return None
            except RecursionError:
                return None
            except BaseException as raised:
                if is_ours(raised):
                    return self.lost(raised)
                raise raised.with_traceback(None)  # noqa: B904
            return shielded(code, detail) if error is None else shielded(code, detail, error)

        return callback

    def ignores_line(self, code: CodeType, line: int) -> bool:
        """Whether nobody else waits for this line, and the watched values are as they were."""
        if self.stepping.steps or self.skip or self.breakpoints is None or id(code) in self.breakpoints.spots:
            return False
        return self.data is not None and self.data.ignores_line(code, line)

    def ignores_instruction(self, code: CodeType, offset: int) -> bool:
        return not self.stepping.steps and self.data is not None and self.data.ignores_instruction(code, offset)

    def free_locks(self) -> None:
        """A handler that raised just behind an acquire left the lock taken, and this thread may not come by again."""
        watch = self.breakpoints.points.watch if self.breakpoints is not None else None
        for part in (self.control, self.instruments, self.breakpoints, self.functions, self.data, watch):
            if part is not None:
                part.lock.leave()

    def lost(self, error: BaseException) -> Verdict:
        """The event is lost: for want of room, or by a fault of ours, which ends the session."""
        if not isinstance(error, (RecursionError, MemoryError)):
            self.fail(error)
        return None

    def act(self, frame: FrameType, *outcomes: Outcome, on_line: bool = False) -> Verdict:
        """Stops where a part of the engine wants to; a location that none needs fires no more."""
        for outcome in outcomes:
            if isinstance(outcome, dict):
                return self.control.stop(frame, outcome, on_line)
        return None if any(outcomes) else DISABLE

    def stop_behind(self, frame: FrameType, outcome: Outcome, on_line: bool) -> BaseException | None:
        """A stop behind an instruction that the frame has done already: it is shown at the line of that one."""
        if not isinstance(outcome, dict):
            return None
        lines = self.stepping.frames.lines
        lines[id(frame)] = outcome.pop('line')
        try:
            return self.control.stop(frame, outcome, on_line)
        finally:
            lines.pop(id(frame), None)

    # -- near

    def line(self, frame: FrameType, code: CodeType, line: int) -> Verdict:
        if self.skipped():
            return None
        # What the line before has changed comes first; only then this line is reached.
        changed = self.data is not None and self.data.on_place(frame, code, line)
        if raised := self.stop_behind(frame, changed, on_line=True):
            return raised
        reached = self.breakpoints is not None and self.breakpoints.on_line(frame, code, line)
        return self.act(frame, bool(changed), reached, self.stepping.on_line(frame, code), on_line=True)

    def decided(self, frame: FrameType, code: CodeType, _: int, hits: tuple[int, ...]) -> Verdict:
        """LINE where it is settled which breakpoints are hit (`dispatch.py`)."""
        if self.skipped():
            return None
        hit: Outcome = {'reason': 'breakpoint', 'hitBreakpointIds': [*hits]} if hits else True
        return self.act(frame, hit, self.stepping.on_line(frame, code), on_line=True)

    def skipped(self) -> bool:
        """Whether the wide tool has just reported this line: its callback is called first."""
        ident = _thread.get_ident()
        if ident not in self.skip:
            return False
        self.skip.discard(ident)
        return True

    def start(self, frame: FrameType, code: CodeType, _: int) -> Verdict:
        lines = self.breakpoints is not None and self.breakpoints.on_start(frame, code)
        functions = self.functions is not None and self.functions.on_start(frame, code)
        if isinstance(lines, dict) and isinstance(functions, dict):
            lines['hitBreakpointIds'] += functions['hitBreakpointIds']
        watched = self.data is not None and self.data.on_start(frame, code)
        return self.act(frame, lines, functions, watched, self.stepping.on_start(code))

    def left(self, frame: FrameType, _code: CodeType, _: int, value: object) -> Verdict:
        self.stepping.returned(frame, value)
        if self.data is not None:
            self.data.left(frame)
        return None

    def yielded(self, frame: FrameType, _code: CodeType, _: int, value: object) -> Verdict:
        self.stepping.yielded(frame, value)
        return None

    def resumed(self, frame: FrameType, _code: CodeType, _: int) -> Verdict:
        self.stepping.resumed(frame)
        return None

    def jump(self, frame: FrameType, code: CodeType, start: int, target: int) -> Verdict:
        reached = self.breakpoints is not None and self.breakpoints.on_jump(frame, code, start)
        return self.act(frame, reached, self.stepping.on_jump(frame, code, start, target))

    def ignores_unwind(self, code: CodeType, _error: BaseException) -> bool:
        if self.stepping.steps or (self.data is not None and self.data.all):
            return False
        return self.exceptions is None or self.exceptions.ignores_unwind(code, sys._getframe(2))

    def raised(self, frame: FrameType, _code: CodeType, _: int, error: BaseException) -> Verdict:
        return self.at_exception(frame, self.exceptions is not None and self.exceptions.on_raise(frame, error))

    def unwound(self, frame: FrameType, _code: CodeType, _: int, error: BaseException) -> Verdict:
        verdict = self.at_exception(frame, self.exceptions is not None and self.exceptions.on_unwind(frame, error))
        # Behind the stop: the step that it may end in begins in a frame that is left just now.
        self.stepping.unwound(frame)
        if self.data is not None:
            self.data.left(frame)
        return verdict

    def at_exception(self, frame: FrameType, outcome: Outcome) -> Verdict:
        """Stops at an exception. Never DISABLE: on 3.14 these events know no locations, and that would be an error."""
        if not isinstance(outcome, dict) or self.exceptions is None:
            return None
        verdict = self.control.stop(frame, outcome, on_line=False)
        self.exceptions.gone_on()
        return verdict

    def instruction(self, frame: FrameType, code: CodeType, _: int) -> Verdict:
        changed = self.data is not None and self.data.on_place(frame, code)
        if raised := self.stop_behind(frame, changed, on_line=False):
            return raised
        stepped = self.stepping.on_instruction(frame, code)
        if isinstance(stepped, dict):
            return self.stop_behind(frame, stepped, on_line=False)
        return self.act(frame, bool(changed), stepped)

    # -- wide

    def entered(self, frame: FrameType, code: CodeType, _: int) -> Verdict:
        if code.co_filename.startswith(OURS):
            return DISABLE
        if _thread.get_ident() in self.control.entering:
            self.stepping.entered(frame)
        return self.caught(frame, code, 0)

    def thrown(self, frame: FrameType, code: CodeType, _: int, _error: object) -> Verdict:
        """An exception is thrown into a generator. This event cannot be disabled on 3.14."""
        verdict = self.entered(frame, code, 0)
        return None if verdict is DISABLE else verdict

    def caught_on_line(self, frame: FrameType, code: CodeType, line: int) -> Verdict:
        spots = self.breakpoints.spots.get(id(code)) if self.breakpoints is not None else None
        reported_again = spots is not None and line in spots.lines
        pausing = _thread.get_ident() in self.control.pausing
        verdict = self.caught(frame, code, line, on_line=True)
        if pausing and reported_again:
            self.skip.add(_thread.get_ident())
        return verdict

    def caught(self, frame: FrameType, code: CodeType, _: int, _target: int = 0, on_line: bool = False) -> Verdict:
        control = self.control
        if code.co_filename.startswith(OURS):
            return DISABLE
        ident = _thread.get_ident()
        if ident in control.pausing:
            return control.stop(frame, control.cause or {'reason': 'pause'}, on_line)
        if control.is_stopped(ident):
            return control.park(frame, on_line)
        return None
