"""Breakpoints: from a file and a line to LINE events on code objects, also of code that comes later.

Threading: `set` runs on the agent's thread, `on_start` and `on_line` on any thread of the program. `lock` guards the
tables; it is held only for work of ours. Code of the program that happens to run on the agent's thread (a finaliser)
never takes it: the callbacks leave at once there.
"""

from .codes import FRESH, Census
from .dispatch import Place
from .files import Breakpoint, File
from .instruments import BREAKPOINTS
from .lines import Lines
from .monitor import E
from .threads import Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType
    from typing import Any

    from .control import Control
    from .instruments import Instruments
    from .link import Json
    from .points import Points

    Outcome = Json | bool
    """What a part of the engine says of an event: the body of a `stopped` event, that it needs the location (True), or
    that it does not (False)."""

MOST_NAMES = 10_000
"""Names of files that are remembered."""
SOON, SLOWEST = 1.0, 60.0
"""Seconds from the start of a module to the first look at what became of it, and between later ones at most."""


class Spots:
    """Where one code object has breakpoints."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.lines: dict[int, list[Breakpoint]] = {}
        self.offsets: dict[int, frozenset[int] | None] = {}
        """By line: where in the code a LINE event counts, since a statement begins there; None for all."""
        self.turns: dict[int, int] = {}
        """By offset of a jump back: the line of a loop on one line, whose further turns fire no LINE."""
        self.starts: list[Breakpoint] = []

    def add(self, lines: Lines, bp: Breakpoint) -> None:
        """Where a breakpoint is in this code, if it is."""
        if bp.line is None or not lines.stops_on(bp.line):
            return
        if lines.begins_on(bp.line):
            self.starts.append(bp)
            return
        statements = lines.statements
        self.lines.setdefault(bp.line, []).append(bp)
        self.offsets[bp.line] = None if bp.line in statements.always else statements.starts[bp.line]
        self.turns |= {offset: line for offset, line in statements.turns.items() if line == bp.line}

    def events(self) -> int:
        # A body on the line of its def fires LINE only together with PY_START (measured on both versions).
        events = E.LINE | E.PY_START if self.lines or self.starts else 0
        return events | E.JUMP if self.turns else events


class Breakpoints:
    def __init__(self, instruments: Instruments, control: Control, points: Points) -> None:
        self.instruments = instruments
        self.points = points
        self.control = control
        self.lock = Section()
        self.files: dict[str, File] = {}
        self.names: dict[str, list[File]] = {}
        """By `co_filename`: each distinct name is compared with the files once. A file may be asked for by several
        paths."""
        self.spots: dict[int, Spots] = {}
        """By id(code)."""
        self.census = Census()
        self.later: Callable[[float, Callable[[], object]], None] = lambda _, action: None
        """Has the agent's thread do something after some seconds."""
        self.renew: Callable[[Iterable[Place]], None] = lambda _: None
        """Told where breakpoints are on lines, whenever that has changed."""

    def set(self, path: str, asked: list[Any]) -> Json:
        """DAP's setBreakpoints: replaces those of one file."""
        with self.lock:
            file = self.files.get(path) or self._open(path)
            points = self.points.replace([bp.point for bp in file.breakpoints], asked)
            file.breakpoints = [Breakpoint(point, point.asked['line']) for point in points]
            self._settle(file)
            file.explain()
            if not file.breakpoints:
                self._close(file)
        return {'breakpoints': [bp.body(path) for bp in file.breakpoints]}

    def locations(self, path: str, first: int, last: int) -> Json:
        """DAP's breakpointLocations, from the line tables of the code objects alive now."""
        file = File(path)
        file.settle(self._alive(file.matches))
        near = [lines for lines in file.alive() if lines.code.co_firstlineno <= last and lines.last >= first]
        own = {line for lines in near for line in lines.own() if first <= line <= last}
        return {'breakpoints': [{'line': line} for line in sorted(own)]}

    def _alive(self, matches: Callable[[str], bool]) -> list[CodeType]:
        """The outer code objects of a file that are alive. On the agent's thread."""
        names = self.census.by_name()
        self.later(FRESH, self.census.forget)
        return [code for name, codes in names.items() if matches(name) for code in codes.values()]

    def _settle(self, file: File) -> None:
        """Takes in which code of a file is alive, and puts its breakpoints where they belong. With the lock held."""
        self._forget(file.settle(self._alive(lambda name: file in self._files(name))))
        file.resolve()
        self._bind(file)

    def _forget(self, gone: list[Lines]) -> None:
        for lines in gone:
            if self.spots.pop(id(lines.code), None) is not None:
                self.instruments.want(BREAKPOINTS, lines.code, lambda: 0)

    def recheck(self, file: File, delay: float) -> None:
        """Code of a file came: what it replaced may be gone, and what runs once, done. On the agent's thread."""
        file.checked = False
        if self.files.get(file.path) is not file:
            return
        with self.lock:
            self._settle(file)
        self.tell(file)
        if any(lines.code.co_name == '<module>' for lines in file.alive()):
            file.checked = True
            self.later(delay, lambda: self.recheck(file, min(2 * delay, SLOWEST)))

    def tell(self, file: File) -> None:
        """Tells the client what has changed about the breakpoints of a file. On the agent's thread."""
        file.changed = False
        for bp in file.explain():
            self.control.send('breakpoint', {'reason': 'changed', 'breakpoint': bp.body(file.path)})

    def places(self) -> Iterable[Place]:
        for spots in self.spots.values():
            for line, breakpoints in spots.lines.items():
                yield Place(spots.code, line, [bp.point for bp in breakpoints], spots.offsets[line])

    def refresh(self) -> None:
        """A point has been switched off, or a data breakpoint looks at other code."""
        with self.lock:
            self.renew(self.places())

    def counts(self, body: Json) -> bool:
        """False for a stop at breakpoints that have all been removed since."""
        hit = body.get('hitBreakpointIds')
        known = {bp.id for file in self.files.values() for bp in file.breakpoints}
        return hit is None or not known.isdisjoint(hit)

    def clear(self) -> None:
        with self.lock:
            self.spots.clear()
            self.files.clear()
            self.names.clear()
            self.census.forget()

    # -- in callbacks

    def on_line(self, frame: FrameType, code: CodeType, line: int) -> Outcome:
        spots = self.spots.get(id(code))
        if spots is None or line not in spots.lines:
            return False
        offsets = spots.offsets[line]
        if offsets is not None and frame.f_lasti not in offsets:
            return False  # a statement in progress comes back to its line
        return self._hit(frame, spots.lines[line])

    def on_jump(self, frame: FrameType, code: CodeType, start: int) -> Outcome:
        spots = self.spots.get(id(code))
        line = spots.turns.get(start) if spots is not None else None
        return self._hit(frame, spots.lines[line]) if spots is not None and line is not None else False

    def on_start(self, frame: FrameType, code: CodeType) -> Outcome:
        self.new_code(code)
        spots = self.spots.get(id(code))
        return self._hit(frame, spots.starts) if spots is not None else False

    def _hit(self, frame: FrameType, hits: list[Breakpoint] | None) -> Outcome:
        if not hits:
            return False
        return self.points.reach([bp.point for bp in hits], frame, 'breakpoint')

    def new_code(self, code: CodeType) -> None:
        """A code object starts that may not have been seen before."""
        if self.names.get(code.co_filename) == []:
            return
        with self.lock:
            files = [file for file in self._files(code.co_filename) if not file.knows(code)]
            for file in files:
                self._forget(file.came(code))
                file.resolve()
                self._bind(file)
        for file in files:
            self._report(file)

    def _report(self, file: File) -> None:
        """Has the agent's thread tell what has changed, now and when it is known what the new code has replaced. Once
        for all code that comes meanwhile: a program may make some all the time."""
        if not file.changed:
            file.changed = True
            self.later(0, lambda: self.tell(file))
        if not file.checked:
            file.checked = True
            self.later(SOON, lambda: self.recheck(file, 2 * SOON))

    def _files(self, name: str) -> list[File]:
        """The files with breakpoints that code of this `co_filename` is from."""
        known = self.names.get(name)
        if known is None:
            if len(self.names) >= MOST_NAMES:
                self.names = {}  # a program that names all that it compiles differently
            known = self.names[name] = [file for file in self.files.values() if file.matches(name)]
        return known

    def _open(self, path: str) -> File:
        file = self.files[path] = File(path)
        self.names = {}
        self.instruments.want_everywhere(BREAKPOINTS, E.PY_START)
        return file

    def _close(self, file: File) -> None:
        del self.files[file.path]
        self.names = {}
        if not self.files:
            self.instruments.want_everywhere(BREAKPOINTS, 0)

    def _bind(self, file: File) -> None:
        wanted = {bp.line for bp in file.breakpoints}
        for lines in list(file.codes.values()):
            if id(lines.code) in self.spots or not wanted.isdisjoint((*lines.fires, lines.code.co_firstlineno)):
                self._bind_code(lines)
        self.renew(self.places())

    def _bind_code(self, lines: Lines) -> None:
        code = lines.code
        spots = Spots(code)
        for file in self._files(code.co_filename):
            for bp in file.breakpoints:
                spots.add(lines, bp)
        if spots.events():
            self.spots[id(code)] = spots
        else:
            self.spots.pop(id(code), None)
        start = bool(spots.starts) or code.co_firstlineno in spots.lines
        self.instruments.want(BREAKPOINTS, code, spots.events, start)
