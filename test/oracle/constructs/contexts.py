# fmt: off
# ruff: noqa
"""with, in all its forms."""

from contextlib import contextmanager, suppress


class Context:
    def __init__(self, swallow=False):
        self.swallow = swallow

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return self.swallow


@contextmanager
def generated(n):
    n += 1
    try:
        yield n
    finally:
        n -= 1


def case_with():
    with Context() as c:
        n = 1
    return n


def case_several():
    with Context() as a, Context() as b:
        n = a is b
    with (
        Context() as a,
        Context(
            True) as b,
    ):
        n = not n
    return n


def case_nested():
    with Context() as a:
        with Context() as b:
            n = 1
        n += 1
    return n


def case_swallows():
    with Context(True):
        raise ValueError
        n = 2
    with suppress(KeyError):
        {}['x']
    return 1


def case_passes_on():
    try:
        with Context():
            raise ValueError(
                1)
    except ValueError:
        return 2


def case_returns():
    def one():
        with Context():
            return 1

    def two():
        with Context(), Context():
            return (
                2
            )

    return one(), two()


def case_in_a_loop():
    found = []
    for i in range(4):
        with Context():
            if i == 1:
                continue
            if i == 3:
                break
            found.append(i)
    while True:
        with Context():
            break
    while found:
        with Context():
            found.pop()
    return found


def case_loop_without_header():
    n = 0
    while True:
        with Context():
            n += 1
            if n < 3:
                continue
        if n > 4:
            return n


def case_generated():
    with generated(1) as n:
        n += 1
    try:
        with generated(1):
            raise KeyError
    except KeyError:
        pass
    return n


def case_on_one_line():
    n = 0
    with Context(): n += 1
    for i in range(2):
        with Context(): n += i
    return n


def case_header_over_lines():
    with Context(
        False,
    ) as a:
        n = a
    with (Context()
          ) as n.other:
        n = 1
    return n


def case_decorator():
    @generated(3)
    def function():
        return 5

    return function()
