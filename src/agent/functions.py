"""Function breakpoints: from a function's name to PY_START events on the code objects that have it.

A name is a function's qualified name or its last parts (`Class.method`, `method`), without any `<locals>.`; or one of
these behind a module's name and a dot. Without a module, functions of my code are meant.

Threading: as in `breakpoints.py`.
"""

import sys

from .control import is_own
from .files import identity
from .instruments import FUNCTIONS
from .lines import is_function, nested
from .monitor import E
from .paths import base_name
from .threads import Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

    from .breakpoints import Outcome
    from .codes import Census
    from .control import Control
    from .frames import Frames
    from .instruments import Instruments
    from .link import Json
    from .points import Point, Points

SHOWN = 3
"""Places that a message names."""
SOON = 1.0
"""Seconds after which the functions are counted that a module's start may have replaced."""


class Function:
    """One function breakpoint, and the code objects that it is on, by their ids."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.id = point.id
        self.parts: list[str] = point.asked['name'].strip().removesuffix('()').split('.')
        self.codes: dict[int, CodeType] = {}
        self.told: Json = {}

    def matches(self, code: CodeType, is_mine: Callable[[CodeType], bool]) -> bool:
        if code.co_name != self.parts[-1] or not is_function(code) or is_own(code):
            return False
        name = [part for part in code.co_qualname.split('.') if part != '<locals>']
        shared = 1
        while shared < min(len(name), len(self.parts)) and name[-1 - shared] == self.parts[-1 - shared]:
            shared += 1
        module = '.'.join(self.parts[:-shared])
        return comes_from(code, module) if module else is_mine(code)

    def body(self) -> Json:
        """A DAP Breakpoint."""
        reason = self.point.problem or ('' if self.codes else self.why_not())
        body: Json = {'id': self.id, 'verified': not reason, 'message': reason or self.places()}
        if len(self.codes) == 1:
            (code,) = self.codes.values()
            body |= {'line': code.co_firstlineno, 'source': source(code)}
        return body

    def places(self) -> str:
        codes = list(self.codes.values())
        shown = [f'{code.co_qualname} ({base_name(code.co_filename)}:{code.co_firstlineno})' for code in codes[:SHOWN]]
        more = f' and {len(codes) - SHOWN} more' if len(codes) > SHOWN else ''
        count = 'One function has' if len(codes) == 1 else f'{len(codes)} functions have'
        return f'{count} this name: {", ".join(shown)}{more}.'

    def why_not(self) -> str:
        if not all(part.isidentifier() for part in self.parts):
            name = '.'.join(self.parts)
            return f'{name!r} is not the name of a function: write function, Class.method or module.function.'
        return (
            'No function of this name is loaded yet; the breakpoint is set as soon as one is. A function of a library '
            'needs the name of its module in front: module.function.'
        )


class FunctionBreakpoints:
    def __init__(
        self, instruments: Instruments, control: Control, frames: Frames, points: Points, census: Census
    ) -> None:
        self.instruments = instruments
        self.control = control
        self.frames = frames
        self.points = points
        self.census = census
        self.lock = Section()
        self.functions: list[Function] = []
        self.bound: dict[int, tuple[CodeType, list[Function]]] = {}
        """By id(code), which the code object is kept alive for."""
        self.changed = False
        """Whether functions have come of which the client was not told yet."""
        self.checked = False
        """Whether somebody will look again at which functions are alive."""
        self.later: Callable[[float, Callable[[], object]], None] = lambda _, action: None

    def set(self, asked: list[Json]) -> Json:
        """DAP's setFunctionBreakpoints: replaces all."""
        points = self.points.replace([function.point for function in self.functions], asked)
        with self.lock:
            self.functions = [Function(point) for point in points]
            self._settle()
        self.instruments.want_everywhere(FUNCTIONS, E.PY_START if self.functions else 0)
        for function in self.functions:
            function.told = function.body()
        return {'breakpoints': [function.told for function in self.functions]}

    def counts(self, body: Json) -> bool:
        """False for a stop at breakpoints that have all been removed since."""
        return not {function.id for function in self.functions}.isdisjoint(body.get('hitBreakpointIds') or ())

    def names(self, code: CodeType) -> list[str]:
        """The names, as asked for, of the breakpoints that are on a code object."""
        _, found = self.bound.get(id(code), (code, ()))
        return ['.'.join(function.parts) for function in found]

    def clear(self) -> None:
        with self.lock:
            self.functions = []
            self.bound = {}

    def on_start(self, frame: FrameType, code: CodeType) -> Outcome:
        if not self.functions:
            return False
        if id(code) not in self.bound:
            self._started(code)
        _, found = self.bound.get(id(code), (code, ()))
        points = [function.point for function in found]
        return self.points.reach(points, frame, 'function breakpoint') if points else False

    def _started(self, code: CodeType) -> None:
        """Code that may not have been seen before; with the body of a module come its functions."""
        with self.lock:
            new = [inner for inner in nested(code) if self._wanted(inner) and id(inner) not in self.bound]
            self._bind(new)
        if new and not self.changed:
            self.changed = True
            self.later(0, self.tell)
        if new and not is_function(code) and not self.checked:
            self.checked = True
            self.later(SOON, self.recheck)

    def _wanted(self, code: CodeType) -> bool:
        return any(function.matches(code, self._is_mine) for function in self.functions)

    def _is_mine(self, code: CodeType) -> bool:
        return not self.frames.just_my_code or self.frames.whose.may_be_mine(code)

    def recheck(self) -> None:
        """Functions may have been replaced. On the agent's thread."""
        self.checked = False
        with self.lock:
            self._settle()
        self.tell()

    def tell(self) -> None:
        """Tells the client what has changed. On the agent's thread."""
        self.changed = False
        for function in self.functions:
            body = function.body()
            if body != function.told:
                function.told = body
                self.control.send('breakpoint', {'reason': 'changed', 'breakpoint': body})

    def _settle(self) -> None:
        """Finds all functions anew. With the lock held."""
        for function in self.functions:
            function.codes = {}
        before, self.bound = self.bound, {}
        self._bind(self._alive() if self.functions else ())
        for number in before.keys() - self.bound.keys():
            self.instruments.want(FUNCTIONS, before[number][0], lambda: 0)
        self.later(SOON, self.census.forget)

    def _alive(self) -> Iterable[CodeType]:
        for codes in self.census.by_name().values():
            for code in codes.values():
                yield from (inner for inner in nested(code) if self._wanted(inner))

    def _bind(self, codes: Iterable[CodeType]) -> None:
        for code in codes:
            if id(code) in self.bound:
                continue
            found = [function for function in self.functions if function.matches(code, self._is_mine)]
            for function in found:
                function.codes[id(code)] = code
            self.bound[id(code)] = (code, found)
            self.instruments.want(FUNCTIONS, code, lambda: E.PY_START, start=True)


def comes_from(code: CodeType, module: str) -> bool:
    """Whether the module with a dotted name was loaded from the code's file."""
    found = sys.modules.get(module)
    path = vars(found).get('__file__') if type(found) is type(sys) else None
    name = code.co_filename
    if name == f'<frozen {module}>' or type(path) is not str:
        return name == f'<frozen {module}>'
    return path == name or (name[:1] != '<' and identity(path) == identity(name))


def source(code: CodeType) -> Json:
    return {'name': base_name(code.co_filename), 'path': code.co_filename}
