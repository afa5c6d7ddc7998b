"""The engine: the parts that watch the program and stop it, and how they are tied together.

Stepping and its callbacks are there from the beginning. The other parts are made when they are first asked for: code
and memory in the program are for what a session uses.
"""

from .callbacks import Callbacks
from .instruments import Instruments
from .stepping import Stepping
from .threads import Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .breakpoints import Breakpoints
    from .control import Control
    from .databreakpoints import DataBreakpoints
    from .exceptions import Exceptions
    from .frames import Frames
    from .functions import FunctionBreakpoints
    from .link import Json
    from .monitor import Monitor
    from .outbox import Outbox
    from .points import Points
    from .variables import Variables

    Later = Callable[[float, Callable[[], object]], None]
    """Has the agent's thread do something after some seconds."""


class Engine:
    def __init__(
        self,
        monitor: Monitor,
        control: Control,
        frames: Frames,
        variables: Variables,
        outbox: Outbox,
        fail: Callable[[BaseException], None],
    ) -> None:
        self.monitor = monitor
        self.control = control
        self.frames = frames
        self.variables = variables
        self.outbox = outbox
        self.later: Later = lambda _seconds, _action: None
        """From any thread."""
        self.instruments = Instruments(monitor)
        self.stepping = Stepping(control, self.instruments, frames, variables)
        self.callbacks = Callbacks(control, self.instruments, self.stepping, fail)
        self.callbacks.install(monitor)
        self.known_points: Points | None = None
        control.begin_stop = self.stepping.stopped
        control.counts = self.counts

    # -- the parts that not every session needs; the callbacks keep them, which have to know whether they are there

    @property
    def points(self) -> Points:
        if self.known_points is None:
            from .points import Points

            self.known_points = Points(self.outbox, self.frames)
        return self.known_points

    @property
    def breakpoints(self) -> Breakpoints:
        if self.callbacks.breakpoints is None:
            from .breakpoints import Breakpoints
            from .dispatch import Dispatch

            made = Breakpoints(self.instruments, self.control, self.points)
            made.later = self.later
            self.points.renew = made.refresh
            self.callbacks.breakpoints = made
            made.renew = Dispatch(self.monitor, self.callbacks, self.points).renew
        return self.callbacks.breakpoints

    @property
    def functions(self) -> FunctionBreakpoints:
        if self.callbacks.functions is None:
            from .functions import FunctionBreakpoints

            census = self.breakpoints.census
            made = FunctionBreakpoints(self.instruments, self.control, self.frames, self.points, census)
            made.later = self.later
            self.callbacks.functions = made
        return self.callbacks.functions

    @property
    def exceptions(self) -> Exceptions:
        if self.callbacks.exceptions is None:
            from .exceptions import Exceptions

            made = Exceptions(self.instruments, self.frames, self.points)
            self.frames.left = made.left
            self.variables.error = made.error
            self.callbacks.exceptions = made
            self.callbacks.catch_raise(self.monitor, made)
        return self.callbacks.exceptions

    @property
    def data(self) -> DataBreakpoints:
        if self.callbacks.data is None:
            from .databreakpoints import DataBreakpoints

            made = DataBreakpoints(self.instruments, self.control, self.frames, self.points)
            made.after = self.later
            made.renew = self.breakpoints.refresh
            self.callbacks.data = made
        return self.callbacks.data

    def made(self) -> Iterator[Any]:
        """Those that have been asked for so far."""
        callbacks = self.callbacks
        for part in (
            callbacks.breakpoints,
            callbacks.functions,
            callbacks.data,
            callbacks.exceptions,
            self.known_points,
        ):
            if part is not None:
                yield part

    # -- what concerns several of them

    def counts(self, body: Json) -> bool:
        """Whether the reason of a stop that was not announced yet still holds."""
        if body['reason'] == 'exception':
            return self.exceptions.counts(body)
        parts = (self.callbacks.breakpoints, self.callbacks.functions, self.callbacks.data)
        hit = body.get('hitBreakpointIds')
        return hit is None or any(part.counts(body) for part in parts if part is not None)

    def forget(self) -> None:
        """The program goes on."""
        if self.callbacks.data is not None:
            self.callbacks.data.forget()

    def refresh(self) -> None:
        """Code of the program has run at the user's wish: what that has changed is no news."""
        if self.callbacks.data is not None:
            self.callbacks.data.refresh()

    def patience(self) -> float | None:
        return None if self.known_points is None else self.known_points.patience()

    def tick(self, now: float) -> None:
        self.stepping.threads_ended()
        if self.known_points is not None:
            self.known_points.tick(now)

    def undoings(self) -> list[Callable[[], object]]:
        """What takes back every event that is not global (those go with the tools), and lets go of the program's
        objects."""
        return [self.stepping.steps.clear, *(part.clear for part in self.made()), self.instruments.clear]

    def after_in_child(self) -> None:
        """A forked child: locks that threads of the parent held stay locked there, so they are replaced."""
        for part in (self.instruments, *self.made()):
            if hasattr(part, 'lock'):
                part.lock = Section()

    def let_go(self) -> None:
        """Cuts the parts from one another, so that they are freed without a garbage collection."""
        for part in (*self.made(), self.instruments, self.stepping, self.callbacks, self):
            vars(part).clear()
