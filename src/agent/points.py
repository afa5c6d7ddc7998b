"""What happens where a breakpoint is reached: its condition, its count of hits, its log message or snapshot.

Every kind of breakpoint (lines, functions, data) has one `Point`. `hit(frame)` decides; for lines the same is
compiled into the LINE callback (`dispatch.py`).

Threading: points are made on the agent's thread, and hit on any thread of the program. Counting by `n = p.hits =
p.hits + 1` is exact: a thread gives way to others only at calls and jumps back.
"""

import _thread
import time

from .classes import type_name
from .conditions import Expression, is_programs
from .control import is_ours
from .errors import Handed
from .guard import Interrupted
from .snapshots import take
from .templates import BadTemplate, Template, read_template
from .values import ARGUMENTS, Shown, text_of
from .watch import PERIOD, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType
    from typing import Any

    from .breakpoints import Outcome
    from .frames import Frames
    from .link import Json
    from .outbox import Outbox

MOST_FAILURES = 100
"""Failures in a row after which a condition is evaluated no more."""
COUNTS: dict[str, Callable[[int, int], bool]] = {
    '==': lambda hits, number: hits == number,
    '>=': lambda hits, number: hits >= number,
    '<=': lambda hits, number: hits <= number,
    '>': lambda hits, number: hits > number,
    '<': lambda hits, number: hits < number,
    '%': lambda hits, number: hits % number == 0,
}
"""The hit conditions; of those that begin alike the longer one is first."""
MOST_DIGITS = 12
LONGEST = 8192
"""Characters of one log message."""
SNAPSHOT = 50_000
"""Characters that a snapshot is taken for where there is little room."""
SHORT = 300
"""Characters of an exception's text."""


class Problem(Exception):
    """Why a breakpoint can never work, in words."""


