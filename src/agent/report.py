"""What is switched on in the program at the moment, for whom, and what it costs: `Instrumentation` of wire.ts."""

from .instruments import BREAKPOINTS, DATA, EXCEPTIONS, FUNCTIONS, STEPS
from .monitor import E

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from .instruments import Entry
    from .link import Json
    from .server import Agent

ONCE = 'nothing, once each function has started for the first time'
RAISES = 'nothing, until an exception is raised'
ALWAYS = 'a callback at each one, until it is off again'
COSTS = {E.PY_START: ONCE, E.RAISE: RAISES, E.PY_UNWIND: RAISES}
"""Of the near tool's events for all code; all others cost a callback each time."""


class Report:
    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.why: dict[str, Callable[[CodeType], list[str]]] = {
            BREAKPOINTS: self.breakpoints,
            FUNCTIONS: self.functions,
            STEPS: self.steps,
            DATA: self.data,
        }
        """By owner: what it has events of a code object for, in words."""
        self.everywhere = {
            BREAKPOINTS: 'breakpoints look for new code',
            FUNCTIONS: 'function breakpoints look for new functions',
            STEPS: 'a step ends where an exception leaves its function',
            EXCEPTIONS: 'exception breakpoints',
            DATA: 'data breakpoints look for new code, and for the end of functions',
        }

    def body(self) -> Json:
        engine = self.agent.engine
        points = list(engine.known_points.table.values()) if engine.known_points is not None else []
        return {
            'codeObjects': [self.row(entry) for entry in list(engine.instruments.entries.values())],
            'everywhere': [*self.near(), *self.wide()],
            'hits': {str(point.id): point.reached for point in points},
        }

    def row(self, entry: Entry) -> Json:
        code = entry.code
        why = [text for owner in list(entry.wants) for text in self.why[owner](code)]
        place: Json = {'name': code.co_qualname, 'path': code.co_filename, 'line': code.co_firstlineno}
        return place | {'events': names(entry.events()), 'why': why}

    def breakpoints(self, code: CodeType) -> list[str]:
        spots = self.agent.engine.breakpoints.spots.get(id(code))
        if spots is None:
            return []
        lines = {*spots.lines, *(bp.line for bp in spots.starts if bp.line)}
        return [f'breakpoint at line {line}' for line in sorted(lines)]

    def functions(self, code: CodeType) -> list[str]:
        return [f'function breakpoint on {name}' for name in self.agent.engine.functions.names(code)]

    def steps(self, code: CodeType) -> list[str]:
        steps = list(self.agent.engine.stepping.steps.items())
        return [f'step of {self.thread(ident)}' for ident, step in steps if step.code is code]

    def data(self, code: CodeType) -> list[str]:
        table = self.agent.engine.data.tables.get(id(code))
        found = [bp for spots in table.at.values() for bp, _ in spots] if table is not None else []
        return [
            f'data breakpoint on {name}' for name in sorted({bp.thing.name for bp in found if bp.thing is not None})
        ]

    def near(self) -> list[Json]:
        """The events that owners have on for all code."""
        whys: dict[int, list[str]] = {}
        for owner, events in list(self.agent.engine.instruments.everywhere.items()):
            for event in flags(events):
                whys.setdefault(event, []).append(self.everywhere[owner])
        return [row(event, why, COSTS.get(event, ALWAYS)) for event, why in whys.items()]

    def wide(self) -> list[Json]:
        """The events that catch threads."""
        control = self.agent.control
        why = [f'pause of {self.thread(ident)}' for ident in list(control.pausing)]
        why += [f'step into, of {self.thread(ident)}' for ident in list(control.entering)]
        if control.leader is not None:
            why.append('other threads are to wait while one is stopped')
        return [row(event, why, ALWAYS) for event in flags(self.agent.monitor.wide_events)]

    def thread(self, ident: int) -> str:
        return f'thread {self.agent.frames.number(ident)}'


def row(event: int, why: list[str], cost: str) -> Json:
    return {'event': NAMES[event], 'why': why, 'cost': cost}


def flags(events: int) -> list[int]:
    return [flag for flag in NAMES if events & flag]


def names(events: int) -> list[str]:
    return [NAMES[flag] for flag in flags(events)]


NAMES: dict[int, str] = {
    flag: name for name, flag in vars(E).items() if type(flag) is int and flag and not flag & (flag - 1)
}
"""By event. BRANCH is two events in one, and not among them."""
