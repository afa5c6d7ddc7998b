"""Which events are on, for whom and why: the only place that asks the monitor for the near tool's events.

Each part of the engine that needs events (an *owner*: breakpoints, steps, exceptions, watches) says what it wants of
a code object or of all code; what is on is the union, and nothing is on where nothing is asked.

Threading: any thread; `lock` guards the tables and is held only for work of ours.
"""

from .threads import Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from .monitor import Monitor

BREAKPOINTS = 'breakpoints'
FUNCTIONS = 'function breakpoints'
EXCEPTIONS = 'exceptions'
DATA = 'data breakpoints'
STEPS = 'steps'
"""The owners."""


class Entry:
    """What is asked of one code object: it has events of its own only while it has an entry."""

    def __init__(self, code: CodeType) -> None:
        self.code = code  # keeps it alive: entries are found by id(code)
        self.wants: dict[str, int] = {}
        """Events by owner."""

    def events(self) -> int:
        events = 0
        for wanted in list(self.wants.values()):
            events |= wanted
        return events


class Instruments:
    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.lock = Section()
        self.entries: dict[int, Entry] = {}
        """By id(code)."""
        self.everywhere: dict[str, int] = {}
        """Events of the near tool for all code, by owner."""

    def want(self, owner: str, code: CodeType, events: Callable[[], int], start: bool = False) -> None:
        """What an owner wants of one code object from now on; 0 when it is done with it. Locations that were disabled
        count anew; with `start` PY_START as well (see `Monitor.local`).

        The events are asked for with the lock held: of two threads that change them at a time the later one must not go
        by what was before."""
        with self.lock:
            entry = self.entries.get(id(code)) or self.entries.setdefault(id(code), Entry(code))
            wanted = events()
            if wanted:
                entry.wants[owner] = wanted
            else:
                entry.wants.pop(owner, None)
            union = entry.events()
            if not union:
                self.entries.pop(id(code), None)
            self.monitor.local(code, union, start)

    def want_everywhere(self, owner: str, events: int) -> None:
        """What an owner wants of all code; 0 when it is done."""
        with self.lock:
            self.everywhere[owner] = events
            union = 0
            for wanted in self.everywhere.values():
                union |= wanted
            self.monitor.near_global(union)

    def clear(self) -> None:
        """Takes every local event back; the global ones go with the tool."""
        with self.lock:
            for entry in self.entries.values():
                self.monitor.local(entry.code, 0)
            self.entries.clear()
