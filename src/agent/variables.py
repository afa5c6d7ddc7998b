"""Rows of the variables view: scopes, the parts of a value, paging, and changing a value.

Whatever can be opened gets a reference, which stands for a node; a node makes its rows when asked. References are
valid until the thread that they belong to goes on. Nothing here runs code of the program, but for the text of a
value (see `values.py`), a property that the user opens, and an assignment.
"""

import sys

from .classes import DICT, FUNCTION, MEMBER, instance_dict, is_one_of, listable, mro, namespace, pairs, type_name
from .errors import Refusal
from .guard import Interrupted, NeedsProgram
from .values import Shown, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType
    from typing import Any

    from .guard import Job
    from .link import Json

    Results = dict[int, tuple[FrameType, str, Any]]
    """By thread ident: what a function returned that was stepped out of, its name, and the frame that shows it."""
    Dropped = list[object]
    """References that are valid no more, with what they hold."""

FIRST_REFERENCE = 1000
MOST_ROWS = 2000
"""Rows in an answer to a client that asks for no page."""
NAME_LENGTH = 100

LIST: type[list[Any]] = list
TUPLE: type[tuple[Any, ...]] = tuple
CLOSED: tuple[type[Any], ...] = (
    *(int, float, complex, bool, str, bytes, bytearray, range, type(None), type(...)),
    *(FUNCTION, type(len), type(str.join)),
)
"""Types whose values are shown whole in one line."""
KEYS = (int, str, bytes, bool, float, type(None))
"""Types of dictionary keys that are shown as they are written."""


class Item:
    """What becomes one row. `expression` gives the value in a watch; '' where none does."""

    __slots__ = ('expression', 'lazy', 'name', 'value')

    def __init__(self, name: str, value: object, expression: str = '', lazy: bool = False) -> None:
        self.name = name
        self.value = value
        self.expression = expression
        self.lazy = lazy


class Node:
    """Something with rows: named ones first, then `length` indexed ones."""

    length = 0

    def __init__(self, ident: int | None, frame: FrameType | None) -> None:
        self.ident = ident
        self.frame = frame

    def named(self) -> list[Item]:
        return []

    def indexed(self, start: int, stop: int) -> list[Item]:
        return []

    def assign(self, name: str, value: Any, job: Job) -> None:
        raise Refusal('cannot-set', f'{name} cannot be changed here.')


class Scope(Node):
    """The names of one frame: its locals, or its module's globals."""

    def __init__(self, ident: int, frame: FrameType, space: Any, result: list[Item]) -> None:
        super().__init__(ident, frame)
        self.space = space
        self.result = result

    def named(self) -> list[Item]:
        items = [Item(name, value, name) for name, value in pairs(self.space) if name[:1] != '.']
        own = items if self.frame is None or self.space is not self.frame.f_globals else grouped(items, self)
        return self.result + own

    def assign(self, name: str, value: Any, job: Job) -> None:
        if name not in dict(pairs(self.space)):
            raise Refusal('cannot-set', f'There is no variable {name} in this scope any more.')
        put(job, self.space, name, value)


# Imported where they are needed: in a program that has not loaded them, the classes of such a module (itertools has
# 22) stay after the session until the next garbage collection.


def part(values: Iterable[Any], start: int, stop: int) -> list[Any]:
    """In one step of C code: nobody can change what is iterated over in between."""
    from itertools import islice

    return list(islice(values, start, stop))


def put(job: Job, items: Any, key: Any, value: Any) -> None:
    from _operator import setitem

    job.call(setitem, items, key, value)


class Group(Node):
    """Some rows of another node under a heading."""

    def __init__(self, owner: Node, items: list[Item]) -> None:
        super().__init__(owner.ident, owner.frame)
        self.owner = owner
        self.items = items

    def named(self) -> list[Item]:
        return self.items

    def assign(self, name: str, value: Any, job: Job) -> None:
        self.owner.assign(name, value, job)


