"""Instructions of a code object. The numbers of the opcodes differ between versions: they are learnt from the code of
small functions, since the module that lists them costs the program memory."""

import _opcode

from .opcodes import CACHE, exception_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    Position = tuple[int | None, int | None, int | None, int | None]
    """First and last line, first and last column."""


class Instruction:
    def __init__(self, offset: int, op: int, arg: int, end: int, position: Position) -> None:
        self.offset = offset
        """Of its first code unit: an EXTENDED_ARG is part of what it extends."""
        self.op = op
        self.arg = arg
        self.end = end
        """Behind its inline caches."""
        self.position = position
        self.line = position[0]

    @property
    def jumps(self) -> bool:
        return self.op in JUMPS


class Handler:
    """An entry of the exception table. `depth` is that of the stack below the exception."""

    def __init__(self, start: int, target: int, depth: int, lasti: bool) -> None:
        self.start = start
        self.target = target
        self.depth = depth
        self.entry_depth = depth + lasti + 1


def operations(code: CodeType) -> list[tuple[int, int]]:
    """Opcode and offset of each instruction behind the first RESUME, caches left out."""
    text = code.co_code
    found = [(text[i], i) for i in range(0, len(text), 2) if text[i] != CACHE]
    first = next(i for i, (op, _) in enumerate(found) if op == RESUME)
    return found[first + 1 :]


# -- samples; they never run

_call: Any = None


def _plain() -> None:
    pass


def _spread(items: Any) -> Any:
    *_, last = items
    return last


def _loop(items: Any) -> None:
    for _ in items:
        _call()


async def _wait(a: Any) -> None:
    await a


async def _turns(items: Any) -> None:
    async for _ in items:
        _call()


def _caught() -> None:
    try:
        _call()
    except _call:
        _call()


def _caught_group() -> None:
    try:
        _call()
    except* _call:
        _call()


def _raised() -> None:
    raise _call


def _list(items: Any) -> Any:
    return [item for item in items]


def _all(items: Any) -> Any:
    return all(item for item in items)


RESUME = _plain.__code__.co_code[0]


def _ops(function: Callable[..., Any]) -> list[int]:
    return [op for op, _ in operations(function.__code__)]


def _jumps(function: Callable[..., Any]) -> list[int]:
    return [op for op in _ops(function) if _opcode.has_jump(op)]


JUMPS = frozenset(op for op in range(256) if _opcode.has_jump(op)) - {_jumps(_turns)[-1]}
"""Without END_ASYNC_FOR, which only names the loop that it ends."""
GET_ITER, FOR_ITER = _ops(_loop)[1:3]
BACK = _jumps(_loop)[1]
"""JUMP_BACKWARD: the turn of a loop."""
BACKWARD = frozenset((BACK, _jumps(_wait)[1]))
"""And JUMP_BACKWARD_NO_INTERRUPT: inside `await`, and from a handler back to the code."""
POP_TOP = _ops(_loop)[_ops(_loop).index(BACK) - 1]
END_OF_LOOP = frozenset(_ops(_loop)[_ops(_loop).index(BACK) + 1 : -2])
"""Fire no LINE."""
EXTENDED_ARG = _ops(_spread)[1]
RETURN = _ops(_loop)[-1]
LAST = BACKWARD | {_jumps(_caught_group)[1], RETURN, _ops(_raised)[-1], _ops(_caught)[-1]}
"""JUMP_FORWARD, RETURN_VALUE, RAISE_VARARGS, RERAISE...: the next instruction does not follow."""
GET_AITER, GET_ANEXT = _ops(_turns)[1:3]
NO_RANGE = frozenset((_ops(_caught)[0], POP_TOP))
"""NOP for `try:`, POP_TOP for `except:`: their positions reach over the statements inside."""
COMPOUND = frozenset(
    (
        GET_ANEXT,
        _ops(_caught)[_ops(_caught).index(_jumps(_caught)[0]) - 1],
        _ops(_caught_group)[_ops(_caught_group).index(_jumps(_caught_group)[0]) - 2],
    )
)
"""GET_ANEXT, CHECK_EXC_MATCH, CHECK_EG_MATCH: the same, and so do others with the very same position."""
ITERATORS = frozenset((GET_ITER, GET_AITER))
TO_BOOL = _ops(_all)[_ops(_all).index(FOR_ITER) + 1]
SWAP = next(op for op in reversed(_ops(_list)[: _ops(_list).index(FOR_ITER)]) if op != GET_ITER)
ITERATOR = 1 + _opcode.stack_effect(GET_ITER, 0 if _opcode.has_arg(GET_ITER) else None)
"""Values on the stack for a loop in progress."""


def decode(code: CodeType) -> list[Instruction]:
    """The instructions behind the prologue, which makes cells and the generator object and fires no LINE."""
    text = code.co_code
    positions = list(code.co_positions())
    items: list[Instruction] = []
    i = next((i + 2 for i in range(0, len(text), 2) if text[i] == RESUME), 0)
    i = behind_caches(text, i)
    while i < len(text):
        start, arg = i, text[i + 1]
        while text[i] == EXTENDED_ARG:
            i += 2
            arg = arg << 8 | text[i + 1]
        op = text[i]
        i = behind_caches(text, i + 2)
        items.append(Instruction(start, op, arg, i, positions[start // 2]))
    return items


def behind_caches(text: bytes, offset: int) -> int:
    while offset < len(text) and text[offset] == CACHE:
        offset += 2
    return offset


def target(item: Instruction) -> int:
    """Where a jump goes."""
    return item.end - 2 * item.arg if item.op in BACKWARD else item.end + 2 * item.arg


def effect(item: Instruction, jump: bool) -> int:
    """By how much the stack grows."""
    return _opcode.stack_effect(item.op, item.arg if _opcode.has_arg(item.op) else None, jump=jump)


def is_comprehension(items: list[Instruction], head: int) -> bool:
    """Whether the loop that begins at an offset is a comprehension's, whose result was put below the iterator."""
    index = next((i for i, item in enumerate(items) if item.offset == head), 0)
    before = [item.op for item in items[max(0, index - 2) : index]]
    return before[-1:] == [SWAP] or (len(before) == 2 and before[0] == SWAP and before[1] in ITERATORS)


def is_test(items: list[Instruction], head: int) -> bool:
    """Whether the loop that begins at an offset is `all()` or `any()` over a generator expression, which the compiler
    writes in place: unlike the loop of a `for` it stores nothing."""
    index = next((i for i, item in enumerate(items) if item.offset == head), 0)
    return [item.op for item in items[index : index + 2]] == [FOR_ITER, TO_BOOL]


def first_of_turn(items: list[Instruction], head: int) -> int:
    """Where the turns of a comprehension begin: at its FOR_ITER, or behind what an `async for` awaits, all of which has
    the position of the whole."""
    first = next(item for item in items if item.offset >= head and item.jumps)
    if first.op == FOR_ITER:
        return head
    return next(item.end for item in items if item.offset == target(first))


def handlers(code: CodeType) -> list[Handler]:
    return [Handler(2 * start, 2 * goal, depth, lasti) for start, goal, depth, lasti in exception_table(code)]
