"""The LINE callback, made to measure for the breakpoints that are in force.

A breakpoint with a condition or a hit condition is passed many times for each time that it stops the program, and
passing should cost as little as Python allows. So the text of one function is written that compares lines and code
objects, evaluates the conditions and counts, and leaves the rest to `callbacks.py`: stops, steps, all other lines. That
of a breakpoint on line 7 with the hit condition `5` is

    def callback(code, line):
        if line == 7 and code is code0:
            hits = ()
            try:
                n = point0.hits = point0.hits + 1
                if n == 5:
                    hits += (1,)
                elif n > 5 and not steps and not skip:
                    return DISABLE
            except RecursionError:
                return None
            except Handed as handed:
                error = handed.error
            else:
                return decided(code, line, hits) if hits or steps or skip else None
            raise error.with_traceback(None)
        return otherwise(code, line)

A new one is made when the set of breakpoints changes. The old one may be running then, which does no harm: both work
on the same points.
"""

import sys

from .conditions import Binding
from .control import OURS
from .errors import Handed
from .monitor import DISABLE, E

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType
    from typing import Any

    from .callbacks import Callbacks
    from .monitor import Monitor
    from .points import Point, Points

    Callback = Callable[[CodeType, int], object]

MOST_COMPARED = 8
"""Places that are compared one after the other; more are looked up by their line."""
TESTS = {'==': 'n == {}', '>=': 'n >= {}', '<=': 'n <= {}', '>': 'n > {}', '<': 'n < {}', '%': 'n % {} == 0'}
ENDING = ('==', '<=', '<')
"""The hit conditions that cannot hold any more beyond their number."""

# When the stack is full a hit is lost, and the program is not disturbed.
PLACE = """
    if line == {line} and code is code{i}{start}:
        hits = ()
        try:
{points}
        except RecursionError:
            return None
        except Handed as handed:
            error = handed.error
        else:
            return decided(code, line, hits) if hits or steps or skip else None
        try:
            raise error.with_traceback(None)
        finally:
            del error
"""
EVALUATED = """
            point{i}.evaluated += 1
            frame = getframe({depth})
            try:
                held = (bound{i}.function if frame.f_globals is bound{i}.globals else bound{i}.bind(frame))(frame)
                if danger:
                    settle()
            except BaseException as error:
                held = point{i}.failed(error, frame)
            if held:
                if point{i}.failures:
                    point{i}.failures = 0
                {counted}
"""
COUNTED = 'n = point{i}.hits = point{i}.hits + 1'
OVER = """
if n > {number} and not steps and not skip:
    return DISABLE
"""


class Place:
    """A line of a code object with breakpoints. `offsets`: where in the code its LINE event counts; None for all."""

    def __init__(self, code: CodeType, line: int, points: list[Point], offsets: frozenset[int] | None = None) -> None:
        self.code = code
        self.line = line
        self.points = [point for point in points if point.live]
        self.offsets = offsets

    def is_hot(self) -> bool:
        """Whether it may be passed without a stop."""
        return any(point.passes for point in self.points)

    def key(self) -> tuple[object, ...]:
        return (id(self.code), self.offsets, *map(id, self.points))


class Dispatch:
    """Keeps the LINE callback of the near tool up to date."""

    def __init__(self, monitor: Monitor, callbacks: Callbacks, points: Points) -> None:
        self.monitor = monitor
        self.callbacks = callbacks
        self.slow: Callback = callbacks.passing(callbacks.ignores_line, callbacks.line)
        self.made: dict[int, tuple[object, Callback]] = {}
        """By line: what a callback was made from."""
        watch = points.watch
        self.names: dict[str, Any] = {
            'getframe': sys._getframe,
            'danger': watch.danger,
            'settle': watch.settle,
            'steps': callbacks.stepping.steps,
            'skip': callbacks.skip,
            'Handed': Handed,
            'DISABLE': DISABLE,
        }
        # By how many frames below a callback that of the program is.
        self.otherwise = {
            depth: callbacks.passing(callbacks.ignores_line, callbacks.line, depth + 1) for depth in (1, 2)
        }
        self.decided = {depth: callbacks.shield(callbacks.decided, depth + 1) for depth in (1, 2)}

    def renew(self, places: Iterable[Place]) -> None:
        # On lines behind which a data breakpoint looks first, only the slow callback keeps the order.
        watched = self.callbacks.data.tables if self.callbacks.data is not None else ()
        hot = [place for place in places if place.is_hot() and id(place.code) not in watched]
        self.monitor.callbacks(self.monitor.near, {E.LINE: self.callback(hot)})

    def callback(self, places: list[Place]) -> Callback:
        if not places:
            return self.slow
        if len(places) <= MOST_COMPARED:
            return self.compile(places, 1)
        callbacks = {line: self.at(line, group) for line, group in grouped(places).items()}
        return by_line(callbacks, self.otherwise[1])

    def at(self, line: int, places: list[Place]) -> Callback:
        """One for a line, made when something in it changes."""
        key = [place.key() for place in places]
        known = self.made.get(line)
        if known is None or known[0] != key:
            known = self.made[line] = (key, self.compile(places, 2))
        return known[1]

    def compile(self, places: list[Place], depth: int) -> Callback:
        """`depth`: by how many frames below is that of the program."""
        space = {**self.names, 'decided': self.decided[depth], 'otherwise': self.otherwise[depth]}
        text = ['def callback(code, line):']
        number = 0
        for i, place in enumerate(places):
            points: list[str] = []
            for point in place.points:
                points.append(point_text(point, number, depth, len(place.points) == 1))
                space[f'point{number}'] = point
                if point.condition is not None:
                    space[f'bound{number}'] = Binding(point.condition.compiled, place.code)
                number += 1
            space[f'code{i}'], space[f'offsets{i}'] = place.code, place.offsets
            start = '' if place.offsets is None else f' and getframe({depth}).f_lasti in offsets{i}'
            text.append(PLACE.strip('\n').format(line=place.line, i=i, start=start, points=''.join(points)))
        text.append('    return otherwise(code, line)')
        exec(compile('\n'.join(text), f'{OURS}line', 'exec', dont_inherit=True), space)
        # Out of its own globals: without the cycle it is freed as soon as it is replaced.
        return space.pop('callback')


def grouped(places: Iterable[Place]) -> dict[int, list[Place]]:
    groups: dict[int, list[Place]] = {}
    for place in places:
        groups.setdefault(place.line, []).append(place)
    return groups


def by_line(callbacks: dict[int, Callback], otherwise: Callback) -> Callback:
    def callback(code: CodeType, line: int) -> object:
        return callbacks.get(line, otherwise)(code, line)

    return callback


def point_text(point: Point, i: int, depth: int, alone: bool) -> str:
    """What is done for one point, as statements. `alone`: it has its place for itself."""
    lines = [COUNTED.format(i=i)]
    body = f'hits += ({point.id},)'
    if point.acts:
        body = f'if point{i}.act(getframe({depth})): {body}'
    if point.count is None:
        lines.append(body)
    else:
        operator, number = point.count
        lines += [f'if {TESTS[operator].format(number)}:', f'    {body}']
        if alone and operator in ENDING:
            lines += OVER.strip().format(number=number).split('\n')
    if point.condition is None:
        return indented(lines, 3)
    return EVALUATED.strip('\n').format(i=i, depth=depth, counted=indented(lines, 4).lstrip())


def indented(lines: list[str], depth: int) -> str:
    return ''.join(f'{"    " * depth}{line}\n' for line in lines)
