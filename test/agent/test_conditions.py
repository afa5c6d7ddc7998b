"""Expressions of breakpoints mean what `eval` makes of them in the frame."""

import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / 'src'))

from agent.conditions import Expression, is_programs

LIMIT = 7
EXPRESSIONS = """
n|n + 1|n > 2 and name|not n|LIMIT|LIMIT - n|len(name)|name.upper()|items[0]|items[-1:]|items[5]|missing|n / 0
[k for k in items]|{k: n for k in items}|{k + n for k in items}|sum(k for k in range(3))|sorted(items, reverse=True)
n if n else name|(n, name)|n, name
f'{n:>3}{name!r}'|'%s' % n|n in items|n is None|unbound|free|cell|cell + free
name and (lambda: 3)()|[*items, n]|{**{'a': 1}}|print|type(n) is int|isinstance(n, int)|(twice := 4) + twice
sorted(k for k in locals() if k in ('n', 'name'))|'n' in vars()|'n' in dir()|eval('n')|globals()['LIMIT']|__name__
n # a comment|(n\n+ 1)|'''a\n  b'''|n == 3 == n|n < 4 < 9|~n|-n ** 2|items[n - 3]|name[::-1]|...|None|True|1_000|1e3
[i for i in range(3) for n in (1, 2)]|[n for n in items][0]|any(k == 1 for k in [1])|{}|b'x'|"a}b{c"|n.real.imag
""".strip()


def function(n, free):
    name, items, cell = 'abc', [1, 2, 3], 5

    def inner():
        return name, items, cell, free

    frame = sys._getframe()
    yield frame
    inner()
    if n < 0:
        unbound = 1
        print(unbound)


def frames():
    """A function's frame, that of a function with free variables, a module's, and a class's."""
    n, name, items, free, cell = 3, 'abc', [1, 2, 3], 4, 5

    def inner():
        return n, name, items, free, cell, sys._getframe()

    generator = function(3, 4)
    space = {'n': 3, 'name': 'abc', 'items': [1, 2, 3], 'LIMIT': 7, 'sys': sys, 'cell': 5, 'free': 4}
    exec('def keep(): yield sys._getframe(1)\nframe = next(keep())', space)
    body = {'LIMIT': 7, 'sys': sys}
    exec('class C:\n n, name, items, cell, free = 3, "abc", [1, 2, 3], 5, 4\n frame = sys._getframe()', body)
    return [next(generator), inner()[-1], space['frame'], body['C'].frame], generator


def outcome(work):
    try:
        return repr(work())
    except Exception as error:
        return f'{type(error).__name__}: {error}'


class ExpressionTest(unittest.TestCase):
    def test_is_what_eval_makes_of_it(self):
        found, generator = frames()
        self.addCleanup(generator.close)
        texts = [text for text in EXPRESSIONS.replace('\n', '|').split('|') if text] + ['(n\n+ 1)', "'''a\n  b'''"]
        for frame in found:
            for text in texts:
                self.check(text, frame)

    def check(self, text, frame):
        try:
            code = compile(text, 'text', 'eval')
        except SyntaxError:
            self.assertTrue(Expression(text, 1).problem, text)
            return
        where = (text, frame.f_code.co_name)
        expected = outcome(lambda: eval(code, frame.f_globals, frame.f_locals))
        shown = Expression(text, 1)
        self.assertEqual(outcome(lambda: shown.value(frame, lambda value: value)), expected, where)
        expected = outcome(lambda: bool(eval(code, frame.f_globals, frame.f_locals)))
        truth = Expression(text, 1, truth=True)
        self.assertEqual(outcome(lambda: truth.value(frame)), expected, where)

    def test_lambdas_in_it_see_the_locals(self):
        found, generator = frames()
        self.addCleanup(generator.close)
        for frame in found:
            expression = Expression('(lambda: n + LIMIT)() + sum(n for _ in items)', 1)
            self.assertEqual(expression.value(frame, int), 19, frame.f_code.co_name)


class SignalTest(unittest.TestCase):
    def failure(self, text, **names):
        space = {'sys': sys, **names}
        exec('def f(): return sys._getframe()\nframe = f()', space)
        try:
            Expression(text, 1, truth=True).value(space['frame'])
        except BaseException as error:
            return error
        return None

    def test_tells_the_exceptions_of_signal_handlers_apart(self):
        def handler(*_):
            raise TimeoutError

        old = signal.signal(signal.SIGUSR1, handler)
        self.addCleanup(signal.signal, signal.SIGUSR1, old)
        raised = self.failure('signal.raise_signal(signal.SIGUSR1)', signal=signal)
        self.assertIsInstance(raised, TimeoutError)
        self.assertTrue(is_programs(raised))
        self.assertTrue(is_programs(self.failure('stop()', stop=sys.exit)))
        self.assertFalse(is_programs(self.failure('int("x")')))


if __name__ == '__main__':
    unittest.main()