class Point:
    """`problem` says why it does not work (any more); '' while it does."""

    # Without a dictionary, what every hit counts is at hand.
    __slots__ = (
        'asked',
        'condition',
        'count',
        'evaluated',
        'failed_at',
        'failures',
        'hits',
        'id',
        'points',
        'problem',
        'shots',
        'taken',
        'template',
        'told',
    )

    def __init__(self, asked: Json, points: Points) -> None:
        """`asked` is an `AgentBreakpoint`, `AgentFunctionBreakpoint` or `AgentDataBreakpoint` of wire.ts."""
        self.asked = asked
        self.id: int = asked['id']
        self.points = points
        self.problem = ''
        self.evaluated = 0
        """How often the condition was."""
        self.hits = 0
        """How often the place was reached with the condition true."""
        self.failures = 0
        """Of the condition, in a row."""
        self.failed_at = 0
        """Which evaluation failed last: this tells a row, so that others need not count."""
        self.told = False
        self.condition: Expression | None = None
        self.count: tuple[str, int] | None = None
        self.template: Template | None = None
        self.shots = 0
        """How many snapshots are to be taken; 0: it is none of those."""
        self.taken = 0
        try:
            self.read(asked)
        except Problem as problem:
            self.problem = str(problem)
        except BadTemplate as error:
            self.problem = f'The log message cannot be read. {error}.'

    def read(self, asked: Json) -> None:
        if text := asked.get('condition'):
            self.condition = Expression(text, self.id, truth=True)
            if self.condition.problem:
                raise Problem(f'The condition is no expression: {self.condition.problem}.')
        if text := asked.get('hitCondition'):
            self.count = read_count(text)
        if asked.get('mode') == 'snapshot':
            self.shots, self.count = shots_of(self.count), None
        if text := asked.get('logMessage'):
            self.template = read_template(text, self.id)

    @property
    def passes(self) -> bool:
        """Whether a thread may come by without a stop."""
        return self.condition is not None or self.count is not None or self.acts

    @property
    def evaluates(self) -> bool:
        """Whether it has expressions."""
        return self.condition is not None or self.template is not None

    @property
    def acts(self) -> bool:
        """Whether something else is done than to stop."""
        return self.template is not None or self.shots > 0

    @property
    def done(self) -> bool:
        """All snapshots are taken."""
        return self.taken >= self.shots > 0

    @property
    def note(self) -> str:
        """What the user is to know of a breakpoint that works."""
        taken = f'{self.shots} of {self.shots} snapshots taken. Change the breakpoint to take more.'
        return taken if self.done else ''

    @property
    def live(self) -> bool:
        """Whether there is anything to do where it is reached."""
        return not self.problem and not self.done

    @property
    def reached(self) -> int:
        """How often the place was reached, false conditions included."""
        return self.hits if self.condition is None else self.evaluated

    # -- on the program's threads

    def hit(self, frame: FrameType) -> bool:
        """Counts a hit; True where the program is to stop. Raises `Handed`."""
        if not self.live:
            return False
        if self.condition is not None and not self.holds(self.condition, frame):
            return False
        hits = self.hits = self.hits + 1
        return (self.count is None or COUNTS[self.count[0]](hits, self.count[1])) and self.act(frame)

    def holds(self, condition: Expression, frame: FrameType) -> bool:
        self.evaluated += 1
        try:
            held = condition.value(frame)
            if self.points.watch.danger:
                self.points.watch.settle()
        except BaseException as error:
            return self.failed(error, frame)
        return held

    def failed(self, error: BaseException, frame: FrameType) -> bool:
        """The condition raised: that is no hit. Raises `Handed`."""
        self.hand_over(error)
        self.failures = self.failures + 1 if self.evaluated - self.failed_at <= 1 else 1
        self.failed_at = self.evaluated
        if type(error) is Interrupted:
            self.points.watch.danger.discard(_thread.get_ident())
            self.switch_off('its condition did not end', frame)
        elif self.failures == MOST_FAILURES:
            self.switch_off(f'its condition failed {MOST_FAILURES} times in a row ({words(error)})', frame)
        elif not self.told:
            self.told = True
            self.points.say(f'The condition of this breakpoint fails, which counts as false: {words(error)}', frame)
        return False

    def hand_over(self, error: BaseException) -> None:
        """What an expression raised: raises `Handed` where that is the program's own, of a signal handler."""
        if is_programs(error):
            self.points.watch.lock.leave()  # it may have broken off `settle` just behind the acquire
            raise Handed(error) from None

    def act(self, frame: FrameType) -> bool:
        """At a hit that counts: True where the program is to stop."""
        try:
            if self.template is not None:
                self.log(self.template, frame)
            if self.shots:
                self.snapshot(frame)
        except BaseException as error:
            if is_ours(error):
                raise
            # A signal handler broke it off: were the hit looked at again, it would count twice.
            raise Handed(error) from None
        return not self.acts

    def snapshot(self, frame: FrameType) -> None:
        number = self.taken = self.taken + 1
        if number > self.shots:
            return  # another thread took the last one meanwhile
        body: Json = {'breakpointId': self.id, 'number': number, 'of': self.shots}
        sent = False
        try:
            sent = self.points.outbox.put('snapshot', body | take(frame, self.points.frames), SNAPSHOT)
        finally:
            self.taken -= not sent
        if sent and self.done:
            self.points.over(self, {'verified': True, 'message': self.note})

    def log(self, template: Template, frame: FrameType) -> None:
        try:
            text = template.text(frame, lambda error: self.in_place(error, frame))
            if self.points.watch.danger:
                self.points.watch.settle()
        except Interrupted as error:
            text = self.in_place(error, frame)
        self.points.log(text, frame)

    def in_place(self, error: BaseException, frame: FrameType) -> str:
        """What a log message shows for an expression that raised. Raises `Handed`."""
        self.hand_over(error)
        if type(error) is Interrupted:
            self.points.watch.danger.discard(_thread.get_ident())
            self.switch_off('an expression in its log message did not end', frame)
        elif not self.told:
            self.told = True
            self.points.say(f'An expression in the log message of this breakpoint fails: {words(error)}', frame)
        return f'<{words(error)}>'

    def switch_off(self, why: str, frame: FrameType) -> None:
        self.problem = f'This breakpoint is switched off: {why}. Change it to set it again.'
        self.points.say(self.problem, frame)
        self.points.over(self, {'verified': False, 'message': self.problem})


