"""Runs through modules about Python itself."""

import abc
import argparse
import ast
import codeop
import contextlib
import copy
import dataclasses
import dis
import enum
import fnmatch
import functools
import io
import keyword
import linecache
import operator
import optparse
import pickle
import pickletools
import pkgutil
import re
import reprlib
import sys
import tokenize
import traceback
import types
import typing
import warnings
import weakref
from collections import ChainMap, Counter, UserDict, UserList, UserString, namedtuple
from collections import abc as collections_abc


def case_argparse():
    parser = argparse.ArgumentParser(prog='p', description='what', color=False)
    parser.add_argument('-v', '--verbose', action='store_true')
    parser.add_argument('-n', type=int, default=3)
    commands = parser.add_subparsers(dest='command')
    go = commands.add_parser('go')
    go.add_argument('where', nargs='*')
    return parser.parse_args(['-v', '-n', '4', 'go', 'a', 'b'])


def case_argparse_help():
    parser = argparse.ArgumentParser(prog='p', color=False)
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--one', help='the first', choices=['a', 'b'])
    group.add_argument('--two', metavar='T', help='the second %(default)s')
    return parser.format_help()


def case_optparse():
    parser = optparse.OptionParser(prog='p')
    parser.add_option('-f', '--file', dest='file', help='which')
    parser.add_option('-q', action='store_false', dest='loud', default=True)
    return parser.parse_args(['-f', 'x', '-q', 'rest'])


def case_tokenize():
    source = 'def f(a):\n    x = f"{a!r} b" + 1.5  # no\n    return (x,\n        a)\n'
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    return tokenize.untokenize(tokens)


def case_unparse():
    tree = ast.parse(
        '@d\ndef f(a, *b, c=1):\n    for x in [y for y in b if y]:\n        if x > 1 and not a: return f"{x}"\n'
    )
    return ast.unparse(tree)


