# fmt: off
# ruff: noqa
"""Every simple statement, and conditions."""

import math
from collections import (
    OrderedDict,
    deque as queue,
)

counter = 0


def case_assignments():
    a = b = 1
    a, (b, *c) = 1, (2, 3, 4)
    d: int = 5
    e: int
    d += a
    d **= 2; d -= 1; c[0] = d
    c[1:] = [7]
    return a, b, c, d


def case_pass_and_constants():
    pass
    ...
    'a string'
    1
    None
    return


def case_delete():
    a = {'x': 1, 'y': 2}
    b = [1, 2, 3]
    del a['x'], b[0]
    del (
        a['y'],
        b[0],
    )
    del a
    return b


def case_assert():
    n = 2
    assert n == 2
    assert n, 'message'
    try:
        assert n == 3, (
            f'not {n}'
        )
    except AssertionError as error:
        return str(error)


def case_global():
    global counter
    counter += 1
    return counter


def case_nonlocal():
    n = 1

    def change():
        nonlocal n
        n += 1

    change()
    change()
    return n


def case_semicolons():
    a = 1; b = 2; c = a + b
    d = [
        a,
        b,
    ]; e = 4
    if a: b = 3; c = 4
    return a, b, c, d, e


def case_backslash():
    a = 1 + \
        2 + \
        math.floor(3.5)
    assert a == 6, \
        'no'
    with open(__file__) as one, \
         open(__file__) as two:
        a += 1
    return a


def case_if():
    n = 5
    if n > 7:
        r = 'a'
    elif n > 4:
        r = 'b'
    else:
        r = 'c'
    if n == 5: r += '1'
    if n != 5: r += '2'
    else: r += '3'
    return r


def case_conditions():
    a, b, c = 1, 0, 3
    r = []
    if a and b or c and not b:
        r.append(1)
    if (
        a
        and c
        and
        not b
    ):
        r.append(2)
    if not (a and b):
        r.append(3)
    if 0 < a < 2 <= c != 9:
        r.append(4)
    x = a if b else c
    y = (
        a
        if b
        else
        c
    )
    z = (a or
         b) and (
         c)
    return r, x, y, z


def case_constant_conditions():
    r = 0
    if True:
        r += 1
    if False:
        r += 2
    else:
        r += 3
    while False:
        r += 4
    if __debug__:
        r += 5
    if not 1:
        r += 6
    return r


def case_dead_code():
    for i in range(2):
        if i:
            return i
            i = 9
        continue
        i = 8
    return 7
    i = 6


def case_walrus():
    found = []
    if (n := len('abc')) > 2:
        found.append(n)
    while (n := n - 1) > 0:
        found.append(n)
    if (
        m := n + 5
    ) and (k :=
           m):
        found.append(k)
    return found, [last := x for x in range(3)], last


def case_imports():
    import string
    import os.path as path, sys
    from textwrap import (
        dedent,
        indent as shift,
    )
    return dedent, shift, string, path, sys


def case_type_statement():
    type Pair[T] = tuple[
        T,
        T,
    ]
    type Simple = int
    return Pair[int], Simple.__value__, Pair.__value__


def case_strings():
    n = 3
    a = 'one' 'two'
    b = ('one'
         f'{n}'
         'three')
    c = f'''a
{n} b
{n + 1} c'''
    d = (f'{n!r:>{n}}'
         f'{max(n, 4)}')
    e = '''
    nothing
    '''
    f = t'{n} and {n + 1}'
    return a, b, c, d, e, f.values


def case_star_expressions():
    a = [1, 2]
    b = {'x': 1}
    c = [*a, *a]
    d = {**b, 'y': 2}
    e = {*a,
         *c}
    f = (
        *a,
        *e,
    )
    print(*[], end='',
          **{})
    return c, d, e, f


def case_subscripts():
    a = list(range(10))
    b = a[1:
          5:
          2]
    c = a[
        -1
    ]
    a[
        0
    ] = (
        c
    )
    a[0], a[1] = (
        a[1],
        a[0],
    )
    return a, b, c