class Points:
    """The points of a session, and how they tell the user of what happens."""

    def __init__(self, outbox: Outbox, frames: Frames) -> None:
        self.outbox = outbox
        self.frames = frames
        self.watch = Watch(self.reached)
        self.table: dict[int, Point] = {}
        """By the breakpoint's id."""
        self.due = 0.0
        """When to look next at the evaluations."""
        self.renew: Callable[[], None] = lambda: None
        """Takes the points out of force that are not live any more."""
        self.stale = False

    def replace(self, old: Iterable[Point], asked: list[Json]) -> list[Point]:
        """The points of a new list of breakpoints in place of an older one. Those in which nothing has changed stay
        as they are, with their counts."""
        known = {point.id: point for point in old}
        points = [self.same(known.get(item['id']), item) or Point(item, self) for item in asked]
        for number, point in known.items():
            self.table.pop(number, None)
            self.watch.busy |= point.evaluates
        self.table.update({point.id: point for point in points})
        return points

    def same(self, point: Point | None, asked: Json) -> Point | None:
        return point if point is not None and point.asked == asked else None

    def reach(self, points: Iterable[Point], frame: FrameType, reason: str) -> Outcome:
        """What becomes of a place with points, whenever a frame reaches it. Raises `Handed`."""
        live = [point for point in points if point.live]
        hit = [point.id for point in live if point.hit(frame)]
        return {'reason': reason, 'hitBreakpointIds': hit} if hit else bool(live)

    def reached(self, number: int) -> int:
        """How often the breakpoint with an id was reached."""
        point = self.table.get(number)
        return point.reached if point is not None else 0

    def watched(self) -> bool:
        """Whether there are expressions that may not end."""
        return self.watch.busy or any(point.evaluates for point in self.table.values())

    def patience(self) -> float | None:
        """Seconds until the agent's thread has to look at the evaluations."""
        return max(0.0, self.due - time.monotonic()) if self.watched() else None

    def tick(self, now: float) -> None:
        if self.stale:
            self.stale = False
            self.renew()
        if now >= self.due and self.watched():
            self.watch.look()
            self.due = now + PERIOD

    def clear(self) -> None:
        self.watch.end()
        self.table.clear()

    def over(self, point: Point, body: Json) -> None:
        """A point has nothing to do any more: tells the client, and takes it out of force."""
        self.stale = True
        self.outbox.put('breakpoint', {'reason': 'changed', 'breakpoint': {'id': point.id, **body}})

    def say(self, text: str, frame: FrameType) -> None:
        """Tells the user something of a breakpoint."""
        self.outbox.put('output', self.output('important', text, frame))

    def log(self, text: str, frame: FrameType) -> None:
        shown = text if len(text) <= LONGEST else f'{text[:LONGEST]}…'
        self.outbox.put('output', self.output('console', shown, frame), len(shown) + 1)

    def output(self, category: str, text: str, frame: FrameType) -> Json:
        """The body of a DAP output event."""
        place = {'source': self.frames.source(frame), 'line': frame.f_lineno}
        return {'category': category, 'output': f'{text}\n', **place}


def read_count(text: str) -> tuple[str, int]:
    """An operator of `COUNTS` and a number from a hit condition. Raises `Problem`."""
    stripped = text.strip()
    operator = next((known for known in COUNTS if stripped.startswith(known)), '')
    digits = stripped[len(operator) :].strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise Problem(
            f'The hit count {stripped!r} is not understood: write a number, such as 5 or ==5 (the 5th hit), '
            '>=5, >5, <=5, <5, or %5 (every 5th).'
        )
    if int(digits) == 0:
        raise Problem(f'The hit count {stripped!r} makes no sense: hits are counted from 1.')
    return operator or '==', int(digits)


def shots_of(count: tuple[str, int] | None) -> int:
    """How many snapshots a hit condition means. Raises `Problem`."""
    operator, number = count or ('==', 1)
    if operator != '==':
        raise Problem('The hit count of a snapshot is how many to take: write a number, such as 5.')
    return number


def words(error: BaseException) -> str:
    """`Type: text` of an exception, without code of the program."""
    name = type_name(type(error))
    arguments: tuple[Any, ...] = ARGUMENTS.__get__(error)
    if len(arguments) == 1 and type(arguments[0]) is str and type(error) is not KeyError:
        return f'{name}: {arguments[0]}'
    return f'{name}: {text_of(arguments, Shown(None, SHORT, plain=True))}'
