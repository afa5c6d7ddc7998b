"""Whose code it is: the rule of `justMyCode`, in one place.

Not mine are the standard library, frozen modules, what lies in a folder `site-packages` or `dist-packages`, and code
without a file that a library has made (the methods of dataclasses and named tuples, which show no source). All else is
mine: so are editable installs, zip applications, and projects anywhere below the interpreter's prefix. The user's
`justMyCodeRules` come first; of those that fit, the one with the longest path wins.
"""

from .paths import PACKAGES, SEPARATOR, comparable, is_absolute, library_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from .link import Json

MINE = ''
LIBRARY, PACKAGE, EXCLUDED = 'standard library', 'installed package', 'excluded by justMyCodeRules'
GENERATED = 'generated code'


class Whose:
    def __init__(self, rules: list[Json]) -> None:
        self.rules = sorted(((trimmed(rule['path']), rule['include']) for rule in rules), key=length, reverse=True)
        self.library = tuple(library_folders())
        self.known: dict[str, str] = {}
        """Origins by file name."""

    def origin(self, frame: FrameType) -> str:
        """Where code comes from that is not mine; `MINE` for my own."""
        name = frame.f_code.co_filename
        known = self.known.get(name)
        if known is not None:
            return known
        if name[:1] == '<' and not name.startswith('<frozen '):
            return self.of_text(name, frame)
        found = self.known[name] = self.of_file(name)
        return found

    def may_be_mine(self, code: CodeType) -> bool:
        """For code that does not run: whether it is mine, or has no file that tells."""
        name = code.co_filename
        if name[:1] == '<' and not name.startswith('<frozen '):
            return True
        known = self.known.get(name)
        if known is None:
            known = self.known[name] = self.of_file(name)
        return known == MINE

    def of_file(self, name: str) -> str:
        path = comparable(name)
        for start, include in self.rules:
            if path == start or path.startswith(start + SEPARATOR):
                return MINE if include else EXCLUDED
        if any(part in path for part in PACKAGES):
            return PACKAGE
        if name.startswith('<frozen ') or path.startswith(self.library):
            return LIBRARY
        return MINE

    def of_text(self, name: str, frame: FrameType) -> str:
        """Code without a file. The modules of `python -c`, of a prompt and of notebooks have no file either; in others
        `<string>` is what `exec` and the makers of classes leave."""
        file = frame.f_globals.get('__file__')
        if type(file) is not str:
            return MINE if frame.f_globals.get('__name__') == '__main__' else GENERATED
        if name == '<string>' or not is_absolute(file):
            return GENERATED
        return self.of_file(file)


def trimmed(path: str) -> str:
    return comparable(path).rstrip(SEPARATOR)


def length(rule: tuple[str, Any]) -> int:
    return len(rule[0])
