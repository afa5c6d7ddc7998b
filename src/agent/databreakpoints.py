"""Data breakpoints: a stop where a watched value has changed.

Behind each instruction that may change a watched value (`stores.py`) an INSTRUCTION event is on, and LINE where that
begins a line; the other places of that code fire once and are disabled. There the value is compared, by identity,
with the one last seen. What changes it without such an instruction is found by the agent's thread, which looks every
`LOOK` seconds for as long as something is watched.

Threading: `on_place`, `on_start` and `left` run on any thread of the program, the rest on the agent's. `lock` guards
the tables; it is held only for work of ours.
"""

from .codes import live_codes
from .control import OURS, is_own
from .errors import Refusal
from .instruments import DATA
from .monitor import E
from .places import Table, unchanged
from .threads import Section, other_frames
from .watched import GONE, NOTHING, Known, Local, living_codes, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    from .breakpoints import Outcome
    from .control import Control
    from .frames import Frames
    from .instruments import Instruments
    from .link import Json
    from .points import Point, Points
    from .watched import Thing

LOOK = 0.05
"""Seconds between two looks."""
BEHIND = (
    'It was changed within the last 0.1 s, but by no assignment in Python code that is checked: by setattr, an update '
    'of __dict__, C code or a library. The program has been stopped somewhere else, conditions were not looked at.'
)
UNKNOWN = 'The program has gone on since this value was chosen: stop it and choose the value again.'


class DataBreakpoint:
    def __init__(self, point: Point, thing: Thing | None) -> None:
        self.point = point
        self.thing = thing
        """None where it is not known, or gone."""
        self.over = UNKNOWN if thing is None else ''
        """Why it never stops (any more)."""
        self.read = thing.read if thing is not None else nothing
        self.known = Known(self.read())
        self.suspect: Known | None = None
        """What was known when the agent's thread first saw another value."""
        self.codes = 0
        self.places = 0

    def body(self) -> Json:
        """A DAP Breakpoint."""
        reason = self.point.problem or self.over
        if reason or self.thing is None:
            return {'id': self.point.id, 'verified': False, 'message': reason}
        where = f'{counted(self.places, "place")} in {counted(self.codes, "function")}'
        return {'id': self.point.id, 'verified': True, 'message': f'Checked at {where}. {self.thing.how()}'}

    def changed(self) -> str | None:
        """The change since the last time in words; None where there is none."""
        value = self.read()
        if self.thing is None or value is GONE or self.known.same(value):
            return None
        text = f'{self.thing.name}: {self.known.words()} -> {words(value)}'
        self.known = Known(value)
        return text


