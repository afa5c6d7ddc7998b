"""A source file with breakpoints, and the code objects that were made from it."""

import sys
import time

from .lines import Lines, is_function, nested, resolve
from .paths import absolute, base_name, is_absolute
from .reasons import difference, not_loaded, not_on_a_line
from .system import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

    from .link import Json
    from .points import Point

    Identity = tuple[int, int, str]

KEPT = 32
"""Code objects that seem to have ended but may run again."""
RECENT = 4
"""Of those that came last, how many are known until it is looked which are alive."""


class Breakpoint:
    """One breakpoint of the client. `line` is where it fires, None where nothing does; `ended` that the code with its
    line is gone or done; `reason` says why it does not fire, `note` what is to be said about one that does."""

    def __init__(self, point: Point, asked: int) -> None:
        self.point = point
        self.id = point.id
        self.asked = asked
        self.line: int | None = None
        self.reason = ''
        self.note = ''
        self.ended = True
        self.told: tuple[int | None, str, str] | None = None

    def body(self, path: str) -> Json:
        """A DAP Breakpoint."""
        reason = self.point.problem or self.reason
        body: Json = {'id': self.id, 'verified': not reason, 'line': self.line or self.asked}
        body['source'] = {'name': base_name(path), 'path': path}
        if message := reason or self.point.note or self.note:
            body['message'] = message
        return body


class File:
    def __init__(self, path: str) -> None:
        self.path = path
        self.identity = identity(path)
        self.codes: dict[int, Lines] = {}
        """By id(code), the oldest first."""
        self.ended: set[int] = set()
        """Of those: the ones that nothing seems to run any more, such as the body of a module that was imported."""
        self.breakpoints: list[Breakpoint] = []
        self.seen: set[str] = set()
        """The names that code gives this file."""
        self.recent: list[CodeType] = []
        """Outer code objects that have come since it was last looked which are alive."""
        self.loaded = 0.0
        """When a module of this file was seen to start, in seconds since the epoch."""
        self.changed = False
        """Whether code has come of which the client was not told yet."""
        self.checked = False
        """Whether somebody will look again at which code is alive."""

    def matches(self, name: str) -> bool:
        same = name == self.path or (name[:1] != '<' and identity(name) == self.identity) or self.is_frozen(name)
        if same:
            self.seen.add(name)
        return same

    def is_frozen(self, name: str) -> bool:
        """Frozen modules of the standard library name no file, but their modules do."""
        if not name.startswith('<frozen '):
            return False
        module = sys.modules.get(name[8:-1])
        path = vars(module).get('__file__') if type(module) is type(sys) else None
        return type(path) is str and identity(path) == self.identity

    def knows(self, code: CodeType) -> bool:
        return id(code) in self.codes and id(code) not in self.ended

    def add(self, code: CodeType) -> None:
        for inner in nested(code):
            if id(inner) not in self.codes:
                self.codes[id(inner)] = Lines(inner)
            self.ended.discard(id(inner))

    def came(self, code: CodeType) -> list[Lines]:
        """A code object starts. Returns those that are forgotten for it: a program may make new ones without end."""
        if not is_function(code):
            self.loaded = time.time()
        self.add(code)
        self.recent.append(code)
        dropped = [*nested(self.recent.pop(0))] if len(self.recent) > RECENT else []
        return [self.codes.pop(id(inner)) for inner in dropped if id(inner) in self.codes]

    def settle(self, alive: Iterable[CodeType]) -> list[Lines]:
        """Takes in which code objects are alive. Returns those that are forgotten."""
        self.recent.clear()
        for code in alive:
            self.add(code)
        known = {id(inner) for code in alive for inner in nested(code)}
        ended = [number for number in self.codes if number not in known]
        self.ended = {*ended[-KEPT:]}
        return [self.codes.pop(number) for number in ended[:-KEPT]]

    def resolve(self) -> None:
        """Finds the line of each breakpoint anew."""
        for bp in self.breakpoints:
            bp.line = resolve(self.alive(), bp.asked)
            bp.ended = bp.line is None
            # What has ended keeps its breakpoints all the same: it may be run again.
            bp.line = bp.line or resolve(self.codes.values(), bp.asked)

    def explain(self) -> list[Breakpoint]:
        """Finds words for each breakpoint; returns those of which something has changed since this was last done. Reads
        the source, so it is for the agent's thread."""
        alive = self.alive()
        note = difference(self.path, self.seen, alive, self.loaded) if alive else ''
        changed: list[Breakpoint] = []
        for bp in self.breakpoints:
            bp.reason = self.why_not(bp.asked) if bp.ended else ''
            bp.note = note
            told, bp.told = bp.told, (bp.line, bp.reason, bp.note)
            if bp.told != told:
                changed.append(bp)
        return changed

    def alive(self) -> list[Lines]:
        return [lines for number, lines in list(self.codes.items()) if number not in self.ended]

    def why_not(self, line: int) -> str:
        return not_on_a_line(self.path, line) if self.codes else not_loaded(self.path, self.others())

    def others(self) -> list[str]:
        """The files of loaded modules that have the same last name."""
        name = base_name(self.path)
        paths: set[str] = set()
        for module in list(sys.modules.values()):
            path = vars(module).get('__file__') if type(module) is type(sys) else None
            if type(path) is str and base_name(path) == name and identity(path) != self.identity:
                paths.add(path)
        return sorted(paths)


def identity(path: str) -> Identity | None:
    """Device and inode, which are the same for every name of a file: symbolic links, relative paths, bind mounts. Of a
    file that is not there, those of the folder or archive that it would be in, and the rest of its path."""
    if not is_absolute(path):
        path = absolute(path)
    rest = ''
    while True:
        try:
            status = native.stat(path)
        except OSError, ValueError:
            name = base_name(path)
            shorter = path[: -len(name) - 1]
            if not shorter or shorter == path:
                return None
            path, rest = shorter, f'{name}/{rest}' if rest else name
        else:
            return (status.st_dev, status.st_ino, rest)
