"""Where code changes values: the instructions right behind those that store, delete or call.

An INSTRUCTION event comes before its instruction, so a store has been done when the one behind it fires. The numbers of
the opcodes differ between versions: they are read from a sample, which is code of the agent's own.
"""

import _opcode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType
    from typing import Any

    Places = dict[int, int]
    """The line of a store by the offset of the instruction behind it."""
    Position = tuple[int | None, int | None, int | None, int | None]
    """First and last line, first and last column; no columns with `-X no_debug_ranges`."""
    Matches = Callable[[int, int, Position], bool]
    """Whether an instruction is one of those that matter: by its opcode, the low byte of its argument, its position."""

CACHE = 0
REFLECTION = frozenset(('setattr', 'delattr', '__setattr__', '__delattr__', '__dict__'))
"""Code with one of these names may change any attribute."""


def instructions(code: CodeType) -> Iterator[tuple[int, int, int]]:
    """Offset, opcode and argument; of an argument above 255 the low byte, which is enough to find candidates."""
    text = code.co_code
    for offset in range(0, len(text), 2):
        if text[offset] != CACHE:
            yield offset, text[offset], text[offset + 1]


def behind(code: CodeType, matches: Matches) -> Places:
    """The places behind all matching instructions."""
    positions = list(code.co_positions())
    found: Places = {}
    line = 0
    for offset, opcode, argument in instructions(code):
        if line:
            found[offset] = line
        position = positions[offset // 2]
        line = (position[0] or code.co_firstlineno) if matches(opcode, argument, position) else 0
    return found


def of_attribute(code: CodeType, name: str, mine: bool) -> Places:
    """Behind `….name = `; in my code also behind what may set any attribute, its name being a text there."""
    index = index_of(code.co_names, name)
    reflects = mine and not REFLECTION.isdisjoint(code.co_names)

    def matches(op: int, arg: int, _: Position) -> bool:
        return (op in ATTRIBUTE and arg == index) or (reflects and (op in CALLS or op in SUBSCRIPT))

    return behind(code, matches) if index is not None or reflects else {}


def of_name(code: CodeType, name: str) -> Places:
    """Behind the assignments of a name in a module or a class, also those from outside: `module.name = `."""
    index = index_of(code.co_names, name)
    return behind(code, lambda op, arg, _: op in NAMES and arg == index) if index is not None else {}


def of_items(code: CodeType) -> Places:
    """Behind whatever may change a container: `…[…] = `, `+=` and the like, and every call."""
    return behind(code, lambda op, arg, _: op in SUBSCRIPT or op in CALLS or (op, arg) in IN_PLACE)


def of_local(code: CodeType, name: str) -> Places:
    """Behind the assignments of a variable of a function, which nested functions may share. A comprehension's variable
    of that name is another one, though it lives in the same place meanwhile."""
    others: list[Position] = []

    def matches(op: int, arg: int, position: Position) -> bool:
        stored = stored_by(code, op, arg)
        if op == HIDE and variable(code, arg) == name:
            others.append(position)
        return name in stored and not any(inside(position, other) for other in others)

    return behind(code, matches)


def stored_by(code: CodeType, op: int, arg: int) -> list[str]:
    """The variables of a function that an instruction sets or deletes."""
    if _opcode.has_free(op) and _opcode.stack_effect(op, 0) <= 0:
        return [variable(code, arg)]
    if not _opcode.has_local(op) or _opcode.stack_effect(op, 0) > 0:
        return []
    # Two in one: four bits for each variable.
    parts = (arg,) if op in ONE_LOCAL else (arg >> 4, arg & 15)
    return [variable(code, part) for part in parts]


def variable(code: Any, arg: int) -> str:
    return code._varname_from_oparg(arg)


def inside(position: Position, other: Position) -> bool:
    first, last, column, end = position
    return (first or 0, column or 0) >= (other[0] or 0, other[2] or 0) and (last or 0, end or 0) <= (
        other[1] or 0,
        other[3] or 0,
    )


def index_of(names: tuple[str, ...], name: str) -> int | None:
    return names.index(name) & 0xFF if name in names else None


def _sample(o: Any, p: Any) -> None:
    """Never called. Each line ends in the instruction to be known; calls and operations come before a store."""
    global _stored
    p = o(p)
    p = o(a=p)
    p = o(*p)
    p += 1
    p *= 1
    p |= 1
    o.a = p
    del o.a
    o[p] = p
    del o[p]
    o[p:p] = p
    _stored = p
    del _stored
    p = [0 for p in ()]  # pyright: ignore[reportUnusedVariable]
    del p

    class Body:  # pyright: ignore[reportUnusedClass]
        a = 0
        del a


def _by_line(code: CodeType) -> list[list[tuple[int, int]]]:
    """The instructions of the lines behind the first, as opcodes and arguments."""
    lines: dict[int | None, list[tuple[int, int]]] = {}
    positions = list(code.co_positions())
    for offset, opcode, argument in instructions(code):
        lines.setdefault(positions[offset // 2][0], []).append((opcode, argument))
    return list(lines.values())[1:]


LINES = _by_line(_sample.__code__)
BODY = _by_line(next(const for const in _sample.__code__.co_consts if type(const) is type(_sample.__code__)))
CALLS = frozenset(line[-2][0] for line in LINES[0:3])
IN_PLACE = frozenset(line[-2] for line in LINES[3:6])
ATTRIBUTE = frozenset(line[-1][0] for line in LINES[6:8])
SUBSCRIPT = frozenset(line[-1][0] for line in LINES[8:11])
NAMES = ATTRIBUTE.union(line[-1][0] for line in (*LINES[11:13], BODY[0], BODY[1][:1]))
HIDE = next(opcode for opcode, _ in LINES[13] if _opcode.has_local(opcode))
ONE_LOCAL = frozenset(line[-1][0] for line in (LINES[0], LINES[14]))
