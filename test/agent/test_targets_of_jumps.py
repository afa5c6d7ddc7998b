"""What is offered as the next statement is what CPython accepts: both are asked for every pair of lines."""

import asyncio
import contextlib
import dis
import os
import sys
import types
import unittest
import warnings

from support import ROOT

sys.path.insert(0, str(ROOT / 'src'))

from agent import opcodes, stacks  # noqa: E402

TOOL = 3
EVENTS = sys.monitoring.events


@contextlib.contextmanager
def managed(value=0):
    yield value


def plain_for():
    a = 0
    for i in range(2):
        a += i
        if a:
            a += 1
    else:
        a = 9
    return a


def plain_while():
    n = 0
    while n < 2:
        n += 1
        if n == 1:
            continue
    return n


def several_withs():
    with managed(1) as a, managed(2) as b:
        c = a
        c = b
    with managed():
        c = 1
    return c


def all_of_try():
    try:
        a = 1
        raise ValueError
    except KeyError:
        a = 1
    except ValueError as error:
        a = error
    else:
        a = 1
    finally:
        a = 1
    return a


def nested_blocks():
    for x in (1, 2):
        with managed():
            try:
                y = x
                for z in [1]:
                    y += z
            finally:
                y = 0
    return y


def generator():
    x = 1
    for i in range(2):  # noqa: UP028
        yield i
    yield x


async def values():
    yield 1


async def coroutine():
    async with contextlib.nullcontext():
        a = 2
        await asyncio.sleep(0)
    async for q in values():
        a = q
    return a


def matches():
    for value in (1, [1, 2], {'a': 1}):
        match value:
            case 1:
                a = 1
            case [x, _]:
                a = x
            case {'a': z}:
                a = z
    return a


def several_lines():
    a = max(
        1,
        min(2, 3),
    )
    b = [
        x
        for x in range(2)
        if x
    ]  # fmt: skip
    return (
        a,
        b,
    )


def class_body():
    class Thing:
        x = 1
        for _ in range(2):
            y = x

        def method(self):
            return self

    return Thing


def closure():
    a = 1

    def inner():
        nonlocal a
        a += 1
        return a

    return inner()


def groups():
    try:
        raise ExceptionGroup('two', [ValueError(), KeyError()])
    except* ValueError:
        a = 1
    except* KeyError:
        a = 2
    return a


def return_in_finally():
    for i in range(2):
        try:
            if i:
                return i
        finally:
            b = 1
    return b


def deep_stack():
    for a in [1]:
        for b in [2]:
            for c in [3]:
                x = [
                    a, b, c, (a, b, c, (a, b, c, (a, b, c, [a, b, c, f'{a}{b}',
                    a + b]))),
                ]  # fmt: skip
    return x


def conditions():
    x = 1 if values else 2
    assert x, 'no'
    import os.path

    return lambda: os.path or x


def with_on_one_line():
    with managed() as a:
        b = a  # noqa: E701
    return b


FUNCTIONS = (
    *(plain_for, plain_while, several_withs, all_of_try, nested_blocks, generator, values, coroutine, matches),
    *(several_lines, class_body, closure, groups, return_in_finally, deep_stack, conditions, with_on_one_line),
)


def run(function):
    made = function()
    if hasattr(made, '__await__'):
        asyncio.run(made)
    elif hasattr(made, '__next__'):
        list(made)


def codes(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from codes(const)


@contextlib.contextmanager
def watched(code, on_line):
    """Calls back at every LINE event of a code object with the frame."""
    monitoring = sys.monitoring
    monitoring.use_tool_id(TOOL, 'test')
    try:
        monitoring.register_callback(TOOL, EVENTS.LINE, lambda *_: on_line(sys._getframe(1)))
        monitoring.register_callback(TOOL, EVENTS.PY_START, lambda *_: None)
        monitoring.set_local_events(TOOL, code, EVENTS.LINE | EVENTS.PY_START)
        yield
    finally:
        monitoring.free_tool_id(TOOL)


def places(function, code):
    """The offsets at which lines of a code object begin while the function runs."""
    seen = []
    with watched(code, lambda frame: seen.append(frame.f_lasti)):
        run(function)
    return sorted(set(seen))


def accepted(function, code, offset, line):
    """Where CPython goes on when the line is set at an offset; None where it refuses. In a child: it may crash."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            jump_and_exit(function, code, offset, line, writer)
        finally:
            os._exit(1)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    answer = os.read(reader, 20)
    os.close(reader)
    assert status == 0, f'the child ended with {status}'
    return None if answer == b'refused' else int(answer)


def jump_and_exit(function, code, offset, line, writer):
    def on_line(frame):
        if frame.f_lasti != offset:
            return
        try:
            frame.f_lineno = line
            os.write(writer, b'%d' % frame.f_lasti)
        except ValueError:
            os.write(writer, b'refused')
        os._exit(0)

    warnings.simplefilter('ignore')
    with watched(code, on_line):
        run(function)


class AcceptedTest(unittest.TestCase):
    def test_the_place_of_every_jump_is_known_beforehand(self):
        for function in FUNCTIONS:
            for code in codes(function.__code__):
                known = stacks.stacks_of(code)
                for offset in places(function, code)[::2]:
                    for line in known.starts:
                        expected = known.taken(offset // 2, line)
                        got = accepted(function, code, offset, line)
                        where = (code.co_qualname, offset, line)
                        self.assertEqual(got is None, expected is None, where)
                        if got is not None:
                            # The frame stands at the instruction or just before it.
                            self.assertIn(expected * 2 - got, (0, 2), where)

    def test_no_offer_runs_the_beginning_of_a_function_twice(self):
        for function in FUNCTIONS:
            known = stacks.stacks_of(function.__code__)
            first = function.__code__.co_firstlineno
            for offset in places(function, function.__code__):
                self.assertEqual(known.way(offset // 2, first), [], function.__name__)

    def test_the_numbers_of_the_instructions(self):
        self.assertEqual({dis.opmap[name]: name for name in opcodes.NUMBERS}, opcodes.names())


if __name__ == '__main__':
    unittest.main()
