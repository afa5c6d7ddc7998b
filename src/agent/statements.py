"""Where the statements of a code object begin: the offsets at which a LINE event means that a new execution of a
statement starts, and not that one in progress comes back to a line.

Read from the bytecode alone (the text may differ from what is loaded): an instruction begins a statement unless the
evaluation stack still holds values of an unfinished statement of the same lines. Which lines belong together is told by
the positions that the compiler recorded; without them (`-X no_debug_ranges`) every line counts by itself.

Pure functions over code objects; no other state.
"""

from .bytecode import (
    BACK,
    COMPOUND,
    END_OF_LOOP,
    ITERATOR,
    LAST,
    NO_RANGE,
    decode,
    effect,
    first_of_turn,
    handlers,
    is_comprehension,
    is_test,
    target,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

    from .bytecode import Handler, Instruction

    Key = tuple[int, int]
    """A comprehension (the offset of its loop; -1 outside) and a line."""
    Open = tuple[Key, int]
    """A statement in progress, and how deep the stack was where it began."""
    State = tuple[int, tuple[Open, ...]]

OUTSIDE = -1
FUNCTION = 0x03  # CO_OPTIMIZED | CO_NEWLOCALS
GENERATOR_EXPRESSION = '<genexpr>'


class Statements:
    """The statements of one code object."""

    def __init__(self, code: CodeType) -> None:
        self.starts: dict[int, frozenset[int]] = {}
        """By line: the offsets at which a breakpoint there counts a hit. Lines on which none begins have no entry."""
        self.always: set[int] = set()
        """Lines on which every LINE event is such a start."""
        self.homes: dict[int, int] = {}
        """By line inside a statement: the line on which the statement begins."""
        self.turns: dict[int, int] = {}
        """Loops on one line, whose further turns fire no LINE: their line by the offset of the jump back."""
        if code.co_name.startswith('<generic parameters of '):
            return  # a part of the statement around it, which fires its line before
        analysis = Analysis(code)
        analysis.run()
        hidden = lines_of_others(code, analysis)
        self.starts = {line: offsets for line, offsets in analysis.by_line().items() if line not in hidden}
        events = analysis.line_events()
        self.always = {line for line in self.starts if events.get(line, frozenset()) <= self.starts[line]}
        self.homes = analysis.homes(self.starts)
        if code.co_name != GENERATOR_EXPRESSION:
            self.turns = analysis.turns(self.starts)


def lines_of_others(code: CodeType, analysis: Analysis) -> set[int]:
    """Lines that fire here but are a statement of the code around. A class body sets its `__module__` and the like on
    the line of its `class`. A generator expression loads its iterator on the line where it begins."""
    if '__qualname__' in code.co_names and not code.co_flags & FUNCTION:
        return {code.co_firstlineno}
    lines = analysis.by_line()
    first = analysis.items[0]
    if code.co_name == GENERATOR_EXPRESSION and len(lines) > 1 and first.line in lines:
        return {first.line} if lines[first.line] <= {first.offset} else set()
    return set()


class Analysis:
    def __init__(self, code: CodeType) -> None:
        self.items = decode(code)
        self.is_expression = code.co_name == GENERATOR_EXPRESSION
        self.handlers = handlers(code)
        heads = {target(item) for item in self.items if item.op == BACK}
        self.heads = {head for head in heads if not is_test(self.items, head)}
        self.regions = [
            (first_of_turn(self.items, target(item)), item.offset)
            for item in self.items
            if item.op == BACK and is_comprehension(self.items, target(item))
        ]
        self.parents: dict[Key, Key] = {}
        """A forest of lines that belong to one statement."""
        self.starts: dict[int, Key] = {}
        self.states: dict[int, State] = {}

    def run(self) -> None:
        self.join_ranges()
        by_start: dict[int, list[Handler]] = {}
        for handler in self.handlers:
            by_start.setdefault(handler.start, []).append(handler)
        # In order of offsets: but for loops all jumps lead on, and handlers stand behind what they guard.
        for item in self.items:
            depth, before = self.states.get(item.offset, (0, ()))
            opened = self.visit(item, depth, before) if item.line is not None else before
            self.pass_on(item, depth, before, opened)
            for handler in by_start.get(item.offset, ()):
                kept = tuple(entry for entry in opened if entry[1] < handler.depth)
                self.states.setdefault(handler.target, (handler.entry_depth, kept))

    def pass_on(self, item: Instruction, depth: int, before: tuple[Open, ...], opened: tuple[Open, ...]) -> None:
        if item.op not in LAST:
            self.states.setdefault(item.end, (depth + effect(item, False), opened))
        if item.jumps:
            # A comprehension's own lines are done when it is left.
            left = before if self.key(item)[0] == item.offset else opened
            self.states.setdefault(target(item), (depth + effect(item, True), left))

    def visit(self, item: Instruction, depth: int, opened: tuple[Open, ...]) -> tuple[Open, ...]:
        """The statements in progress behind an instruction; notes when it begins one."""
        key = self.key(item)
        if opened and self.continues(item, key, depth, opened[-1]):
            self.join(opened[-1][0], key)
        group = self.find(key)
        while opened and self.find(opened[-1][0]) != group and opened[-1][1] >= depth:
            opened = opened[:-1]
        mine = next((start for other, start in opened if self.find(other) == group), None)
        # The header of a loop counts on every turn; that of a comprehension lies deeper in its statement.
        if mine is None or (item.offset in self.heads and depth - mine <= ITERATOR):
            self.starts[item.offset] = key
        return opened if mine is not None else (*opened, (key, depth))

    def continues(self, item: Instruction, key: Key, depth: int, top: Open) -> bool:
        """Going up in the text, but not to a statement in progress, is what an assignment does whose value was computed
        on later lines, or a conditional expression to its first part. So do comprehensions to their element, which
        counts by itself."""
        (region, line), start = top
        flows = region == key[0] == OUTSIDE and not self.is_expression and start <= depth
        return flows and key[1] < line and item.offset not in self.heads

    # -- lines that belong together

    def join_ranges(self) -> None:
        compound = {item.position for item in self.items if item.op in COMPOUND}
        if self.is_expression:
            compound.add(self.items[0].position)
        for item in self.items:
            if item.line is None or item.op in NO_RANGE or item.jumps or item.position in compound:
                continue
            key = self.key(item)
            for line in range(item.line + 1, (item.position[1] or item.line) + 1):
                self.join(key, (key[0], line))

    def key(self, item: Instruction) -> Key:
        inside = [region for region, last in self.regions if region <= item.offset <= last]
        return (max(inside, default=OUTSIDE), item.line or 0)

    def find(self, key: Key) -> Key:
        while key in self.parents:
            key = self.parents[key]
        return key

    def join(self, one: Key, other: Key) -> None:
        first, second = self.find(one), self.find(other)
        if first != second:
            self.parents[second] = first

    # -- results

    def by_line(self) -> dict[int, frozenset[int]]:
        """The starts by line. A line of a comprehension counts by itself where the statement around does not begin, and
        where the comprehension goes over several lines: else its turns fire no LINE."""
        spread: dict[int, set[int]] = {}
        for item in self.items:
            if item.line is not None:
                spread.setdefault(self.key(item)[0], set()).add(item.line)
        found: dict[int, dict[int, set[int]]] = {}
        for offset, (region, line) in self.starts.items():
            if region == OUTSIDE or len(spread[region]) > 1:
                found.setdefault(line, {}).setdefault(region, set()).add(offset)
        return {line: frozenset(regions[min(regions)]) for line, regions in found.items()}

    def line_events(self) -> dict[int, frozenset[int]]:
        """By line: where LINE may fire."""
        targets = {target(item) for item in self.items if item.jumps} | {one.target for one in self.handlers}
        events: dict[int, set[int]] = {}
        line: int | None = None
        for item in self.items:
            if item.op in END_OF_LOOP:
                continue
            if item.line is not None and (item.line != line or item.offset in targets):
                events.setdefault(item.line, set()).add(item.offset)
            line = item.line
        return {line: frozenset(offsets) for line, offsets in events.items()}

    def homes(self, starts: dict[int, frozenset[int]]) -> dict[int, int]:
        firsts: dict[Key, int] = {}
        for offset in sorted(self.starts):
            key = self.starts[offset]
            if offset in starts.get(key[1], ()):
                firsts.setdefault(self.find(key), key[1])
        homes: dict[int, int] = {}
        for key in sorted(self.keys()):
            if self.find(key) in firsts and key[1] not in starts:
                homes.setdefault(key[1], firsts[self.find(key)])
        return homes

    def keys(self) -> Iterable[Key]:
        return {*self.parents, *self.parents.values(), *(self.key(item) for item in self.items if item.line)}

    def turns(self, starts: dict[int, frozenset[int]]) -> dict[int, int]:
        lines = {item.offset: item.line for item in self.items}
        return {
            item.offset: item.line
            for item in self.items
            if item.op == BACK and item.line is not None and lines[target(item)] == item.line
            if target(item) in starts.get(item.line, ())
        }
