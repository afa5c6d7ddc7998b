"""Showing values without harm: text under a budget, and no code of the program unless a job allows it."""

import sys

from .classes import FUNCTION, MODULE_DICT, among, is_in_c, is_one_of, lookup, module_of, type_name
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
BITS = 2000
"""Longer integers are shown by their size: their digits take quadratic time, and a program may forbid more than 640."""

SLOT = type(object.__repr__)
ARGUMENTS: Any = lookup(BaseException, 'args')
HARMLESS = ('datetime', 'decimal', 're', 'zoneinfo', '_thread')
"""Modules whose types have a `__repr__` in C that is quick and calls nothing but that of `PARTS`."""
PARTS = ('tzinfo', 'pattern')
"""Attributes that such a `__repr__` shows and that may be objects of the program."""

FUNCTIONS: tuple[type[Any], ...] = (type(len), type(lambda: None), type(str.join), type(object().__str__))


class Shown:
    """How to show: characters, hexadecimal integers, and the job under which code of the program may run. Without a
    job, `plain` shows an object by its type where that code would be needed."""

    def __init__(self, job: Job | None = None, limit: int = TEXT, hex: bool = False, plain: bool = False) -> None:
        self.job = job
        self.limit = limit
        self.hex = hex
        self.plain = plain


def text_of(value: object, shown: Shown) -> str:
    """A value as text of at most about `shown.limit` characters. Never raises, but for `NeedsProgram` without a job."""
    parts: list[str] = []
    room = [shown.limit]
    write(value, shown, parts, room, DEPTH)
    text = ''.join(parts)
    return text if len(text) <= shown.limit else text[: shown.limit] + '…'


def write(value: object, shown: Shown, parts: list[str], room: list[int], depth: int) -> None:
    kind: type[Any] = type(value)
    simple = SIMPLE[kind] if among(kind, SIMPLE) else None
    if simple is not None:
        text = simple(value, shown)
    elif among(kind, BRACKETS):
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
    if kind is list or kind is tuple:
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
    name = MODULE_DICT.__get__(value).get('__name__')
    return f'<module {name if type(name) is str else "?"}>'


def show_plain(value: object, _: Shown) -> str:
    return repr(value)


def show_range(value: range, shown: Shown) -> str:
    parts = (value.start, value.stop) if value.step == 1 else (value.start, value.stop, value.step)
    return f'range({", ".join(show_int(part, shown) for part in parts)})'


def show_function(value: Any, _: Shown) -> str:
    # A method in C makes its qualified name from the class of its object, which may have code of the program.
    return f'<{type(value).__name__} {value.__qualname__ if type(value) is FUNCTION else value.__name__}>'


SIMPLE: dict[type[Any], Callable[[Any, Shown], str]] = {
    int: show_int,
    str: show_text,
    bytes: show_text,
    bytearray: show_text,
    type: show_class,
    type(sys): show_module,
    **dict.fromkeys((float, complex, bool, type(None), type(...), type(NotImplemented)), show_plain),
    range: show_range,
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
        return type_name(kind) + text_of(ARGUMENTS.__get__(value), shown)
    if harmless(value, kind):
        return repr(value)
    if shown.job is None and not shown.plain:
        raise NeedsProgram
    if shown.job is None or not can_interrupt():
        return plain(value, kind)
    try:
        return str.__str__(shown.job.repr(repr, value))
    except Interrupted:
        return plain(value, kind)[:-1] + ' (its repr takes too long)>'
    except Exception as error:
        return plain(value, kind)[:-1] + f' (its repr raised {type(error).__name__})>'


def harmless(value: object, kind: type[Any]) -> bool:
    """Whether the `__repr__` of a value is quick and runs no code of the program."""
    if type(lookup(kind, '__repr__')) is not SLOT or module_of(kind) not in HARMLESS:
        return False
    members = [lookup(kind, name) for name in PARTS]
    parts: list[object] = [member.__get__(value) for member in members if is_in_c(member)]
    return all(is_one_of(part, (str, bytes, type(None))) or harmless(part, type(part)) for part in parts)


def plain(value: object, kind: type[Any]) -> str:
    return f'<{type_name(kind)} object at {id(value):#x}>'
