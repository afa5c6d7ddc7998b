# fmt: off
# ruff: noqa
"""Loops of all kinds."""


def case_for():
    total = 0
    for i in range(3):
        total += i
    return total


def case_for_else():
    for i in range(2):
        pass
    else:
        i = 9
    return i


def case_for_break():
    for i in range(5):
        if i == 2:
            break
    else:
        i = 9
    return i


def case_for_continue():
    found = []
    for i in range(4):
        if i % 2:
            continue
        found.append(i)
    return found


def case_for_on_one_line():
    total = 0
    for i in range(3): total += i
    return total


def case_while():
    n = 3
    while n > 0:
        n -= 1
    return n


def case_while_else():
    n = 2
    while n:
        n -= 1
    else:
        n = 7
    return n


def case_while_true():
    n = 0
    while True:
        n += 1
        if n == 3:
            break
    return n


def case_while_on_one_line():
    n = 3
    while n: n -= 1
    return n


def case_nested_on_few_lines():
    found = []
    for i in range(2):
        for j in range(2): found.append((i, j))
    return found


def case_header_over_lines():
    total = 0
    for i in (
        1,
        total,
        3,
    ):
        total += i
    while (
        total
        > 0
    ):
        total -= 2
    return total


def case_targets():
    found = {}
    for key, (first, *rest) in [('a', (1, 2, 3)), ('b', (4,))]:
        found[key] = first, rest
    for found['c'] in 'xy':
        pass
    return found