class Value(Node):
    """The attributes and items of an object."""

    def __init__(self, ident: int | None, frame: FrameType | None, value: object, expression: str) -> None:
        super().__init__(ident, frame)
        self.value: Any = value
        self.kind: type[Any] = type(value)
        self.expression = expression
        self.base = container(self.kind)
        self.length = self.base.__len__(value) if self.base else 0

    def named(self) -> list[Item]:
        items = [self._attribute(name, value) for name, value in attributes(self.value, self.kind)]
        return items + [self._attribute(name, None, lazy=True) for name in properties(self.kind)]

    def _attribute(self, name: str, value: Any, lazy: bool = False) -> Item:
        return Item(name, value, f'{self.expression}.{name}' if self.expression else '', lazy)

    def indexed(self, start: int, stop: int) -> list[Item]:
        base = self.base
        if base is DICT:
            return [self._entry(key, value) for key, value in part(DICT.items(self.value), start, stop)]
        if base in (LIST, TUPLE):
            values: list[Any] = base.__getitem__(self.value, slice(start, stop))
        else:
            values = part(base.__iter__(self.value), start, stop)
        opens = self.expression if base not in (set, frozenset) else ''
        return [Item(f'[{i}]', v, f'{opens}[{i}]' if opens else '') for i, v in enumerate(values, start)]

    def _entry(self, key: Any, value: Any) -> Item:
        name = key_name(key)
        # A name that was cut, and the size of a long integer, are no expressions.
        whole = is_one_of(key, KEYS) and len(name) < NAME_LENGTH - 10 and name[:1] != '<'
        return Item(name, value, f'{self.expression}[{name}]' if self.expression and whole else '')

    def assign(self, name: str, value: Any, job: Job) -> None:
        if name[:1] == '[' and self.base is LIST:
            job.call(LIST.__setitem__, self.value, int(name[1:-1]), value)
        elif self.base is DICT and (keys := [key for key in list(DICT.__iter__(self.value)) if key_name(key) == name]):
            if len(keys) > 1:
                raise Refusal('cannot-set', 'Several keys are shown like this one: set it in the console.')
            put(job, self.value, keys[0], value)
        elif name[:1] == '[':
            raise Refusal('cannot-set', f'The items of a {type_name(self.kind)} cannot be changed.')
        else:
            job.call(setattr, self.value, name, value)


class Property(Node):
    """A property that is read when the user opens it: one row, which takes the place of the lazy one (DAP)."""

    def __init__(self, parent: Value, item: Item, job: Callable[[], Job]) -> None:
        super().__init__(parent.ident, parent.frame)
        self.parent = parent
        self.item = item
        self.job = job

    def named(self) -> list[Item]:
        value = self.job().call(getattr, self.parent.value, self.item.name)
        return [Item(self.item.name, value, self.item.expression)]


class Variables:
    """The references of a session."""

    def __init__(self, show_results: bool) -> None:
        self.show_results = show_results
        self.results: Results = {}
        self.nodes: dict[int, Node] = {}
        self.last = FIRST_REFERENCE
        self.job: Job | None = None
        self.error: Callable[[int, FrameType], BaseException | None] = lambda _ident, _frame: None
        """The exception that is shown in a frame: of a thread that is stopped at one."""

    def keep(self, node: Node) -> int:
        self.last += 1
        self.nodes[self.last] = node
        return self.last

    def find(self, reference: int) -> Node:
        node = self.nodes.get(reference)
        if node is None:
            raise Refusal(
                'stale-reference', 'The program has moved on since this value was shown: open it again from the stack.'
            )
        return node

    def returned(self, ident: int, caller: FrameType, name: str, value: object) -> None:
        """A step comes back with the value of a function. Nothing is held that is not shown: it would live longer."""
        if self.show_results:
            self.results[ident] = (caller, name, value)

    def forget(self, idents: set[int] | None) -> Dropped:
        """Drops the references of these threads, or all, and returns what they held."""
        results = [self.results.pop(ident, None) for ident in ([*self.results] if idents is None else idents)]
        # One by one: threads of the program add theirs meanwhile.
        gone = [number for number, node in list(self.nodes.items()) if idents is None or node.ident in idents]
        return [*results, *[self.nodes.pop(number) for number in gone]]

    def scopes(self, ident: int, frame: FrameType) -> list[Json]:
        """DAP scopes. Module code has one: its locals are its globals."""
        shown, name, value = self.results.get(ident) or (None, '', None)
        result = [Item(f'(return) {name}', value)] if shown is frame else []
        error = self.error(ident, frame)
        if error is not None:
            result.append(Item('(exception)', error))
        local = frame.f_locals
        if not listable(local):
            result.append(Item('(namespace)', local))
        if local is frame.f_globals:
            return [self._scope('Globals', 'globals', Scope(ident, frame, local, result))]
        globals_ = self._scope('Globals', 'globals', Scope(ident, frame, frame.f_globals, []))
        return [self._scope('Locals', 'locals', Scope(ident, frame, local, result)), globals_ | {'expensive': True}]

    def _scope(self, name: str, hint: str, node: Scope) -> Json:
        scope: Json = {'name': name, 'presentationHint': hint, 'expensive': False}
        return scope | {'variablesReference': self.keep(node)}

    def rows(self, node: Node, shown: Shown, kind: str | None = None, start: int = 0, count: int = 0) -> list[Json]:
        """DAP variables of a node: a page of its indexed rows, its named rows, or all."""
        self.job = shown.job
        named = [] if kind == 'indexed' else node.named()
        if kind == 'named':
            items = named[start : start + count] if count else named
        else:
            stop = min(node.length, start + (count or MOST_ROWS))
            items = named + (node.indexed(start, stop) if stop > start else [])
            if not count and stop < node.length:
                items.append(Item('…', f'{node.length - stop} more: this client asks for no pages'))
        return [self.row(item, node, shown) for item in items]

    def row(self, item: Item, node: Node, shown: Shown) -> Json:
        """One DAP variable."""
        row: Json = {'name': item.name}
        if item.expression:
            row['evaluateName'] = item.expression
        if item.lazy and type(node) is Value:
            reference = self.keep(Property(node, item, self._job))
            return row | {'value': '', 'variablesReference': reference, 'presentationHint': {'lazy': True}}
        if type(item.value) is Group:
            return row | {'value': '', 'variablesReference': self.keep(item.value)}
        try:
            return row | self.body(item.value, item.expression, node.ident, node.frame, shown)
        except NeedsProgram, Interrupted:
            raise
        except Exception as error:
            return row | {'value': f'<cannot be shown: {type(error).__name__}>', 'variablesReference': 0}

    def body(self, value: object, expression: str, ident: int | None, frame: FrameType | None, shown: Shown) -> Json:
        """What DAP says of any value: text, type, and a reference where there is more to see."""
        body: Json = {'value': text_of(value, shown), 'type': type_name(type(value)), 'variablesReference': 0}
        if not is_one_of(value, CLOSED):
            node = Value(ident, frame, value, expression)
            if not node.base or node.length or type(value) is not node.base:
                body['variablesReference'] = self.keep(node)
            if node.length:
                body['indexedVariables'] = node.length
                body['namedVariables'] = 0 if type(value) is node.base else 1
        return body

    def _job(self) -> Job:
        if self.job is None:
            raise NeedsProgram
        return self.job


