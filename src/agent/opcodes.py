"""Instructions by name. Their numbers change with every minor version, and no C module of CPython tells them."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

CACHE = 0
"""An instruction's inline cache: it belongs to the one before."""

NUMBERS: dict[str, tuple[int, int]] = {
    'CALL': (52, 50),
    'CALL_FUNCTION_EX': (4, 4),
    'CALL_KW': (55, 53),
    'COPY': (59, 57),
    'END_ASYNC_FOR': (68, 66),
    'EXTENDED_ARG': (69, 67),
    'FOR_ITER': (70, 68),
    'GET_AITER': (14, 14),
    'GET_AWAITABLE': (71, 69),
    'GET_ITER': (16, 70),
    'JUMP_BACKWARD': (75, 74),
    'JUMP_BACKWARD_NO_INTERRUPT': (76, 75),
    'JUMP_FORWARD': (77, 76),
    'LOAD_ATTR': (80, 79),
    'LOAD_GLOBAL': (92, 91),
    'POP_EXCEPT': (29, 27),
    'POP_JUMP_IF_FALSE': (100, 99),
    'POP_JUMP_IF_NONE': (101, 100),
    'POP_JUMP_IF_NOT_NONE': (102, 101),
    'POP_JUMP_IF_TRUE': (103, 102),
    'PUSH_EXC_INFO': (32, 30),
    'PUSH_NULL': (33, 31),
    'RAISE_VARARGS': (104, 103),
    'RERAISE': (105, 104),
    'RESUME': (128, 128),
    'RETURN_VALUE': (35, 33),
    'SEND': (106, 105),
    'SWAP': (117, 116),
}
"""On 3.14 and on 3.15."""

VERSIONS = (14, 15)


def names() -> dict[int, str] | None:
    """The names by number; None for a version that is not known here."""
    minor = sys.version_info[1]
    if minor not in VERSIONS:
        return None
    column = VERSIONS.index(minor)
    return {numbers[column]: name for name, numbers in NUMBERS.items()}


class Instruction:
    __slots__ = ('argument', 'following', 'index', 'name', 'number')

    def __init__(self, index: int, name: str, number: int, argument: int, following: int) -> None:
        self.index = index
        """In code units of two bytes, as `following`, which is that of the next instruction."""
        self.name = name
        """'' where it is not listed here."""
        self.number = number
        self.argument = argument
        self.following = following


def instructions(code: CodeType, known: dict[int, str]) -> Iterator[Instruction]:
    text = code.co_code
    index, end = 0, len(text) // 2
    argument = 0
    while index < end:
        number, argument = text[2 * index], argument << 8 | text[2 * index + 1]
        following = index + 1
        while following < end and text[2 * following] == CACHE:
            following += 1
        name = known.get(number, '')
        yield Instruction(index, name, number, argument, following)
        if name != 'EXTENDED_ARG':
            argument = 0
        index = following


def exception_table(code: CodeType) -> Iterator[tuple[int, int, int, bool]]:
    """The exception table: start of the guarded range, handler, depth of the stack, whether it gets the instruction's
    place as well. Places are in code units of two bytes."""
    numbers = varints(code.co_exceptiontable)
    for start in numbers:
        _, handler, depth = next(numbers), next(numbers), next(numbers)
        yield start, handler, depth >> 1, bool(depth & 1)


def varints(table: bytes) -> Iterator[int]:
    """Six bits in each byte, the highest first; bit 6 says that more follow."""
    value = 0
    for byte in table:
        value = value << 6 | byte & 63
        if not byte & 64:
            yield value
            value = 0
