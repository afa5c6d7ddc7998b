"""When an exception filter applies: types, a module, or an expression that the user wrote as its condition."""

import sys

from .classes import DICT, mro, type_name
from .evaluate import Unwarned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

NAME = 'exc'
"""The exception in an expression."""
FILE = '<pylatch condition>'
MODULE = 'module:'
MOST_TYPES = 200
"""Exception types whose verdict is kept."""


class Filter:
    """One filter with one condition. `problem` says why it can never apply; '' where it can.

    Shapes of a condition: `KeyError, app.errors.AppError, !Retry` (a base counts as well; `!` excludes), `module: name`
    (raised there or in a module of that package), or any expression with the exception as `exc`."""

    def __init__(self, condition: str, report: Callable[[str], None]) -> None:
        self.text = condition.strip()
        self.report = report
        self.problem = ''
        self.told = False
        self.types: list[str] = []
        self.excluded: list[str] = []
        self.modules: list[str] = []
        self.code: CodeType | None = None
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
        try:
            with Unwarned():
                self.code = compile(self.text, FILE, 'eval', dont_inherit=True)
        except SyntaxError as error:
            self.problem = (
                f'The condition is neither a list of types, nor "{MODULE} name", nor an expression with the exception '
                f'as "{NAME}": {error.msg}.'
            )
        except Exception as error:
            self.problem = f'The condition cannot be compiled: {type(error).__name__}: {error}.'

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
        that it came to, where an expression is evaluated."""
        if self.modules:
            return any(is_inside(frame, module) for frame in (raised, mine) for module in self.modules)
        return self.code is None or self._evaluate(self.code, error, mine)

    def _evaluate(self, code: CodeType, error: BaseException, frame: FrameType) -> bool:
        names: Any = Names(frame, error)
        space = frame.f_globals
        if any(type(const) is type(code) for const in code.co_consts):
            # Lambdas and the like look names up in their globals alone.
            space = {**space, **frame.f_locals, NAME: error}
        if '__builtins__' not in space:
            space = {**space, '__builtins__': frame.f_builtins}  # eval would write ours into it
        try:
            return bool(eval(code, space, names))
        except Exception as failure:
            if not self.told:
                self.told = True
                name = type_name(type(failure))
                self.report(
                    f'The condition "{self.text}" of an exception breakpoint fails, which counts as false: {name}'
                )
            return False
        finally:
            names.frame = None


class Names(dict[str, object]):
    """The locals of a frame, and the exception by its name."""

    def __init__(self, frame: FrameType, error: BaseException) -> None:
        super().__init__({NAME: error})
        self.frame: FrameType | None = frame

    def __missing__(self, name: str) -> object:
        if self.frame is None:
            raise KeyError(name)
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
    name = DICT.get(frame.f_globals, '__name__')
    if type(name) is not str:
        return False
    if name == '__main__' and module != name:
        name = main_name()
    return name == module or name.startswith(module + '.')


def main_name() -> str:
    """The name by which `python -m` was told to run the main module; '' for a script."""
    spec: Any = getattr(sys.modules.get('__main__'), '__spec__', None)
    name = getattr(spec, 'name', None)
    return name if type(name) is str else ''
