"""Where a frame can be made to go on, found out beforehand.

CPython lets a frame jump to the start of a line where the evaluation stack there fits what is on the stack now: it
takes away what is too much (loops, `with` and `try` blocks are left, their `finally` and `__exit__` skipped), and
refuses what is missing (an iterator, an exception). Here the stack at every instruction is worked out in its way, as a
number with an octal digit for each entry, so that we offer just what it will accept. Of several starts of a line
it takes the one with the fullest stack; that of a `with` may be the end of the block. The first one is wanted, which
is then reached by way of another line.
"""

import _opcode

from .opcodes import Instruction, exception_table, instructions, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

stack_effect: Callable[[int, int], int] = vars(_opcode)['stack_effect']
"""Not known to the type checker."""

ITERATOR, EXCEPT, OBJECT, NULL, LASTI = 1, 2, 3, 4, 5
UNKNOWN, TOO_DEEP, EMPTY = -2, -1, 0
DEEPEST = 1 << 60
ENDS = frozenset(('RETURN_VALUE', 'RAISE_VARARGS', 'RERAISE'))
BACKWARD = frozenset(('JUMP_BACKWARD', 'JUMP_BACKWARD_NO_INTERRUPT'))
BRANCHES = frozenset(('POP_JUMP_IF_FALSE', 'POP_JUMP_IF_TRUE', 'POP_JUMP_IF_NONE', 'POP_JUMP_IF_NOT_NONE'))


class Stacks:
    """The stacks of one code object, and the starts of its lines."""

    def __init__(self, code: CodeType, known: dict[int, str]) -> None:
        self.instructions = list(instructions(code, known))
        self.at = [UNKNOWN] * (len(code.co_code) // 2 + 1)
        self.again = True
        self.at[0] = EMPTY
        handlers = list(exception_table(code))
        while self.again:
            self.again = False
            for instruction in self.instructions:
                if self.at[instruction.index] != UNKNOWN:
                    self._pass(instruction, self.at[instruction.index])
            for start, handler, depth, lasti in handlers:
                self._enter(start, handler, depth, lasti)
        resume = next(one.index for one in self.instructions if one.name == 'RESUME')
        self.prologue = {line for index, line in line_starts(code) if index <= resume}
        self.starts: dict[int, list[int]] = {}
        for index, line in line_starts(code):
            self.starts.setdefault(line, []).append(index)

    def _pass(self, one: Instruction, stack: int) -> None:
        if one.name in ENDS:
            return
        if one.name in BRANCHES:
            stack = pop(stack)
        if one.name in BRANCHES or one.name in ('SEND', 'JUMP_FORWARD'):
            self.at[one.following + one.argument] = stack
        elif one.name in BACKWARD:
            target = one.following - one.argument
            self.again = self.again or self.at[target] == UNKNOWN
            self.at[target] = stack
        elif one.name == 'FOR_ITER':
            stack = push(stack, OBJECT)
            self.at[one.following + one.argument] = stack
        else:
            stack = effect(one, stack)
        if one.name != 'JUMP_FORWARD' and one.name not in BACKWARD:
            self.at[one.following] = stack

    def _enter(self, start: int, handler: int, depth: int, lasti: bool) -> None:
        if self.at[start] == UNKNOWN or self.at[handler] != UNKNOWN:
            return
        stack = self.at[start]
        while stack >= 8**depth:
            stack = pop(stack)
        self.at[handler] = push(push(stack, LASTI) if lasti else stack, EXCEPT)
        self.again = True

    def taken(self, start: int, line: int) -> int | None:
        """Which start of a line CPython takes for a jump from an instruction; None where it refuses."""
        fitting = [index for index in self.starts[line] if fits(self.at[start], self.at[index])]
        return max(fitting, key=lambda index: (self.at[index], -index), default=None)

    def way(self, start: int, line: int) -> list[int]:
        """The lines to set one after the other so that a frame goes on at the first start of a line; none where that
        cannot be had. The prologue of a function, on the line of its `def`, must not run twice."""
        if line in self.prologue:
            return []
        wanted = self.starts[line][0]
        if not fits(self.at[start], self.at[wanted]):
            return []
        if self.taken(start, line) == wanted:
            return [line]
        for other in self.starts.keys() - self.prologue:
            over = self.taken(start, other)
            if over is not None and self.taken(over, line) == wanted:
                return [other, line]
        return []


def stacks_of(code: CodeType) -> Stacks | None:
    """None on a version of Python whose instructions are not known here."""
    known = names()
    return Stacks(code, known) if known is not None else None


def line_starts(code: CodeType) -> Iterator[tuple[int, int]]:
    """Index and line of the instructions at which a line begins."""
    last = None
    for start, _, line in code.co_lines():
        if line is not None and line != last:
            last = line
            yield start // 2, line


def effect(one: Instruction, stack: int) -> int:
    """The stack behind an instruction that goes on with the next one."""
    if one.name == 'GET_ITER':
        stack = push(pop(stack), ITERATOR)
        # On 3.15 there is a second entry, the iterator's index.
        return push(stack, ITERATOR) if stack_effect(one.number, one.argument) else stack
    if one.name == 'GET_AITER':
        return push(pop(stack), ITERATOR)
    if one.name == 'END_ASYNC_FOR':
        return pop(pop(stack))
    if one.name == 'PUSH_EXC_INFO':
        return push(stack, EXCEPT)
    if one.name == 'POP_EXCEPT':
        return pop(stack)
    if one.name == 'PUSH_NULL':
        return push(stack, NULL)
    if one.name == 'LOAD_GLOBAL':
        stack = push(stack, OBJECT)
        return push(stack, NULL) if one.argument & 1 else stack
    if one.name == 'LOAD_ATTR':
        return push(push(pop(stack), OBJECT), NULL) if one.argument & 1 else stack
    if one.name == 'SWAP':
        return swap(stack, one.argument)
    if one.name == 'COPY':
        return push(stack, stack >> 3 * (one.argument - 1) & 7)
    if one.name == 'EXTENDED_ARG':
        return stack
    change = stack_effect(one.number, one.argument)
    for _ in range(-change):
        stack = pop(stack)
    for _ in range(change):
        stack = push(stack, OBJECT)
    return stack


def push(stack: int, kind: int) -> int:
    return TOO_DEEP if not 0 <= stack < DEEPEST else stack << 3 | kind


def pop(stack: int) -> int:
    return stack >> 3


def swap(stack: int, depth: int) -> int:
    shift = 3 * (depth - 1)
    top, other = stack & 7, stack >> shift & 7
    return (stack & ~(7 << shift) | top << shift) & ~7 | other


def fits(source: int, target: int) -> bool:
    if source < 0 or target < 0:
        return False
    while source > target:
        source = pop(source)
    while source:
        if not fits_entry(source & 7, target & 7):
            return False
        source, target = pop(source), pop(target)
    return target == EMPTY


def fits_entry(source: int, target: int) -> bool:
    if target == OBJECT:
        return source != NULL
    return target == NULL or source == target
