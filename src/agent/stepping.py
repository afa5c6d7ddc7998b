"""Steps: from "go to the next line" to local events on one code object at a time.

A step follows one frame. While the frame runs, its LINE events count. When it returns, the step moves to the nearest
caller that is to be shown and waits for the next instruction there, which is on the line of the call; when an
exception leaves it, for the next line of a caller, which is in the handler. Over `yield` and `await` the step
stays with its frame. A step into waits besides for any function that its thread starts.
"""

import _thread

from .monitor import E

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

    from .breakpoints import Outcome
    from .control import Control
    from .frames import Frames
    from .instruments import Instruments
    from .variables import Results

GENERATOR = 0x20  # CO_GENERATOR: a plain one; stepping out of it goes to its consumer

LINES = E.LINE | E.PY_START | E.PY_RETURN | E.PY_YIELD
RETURNS = E.PY_RETURN | E.PY_YIELD
BACK = E.INSTRUCTION | E.PY_RETURN
OWNER = 'steps'


class Step:
    def __init__(self, kind: str, frame: FrameType) -> None:
        self.kind = kind
        self.frame = frame
        self.events = RETURNS if kind == 'stepOut' else LINES


class Stepping:
    def __init__(self, control: Control, instruments: Instruments, frames: Frames, results: Results) -> None:
        self.control = control
        self.instruments = instruments
        self.frames = frames
        self.steps: dict[int, Step] = {}
        """By thread ident."""
        self.results = results

    def begin(self, ident: int, kind: str, frame: FrameType) -> None:
        """Before the stopped thread is resumed."""
        step = self.steps[ident] = Step(kind, frame)
        self._unwinding()
        self._apply(step.frame.f_code)
        self._entering(ident, kind == 'stepIn')

    def end(self, ident: int) -> None:
        step = self.steps.pop(ident, None)
        if step is not None:
            self._entering(ident, False)
            self._apply(step.frame.f_code)
            self._unwinding()

    def stopped(self, ident: int) -> None:
        """A thread has stopped: its step is over, and with "all" those of the others too."""
        for other in list(self.steps) if self.control.stop_all else [ident]:
            self.end(other)

    def on_line(self, frame: FrameType, code: CodeType) -> Outcome:
        return self._reached(frame, code, E.LINE)

    def on_instruction(self, frame: FrameType, code: CodeType) -> Outcome:
        # Instructions made by the compiler have no line: the next one does.
        return frame.f_lineno is None or self._reached(frame, code, E.INSTRUCTION)

    def _reached(self, frame: FrameType, code: CodeType, event: int) -> Outcome:
        """A stop where an event of this frame is what a step waits for; True where other frames of the code might."""
        steps = list(self.steps.values())
        if any(step.frame is frame and step.events & event for step in steps):
            return {'reason': 'step'}
        return any(step.frame.f_code is code and step.events & event for step in steps)

    def returned(self, frame: FrameType, value: object) -> None:
        """PY_RETURN: the step goes on in the caller, where the value is shown."""
        for ident, step in self._of(frame):
            caller = self.frames.shown(frame.f_back)
            if caller is not None:
                self.results[ident] = (caller, frame.f_code.co_name, value)
            self._move(ident, step, caller, BACK)

    def yielded(self, frame: FrameType) -> None:
        """PY_YIELD: only a step out of a generator leaves with the value; a step into waits for the frame to go on."""
        for ident, step in self._of(frame):
            if step.kind == 'stepOut' and frame.f_code.co_flags & GENERATOR:
                self._move(ident, step, self.frames.shown(frame.f_back), BACK)
            else:
                self._entering(ident, False)

    def unwound(self, frame: FrameType) -> None:
        """PY_UNWIND: an exception leaves the frame; a caller may handle it."""
        for ident, step in self._of(frame):
            self._move(ident, step, self.frames.shown(frame.f_back), LINES)

    def entered(self, frame: FrameType) -> None:
        """The thread starts or resumes a function while it steps into."""
        ident = _thread.get_ident()
        step = self.steps.get(ident)
        if step is not None and frame is not step.frame and self.frames.is_mine(frame):
            self._entering(ident, False)
            self._move(ident, step, frame, LINES)

    def _of(self, frame: FrameType) -> list[tuple[int, Step]]:
        return [(ident, step) for ident, step in list(self.steps.items()) if step.frame is frame]

    def _move(self, ident: int, step: Step, frame: FrameType | None, events: int) -> None:
        if frame is None:
            self.end(ident)
            return
        left = step.frame.f_code
        step.frame, step.events = frame, events
        if left is not frame.f_code:
            self._apply(left)
        self._apply(frame.f_code)

    def _apply(self, code: CodeType) -> None:
        self.instruments.want(OWNER, code, lambda: self._wanted(code))

    def _wanted(self, code: CodeType) -> int:
        """The events that the steps in flight need on a code object."""
        wanted = 0
        for step in list(self.steps.values()):
            if step.frame.f_code is code:
                wanted |= step.events
        return wanted

    def _unwinding(self) -> None:
        self.instruments.want_everywhere(OWNER, E.PY_UNWIND if self.steps else 0)

    def _entering(self, ident: int, on: bool) -> None:
        with self.control.lock:
            if on:
                self.control.entering.add(ident)
            else:
                self.control.entering.discard(ident)
            self.control.wide_events()
