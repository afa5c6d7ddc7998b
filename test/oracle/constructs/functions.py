# fmt: off
# ruff: noqa
"""Functions, decorators, lambdas, classes, types."""

import functools


def plain(function):
    return function


def wraps(n):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args) + n
        return wrapper
    return decorate


def one_line(n): return n + 1


def two(n): n += 1; return n


@plain
def decorated(n):
    return n


@plain
@wraps(
    2
)
@wraps(3)
def many(
    n,
):
    """A docstring."""
    return n


class Base:
    """A docstring."""

    kind = 'base'
    other: int = 5

    def __init_subclass__(cls, **named):
        cls.named = named

    def method(self):
        return self.kind

    @property
    def prop(self):
        return self.kind * 2

    @prop.setter
    def prop(self, value):
        self.kind = value

    @classmethod
    def make(cls): return cls()

    @staticmethod
    def nothing():
        pass


@plain
class Derived(Base, flag=(
    True
)):
    kind = 'derived'
    squares = [n * n for n in range(3)]

    for n in range(2):
        squares.append(n)

    class Inner:
        def deep(self):
            return super().__init__()

    def method(self):
        return super().method()

    def __eq__(self, other):
        return self.kind == other.kind

    __hash__ = None


class OneLine: x = 1


class Generic[T: (int, str), *Ts, **P]:
    def method[U](self, value: U) -> T:
        return value


def case_one_line():
    return one_line(1) + two(2)


def case_decorated():
    return decorated(1), many(2)


def case_methods():
    d = Derived()
    d.prop = 'x'
    return d.method(), d.prop, Base.make().kind, Derived.nothing(), d == d, Derived.Inner().deep()


def case_generic():
    return Generic[int, str]().method(3)


def case_generic_function():
    def first[T](items: list[T], /, default: T | None = None) -> T | None:
        return items[0] if items else default

    return first([1]), first([])


def case_closures():
    def make(n):
        def add(m):
            return n + m
        return add

    adders = [make(i) for i in range(3)]
    return [add(1) for add in adders]


def case_lambdas():
    add = lambda a, b=2: a + b
    return add(1), (lambda: 5)(), sorted([3, 1, 2], key=lambda n: -n), list(map(lambda n: n * 2, [1, 2]))


def case_recursion():
    def factorial(n):
        if n < 2:
            return 1
        return n * factorial(n - 1)

    def mutual(n): return n and other(n - 1)
    def other(n): return n and mutual(n - 1)
    return factorial(5), mutual(4)


def case_arguments():
    def function(a, b=one_line(1), /, c=3, *args, d=two(2), **named):
        return a, b, c, args, d, named

    return function(1), function(1, 2, 3, 4, d=5, e=6), function(*[1, 2], **{'d': 7})


def case_annotations():
    def function(a: one_line(1), b: 'text' = 2) -> two(3):
        return a

    class Lazy:
        x: one_line(5)
        y: (
            two(6)
        ) = 7

    return function(1), function.__annotations__, Lazy.__annotations__


def case_operators():
    class Number:
        def __init__(self, n):
            self.n = n

        def __add__(self, other):
            return Number(self.n + other.n)

        def __lt__(self, other):
            return self.n < other.n

        def __bool__(self):
            return bool(self.n)

        def __getitem__(self, key):
            return key

        def __call__(self): return self

        def __contains__(self, key):
            return key == self.n

    a, b = Number(1), Number(0)
    c = a + b + a
    if a and not b:
        c = c()
    return sorted([c, a, b])[0].n, c[1], c[1:2], 2 in c, (a <
            b)


def case_descriptors():
    class Descriptor:
        def __set_name__(self, owner, name):
            self.name = name

        def __get__(self, item, owner):
            return self.name

        def __set__(self, item, value):
            item.seen = value

    class Holder:
        field = Descriptor()

        def __getattr__(self, name):
            return name.upper()

        def __setattr__(self, name, value):
            super().__setattr__(name, value)

    h = Holder()
    h.field = 5
    return h.field, h.missing, h.seen


def case_metaclass():
    class Meta(type):
        @classmethod
        def __prepare__(meta, name, bases):
            return {}

        def __new__(meta, name, bases, space):
            return super().__new__(meta, name, bases, space)

        def __call__(cls, *args):
            return super().__call__(*args)

    class Made(metaclass=Meta):
        x = 1

    return Made().x


def case_finaliser():
    found = []

    class Ends:
        def __del__(self):
            found.append(1)

    def function():
        e = Ends()
        return 2

    function()
    e = Ends()
    e = None
    del e
    return found


def case_discarded_result():
    class Ends:
        def __del__(self):
            found.append(1)

    def make():
        return Ends()

    found = []
    make()
    found.append(2)
    return found


def case_exec():
    names = {}
    exec('a = 1\nfor i in range(2):\n    a += i\n', names)
    return names['a'], eval('[i for i in (1,\n 2)]'), eval('(lambda: 3)()')


def case_keyed():
    words = ['bb', 'a', 'ccc']
    longest = max(
        words,
        key=lambda w: len(w),
    )
    kept = list(filter(
        lambda w:
            len(w) > 1,
        words,
    ))
    return longest, kept, functools.reduce(lambda a, b: a + b, words)


def case_partial_and_cache():
    @functools.cache
    def slow(n):
        return n + 1

    @functools.singledispatch
    def kind(value):
        return 'any'

    @kind.register
    def _(value: int):
        return 'int'

    return functools.partial(slow, 3)(), slow(3), kind(1), kind('')
