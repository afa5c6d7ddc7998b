"""Showing values without harm: text under a budget, and no code of the program unless a job allows it."""

import sys

from .guard import Interrupted, Job, NeedsProgram, can_interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType
    from typing import Any

TEXT = 1000
"""Characters of one value in a list of variables."""
WHOLE = 1 << 20
"""Characters where the user asked for all of it: the clipboard and the console."""
ITEMS = 30
DEPTH = 3
BITS = 4000
"""Longer integers are shown by their size: their digits take quadratic time."""

SLOT = type(object.__repr__)
HARMLESS = ('datetime', 'decimal', 're', '_thread')
"""Modules whose types have a `__repr__` in C that is quick and calls nothing."""

FUNCTIONS: tuple[type[Any], ...] = (type(len), type(lambda: None), type(str.join), type(object().__str__))


class Shown:
    """How to show: characters, hexadecimal integers, and the job under which code of the program may run."""

    def __init__(self, job: Job | None = None, limit: int = TEXT, hex: bool = False) -> None:
        self.job = job
        self.limit = limit
        self.hex = hex


def text_of(value: object, shown: Shown) -> str:
    """A value as text of at most about `shown.limit` characters. Never raises, but for `NeedsProgram` without a job."""
    parts: list[str] = []
    room = [shown.limit]
    write(value, shown, parts, room, DEPTH)
    text = ''.join(parts)
    return text if len(text) <= shown.limit else text[: shown.limit] + '…'


def write(value: object, shown: Shown, parts: list[str], room: list[int], depth: int) -> None:
    kind: type[Any] = type(value)
    simple = SIMPLE.get(kind)
    if simple is not None:
        text = simple(value, shown)
    elif kind in BRACKETS:
        write_items(value, kind, shown, parts, room, depth)
        return
    else:
        text = other(value, kind, shown)
    room[0] -= len(text)
    parts.append(text)


def write_items(value: Any, kind: type[Any], shown: Shown, parts: list[str], room: list[int], depth: int) -> None:
    """A list, tuple, set, frozenset or dict: some items, then `…`."""
    opening, closing = BRACKETS[kind]
    if not value:
        parts.append(EMPTY.get(kind, opening + closing))
        return
    parts.append(opening)
    for index, item in enumerate(items_of(value, kind)):
        if index:
            parts.append(', ')
        if index >= ITEMS or room[0] <= 0 or depth == 0:
            parts.append('…')
            break
        if kind is dict:
            write(item[0], shown, parts, room, depth - 1)
            parts.append(': ')
            item = item[1]
        write(item, shown, parts, room, depth - 1)
    parts.append(',)' if kind is tuple and len(value) == 1 else closing)


def items_of(value: Any, kind: type[Any]) -> Iterable[Any]:
    """The first items, copied: another thread may be changing the container."""
    if kind in (list, tuple):
        return value[: ITEMS + 1]
    found: list[Any] = []
    try:
        for item in value.items() if kind is dict else value:
            found.append(item)
            if len(found) > ITEMS:
                break
    except RuntimeError:
        pass  # it changed while we looked; what was read is shown
    return found


def show_int(value: int, shown: Shown) -> str:
    if value.bit_length() > BITS:
        return f'<int of {value.bit_length()} bits>'
    return hex(value) if shown.hex else int.__repr__(value)


def show_text(value: Any, shown: Shown) -> str:
    """The part is cut before its repr is made: a gigabyte is not copied to show a line."""
    cut = value[: max(shown.limit - 10, 1)]
    text = repr(cut)
    return text if len(cut) == len(value) else f'{text[:-1]}…{text[-1]}'


def show_class(value: type[Any], _: Shown) -> str:
    return f"<class '{type_name(value)}'>"


def show_module(value: ModuleType, _: Shown) -> str:
    return f'<module {vars(value).get("__name__", "?")!s}>'


def show_plain(value: object, _: Shown) -> str:
    return repr(value)


def show_function(value: Any, _: Shown) -> str:
    return f'<{type(value).__name__} {getattr(value, "__qualname__", "?")}>'


SIMPLE: dict[type[Any], Callable[[Any, Shown], str]] = {
    int: show_int,
    str: show_text,
    bytes: show_text,
    bytearray: show_text,
    type: show_class,
    type(sys): show_module,
    **dict.fromkeys((float, complex, bool, type(None), type(...), type(NotImplemented), range), show_plain),
    **dict.fromkeys(FUNCTIONS, show_function),
}
BRACKETS: dict[type[Any], tuple[str, str]] = {
    list: ('[', ']'),
    tuple: ('(', ')'),
    dict: ('{', '}'),
    set: ('{', '}'),
    frozenset: ('frozenset({', '})'),
}
EMPTY: dict[type[Any], str] = {set: 'set()', frozenset: 'frozenset()'}


def other(value: Any, kind: type[Any], shown: Shown) -> str:
    """Any other object: by its own `__repr__` where that is allowed and quick, else by its type."""
    maker = lookup(kind, '__repr__')
    if maker is object.__repr__ or maker is None:
        return plain(value, kind)
    if issubclass(kind, type):
        return f"<class '{type_name(value)}'>"
    if issubclass(kind, type(sys)):
        return show_module(value, shown)
    if maker is BaseException.__repr__:
        return type_name(kind) + text_of(value.args, shown)
    if type(maker) is SLOT and kind.__module__ in HARMLESS:
        return repr(value)
    if shown.job is None:
        raise NeedsProgram
    if not can_interrupt():
        return plain(value, kind)
    try:
        text = shown.job.repr(repr, value)
    except Interrupted:
        return plain(value, kind)[:-1] + ' (its repr takes too long)>'
    except Exception as error:
        return plain(value, kind)[:-1] + f' (its repr raised {type(error).__name__})>'
    return str(text)


def plain(value: object, kind: type[Any]) -> str:
    return f'<{type_name(kind)} object at {id(value):#x}>'


def lookup(kind: type[Any], name: str) -> object:
    """A class attribute by the MRO, without descriptors or `__getattr__`."""
    for base in type.__dict__['__mro__'].__get__(kind):
        found = type.__dict__['__dict__'].__get__(base).get(name)
        if found is not None:
            return found
    return None


def type_name(kind: type[Any]) -> str:
    """`module.Qualified.name`, the module left out for builtins."""
    name: str = type.__dict__['__qualname__'].__get__(kind)
    module: object = type.__dict__['__dict__'].__get__(kind).get('__module__')
    return name if module in (None, 'builtins', '__main__') or type(module) is not str else f'{module}.{name}'
