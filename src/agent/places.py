"""The places in code where the values of data breakpoints may have changed."""

from .monitor import E

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    from .databreakpoints import DataBreakpoint


class Table:
    """The places of one code object."""

    def __init__(self, code: CodeType) -> None:
        self.code = code  # keeps it alive: tables are found by id(code)
        self.at: dict[int, list[tuple[DataBreakpoint, int]]] = {}
        """By offset: what to compare, and the line of the store before."""
        self.offsets: dict[int, list[DataBreakpoint]] = {}
        """Those where INSTRUCTION looks: all but those that turned out to begin a line."""
        self.lines: dict[int, list[DataBreakpoint]] = {}
        """Those where LINE looks, by line."""
        self.ends = False
        """Whether the end of a frame matters."""

    def events(self) -> int:
        return (E.LINE | E.INSTRUCTION if self.at else 0) | (E.PY_RETURN if self.ends else 0)

    def add(self, bp: DataBreakpoint, offset: int, line: int) -> None:
        self.at.setdefault(offset, []).append((bp, line))
        self.offsets.setdefault(offset, []).append(bp)

    def remove(self, bp: DataBreakpoint) -> None:
        """What LINE has been found to tell is found anew."""
        at = {offset: [spot for spot in spots if spot[0] is not bp] for offset, spots in self.at.items()}
        self.at = {offset: spots for offset, spots in at.items() if spots}
        self.offsets = {offset: [spot[0] for spot in spots] for offset, spots in self.at.items()}
        self.lines = {}

    def begins(self, offset: int, line: int) -> None:
        """A place fires LINE, so that INSTRUCTION, which comes behind it, has nothing more to tell."""
        found = self.offsets.pop(offset, None)
        if found is not None:
            self.lines[line] = [*self.lines.get(line, ()), *found]


def unchanged(found: list[DataBreakpoint]) -> bool:
    """Whether all values are those last seen. In as few instructions as Python allows."""
    for bp in found:
        known = bp.known
        value = bp.read()
        if value is not known.value and not known.same(value):
            return False
    return True
