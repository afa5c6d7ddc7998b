"""From what `sys.settrace` reports to the hits of breakpoints on every line: one for each execution of a statement.

Told by the syntax tree, and by which line event of a frame follows which; the agent tells it from the bytecode alone.
"""

import ast
import functools
from itertools import pairwise
from pathlib import Path

from expected import Stop

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.AsyncFor, ast.While)


def hits(paths, events):
    """Where breakpoints on the first lines of all statements of these files stop, in order."""
    frames = {}
    found = []
    own = [event for event in events if event.path in paths and (event.kind == 'line' or event.start)]
    for event, following in zip(own, [*own[1:], None], strict=True):
        frame = frames.get(event.frame) or frames.setdefault(event.frame, Frame(lines_of(event.path)))
        stop = Stop(event.path, event.name, event.line)
        if frame.counts(event, following) and not counts_by_itself(stop):
            found.append(stop)
    return found


def counts_by_itself(stop):
    """Whether a stop is in a generator expression of several lines, each of which counts as often as it runs."""
    if not stop.name.endswith('<genexpr>'):
        return False
    around = [node for node in lines_of(stop.path).comprehensions if node.lineno <= stop.line <= node.end_lineno]
    return any(is_long(node) for node in around)


@functools.cache
def lines_of(path):
    return Lines(Path(path).read_text())


class Lines:
    """What the syntax tree says of a file."""

    def __init__(self, text):
        self.tree = ast.parse(text)
        self.found = {}
        self.statements = [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt | ast.match_case)]
        bodies = [body for node in ast.walk(self.tree) for body in bodies_of(node)]
        self.joined = {b: a for body in bodies for a, b in pairwise(body) if a.end_lineno == b.lineno}
        classes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]
        self.classes = {(node.name, span(node)[0][0]) for node in classes}
        self.comprehensions = [node for node in ast.walk(self.tree) if isinstance(node, COMPREHENSIONS)]

    def statement(self, position):
        """The innermost statement or case around a position; the first one of those that semicolons join."""
        if position not in self.found:
            found = innermost(self.statements, position)
            while found in self.joined:
                found = self.joined[found]
            self.found[position] = found
        return self.found[position]

    def comprehension(self, position):
        return innermost(self.comprehensions, position)


def bodies_of(node):
    found = [getattr(node, name, []) for name in ('body', 'orelse', 'finalbody')]
    return [body for body in found if isinstance(body, list)]


def is_long(node):
    return node is not None and node.lineno != node.end_lineno


def innermost(nodes, position):
    around = [node for node in nodes if contains(node, position)]
    return min(around, key=extent, default=None)


def contains(node, position):
    first, last = span(node)
    return first <= (position[0], position[2]) and (position[1], position[3]) <= last


def extent(node):
    (line, column), (end, end_column) = span(node)
    return end - line, end_column - column


def span(node):
    if isinstance(node, ast.match_case):
        return (node.pattern.lineno, 0), (node.body[-1].end_lineno, node.body[-1].end_col_offset)
    decorators = getattr(node, 'decorator_list', None)
    start = decorators[0] if decorators else node
    return (start.lineno, 0 if decorators else start.col_offset), (node.end_lineno, node.end_col_offset)


class Frame:
    """One activation: which statement ran last, and where its statements have begun."""

    def __init__(self, lines):
        self.lines = lines
        self.last = None
        self.begun = set()

    def counts(self, event, following):
        own = event.name.split('.')[-1]
        if own.startswith('<generic parameters'):
            return False
        if event.kind == 'call':
            # The start of a function counts on the line of its `def`, unless its first statement is there.
            first = following is not None and (following.frame, following.line) == (event.frame, event.start)
            return not first and own not in ('<lambda>', '<genexpr>')
        statement = self.lines.statement(event.position)
        if event.turn:
            return isinstance(statement, LOOPS) and self.lines.comprehension(event.position) is None
        if self.is_prologue(own, event):
            return False
        if statement is None:
            return True
        part = self.part(statement, event)
        if own == '__annotate__' and part in self.begun:
            return False  # it comes back to its first line for each annotation
        return self.begins(part, event)

    def is_prologue(self, own, event):
        """What a class body does on its first line, which is the code around's."""
        return (own, event.line) in self.lines.classes

    def part(self, statement, event):
        """The `def` or `class` line of a decorated definition counts by itself."""
        decorated = bool(getattr(statement, 'decorator_list', None))
        return statement, decorated and event.line >= statement.lineno

    def begins(self, part, event):
        last, self.last = self.last, part
        statement = part[0]
        if last is not None and isinstance(statement, ast.With | ast.AsyncWith) and last[0] in inside(statement):
            return False
        again = part in self.begun if last is not None and last[0] is statement else False
        if again or last == part:
            return (part, event.offset) in self.begun
        self.begun |= {part, (part, event.offset)}
        return True


@functools.cache
def inside(statement):
    return {node for child in statement.body for node in ast.walk(child)}