def case_ast():
    class Doubles(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.copy_location(ast.Constant(node.value * 2), node)

    tree = ast.fix_missing_locations(Doubles().visit(ast.parse('1 + 2 * x')))
    return ast.dump(tree), ast.literal_eval('[1, {"a": (2, None)}]'), [type(n) for n in ast.walk(tree)]


def case_dataclasses():
    @dataclasses.dataclass(order=True, frozen=True)
    class Point:
        x: int
        y: int = 0
        tags: list = dataclasses.field(default_factory=list, compare=False)

    p = dataclasses.replace(Point(1), y=5)
    return p, dataclasses.asdict(p), Point(1) < p, dataclasses.astuple(p)


def case_enum():
    class Colour(enum.Enum):
        RED = 1
        GREEN = enum.auto()

        @property
        def lower(self):
            return self.name.lower()

    class Flags(enum.Flag):
        A = 1
        B = 2

    return Colour(2), Colour['RED'].lower, list(Colour), Flags.A | Flags.B, ~Flags.A


def case_contextlib():
    found = []

    @contextlib.contextmanager
    def manager(n):
        found.append(n)
        try:
            yield n
        finally:
            found.append(-n)

    with contextlib.ExitStack() as stack:
        stack.enter_context(manager(1))
        stack.callback(found.append, 'c')
        stack.enter_context(contextlib.suppress(KeyError))
        stack.enter_context(contextlib.closing(io.StringIO()))
        raise KeyError
    with contextlib.redirect_stdout(io.StringIO()), contextlib.nullcontext(5) as five:
        print('x')
    return found, five


def case_functools():
    @functools.total_ordering
    class Size:
        def __init__(self, n):
            self.n = n

        def __eq__(self, other):
            return self.n == other.n

        def __lt__(self, other):
            return self.n < other.n

        @functools.cached_property
        def twice(self):
            return self.n * 2

        @functools.singledispatchmethod
        def put(self, value):
            return 'any'

        @put.register
        def _(self, value: int):
            return 'int'

    a, b = Size(1), Size(2)
    return (
        a <= b,
        a > b,
        a.twice,
        a.put(1),
        a.put('x'),
        sorted([b, a], key=functools.cmp_to_key(lambda x, y: x.n - y.n)),
    )


def case_collections():
    Point = namedtuple('Point', 'x y', defaults=[5])
    counter = Counter('abracadabra')
    counter.update('aab')
    chain = ChainMap({'a': 1}, {'b': 2})
    chain['c'] = 3
    return Point(1)._replace(x=2), counter.most_common(2), (counter - Counter('aaa')), dict(chain), chain.new_child()


def case_user_collections():
    d = UserDict(a=1)
    d['b'] = 2
    lst = UserList([3, 1, 2])
    lst.sort()
    return d | {'c': 3}, lst[1:], UserString('abc').upper() + 'x', lst + [4]


def case_abstract_collections():
    class Bag(collections_abc.MutableMapping):
        def __init__(self):
            self.data = {}

        def __getitem__(self, key):
            return self.data[key]

        def __setitem__(self, key, value):
            self.data[key] = value

        def __delitem__(self, key):
            del self.data[key]

        def __iter__(self):
            return iter(self.data)

        def __len__(self):
            return len(self.data)

    bag = Bag()
    bag.update(a=1, b=2)
    return bag.pop('a'), bag.setdefault('c', 3), list(bag.items()), 'b' in bag, bag == {'b': 2, 'c': 3}, bag.clear()


def case_copy():
    a = [1, {'x': (2, [3])}]
    a.append(a)
    b = copy.deepcopy(a)
    return b[2] is b, copy.copy({'k': a})


def case_pickle():
    data = {'a': [1, 2.5, ('x', None)], 'b': {3}}
    out = io.BytesIO()
    pickle._Pickler(out, 4).dump(data)
    return pickle._loads(out.getvalue()) == data


def case_pickletools():
    out = io.StringIO()
    pickletools.dis(pickletools.optimize(pickle.dumps([1, 'x'])), out)
    return out.getvalue()


def case_regular_expression_compiler():
    return re._compiler.compile(r'(?P<a>\d+)[a-z_]*?(?:x|yz)\b', re.I).groups


def case_traceback():
    def fails(n):
        if n:
            fails(n - 1)
        raise ValueError('deep')

    try:
        fails(2)
    except ValueError as error:
        return ''.join(traceback.format_exception(error, colorize=False))


def case_dis():
    out = io.StringIO()
    dis.dis(lambda a: [a + 1 for a in a], file=out)
    return len(out.getvalue()) > 0


def case_typing():
    class Movie(typing.TypedDict):
        name: str
        year: typing.NotRequired[int]

    class Speaks(typing.Protocol):
        def speak(self) -> str: ...

    class Dog:
        def speak(self):
            return 'w'

    T = typing.TypeVar('T')
    hints = typing.get_type_hints(Movie)
    alias = typing.Callable[[int, T], T][str]
    return hints, alias, typing.get_args(alias), hasattr(Dog, 'speak'), typing.Annotated[int | str, 'x']


def case_warnings():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter('always')
        warnings.warn('old', DeprecationWarning, stacklevel=1)
    return [str(w.message) for w in found], warnings.formatwarning('m', UserWarning, 'f', 1, 'line')


def case_weak():
    class Thing:
        pass

    keys = weakref.WeakKeyDictionary()
    values = weakref.WeakValueDictionary()
    a, b = Thing(), Thing()
    keys[a] = 1
    values['b'] = b
    ends = weakref.finalize(a, str)
    del a, b
    return len(keys), len(values), ends.alive


def case_abc():
    class Base(abc.ABC):
        @abc.abstractmethod
        def do(self): ...

    class Real(Base):
        def do(self):
            return super().do()

    Base.register(int)
    try:
        Base()
    except TypeError:
        return Real().do(), isinstance(5, Base), issubclass(str, Base)


def case_small_things():
    return (
        reprlib.repr([list(range(9)), 'x' * 50, {1: 2}]),
        fnmatch.filter(['a.py', 'b.txt'], '*.py'),
        operator.attrgetter('real')(5),
        keyword.iskeyword('for'),
        linecache.getline(__file__, 1),
        types.SimpleNamespace(a=1),
        codeop.compile_command('if x:'),
        pkgutil.resolve_name('os.path:join'),
        types.new_class('Made', (dict,), {}, lambda space: space.update(x=1)).x,
    )


def case_fresh_import():
    for name in ('sched', 'this_is_not_there'):
        sys.modules.pop(name, None)
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            return error.name
