"""Statements in all their shapes, for `test_statements.py`. Each is the body of a function; `g` returns its first
argument. What follows a name is told by the lines that a comment `#=N` marks: how often a breakpoint there is hit;
all other statements are counted as often as they run."""

CONSTRUCTS = {
    'a call': """
x = g(
    1,
    2)
""",
    'an assignment whose value comes first': """
x = (
    g(1)
    + 2
)
""",
    'an attribute': """
o.a = (
    g(1)
)
o.b = {
    'a': 1,
    'b': g(2),
}
""",
    'an item': """
d = {}
d[
    'a'
] = g(
    1)
d[g('b')] = (
    2)
d['a'] += g(
    1)
del d[
    'a'], d['b']
""",
    'several targets': """
a = b = (
    c
    := 3)
(x,
 y) = g((1, 2))
x, y = (y,
        x)
""",
    'a conditional expression': """
x = (1 if g(0)
     else 2)
x = (
    1
    if g(0)
    else 2
)
x = (
    g(1)
    if g(1)
    else 2
)
""",
    'operators': """
x = (
    g(1)
    and g(2)
    or g(0)
)
x = not (
    x
    in (1,
        2))
x = 1 < \\
    g(2) < \\
    3
""",
    'a chain of methods': """
x = (
    g('a')
    .upper()
    .lower()
)
x = g(
    'a').replace(
    'a', 'b')
""",
    'texts': """
s = ('a'
     'b' +
     str(1))
s = f'''{g(1)}
{g(2)}'''
""",
    'displays': """
x = [
    1,
    g(2),
    *range(3),
]
x = {
    1,
    *x,
}
x = {
    1: g(2),
    **{
        3: 4,
    },
}
""",
    'if': """
if (g(1) and
        g(2)):
    x = 1
if g(
        0):
    x = 1
elif g(
        1):
    x = 2
else:
    x = 3
if x: y = 1  #=1
""",
    'while': """
x = 3
while (x and
       x > 0):
    x -= 1
while x < 3:
    x += 1
    if x == 2:
        continue
else:
    x = 9
while True:
    x += 1
    if x > 12:
        break
""",
    'a while loop on one line': """
n = 0
while n < 3: n += 1  #=4
""",
    'a for loop on one line': """
for i in range(3): g(i)  #=4
""",
    'for': """
for i in range(3):  #=4
    g(i)
for i in g(  #=4
        range(3)):
    if i == 1:
        continue
    x = i
for (a,
     b) in [(1, 2), (3, 4)]:
    x = a
for i in range(3):  #=4
    for j in range(2):
        if j:
            break
        x = j
else:
    x = 9
""",
    'a for loop whose iterable comes first': """
for i in (
        range(3)  #=4
):
    x = i
""",
    'a comprehension': """
x = [
    g(i)  #=3
    for i in range(3)
]
x = [i for i in range(3)]
x = [
    i  #=3
    for i in range(3)
    if g(i)
]
""",
    'comprehensions in a call': """
x = g(
    [i for i in range(3)],
    {i for i in range(3)},
)
""",
    'a comprehension with two loops': """
x = {
    (i, j): g(j,  #=4
              2)
    for i in range(2)
    for j in range(2)
}
""",
    'a comprehension in a comprehension': """
x = [
    [g(j) for j in range(2)]  #=3
    for i in range(3)
]
""",
    'a generator expression': """
x = list(
    i  #=3
    for i in range(3)
)
""",
    'a lambda': """
h = lambda: (
    g(1)  #=2
)
h()
h()
""",
    'with': """
with cm():
    x = 1
with cm(
        1,
        2):
    x = 1
with cm() as a, cm(
        1) as b:
    x = 1
with cm():
    with cm() as a:
        pass
    x = 1
""",
    'with that ends an exception': """
with suppress(
        KeyError):
    x = 1
    raise KeyError(
        1)
x = 2
""",
    'try': """
try:
    g(1)
    raise ValueError(
        1)
except (KeyError,
        TypeError):
    x = 1
except ValueError as e:
    x = 2
    y = g(
        x,
        1)
else:
    x = 5
finally:
    x = 3
    y = g(
        1)
""",
    'finally left in three ways': """
def left(n):
    for i in range(3):
        try:
            if n == 1:
                return g(
                    n)
            if n == 2:
                break
            if n == 3:
                continue
            raise KeyError(n)
        finally:
            x = 1
            g(
                x)
for n in (1, 2, 3, 4):
    try:
        left(n)
    except KeyError:
        x = n
""",
    'a bare except': """
try:
    [][0]
except:
    x = 5
    g(
        x)
""",
    'except groups': """
try:
    raise ExceptionGroup('a', [ValueError(), KeyError()])
except* ValueError as e:
    x = 1
    y = g(
        2)
except* (KeyError,
         TypeError):
    x = 3
""",
    'return through with and for': """
def through(n):
    for i in range(3):
        with cm():
            return g(
                n,
                i)
through(1)
""",
    'match': """
for n in (1, [1, 2], 'a', 3, 4):
    match g(
            n):
        case 1:
            x = 1
        case [a,
              b]:
            x = 2
        case str(
                real=2):
            x = 3
        case 3 if g(
                1):
            x = 4
        case _:
            x = g(
                1)
""",
    'a match with one case': """
match g(1):
    case int():
        x = 1
""",
    'assert': """
assert g(
    1), 'abc'
assert g(1), (
    'abc')
""",
    'raise': """
try:
    raise KeyError(
        1) from ValueError(
        2)
except KeyError:
    pass
""",
    'import': """
from os import (
    path,
    sep)
import os, \\
    sys
""",
    'functions': """
def inner(a=g(
        1), *,
        b=2):
    return a
inner()
def one(): return 1  #=2
one()
""",
    'a decorated function': """
@g
@g
def decorated(a=g(1)):
    return g(
        a)
decorated()
""",
    'a class': """
@g
class K(object,
        metaclass=type):
    z = g(
        1)
    def m(self):
        return self.z
    @property
    def p(self):
        return (
            self.m())
    @p.setter
    def p(self, value):
        self.z = value
K().p
K().p = (
    2)
""",
    'type parameters': """
type X[T] = list[
    T]
def typed[T: int](a: T = g(
        1)) -> T:
    return a
typed()
x: int = g(
    1)
""",
    'pass and constants': """
pass
...
1
""",
    'names of the module': """
global zzz
zzz = g(
    1)
del zzz
""",
    'a generator': """
def gen(n):
    for i in range(n):  #=3
        x = yield (
            i)
        y = yield i
    yield from g(
        [1,
         2])
    return 3
list(gen(2))
""",
    'a loop on one line that yields': """
def gen():
    for i in range(3): yield i  #=4
list(gen())
""",
    'a coroutine': """
async def co():
    async with acm() as a:
        x = await sleep(
            0)
    async for i in ag(  #=4
            3):
        x = i
    async for i in ag(3): g(i)  #=4
    return x
run(co())
""",
    'comprehensions in a coroutine': """
async def co():
    x = [
        g(i)  #=2
        async for i in ag(2)
    ]
    x = [i async for i in ag(2)]
    x = [
        await sleep(  #=2
            0,
            i)
        for i in range(2)
    ]
run(co())
""",
    'an asynchronous for whose iterable comes first': """
async def co():
    async for i in (  #=4
            ag(3)
    ):
        x = i
run(co())
""",
    'walrus': """
if x := g(
        1):
    y = g(
        2)
while (y :=
       y - 1):
    x = y
""",
    'two statements on a line': """
x = 1; y = g(  #=1
    2)
x = g(
    3)
""",
    'recursion': """
def down(n):
    if n == 0:
        return 0
    return 1 + down(
        n - 1)
down(3)
""",
}