class DataBreakpoints:
    def __init__(self, instruments: Instruments, control: Control, frames: Frames, points: Points) -> None:
        self.instruments = instruments
        self.control = control
        self.frames = frames
        self.points = points
        self.lock = Section()
        self.things: dict[str, Thing] = {}
        """By DAP data id. Those that hold what they watch are forgotten when the program goes on."""
        self.last = 0
        self.all: list[DataBreakpoint] = []
        self.tables: dict[int, Table] = {}
        """By id(code)."""
        self.after: Callable[[float, Callable[[], object]], None] = lambda _seconds, _action: None
        """Calls an action on the agent's thread later."""
        self.looking = False
        self.renew: Callable[[], None] = lambda: None
        """Told that `tables` has changed: their code is not left to the LINE callback of `dispatch.py`."""

    # -- requests

    def info(self, thing: Thing) -> Json:
        """DAP's dataBreakpointInfo."""
        check_instructions()
        data = next((data for data, known in self.things.items() if known.identity == thing.identity), '')
        if not data or self.things[data].owner() is not thing.owner():
            self.last += 1
            data = f'value {self.last}'
            self.things[data] = thing
        description = f'{thing.name}: {thing.how()}'
        return {'dataId': data, 'description': description, 'accessTypes': ['write'], 'canPersist': False}

    def set(self, asked: list[Json]) -> Json:
        """DAP's setDataBreakpoints: replaces all. One that is asked for again unchanged goes on."""
        before = {bp.point.id: bp for bp in self.all}
        with self.lock:
            points = self.points.replace([bp.point for bp in self.all], asked)
            self.all = [self._same(before.get(point.id), point) or self._new(point) for point in points]
            self._bind()
        self._look_later()
        return {'breakpoints': [bp.body() for bp in self.all]}

    def _same(self, bp: DataBreakpoint | None, point: Point) -> DataBreakpoint | None:
        return bp if bp is not None and bp.point is point else None

    def _new(self, point: Point) -> DataBreakpoint:
        return DataBreakpoint(point, self.things.get(point.asked['dataId']))

    def counts(self, body: Json) -> bool:
        """False for a stop by data breakpoints that have all been removed since."""
        hit = body.get('hitBreakpointIds', ())
        return any(bp.point.id in hit for bp in self.all)

    def forget(self) -> None:
        """The program goes on: what nobody watches must be free to end."""
        used = {bp.point.asked['dataId'] for bp in self.all}
        self.things = {data: thing for data, thing in self.things.items() if thing.weak or data in used}

    def refresh(self) -> None:
        """Takes for known what the user has changed himself."""
        for bp in self.all:
            bp.changed()

    def clear(self) -> None:
        with self.lock:
            self.all = []
            self.tables = {}
            self.things = {}

    # -- places

    def _bind(self) -> None:
        """Finds the places of all data breakpoints anew."""
        live = self._live()
        old, self.tables = self.tables, {}
        for bp in live:
            bp.codes = bp.places = 0
        living = living_codes(live_codes()) if live else []
        for bp in live:
            for code in bp.thing.codes(living) if bp.thing is not None else ():
                self._add(bp, code)
        for table in {**old, **self.tables}.values():
            self._apply(table.code)
        ends = E.PY_UNWIND if self._frames() else 0
        self.instruments.want_everywhere(DATA, E.PY_START | ends if live else 0)
        self.renew()

    def _live(self) -> list[DataBreakpoint]:
        return [bp for bp in self.all if not bp.point.problem and not bp.over]

    def _add(self, bp: DataBreakpoint, code: CodeType) -> bool:
        """Whether code has places of a data breakpoint."""
        if bp.thing is None or is_own(code):
            return False
        places = bp.thing.places(code, self.frames.whose.may_be_mine(code))
        ends = bp.thing.frame is not None and bp.thing.frame.f_code is code
        if not places and not ends:
            return False
        table = self.tables.get(id(code)) or self.tables.setdefault(id(code), Table(code))
        table.ends |= ends
        for offset, line in places.items():
            table.add(bp, offset, line)
        bp.codes += 1
        bp.places += len(places)
        return True

    def _apply(self, code: CodeType) -> None:
        self.instruments.want(DATA, code, lambda: self._wanted(code))

    def _wanted(self, code: CodeType) -> int:
        table = self.tables.get(id(code))
        return table.events() if table is not None else 0

    # -- what no place has shown

    def _look_later(self) -> None:
        if self._live() and not self.looking:
            self.looking = True
            self.after(LOOK, self._look)

    def _look(self) -> None:
        self.looking = False
        if self.control.leader is None:
            changes = {bp.point.id: text for bp in self._live() if (text := self._unseen(bp))}
            if changes:
                self.control.catch({**stop_of(changes), 'text': BEHIND})
        self._look_later()

    def _unseen(self, bp: DataBreakpoint) -> str | None:
        """A change, once it was seen twice in a row: at the first time its thread may be just about to tell."""
        value = bp.read() if bp.thing is not None else GONE
        if value is GONE:
            self._end(bp, 'What had this value is gone.')
        elif isinstance(bp.thing, Local) or bp.known.same(value):
            bp.suspect = None
        elif bp.suspect is bp.known and not in_callback():
            bp.point.hits += 1
            return bp.changed()
        else:
            bp.suspect = bp.known
        return None

    def _end(self, bp: DataBreakpoint, reason: str) -> None:
        """Lets go of what was watched, and tells the client."""
        with self.lock:
            if bp.over:
                return
            bp.over, bp.thing, bp.read, bp.known = reason, None, nothing, Known(NOTHING)
            self.things.pop(bp.point.asked['dataId'], None)
            self._unbind(bp)
        self.points.outbox.put('breakpoint', {'reason': 'changed', 'breakpoint': bp.body()})

    def _unbind(self, bp: DataBreakpoint) -> None:
        for table in list(self.tables.values()):
            table.remove(bp)
            table.ends = any(frame.f_code is table.code for frame in self._frames())
            self._apply(table.code)

    def _frames(self) -> list[FrameType]:
        """Those with which something ends."""
        return [bp.thing.frame for bp in self.all if bp.thing is not None and bp.thing.frame is not None]

    # -- in callbacks

    def ignores_line(self, code: CodeType, line: int) -> bool:
        """Whether LINE has nothing to tell but that watched values are as they were."""
        table = self.tables.get(id(code))
        found = table.lines.get(line) if table is not None else None
        return found is not None and unchanged(found)

    def ignores_instruction(self, code: CodeType, offset: int) -> bool:
        table = self.tables.get(id(code))
        found = table.offsets.get(offset) if table is not None else None
        return found is not None and unchanged(found)

    def on_place(self, frame: FrameType, code: CodeType, line: int | None = None) -> Outcome:
        """The frame is at an instruction, or at the start of a line: compares what the one before may have changed. The
        body of a stop has besides the `line` of that one. Raises `Handed`."""
        table = self.tables.get(id(code))
        if table is None:
            return False
        if line is not None:
            table.begins(frame.f_lasti, line)
        elif frame.f_lasti not in table.offsets:
            return False
        spots = table.at.get(frame.f_lasti)
        if spots is None:
            return False
        changes: dict[int, str] = {}
        for bp, _ in spots:
            if concerns(bp, frame) and (text := bp.changed()) and bp.point.hit(frame):
                changes[bp.point.id] = text
        return {**stop_of(changes), 'line': spots[0][1]} if changes else True

    def on_start(self, _frame: FrameType, code: CodeType) -> Outcome:
        """Code that may be new, with what is inside it."""
        if self.all:
            with self.lock:
                for inner in living_codes([code]):
                    if id(inner) not in self.tables:
                        self._grow(inner)
        return False

    def _grow(self, code: CodeType) -> None:
        found = [
            self._add(bp, code)
            for bp in self._live()
            if bp.thing is not None and any(own is code for own in bp.thing.codes([code]))
        ]
        if any(found):
            self._apply(code)
            self.renew()

    def left(self, frame: FrameType) -> None:
        """PY_RETURN or PY_UNWIND: the variables of a function end."""
        for bp in self.all:
            if bp.thing is not None and bp.thing.frame is frame:
                self._end(bp, f'{frame.f_code.co_name}() has ended, and with it this variable.')


def check_instructions() -> None:
    """Raises `Refusal` where it cannot be told which instructions store."""
    try:
        from .stores import CALLS  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except Exception:
        text = 'This Python is newer than Pylatch knows, and its instructions are different: nothing can be watched.'
        raise Refusal('cannot-watch', text) from None


def in_callback() -> bool:
    """Whether a thread is about to compare: it may be held up there for long on a busy machine."""
    return any(frame.f_code.co_filename.startswith(OURS) for frame in other_frames().values())


def nothing() -> object:
    return NOTHING


def concerns(bp: DataBreakpoint, frame: FrameType) -> bool:
    """False for a variable of another call of the function."""
    thing = bp.thing
    return not isinstance(thing, Local) or thing.shared or thing.frame is frame


def stop_of(changes: dict[int, str]) -> Json:
    """The body of a `stopped` event, from what changed by the id of its breakpoint."""
    words = '; '.join(changes.values())
    return {'reason': 'data breakpoint', 'description': words, 'hitBreakpointIds': list(changes)}


def counted(number: int, what: str) -> str:
    return f'{number} {what}{"" if number == 1 else "s"}'
