"""Which lines of a code object a breakpoint can be on, and where one that is asked for another line goes."""

from .control import is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType

    from .statements import Statements

# The first instruction of a plain function is RESUME; its number differs between versions.
RESUME = (lambda: None).__code__.co_code[0]
CACHE = 0
"""The opcode of an instruction's inline cache; RESUME has one since 3.15."""
IS_FUNCTION = 0x02  # CO_NEWLOCALS: functions, lambdas, generator expressions; not module and class bodies


class EveryLine:
    """What `Statements` tells of code whose instructions are not understood: each event of a line is a hit."""

    def __init__(self, fires: Iterable[int]) -> None:
        self.starts: dict[int, frozenset[int]] = {line: frozenset() for line in fires}
        self.always = {*self.starts}
        self.homes: dict[int, int] = {}
        self.turns: dict[int, int] = {}


class Lines:
    """The lines of one code object."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        lines = lines_of(code)
        self.first = lines[0] if lines else None
        """The line of the first instruction that fires LINE."""
        self.fires = frozenset(lines)
        self._statements: Statements | EveryLine | None = None
        self._last = 0

    @property
    def statements(self) -> Statements | EveryLine:
        """Made when first needed: most code objects of a file never have a breakpoint near."""
        if self._statements is None:
            self._statements = statements_of(self.code) or EveryLine(self.fires)
        return self._statements

    @property
    def last(self) -> int:
        """The last line that an instruction reaches to: perhaps only a closing bracket."""
        if not self._last:
            ends = [end for _, end, _, _ in self.code.co_positions() if end]
            self._last = max(ends, default=self.code.co_firstlineno)
        return self._last

    def begins_on(self, line: int) -> bool:
        """Whether a breakpoint on the line means the function's start, which is PY_START: on its `def` line, and where
        the body is on the first line, whose LINE event does not fire for every call."""
        code = self.code
        if not is_function(code) or line != code.co_firstlineno:
            return False
        return code.co_name[:1] != '<' or (line == self.first and line in self.statements.starts)

    def stops_on(self, line: int) -> bool:
        return self.begins_on(line) or (line in self.fires and line in self.statements.starts)

    def own(self) -> set[int]:
        """All lines on which a breakpoint stays where it is put."""
        first = self.code.co_firstlineno
        return {*self.statements.starts, first} if self.begins_on(first) else {*self.statements.starts}


def statements_of(code: CodeType) -> Statements | None:
    """None where the instructions are not understood: of a newer Python, or of code that a tool has rewritten."""
    try:
        from .statements import Statements

        return Statements(code)
    except RecursionError, MemoryError:
        raise
    except Exception as error:
        if not is_ours(error):
            raise  # a signal handler of the program
        return None


def lines_of(code: CodeType) -> list[int]:
    """The lines with a LINE event, in the order of the code: those of instructions behind RESUME. The prologue (making
    cells, the generator object) has the line of the `def`, but fires no LINE."""
    text = code.co_code
    start = next((i + 2 for i in range(0, len(text), 2) if text[i] == RESUME), 0)
    while start < len(text) and text[start] == CACHE:
        start += 2
    return [line for _, end, line in code.co_lines() if line and end > start]


def is_function(code: CodeType) -> bool:
    return bool(code.co_flags & IS_FUNCTION)


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code object and all that its constants hold, at any depth."""
    stack = [code]
    while stack:
        item = stack.pop()
        yield item
        stack += [const for const in item.co_consts if type(const) is type(code)]


def resolve(codes: Iterable[Lines], line: int) -> int | None:
    """The line where a breakpoint asked for `line` goes: itself; where its statement begins; or the next one in the
    innermost code object around it. None where no code object that still exists reaches so far."""
    near = [lines for lines in codes if lines.code.co_firstlineno <= line]
    if any(lines.stops_on(line) for lines in near):
        return line
    for lines in near:
        if line in lines.fires and line in lines.statements.homes:
            return lines.statements.homes[line]
    around = [lines for lines in near if line <= lines.last]
    for lines in sorted(around, key=lambda lines: lines.last - lines.code.co_firstlineno):
        home = lines.statements.homes.get(line)
        following = home or min((other for other in lines.statements.starts if other > line), default=None)
        if following:
            return following
    return None
