"""When an exception filter applies: types, a module, or an expression that the user wrote as its condition."""

import sys

from .classes import mro, type_name
from .points import Point
from .propagation import module_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from .points import Points

NAME = 'exc'
"""The exception in an expression."""
MODULE = 'module:'
MOST_TYPES = 200
"""Exception types whose verdict is kept."""


class Filter:
    """One filter with one condition. `problem` says why it can never apply; '' where it can.

    Shapes of a condition: `KeyError, app.errors.AppError, !Retry` (a base counts as well; `!` excludes), `module: name`
    (raised there or in a module of that package), or any expression with the exception as `exc`."""

    def __init__(self, condition: str, number: int, points: Points) -> None:
        """`number`: an id of its own among those of all breakpoints."""
        self.text = condition.strip()
        self.number = number
        self.points = points
        self.problem = ''
        self.types: list[str] = []
        self.excluded: list[str] = []
        self.modules: list[str] = []
        self.expression: Condition | None = None
        self.verdicts: dict[int, tuple[type[Any], bool]] = {}
        """By id of the type, which is kept so that the id stays its own."""
        self._read()

    def _read(self) -> None:
        names = [name.strip() for name in self.text.removeprefix(MODULE).split(',')] if self.text else []
        if self.text.startswith(MODULE):
            self.modules = names
            if not all(is_dotted(name) for name in names):
                self.problem = (
                    f'"{MODULE}" is followed by the name of a module or package, as in "{MODULE} app.orders".'
                )
        elif all(is_dotted(name.removeprefix('!').strip()) and name.split('.')[0] != NAME for name in names):
            self.types = [name for name in names if name[0] != '!']
            self.excluded = [name[1:].strip() for name in names if name[0] == '!']
        else:
            self._compile()

    def _compile(self) -> None:
        self.expression = Condition({'id': self.number, 'condition': self.text}, self.points)
        problem = self.expression.condition.problem if self.expression.condition is not None else ''
        if problem:
            self.problem = (
                f'The condition is neither a list of types, nor "{MODULE} name", nor an expression with the exception '
                f'as "{NAME}": {problem}.'
            )
        else:
            self.points.table[self.number] = self.expression

    def close(self) -> None:
        self.points.table.pop(self.number, None)

    def admits(self, kind: type[Any]) -> bool:
        """Whether it may apply to exceptions of a type. Runs no code of the program."""
        known = self.verdicts.get(id(kind))
        if known is None:
            if len(self.verdicts) >= MOST_TYPES:
                self.verdicts.clear()
            known = self.verdicts[id(kind)] = (kind, self._names(kind))
        return known[1]

    def _names(self, kind: type[Any]) -> bool:
        if not self.types and not self.excluded:
            return True
        names = [full_name(base) for base in mro(kind)]
        if any(is_named(name, asked) for name in names for asked in self.excluded):
            return False
        return not self.types or any(is_named(name, asked) for name in names for asked in self.types)

    def holds(self, error: BaseException, raised: FrameType, mine: FrameType) -> bool:
        """Whether it applies. `raised`: the frame that raised the exception; `mine`: the first one of the user's code
        that it came to, where an expression is evaluated. Raises `Handed`."""
        if self.modules:
            return any(is_inside(frame, module) for frame in (raised, mine) for module in self.modules)
        return self.expression is None or self.expression.holds_for(error, mine)


class Condition(Point):
    """An expression as condition. It fails, and is switched off, like that of any breakpoint."""

    def holds_for(self, error: BaseException, frame: FrameType) -> bool:
        """Raises `Handed`."""
        if self.condition is None or self.problem:
            return False
        evaluation: Any = Evaluation(self.condition.compiled.code, error)
        return self.holds(evaluation, frame)

    def switch_off(self, why: str, frame: FrameType) -> None:
        self.problem = f'The exception breakpoint "{self.asked["condition"]}" is switched off: {why}.'
        self.points.say(self.problem, frame)


class Evaluation:
    """One evaluation, with the exception among the locals."""

    def __init__(self, code: CodeType, error: BaseException) -> None:
        self.code = code
        self.error = error

    def value(self, frame: FrameType) -> bool:
        space = frame.f_globals
        if any(type(const) is type(self.code) for const in self.code.co_consts):
            # Lambdas and the like look names up in their globals alone.
            space = {**space, **frame.f_locals, NAME: self.error, '__builtins__': frame.f_builtins}
        elif '__builtins__' not in space:
            space = {**space, '__builtins__': frame.f_builtins}  # eval would write ours into it
        return bool(eval(self.code, space, Names(frame, self.error)))


class Names(dict[str, object]):
    """The locals of a frame, and the exception by its name."""

    def __init__(self, frame: FrameType, error: BaseException) -> None:
        super().__init__({NAME: error})
        self.frame = frame

    def __missing__(self, name: str) -> object:
        return self.frame.f_locals[name]


def is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split('.'))


def full_name(kind: type[Any]) -> str:
    """`.module.Qualified.name`: with a dot in front, so that each of its last parts is a name of it."""
    name = type_name(kind)
    module: Any = type.__dict__['__module__'].__get__(kind)
    return f'.{name}' if name.startswith(f'{module}.') else f'.{module}.{name}'


def is_named(full: str, asked: str) -> bool:
    return full.endswith('.' + asked)


def is_inside(frame: FrameType, module: str) -> bool:
    name = module_name(frame)
    if name == '__main__' and module != name:
        name = main_name()
    return name == module or name.startswith(module + '.')


def main_name() -> str:
    """The name by which `python -m` was told to run the main module; '' for a script."""
    spec: Any = getattr(sys.modules.get('__main__'), '__spec__', None)
    name = getattr(spec, 'name', None)
    return name if type(name) is str else ''
