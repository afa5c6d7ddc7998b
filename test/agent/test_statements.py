"""Where statements begin: counted against a copy of each construct whose statements count themselves."""

import ast
import asyncio
import collections
import contextlib
import importlib
import re
import sys
import textwrap
import types
import unittest
from pathlib import Path

from constructs import CONSTRUCTS

TOOL = 3
E = sys.monitoring.events


def load():
    """The module as part of a package, outside the agent."""
    package = types.ModuleType('agent')
    package.__path__ = [str(Path(__file__).parents[2] / 'src' / 'agent')]
    sys.modules['agent'] = package
    return importlib.import_module('agent.lines')


LINES = load()


class Names:
    """What the constructs use."""

    def __init__(self):
        self.o = types.SimpleNamespace()
        self.cm = lambda *_: contextlib.nullcontext(1)
        self.suppress = contextlib.suppress
        self.acm = contextlib.nullcontext
        self.sleep = asyncio.sleep
        self.run = asyncio.run

    @staticmethod
    def g(*arguments):
        return arguments[0]

    @staticmethod
    async def ag(n):
        for i in range(n):
            yield i

    def namespace(self):
        return {'g': self.g, 'ag': self.ag, **vars(self)}


def text_of(body):
    return f'def main():\n{textwrap.indent(body.strip(), "    ")}\nmain()\n'


def hits_of(text):
    """How often a breakpoint on each line is hit, by the events that really come; and the lines of the code objects."""
    hits = collections.Counter()
    found = {}

    def lines(code):
        return found.setdefault(id(code), LINES.Lines(code))

    def on_line(code, line):
        if code.co_filename == 'construct' and sys._getframe(1).f_lasti in lines(code).statements.starts.get(line, ()):
            hits[line] += 1

    def on_jump(code, start, _target):
        if code.co_filename == 'construct' and start in lines(code).statements.turns:
            hits[lines(code).statements.turns[start]] += 1

    code = compile(text, 'construct', 'exec')
    sys.monitoring.use_tool_id(TOOL, 'test')
    callbacks = {E.LINE: on_line, E.JUMP: on_jump, E.PY_START: lambda *_: None}
    for event, callback in callbacks.items():
        sys.monitoring.register_callback(TOOL, event, callback)
    sys.monitoring.set_events(TOOL, E.LINE | E.JUMP | E.PY_START)
    try:
        exec(code, Names().namespace())
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)
    return hits, [*found.values()]


class Counting(ast.NodeTransformer):
    """Has every statement count itself before it runs."""

    def visit(self, node):
        self.generic_visit(node)
        for field in ('body', 'orelse', 'finalbody'):
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, [part for child in block for part in self.counted(child)])
        return node

    def counted(self, node):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.Global):
            return [node]
        decorators = getattr(node, 'decorator_list', None)
        line = decorators[0].lineno if decorators else node.lineno
        call = ast.Expr(ast.Call(ast.Name('count', ast.Load()), [ast.Constant(line)]))
        return [ast.fix_missing_locations(ast.copy_location(call, node)), node]


def runs_of(text):
    """How often each statement runs, by its first line."""
    runs = collections.Counter()
    tree = Counting().visit(ast.parse(text))
    exec(compile(tree, 'counted', 'exec'), {**Names().namespace(), 'count': lambda line: runs.update((line,))})
    return runs


