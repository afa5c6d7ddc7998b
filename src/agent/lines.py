"""Which lines of a code object fire a LINE event, and where a breakpoint asked for a line can go."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType

# The first instruction of a plain function is RESUME; its number differs between versions.
RESUME = (lambda: None).__code__.co_code[0]
CACHE = 0
"""The opcode of an instruction's inline cache; RESUME has one since 3.15."""
IS_FUNCTION = 0x02  # CO_NEWLOCALS: functions, lambdas, generator expressions; not module and class bodies


def lines_of(code: CodeType) -> frozenset[int]:
    """The lines with a LINE event: those of instructions behind RESUME. The prologue (making cells, the generator
    object) has the line of the `def`, but fires no LINE."""
    text = code.co_code
    start = next((i + 2 for i in range(0, len(text), 2) if text[i] == RESUME), 0)
    while text[start] == CACHE:
        start += 2
    return frozenset(line for _, end, line in code.co_lines() if line and end > start)


def is_function(code: CodeType) -> bool:
    return bool(code.co_flags & IS_FUNCTION)


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code object and all that its constants hold, at any depth."""
    stack = [code]
    while stack:
        item = stack.pop()
        yield item
        stack += [const for const in item.co_consts if type(const) is type(code)]


def starts_on(code: CodeType, lines: frozenset[int], line: int) -> bool:
    """True where a breakpoint on the `def` line means the function's start, which is PY_START and no LINE."""
    return is_function(code) and line == code.co_firstlineno and line not in lines


def resolve(codes: Iterable[tuple[CodeType, frozenset[int]]], line: int) -> int | None:
    """The line that fires for a breakpoint asked for `line`: itself, or the next one in the innermost code object
    around it; None where no code object that still exists reaches so far."""
    best: tuple[int, int] | None = None
    for code, lines in codes:
        if line in lines or starts_on(code, lines, line):
            return line
        following = [other for other in lines if other > line]
        if not following or line < code.co_firstlineno:
            continue
        extent = max(lines) - code.co_firstlineno
        if best is None or extent < best[0]:
            best = (extent, min(following))
    return best[1] if best else None
