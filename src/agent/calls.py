"""The calls of a line that are still to be made: what a step into can choose from."""

from .opcodes import Instruction, instructions, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from .link import Json

    Position = tuple[int | None, int | None, int | None, int | None]
    """Line, last line, column, last column; columns in bytes of UTF-8, from 0."""

CALLS = frozenset(('CALL', 'CALL_KW', 'CALL_FUNCTION_EX'))
STARTS = {'GET_AWAITABLE': 'SEND', 'GET_ITER': 'FOR_ITER'}
"""A coroutine or generator that a call makes begins to run at a later instruction."""
LABEL = 80


class Call:
    def __init__(self, one: Instruction, position: Position) -> None:
        self.offset = one.index * 2
        self.position = position
        self.offsets = {self.offset}
        """The instructions during which what is called begins to run."""

    def target(self, lines: list[str], number: int) -> Json:
        """A DAP StepInTarget."""
        line, end_line, column, end_column = self.position
        target: Json = {'id': self.offset, 'label': f'call {number}'}
        if line is None or end_line is None or column is None or end_column is None:
            return target
        if end_line > len(lines):
            return target | {'line': line}
        target |= {'line': line, 'column': units(lines[line - 1], column) + 1}
        target |= {'endLine': end_line, 'endColumn': units(lines[end_line - 1], end_column) + 1}
        return target | {'label': excerpt(lines[line - 1 : end_line], column, end_column)}


def calls_ahead(code: CodeType, offset: int, line: int) -> list[Call]:
    """The calls of a line at or behind an instruction; none on a version of Python that is not known. The copies of
    a `finally` and the calls of `__enter__` and `__exit__` have the positions of others before them."""
    known = names()
    found: dict[Position, Call] = {}
    for call in _calls(code, known or {}):
        if call.offset >= offset and call.position[0] == line:
            found.setdefault(call.position, call)
    return list(found.values())


def _calls(code: CodeType, known: dict[int, str]) -> Iterator[Call]:
    positions = list(code.co_positions())
    call, waits = None, ''
    for one in instructions(code, known):
        if call is not None and waits:
            if one.name == waits:
                call.offsets.add(one.index * 2)
                waits = ''
        elif call is not None:
            waits = STARTS.get(one.name, '')
            call = call if waits else None
        if one.name in CALLS:
            call, waits = Call(one, positions[one.index]), ''
            yield call


def units(text: str, column: int) -> int:
    """UTF-16 code units before a column."""
    before = text.encode()[:column].decode(errors='replace')
    return len(before.encode('utf-16-le')) // 2


def excerpt(lines: list[str], column: int, end_column: int) -> str:
    """The text between two positions, in one line."""
    data = [line.encode() for line in lines]
    data[-1] = data[-1][:end_column]
    data[0] = data[0][column:]
    text = ' '.join(part.decode(errors='replace').strip() for part in data)
    return text if len(text) <= LABEL else text[: LABEL - 3] + '...'