class StatementsTest(unittest.TestCase):
    maxDiff = None

    def check(self, text):
        hits, lines = hits_of(text)
        source = text.splitlines()
        told = {n: int(m[1]) for n, line in enumerate(source, 1) if (m := re.search(r'#=(\d+)', line))}
        expected = {**runs_of(text), **told}
        loops = {n for n, line in enumerate(source, 1) if re.match(r'\s*(async )?(for|while)\b', line)} - told.keys()
        for line in sorted(expected.keys() - loops):
            goes_to = LINES.resolve(lines, line)
            self.assertEqual(hits[goes_to], expected[line], f'line {line}, which goes to {goes_to}: {source[line - 1]}')

    def test_each_is_hit_as_often_as_it_runs(self):
        for name, body in CONSTRUCTS.items():
            with self.subTest(name):
                self.check(text_of(body))

    def test_in_a_module(self):
        for name, body in CONSTRUCTS.items():
            with self.subTest(name):
                self.check(body.lstrip().replace('global zzz', 'pass'))

    def goes(self, body, *pairs):
        """Where breakpoints go: the number of the line asked for in the body, and that of the line they get to."""
        _, lines = hits_of(body.strip('\n') + '\n')
        self.assertEqual([(line, LINES.resolve(lines, line)) for line, _ in pairs], [*pairs])

    def test_a_line_inside_a_statement_goes_to_where_it_begins(self):
        self.goes(CONSTRUCTS['a call'], (1, 1), (2, 1), (3, 1))
        self.goes(CONSTRUCTS['an assignment whose value comes first'], (1, 2), (2, 2), (3, 2))
        self.goes(CONSTRUCTS['an attribute'], (1, 2), (4, 5), (5, 5), (6, 5), (7, 5))
        self.goes(CONSTRUCTS['a conditional expression'], (1, 1), (3, 5), (4, 5), (5, 5))
        self.goes(CONSTRUCTS['with'], (1, 1), (3, 3), (4, 3), (5, 3))
        self.goes(CONSTRUCTS['try'], (1, 1), (5, 5), (6, 5), (8, 8), (10, 10), (11, 10), (12, 10))
        self.goes(CONSTRUCTS['a for loop whose iterable comes first'], (1, 2), (2, 2), (4, 4))

    def test_comprehensions_keep_the_lines_that_are_theirs_alone(self):
        self.goes(CONSTRUCTS['a comprehension'], (1, 3), (2, 2), (3, 3), (4, 3), (5, 5))
        self.goes(CONSTRUCTS['comprehensions in a call'], (1, 1), (2, 1), (3, 1), (4, 1))
        self.goes(CONSTRUCTS['a generator expression'], (2, 2))
        self.goes(CONSTRUCTS['a lambda'], (1, 1), (2, 2))

    def test_no_event_that_is_no_start_is_taken_for_one_without_positions(self):
        """With -X no_debug_ranges every line counts by itself, but revisits are told by the stack all the same."""
        code = compile('def f(g):\n  x = g(\n   1,\n   2)\n', 'x', 'exec').co_consts[0]
        bare = code.replace(co_linetable=without_columns(code))
        self.assertEqual([*bare.co_positions()][5][2:], (None, None))
        starts = LINES.Lines(bare).statements.starts
        self.assertEqual(len(starts[2]), 1)
        self.assertEqual(min(starts[2]), min(LINES.Lines(code).statements.starts[2]))

    def test_the_opcodes_that_were_learnt(self):
        import opcode

        bytecode = sys.modules['agent.bytecode']
        names = ('FOR_ITER', 'GET_ITER', 'GET_AITER', 'GET_ANEXT', 'POP_TOP', 'EXTENDED_ARG', 'SWAP', 'RESUME')
        for name in names:
            self.assertEqual(opcode.opname[getattr(bytecode, name)], name)
        sets = {
            'LAST': 'JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_FORWARD RAISE_VARARGS RERAISE RETURN_VALUE',
            'BACKWARD': 'JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT',
            'END_OF_LOOP': 'END_FOR POP_ITER',
            'COMPOUND': 'CHECK_EG_MATCH CHECK_EXC_MATCH GET_ANEXT',
            'NO_RANGE': 'NOP POP_TOP',
        }
        for name, members in sets.items():
            self.assertEqual(sorted(opcode.opname[op] for op in getattr(bytecode, name)), members.split(), name)


def without_columns(code):
    """A line table of entries without columns (kind 13), as the compiler makes them under -X no_debug_ranges."""
    table = bytearray()
    last = code.co_firstlineno
    for start, end, line in code.co_lines():
        length = (end - start) // 2
        while length:
            part = min(length, 8)
            length -= part
            if line is None:
                table.append(0x80 | 15 << 3 | part - 1)
                continue
            delta, last = line - last, line
            value = (abs(delta) << 1) | (delta < 0)
            table += bytes((0x80 | 13 << 3 | part - 1, value & 0x3F))
    return bytes(table)


if __name__ == '__main__':
    unittest.main()
