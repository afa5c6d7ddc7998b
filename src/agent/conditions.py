"""Expressions that the user wrote for a breakpoint, compiled once and evaluated at each hit on the program's threads.

An expression means in a frame what `eval` makes of it there. For speed it becomes a function with the globals of the
frame: the locals that it names are read first, so that lambdas in it see them too, which in `eval` they do not. Where
that would mean something else (`:=`, `locals()`, the body of a class, a local without a value), `eval` does it.
"""

import _signal
import sys

from .classes import FUNCTION, class_of, is_one_of, lookup
from .evaluate import CONDITION, Unwarned
from .lines import nested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

MINDS_FRAME = frozenset(('locals', 'vars', 'dir', 'eval', 'exec', 'super'))
"""Builtins whose result depends on the frame that calls them."""
OPTIMIZED = 0x01  # CO_OPTIMIZED: functions, whose locals are known to the compiler
METHOD: type[Any] = type(Unwarned().__enter__)

OWNER = 'breakpoint '
"""The functions of expressions are called so, with the breakpoint's id."""
SOURCE = """
def expression(_pylatch_frame, _pylatch_show=None, _pylatch_else=None):
    {first}
        return _pylatch_else(_pylatch_frame, _pylatch_show)
    return {before}(
{text}
){after}
"""
WITH_LOCALS = """
    try:
        _pylatch_space = _pylatch_frame.f_locals
        {reads}
    except KeyError:
"""
AT_MODULE_LEVEL = 'if _pylatch_frame.f_locals is not _pylatch_frame.f_globals:'
TRUTH = ('True if ', ' else False')
SHOWN = ('_pylatch_show(', ')')


class Compiled:
    """The text of an expression. `problem` says why it can never be evaluated; '' where it can."""

    def __init__(self, text: str, number: int, truth: bool) -> None:
        self.text = text.strip()
        self.name = f'{OWNER}{number}'
        self.truth = truth
        self.problem = ''
        self.made: dict[str, CodeType] = {}
        try:
            # Before the text becomes part of a larger one: it must be one expression for itself.
            with Unwarned():
                self.code = compile(self.text, CONDITION, 'eval', dont_inherit=True).replace(co_name=self.name)
        except SyntaxError as error:
            self.problem = error.msg
        except Exception as error:
            self.problem = f'{type(error).__name__}: {error}'
        else:
            self.names = {name for code in nested(self.code) for name in code.co_names}
            self.plain = ':=' in self.text or not self.names.isdisjoint(MINDS_FRAME)
            inner = any(type(const) is type(self.code) for const in self.code.co_consts)
            self.short = not (self.plain or inner or self.code.co_varnames or len(self.text.splitlines()) > 1)
            """It has one line, and no variables of its own."""

    def by_eval(self, frame: FrameType, show: Callable[[Any], Any] | None = None) -> Any:
        space = frame.f_globals
        if any(type(const) is type(self.code) for const in self.code.co_consts):
            # Lambdas look names up in their globals alone.
            space = {**space, **frame.f_locals, '__builtins__': frame.f_builtins}
        elif '__builtins__' not in space:
            space = {**space, '__builtins__': frame.f_builtins}  # eval would write ours into it
        value = eval(self.code, space, frame.f_locals)
        return bool(value) if show is None else show(value)

    def plainly(self, code: CodeType) -> list[str]:
        """All names in it, where they are local variables in the frames of a code object and the text means the same
        in any function that has read them; else nothing."""
        own = {name for name in own_names(code) if name[0] != '_'}
        return sorted(self.names) if self.short and code.co_flags & OPTIMIZED and self.names <= own else []

    def function_for(self, code: CodeType) -> CodeType:
        """The code of a function that evaluates it in the frames of a code object."""
        first = AT_MODULE_LEVEL
        if code.co_flags & OPTIMIZED:
            reads = [f'{name} = _pylatch_space[{name!r}]' for name in sorted(self.names & own_names(code))]
            first = WITH_LOCALS.strip().format(reads='\n        '.join(reads)) if reads else 'if False:'
        if first not in self.made:
            before, after = TRUTH if self.truth else SHOWN
            # Not by str.format: the text may have braces.
            source = SOURCE.replace('{first}', first).replace('{before}', before).replace('{after}', after)
            with Unwarned():
                module = compile(source.replace('{text}', self.text), CONDITION, 'exec', dont_inherit=True)
            (made,) = [const for const in module.co_consts if type(const) is type(code)]
            self.made[first] = made.replace(co_name=self.name)
        return self.made[first]


def own_names(code: CodeType) -> set[str]:
    """The variables of a function, its parameters and those of the functions around it among them."""
    return {*code.co_varnames, *code.co_cellvars, *code.co_freevars}


class Binding:
    """An expression in the frames of one code object. `function(frame)` is its value where `frame.f_globals` are
    `globals`; for others `bind(frame)` gives the function, and remembers it."""

    __slots__ = ('by_eval', 'code', 'function', 'globals', 'made')

    def __init__(self, compiled: Compiled, code: CodeType) -> None:
        self.code = code
        self.made = None if compiled.plain else compiled.function_for(code)
        self.by_eval = compiled.by_eval
        self.globals: dict[str, Any] | None = None
        self.function: Callable[..., Any] = compiled.by_eval

    def bind(self, frame: FrameType) -> Callable[..., Any]:
        if self.made is None or '__builtins__' not in frame.f_globals:
            return self.by_eval
        make: Any = FUNCTION
        function: Callable[..., Any] = make(self.made, frame.f_globals, None, (None, self.by_eval))
        self.function = function
        self.globals = frame.f_globals
        return function


class Expression:
    """An expression, for whatever frames come. With `truth` its value is True or False, else what a function makes of
    it that is given with the frame. `number` is the breakpoint's id, by which its frames are known (`watch.py`)."""

    def __init__(self, text: str, number: int, truth: bool = False) -> None:
        self.compiled = Compiled(text, number, truth)
        self.last: Binding | None = None

    @property
    def problem(self) -> str:
        return self.compiled.problem

    def value(self, frame: FrameType, show: Callable[[Any], Any] | None = None) -> Any:
        """What it is in a frame; raises what it raises."""
        last = self.last
        if last is None or last.code is not frame.f_code:
            last = self.last = Binding(self.compiled, frame.f_code)
        return (last.function if frame.f_globals is last.globals else last.bind(frame))(frame, show)


def is_programs(error: BaseException) -> bool:
    """Whether an exception that came out of an expression is none of its own: a signal handler of the program, which
    runs wherever the main thread is, has raised it, or the program is to end."""
    if issubclass(type(error), (KeyboardInterrupt, SystemExit)):
        return True
    handlers = handler_codes()
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if any(code is handler for handler in handlers):
            return True
        trace = trace.tb_next
    return False


def handler_codes() -> list[CodeType]:
    """The code of the signal handlers that are installed."""
    handlers = [_signal.getsignal(number) for number in range(1, _signal.NSIG)]
    return [code for handler in handlers if (code := code_of(handler)) is not None]


def code_of(handler: Any) -> CodeType | None:
    partial = getattr(sys.modules.get('_functools'), 'partial', None)
    if partial is not None and type(handler) is partial:
        handler = handler.func
    if is_one_of(handler, (METHOD,)):
        handler = handler.__func__
    elif not is_one_of(handler, (FUNCTION,)):
        handler = lookup(class_of(handler), '__call__')
    return handler.__code__ if is_one_of(handler, (FUNCTION,)) else None
