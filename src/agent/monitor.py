"""The only user of `sys.monitoring` (PEP 669).

Two tool ids are taken, never 0, which the program's own `breakpoint()` needs. The *near* tool has local events on
the code objects that have breakpoints or steps, and a global PY_START that returns DISABLE once for each code
object: so new code is seen at no lasting cost. The *wide* tool has global events for the short time of a pause, a
step into, or while threads are to be parked. They are apart because DISABLE belongs to a tool and a location: a
step into could not see a PY_START that the near tool has disabled, and `restart_events` would disturb others.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    from .ledger import Ledger

monitoring = sys.monitoring
E = monitoring.events
DISABLE = monitoring.DISABLE
NAME = 'pylatch'
CANDIDATES = (3, 4, 5)
JIT = sys._jit.is_enabled()


class NoTool(Exception):
    """Other tools hold the ids; the message names them."""


class Monitor:
    def __init__(self, ledger: Ledger) -> None:
        taken = {tool: name for tool in range(6) if (name := monitoring.get_tool(tool))}
        free = [tool for tool in CANDIDATES if tool not in taken][:2]
        if len(free) < 2:
            users = ', '.join(f'{name} (id {tool})' for tool, name in taken.items())
            raise NoTool(f'two free ids of sys.monitoring are needed, but these tools hold them: {users}')
        # The higher id is called first: a thread that is to be parked or paused waits before its breakpoint counts.
        self.near, self.wide = free
        for tool in free:
            monitoring.use_tool_id(tool, NAME)
            ledger.add(f'tool id {tool}', lambda tool=tool: self._free(tool))
        self._near = 0
        self.wide_events = 0
        """What is on of the wide tool."""

    def callbacks(self, tool: int, functions: dict[int, Callable[..., Any]]) -> None:
        for event, function in functions.items():
            monitoring.register_callback(tool, event, function)

    def near_global(self, events: int) -> None:
        if events != self._near:
            self._near = events
            set_global(self.near, events)

    def wide_global(self, events: int) -> None:
        if events != self.wide_events:
            self.wide_events = events
            set_global(self.wide, events)

    def local(self, code: CodeType, events: int, start: bool = False) -> None:
        """Sets the near tool's events of one code object; off and on again, so that disabled locations count anew.

        `start`: PY_START as well, which our global PY_START has disabled there. That lasts while the event is on for
        any reason, and an event that does not change clears nothing: hence the global one off, and LINE on before off.
        """
        if start:
            set_global(self.near, self._near & ~E.PY_START)
            monitoring.set_local_events(self.near, code, E.LINE)
        monitoring.set_local_events(self.near, code, 0)
        if events:
            monitoring.set_local_events(self.near, code, events)
        if start:
            set_global(self.near, self._near)

    def left(self) -> list[int]:
        """The tool ids that still carry our name: none after a detach."""
        return [tool for tool in (self.near, self.wide) if monitoring.get_tool(tool) == NAME]

    def _free(self, tool: int) -> None:
        set_global(tool, 0)
        # free_tool_id clears the callbacks and the local events of every code object.
        drop_jit_code()
        monitoring.free_tool_id(tool)


def set_global(tool: int, events: int) -> None:
    drop_jit_code()
    monitoring.set_events(tool, events)


def drop_jit_code() -> None:
    """Before a global change. That makes CPython drop the JIT's code of the functions that run while it holds its list
    of threads, and after every 100th such piece it looks into that very list: the process then stands still for ever
    (seen on 3.14.10). What was dropped before is not dropped then; the JIT makes it anew."""
    if JIT:
        sys._clear_internal_caches()