def container(kind: type[Any]) -> Any:
    """The built-in type whose items a value has, None for other objects. Subclasses are read as their base."""
    deque = getattr(sys.modules.get('_collections'), 'deque', None)
    for base in (LIST, TUPLE, DICT, set, frozenset, deque):
        if base is not None and issubclass(kind, base):
            return base
    return None


def attributes(value: Any, kind: type[Any]) -> Iterable[tuple[str, Any]]:
    """The attributes that an object itself holds: its dictionary, its slots, a named tuple's fields."""
    for name, item in instance_dict(value).items():
        if not name[:2] == name[-2:] == '__':
            yield name, item
    for base in mro(kind):
        for name, member in pairs(dict(namespace(base))):
            if type(member) is MEMBER and name[:2] != '__':
                try:
                    yield name, member.__get__(value)
                except AttributeError:
                    pass  # a slot that was never set
    fields: tuple[str, ...] | None = namespace(kind).get('_fields')
    if type(fields) is tuple and issubclass(kind, TUPLE):
        yield from zip(fields, TUPLE.__iter__(value), strict=False)


def properties(kind: type[Any]) -> list[str]:
    """Names of the public properties, each of which is code of the program."""
    members = [member for base in mro(kind) for member in pairs(dict(namespace(base)))]
    names = {name for name, item in members if type(item) is property}
    return sorted(name for name in names if name[:1] != '_')


def grouped(items: list[Item], owner: Node) -> list[Item]:
    """A module's names: its data first, then what it defines, imports and carries as a module, each in a group."""
    groups: dict[str, list[Item]] = {'': []}
    for item in items:
        groups.setdefault(group_of(item), []).append(item)
    data = groups.pop('')
    return data + [Item(name, Group(owner, found)) for name, found in sorted(groups.items())]


def group_of(item: Item) -> str:
    if item.name[:2] == '__' and item.name[-2:] == '__':
        return 'special variables'
    kind = type(item.value)
    if kind is FUNCTION or kind is type(len):
        return 'functions'
    if issubclass(kind, type):
        return 'classes'
    return 'modules' if kind is type(sys) else ''


def key_name(key: object) -> str:
    """A dict's key as a row's name; of keys with a `__repr__` of their own only the type is named."""
    try:
        return text_of(key, Shown(None, NAME_LENGTH))
    except NeedsProgram:
        return f'<{type_name(type(key))} object at {id(key):#x}>'
