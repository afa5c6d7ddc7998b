"""Finding the code objects that are alive in the program."""

import gc
import sys

from .classes import FUNCTION, is_one_of
from .lines import nested
from .threads import chain, other_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
    from types import CellType, CodeType
    from typing import Any


def _generator() -> Generator[None]:
    yield


async def _coroutine() -> None:
    return


async def _asynchronous() -> Any:
    yield


def _sample(make: Callable[[], Generator[None] | Coroutine[Any, Any, None]]) -> type[object]:
    item = make()
    item.close()
    return type(item)


CODE_ATTRIBUTE: dict[type[Any], str] = {
    FUNCTION: '__code__',
    _sample(_generator): 'gi_code',
    _sample(_coroutine): 'cr_code',
    type(_asynchronous()): 'ag_code',
}
"""The types that hold a code object, and where. Code objects themselves are not tracked by the collector."""


def live_codes() -> Iterator[CodeType]:
    """Code objects that functions, generators, coroutines and running frames hold; some come more than once. Those
    nested in them are not listed: take them with `nested` from the ones that matter."""
    try:
        items: list[object] = gc.get_objects()
    except Exception:
        items = []  # an audit hook refuses
    for item in items:
        kind = type(item)
        if type(kind) is type and kind in CODE_ATTRIBUTE:  # as `among`, here without the cost of a call
            yield getattr(item, CODE_ATTRIBUTE[kind])
    for top in other_frames().values():
        yield from (frame.f_code for frame in chain(top))
    if not items or gc.get_freeze_count():
        yield from module_codes()


def module_codes() -> Iterator[CodeType]:
    """A second way, by the modules: `gc.freeze()` (pre-fork servers) hides everything from the collector."""
    seen: set[int] = set()
    for module in list(sys.modules.values()):
        stack = list(vars(module).values()) if type(module) is type(sys) else []
        while stack:
            item = stack.pop()
            if id(item) in seen:
                continue
            seen.add(id(item))
            if type(item) is FUNCTION:
                yield item.__code__
                stack += [getattr(item, '__wrapped__', None)]
                stack += contents(item.__closure__ or ())
            # By type(), not isinstance(): proxies of the program would run code of theirs for __class__.
            elif issubclass(type(item), type):
                stack += list(type.__getattribute__(item, '__dict__').values())
            elif is_one_of(item, (staticmethod, classmethod)):
                stack.append(item.__func__)
            elif type(item) is property:
                stack += [item.fget, item.fset, item.fdel]


def contents(cells: Iterable[CellType]) -> list[Any]:
    found: list[Any] = []
    for cell in cells:
        try:
            found.append(cell.cell_contents)
        except ValueError:
            pass  # a variable without a value
    return found


def of_file(matches: Callable[[str], bool]) -> dict[int, CodeType]:
    """All living code objects, nested ones included, whose file name matches. Keys are their ids."""
    found: dict[int, CodeType] = {}
    for code in live_codes():
        if id(code) not in found and matches(code.co_filename):
            for inner in nested(code):
                found[id(inner)] = inner
    return found
