"""Finding the code objects that are alive in the program."""

import gc
import sys
import time

from .classes import FUNCTION, is_one_of
from .threads import chain, other_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
    from types import CellType, CodeType
    from typing import Any


FRESH = 0.3
"""Seconds for which a census is good."""


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


class Census:
    """The code objects that are alive, by the names of their files: the outer ones, nested ones are in their constants.
    Walking the heap takes 15 ms in a big program, and clients set the breakpoints of many files at once: a count is
    good for a moment."""

    def __init__(self) -> None:
        self.taken = 0.0
        self.names: dict[str, dict[int, CodeType]] = {}

    def by_name(self) -> dict[str, dict[int, CodeType]]:
        if time.monotonic() > self.taken + FRESH:
            self.names = {}
            for code in live_codes():
                self.names.setdefault(code.co_filename, {})[id(code)] = code
            self.taken = time.monotonic()
        return self.names

    def forget(self) -> None:
        """Keeps no code of the program alive any longer."""
        self.names = {}
        self.taken = 0.0
