"""Completions in the console: names in sight and attributes, found without running code of the program."""

import builtins
import sys

from .classes import MEMBER, among, class_of, instance_dict, lookup, mro, namespace, pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .link import Json

FUNCTIONS: tuple[type[Any], ...] = (type(lambda: None), type(len), type(str.join), staticmethod, classmethod)
UNKNOWN = object()
KEYWORDS = (
    *('and', 'as', 'assert', 'async', 'await', 'break', 'class', 'continue', 'def', 'del', 'elif', 'else', 'except'),
    *('finally', 'for', 'from', 'global', 'if', 'import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass'),
    *('raise', 'return', 'try', 'while', 'with', 'yield', 'True', 'False', 'None'),
)


def complete(frame: FrameType | None, text: str, column: int, line: int) -> list[Json]:
    """DAP CompletionItems for the word that ends at a column (from 1, UTF-16 units) of a line (from 1)."""
    before = up_to(text.split('\n')[line - 1 : line], column)
    word = trailing(before, dots=False)
    path = trailing(before, dots=True)[: -len(word) or None]
    if before.lstrip().startswith(('import ', 'from ')) and ' import ' not in before:
        found = modules(path)
    else:
        found = members(frame, path[:-1]) if path else names(frame)
    item = {'start': units(before) - units(word), 'length': units(word)}
    offered = [name for name in found if name.lower().startswith(word.lower()) and (word or name[:1] != '_')]
    return [{'label': name, 'type': found[name], 'sortText': rank(name), **item} for name in sorted(offered, key=rank)]


def rank(name: str) -> str:
    """Public names before private ones, those before dunders."""
    return f'{2 if name[:2] == "__" else 1 if name[:1] == "_" else 0}{name.lower()}'


def units(text: str) -> int:
    """Length in UTF-16 code units, in which DAP counts."""
    return len(text) + sum(char > '\uffff' for char in text)


def up_to(lines: list[str], column: int) -> str:
    """The part of the line before a column."""
    taken, size = '', 0
    for char in lines[0] if lines else '':
        size += units(char)
        if size >= column:
            break
        taken += char
    return taken


def trailing(text: str, dots: bool) -> str:
    """The name at the end of a text, with the names and dots before it if asked."""
    start = len(text)
    while start and (text[start - 1].isidentifier() or text[start - 1].isdigit() or (dots and text[start - 1] == '.')):
        start -= 1
    return text[start:]


def names(frame: FrameType | None) -> dict[str, str]:
    """Names that an expression in the frame may use, with DAP's item types."""
    found: dict[str, str] = dict.fromkeys(KEYWORDS, 'keyword')
    spaces: list[Any] = [vars(builtins)]
    if frame is not None:
        spaces += [frame.f_globals, frame.f_locals]
    for space in spaces:
        found |= {name: kind_of(value) for name, value in pairs(space) if name.isidentifier()}
    return found


def members(frame: FrameType | None, path: str) -> dict[str, str]:
    """Attributes of what a dotted path names."""
    value = follow(frame, path.split('.'))
    if value is UNKNOWN:
        return {}
    found: dict[str, str] = {}
    kind = class_of(value)
    kinds = mro(kind)
    if issubclass(kind, type):
        kinds = (*mro(value), *kinds)
    for base in reversed(kinds):
        found |= {name: kind_of(item) for name, item in pairs(dict(namespace(base)))}
    return found | {name: kind_of(item, 'field') for name, item in instance_dict(value).items()}


def follow(frame: FrameType | None, path: list[str]) -> Any:
    """The value of a dotted path by plain look-ups: no property, no `__getattr__`."""
    value: Any = UNKNOWN
    spaces: list[Any] = [frame.f_locals, frame.f_globals, frame.f_builtins] if frame is not None else [vars(builtins)]
    for space in spaces:
        value = dict(pairs(space)).get(path[0], UNKNOWN)
        if value is not UNKNOWN:
            break
    for name in path[1:]:
        if value is UNKNOWN:
            return UNKNOWN
        value = attribute(value, name)
    return value


def attribute(value: object, name: str) -> Any:
    own = instance_dict(value)
    if name in own:
        return own[name]
    found = lookup(type(value), name)
    if type(found) is MEMBER:
        try:
            return MEMBER.__get__(found, value)
        except AttributeError:
            return UNKNOWN
    return UNKNOWN if found is None or lookup(class_of(found), '__get__') else found


def modules(parent: str) -> dict[str, str]:
    """Names of modules that the program has loaded, below a parent (`xml.`), and of the standard library's."""
    known = {*sys.modules, *sys.stdlib_module_names}
    inside = [name[len(parent) :] for name in known if name.startswith(parent)]
    return dict.fromkeys((name.partition('.')[0] for name in inside if name), 'module')


def kind_of(value: object, plain: str = 'variable') -> str:
    """DAP's CompletionItemType."""
    kind = type(value)
    if among(kind, FUNCTIONS):
        return 'function'
    if issubclass(kind, type):
        return 'class'
    if kind is property:
        return 'property'
    return 'module' if kind is type(sys) else plain
