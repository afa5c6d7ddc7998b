"""Steps: from "go to the next line" to local events on one code object at a time.

A step follows one frame, on one thread. While the frame runs, its LINE events count, and backward jumps within one
line, which are the turns of a loop that LINE does not tell: together they are the lines that `sys.settrace` visits.

When the frame returns, a step over or out moves to the nearest caller that is to be shown and waits for the next
instruction there, which is on the line of the call; a step into waits for the next line there, or for any function
that its thread starts or resumes. When an exception leaves the frame, the next line of a caller counts, which is in
the handler. Over `yield` and `await` a step stays with its frame, but for those into or out of a generator, which go to
its consumer.

A suspended frame is known by a weak reference to its generator, so that a step over a `yield` keeps nothing alive,
and ends when nobody goes on with the generator.
"""

import _thread
import _weakref

from .instruments import STEPS
from .monitor import E
from .step import BACK, LINES, Step, consumer, is_given, line_at
from .threads import other_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

    from .breakpoints import Outcome
    from .control import Control
    from .frames import Frames
    from .instruments import Instruments
    from .link import Json
    from .variables import Variables

STOP: Json = {'reason': 'step'}


class Stepping:
    def __init__(self, control: Control, instruments: Instruments, frames: Frames, variables: Variables) -> None:
        self.control = control
        self.instruments = instruments
        self.frames = frames
        self.steps: dict[int, Step] = {}
        """By thread ident."""
        self.variables = variables
        self.gone: list[object] = []
        """References to generators that have ended while steps waited for them. They end at any point of the program,
        where nothing else can be done."""

    # -- on the agent's thread

    def begin(self, ident: int, kind: str, frame: FrameType, targets: frozenset[int] = frozenset()) -> None:
        """Before the stopped thread is resumed. `targets`: see `Step`."""
        step = self.steps[ident] = Step(kind, frame, targets)
        self._unwinding()
        self._apply(step.code)
        self._entering(ident, kind == 'stepIn')

    def stopped(self, ident: int) -> None:
        """A thread has stopped: its step is over, and those of the threads that stop with it."""
        for other in list(self.steps):
            if other == ident or self.control.is_stopped(other):
                self._finish(other)

    def threads_ended(self) -> None:
        """Ends the steps of threads that are no more."""
        if self.steps:
            for ident in self.steps.keys() - other_frames().keys():
                self.end(ident)

    # -- on any thread

    def end(self, ident: int) -> None:
        """Without a stop: what a function returned meanwhile is not shown, and must not live on."""
        self.variables.results.pop(ident, None)
        self._finish(ident)

    def _finish(self, ident: int) -> None:
        step = self.steps.pop(ident, None)
        if step is not None:
            self._entering(ident, False)
            self._apply(step.code)
            self._unwinding()

    def reap(self) -> None:
        """Ends the steps whose generator is no more."""
        while self.gone:
            reference = self.gone.pop()
            for ident, step in list(self.steps.items()):
                if step.generator is reference:
                    self.end(ident)

    def on_start(self, code: CodeType) -> Outcome:
        """PY_START: when the code of a generator that has ended begins anew, nobody waits for that one any more."""
        if self.gone:
            self.reap()
        return any(step.code is code and step.events & E.PY_START for step in list(self.steps.values()))

    def on_line(self, frame: FrameType, code: CodeType) -> Outcome:
        return self._reached(frame, code, E.LINE)

    def on_jump(self, frame: FrameType, code: CodeType, start: int, target: int) -> Outcome:
        """The next turn of a loop on one line, of which no LINE event tells."""
        if target > start or line_at(code, target) != line_at(code, start):
            return False
        return self._reached(frame, code, E.JUMP)

    def on_instruction(self, frame: FrameType, code: CodeType) -> Outcome:
        """The instruction behind a call: the stop has the `line` of the call, which a long statement may have left."""
        outcome = self._reached(frame, code, E.INSTRUCTION)
        if not isinstance(outcome, dict):
            return outcome
        # Instructions made by the compiler have no line: the next one does.
        if frame.f_lineno is None:
            return True
        return {**outcome, 'line': self.steps[_thread.get_ident()].line or frame.f_lineno}

    def _reached(self, frame: FrameType, code: CodeType, event: int) -> Outcome:
        """A stop where an event of this frame is what a step waits for; True where others on the code wait for one."""
        step = self._of(frame)
        if step is not None and step.events & event:
            return STOP
        return any(step.code is code and step.events & event for step in list(self.steps.values()))

    def returned(self, frame: FrameType, value: object) -> None:
        """PY_RETURN: the step goes on in the caller, where the value is shown."""
        step = self._of(frame)
        if step is None:
            return self._ended_elsewhere(frame)
        caller = self.frames.shown(frame.f_back)
        if caller is not None:
            self.variables.returned(_thread.get_ident(), caller, frame.f_code.co_name, value)
        self._move(step, caller, LINES if step.kind == 'stepIn' else BACK)

    def yielded(self, frame: FrameType, value: object) -> None:
        """PY_YIELD: a value for the consumer, or a suspension until the event loop goes on with the frame."""
        step = self._of(frame)
        if step is None:
            return
        if step.kind == 'next' or not is_given(frame.f_code, value):
            self._suspend(step, frame)
        else:
            self._move(step, self.frames.shown(consumer(frame)), LINES if step.kind == 'stepIn' else BACK)

    def _suspend(self, step: Step, frame: FrameType) -> None:
        step.owner = id(frame.f_generator)
        step.generator = _weakref.ref(frame.f_generator, self.gone.append)
        step.frame = None
        if step.origin is not None:
            # The call that was to be entered has been made, and waits.
            step.kind, step.origin = 'next', None
            self._entering(_thread.get_ident(), False)
        if step.kind == 'stepIn':
            self._entering(_thread.get_ident(), False)
            step.events |= E.PY_RESUME
            self._apply(step.code)

    def resumed(self, frame: FrameType) -> None:
        """PY_RESUME of a frame that a step into has waited for: it enters again what is called."""
        step = self._of(frame)
        if step is not None:
            self._entering(_thread.get_ident(), True)

    def unwound(self, frame: FrameType) -> None:
        """PY_UNWIND: an exception leaves the frame; a caller may handle it."""
        step = self._of(frame)
        if step is None:
            return self._ended_elsewhere(frame)
        self._move(step, self.frames.shown(frame.f_back), LINES)

    def entered(self, frame: FrameType) -> None:
        """The thread starts or resumes a function while it steps into."""
        step = self.steps.get(_thread.get_ident())
        if step is None or step.follows(frame) or not self.frames.is_mine(frame) or not step.enters(frame):
            return
        step.origin = None
        self._move(step, frame, LINES)

    def _of(self, frame: FrameType) -> Step | None:
        """The step of this thread, if the frame is the one that it follows."""
        step = self.steps.get(_thread.get_ident())
        return step if step is not None and step.follows(frame) else None

    def _ended_elsewhere(self, frame: FrameType) -> None:
        """A generator has ended on another thread than the one that steps in it."""
        for ident, step in list(self.steps.items()):
            if step.follows(frame):
                self.end(ident)

    def _move(self, step: Step, frame: FrameType | None, events: int) -> None:
        if frame is None:
            self.end(_thread.get_ident())
            return
        left = step.code
        step.move(frame, events)
        if left is not step.code:
            self._apply(left)
        self._apply(step.code)

    def _apply(self, code: CodeType) -> None:
        self.instruments.want(STEPS, code, lambda: self._wanted(code))

    def _wanted(self, code: CodeType) -> int:
        """The events that the steps in flight need on a code object."""
        wanted = 0
        for step in list(self.steps.values()):
            if step.code is code:
                wanted |= step.events
        return wanted

    def _unwinding(self) -> None:
        self.instruments.want_everywhere(STEPS, E.PY_UNWIND if self.steps else 0)

    def _entering(self, ident: int, on: bool) -> None:
        with self.control.lock:
            if on:
                self.control.entering.add(ident)
            else:
                self.control.entering.discard(ident)
            self.control.wide_events()
