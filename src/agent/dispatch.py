"""The LINE callback, made to measure for the breakpoints that are in force.

A breakpoint with a condition or a hit condition is passed many times for each time that it stops the program, and
passing should cost as little as Python allows. So one function is written (`linetext.py`) that compares lines and code
objects, evaluates the conditions and counts, and leaves the rest to `callbacks.py`: stops, steps, all other lines.

A new one is made when the set of breakpoints changes. The old one may be running then, which does no harm: both work
on the same points.
"""

from .linetext import LineText
from .monitor import E

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
        self.slow: Callback = callbacks.sieve(callbacks.ignores_line, callbacks.line)
        self.made: dict[int, tuple[object, Callback]] = {}
        """By line: what a callback was made from."""
        self.names: dict[str, Any] = {
            '_danger': points.watch.danger,
            '_settle': points.watch.settle,
            '_steps': callbacks.stepping.steps,
            '_skip': callbacks.skip,
            '_lost': callbacks.lost,
        }
        # By how many frames below a callback that of the program is.
        self.otherwise = {depth: callbacks.sieve(callbacks.ignores_line, callbacks.line, depth + 1) for depth in (1, 2)}
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
        names = {**self.names, '_decided': self.decided[depth], '_otherwise': self.otherwise[depth]}
        text = LineText(depth, names)
        for place in places:
            text.place(place)
        return text.compile()


def grouped(places: Iterable[Place]) -> dict[int, list[Place]]:
    groups: dict[int, list[Place]] = {}
    for place in places:
        groups.setdefault(place.line, []).append(place)
    return groups


def by_line(callbacks: dict[int, Callback], otherwise: Callback) -> Callback:
    def callback(code: CodeType, line: int) -> object:
        return callbacks.get(line, otherwise)(code, line)

    return callback
