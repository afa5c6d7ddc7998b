"""The text of a LINE callback. That for a breakpoint on line 7 with the hit condition `5` is

    def callback(_code, _line):
        if _line == 7 and _code is _code0:
            _hits = ()
            try:
                _n = _point0.hits = _point0.hits + 1
                if _n < 5 and not _steps and not _skip:
                    return None
                if _n == 5:
                    _hits += (1,)
                elif _n > 5 and not _steps and not _skip:
                    return _DISABLE
            except _RecursionError:
                return None
            except _Handed as _handed:
                _error = _handed.error
            except _BaseException as _other:
                if _is_ours(_other):
                    return _lost(_other)
                _error = _other
            else:
                return _decided(_code, _line, _hits) if _hits or _steps or _skip else None
            try:
                raise _error.with_traceback(None)
            finally:
                del _error
        return _otherwise(_code, _line)

A condition that names nothing but local variables becomes part of it, behind statements that read them: a call less.
They go by their own names there; so all others begin with an underscore, which theirs then must not.
"""

import sys

from .conditions import Binding
from .control import is_ours
from .errors import Handed
from .evaluate import LINE, Unwarned
from .monitor import DISABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    from .conditions import Compiled
    from .dispatch import Place
    from .points import Point

    Callback = Callable[[CodeType, int], object]

TESTS = {'==': '_n == {}', '>=': '_n >= {}', '<=': '_n <= {}', '>': '_n > {}', '<': '_n < {}', '%': '_n % {} == 0'}
LATER = ('==', '>=', '>')
"""The hit conditions that cannot hold yet below their number."""
ENDING = ('==', '<=', '<')
"""Those that cannot hold any more beyond it."""

NAMES: dict[str, Any] = {
    '_getframe': sys._getframe,
    '_DISABLE': DISABLE,
    '_Handed': Handed,
    '_is_ours': is_ours,
    '_KeyError': KeyError,
    '_RecursionError': RecursionError,
    '_BaseException': BaseException,
}
PLACE = """
    if _line == {line} and _code is _code{i}{start}:
        _hits = ()
        try:
"""
# When the stack is full a hit is lost, and the program is not disturbed.
PLACED = """
        except _RecursionError:
            return None
        except _Handed as _handed:
            _error = _handed.error
        except _BaseException as _other:
            if _is_ours(_other):
                return _lost(_other)
            _error = _other
        else:
            if not (_hits or _steps or _skip):
                return None
            {forget}
            return _decided(_code, _line, _hits)
        try:
            raise _error.with_traceback(None)
        finally:
            del _error
"""
CALL = """
            _point{i}.evaluated += 1
            _at = _getframe({depth})
            try:
                _held = (_bound{i}.function if _at.f_globals is _bound{i}.globals else _bound{i}.bind(_at))(_at)
"""
READ = """
            _point{i}.evaluated += 1
            try:
                try:
                    _locals = _getframe({depth}).f_locals
                    {reads}
                except _KeyError:
                    _held = _eval{i}(_getframe({depth}))
                else:
                    _held = True if (
"""
# Between these, on a line of its own, is the text of the condition.
DECIDED = """
                    ) else False
"""
EVALUATED = """
                if _danger:
                    _settle()
            except _BaseException as _error:
                _held = _point{i}.failed(_error, _getframe({depth}))
            if _held:
"""
COUNT = '_n = _point{i}.hits = _point{i}.hits + 1'
NOT_YET = """
if _n < {number} and not _steps and not _skip:
    return None
"""
OVER = """
elif _n > {number} and not _steps and not _skip:
    return _DISABLE
"""


class LineText:
    """Collects the text, and in `space` what it works with."""

    def __init__(self, depth: int, names: dict[str, Any]) -> None:
        """`depth`: by how many frames below the callback that of the program is."""
        self.depth = depth
        self.text = 'def callback(_code, _line):\n'
        self.evaluates: dict[int, int] = {}
        """By line: the breakpoint whose condition it is."""
        self.space: dict[str, Any] = {**NAMES, **names, '_evaluates': self.evaluates}
        self.number = 0
        """Of places and points."""

    def add(self, template: str, **values: object) -> None:
        self.text += template.lstrip('\n').format(i=self.number, depth=self.depth, **values)

    def place(self, place: Place) -> None:
        self.space[f'_code{self.number}'] = place.code
        self.space[f'_offsets{self.number}'] = place.offsets
        start = '' if place.offsets is None else f' and _getframe({self.depth}).f_lasti in _offsets{self.number}'
        self.add(PLACE, line=place.line, start=start)
        read = [name for point in place.points for name in self.point(point, place)]
        # What was read must not live longer for a stop.
        self.add(PLACED, forget=' = '.join(('_locals', *read, 'None')))

    def point(self, point: Point, place: Place) -> list[str]:
        """What is done for one point. Gives the local variables that are read for it."""
        self.space[f'_point{self.number}'] = point
        names: list[str] = []
        indent = 3
        if point.condition is not None:
            names = self.condition(point.condition.compiled, point.id, place.code)
            indent = 4
        self.text += indented(self.counted(point, len(place.points) == 1), indent)
        self.number += 1
        return names

    def condition(self, compiled: Compiled, number: int, code: CodeType) -> list[str]:
        names = compiled.plainly(code)
        if names:
            self.space[f'_eval{self.number}'] = compiled.by_eval
            self.add(READ, reads=indented([f'{name} = _locals[{name!r}]' for name in names], 5).strip())
            self.evaluates[self.text.count('\n') + 1] = number
            self.text += compiled.text + DECIDED
        else:
            self.space[f'_bound{self.number}'] = Binding(compiled, code)
            self.add(CALL)
        self.add(EVALUATED)
        return names

    def counted(self, point: Point, alone: bool) -> list[str]:
        """The statements at a hit. `alone`: the point has its place for itself."""
        lines = [COUNT.format(i=self.number)]
        body = f'_hits += ({point.id},)'
        if point.acts:
            body = f'if _point{self.number}.act(_getframe({self.depth})): {body}'
        if point.count is None:
            return [*lines, body]
        operator, number = point.count
        if alone and operator in LATER:
            lines += NOT_YET.strip().format(number=number).split('\n')
        lines += [f'if {TESTS[operator].format(number)}:', f'    {body}']
        if alone and operator in ENDING:
            lines += OVER.strip().format(number=number).split('\n')
        return lines

    def compile(self) -> Callback:
        self.add('    return _otherwise(_code, _line)\n')
        with Unwarned():
            exec(compile(self.text, LINE, 'exec', dont_inherit=True), self.space)
        # Out of its own globals: without the cycle it is freed as soon as it is replaced.
        return self.space.pop('callback')


def indented(lines: list[str], depth: int) -> str:
    return ''.join(f'{"    " * depth}{line}\n' for line in lines)
