# fmt: off
# ruff: noqa
"""match."""


class Point:
    __match_args__ = ('x', 'y')

    def __init__(self, x, y):
        self.x = x
        self.y = y


def kind(value):
    match value:
        case 0 | 1:
            return 'small'
        case int(n) if n > 10:
            return 'big'
        case str() as text:
            return text
        case [a, b]:
            return 'pair'
        case [first, *rest]:
            return 'list'
        case {'x': x, **others}:
            return 'dict'
        case Point(0, y):
            return 'axis'
        case Point(
            x=x,
            y=1 |
              2,
        ):
            return 'point'
        case None:
            return 'none'
        case _:
            return 'other'


def case_all():
    return [kind(value) for value in (0, 11, 'a', [1, 2], [1], {'x': 1}, Point(0, 2), Point(1, 2), None, 2.5)]


def case_no_match():
    match 5:
        case 6:
            n = 1
        case 7: n = 2
    match (
        1,
        2,
    ):
        case (1, n): pass
    return n


def case_in_a_loop():
    found = []
    for command in ('go north', 'stop', 'go'):
        match command.split():
            case ['go', where]:
                found.append(where)
                continue
            case ['stop']:
                break
    return found


def case_guards():
    def is_even(n):
        return n % 2 == 0

    found = []
    for n in range(3):
        match n:
            case x if is_even(
                x
            ):
                found.append('even')
            case x:
                found.append('odd')
    return found
