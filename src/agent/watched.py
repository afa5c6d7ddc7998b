"""What a data breakpoint can watch: an attribute, a name of a module, an item, a variable of a function.

Each knows how to read its value without code of the program, and behind which instructions it may have changed. What
is watched is held by a weak reference where it can be had, so that it ends when the program wants it to. What reads the
instructions is loaded for the first data breakpoint: it may fail in a Python that is newer than it.
"""

import _weakref

from .classes import DICT, MEMBER, class_of, is_in_c, is_one_of, lookup, namespace
from .lines import nested
from .values import Shown, text_of
from .variables import CLOSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType
    from typing import Any

    from .stores import Places

    Read = Callable[[Any], object]

NOTHING = object()
"""The value of what has none at the moment."""
GONE = object()
"""The value of what can never have one again."""
TEXT = 60
"""Characters of a value in the words of a stop."""
SUSPENDABLE = 0x2A0  # CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
OTHERWISE = 'What changes it in another way, such as code in C, is seen up to 0.1 s later.'
KEPT = 'It cannot be freed while it is watched.'


class Thing:
    """Something to watch. `name` is what the user calls it; `owner` is what has it."""

    @property
    def frame(self) -> FrameType | None:
        """With which it ends."""
        return None

    def __init__(self, name: str, owner: object, key: object) -> None:
        self.name = name
        self.identity = (type(self).__name__, id(owner), type(key).__name__, key)
        self.owner, self.weak = reference(owner)

    def read(self) -> object:
        """The value now, `NOTHING` or `GONE`. Runs no code of the program."""
        raise NotImplementedError

    def places(self, code: CodeType, mine: bool) -> Places:
        """Where code, which is mine or of a library, may change the value."""
        raise NotImplementedError

    def codes(self, living: Iterable[CodeType]) -> Iterable[CodeType]:
        """The code that may have places, of all code that is alive."""
        return living

    def how(self) -> str:
        """By what a change is noticed, at which cost, and what is noticed late or never; in words."""
        raise NotImplementedError


class Attribute(Thing):
    """An attribute that an object or a class has itself."""

    def __init__(self, name: str, owner: Any, key: str, get: Read) -> None:
        super().__init__(name, owner, key)
        self.key = key
        self.get = get

    def read(self) -> object:
        owner = self.owner()
        return GONE if owner is None else self.get(owner)

    def places(self, code: CodeType, mine: bool) -> Places:
        from .stores import of_attribute

        return of_attribute(code, self.key, mine)

    def how(self) -> str:
        text = (
            f'Checked behind each assignment to an attribute "{self.key}", whatever object it belongs to. {OTHERWISE}'
        )
        return text if self.weak else f'{text} {KEPT}'


class Name(Thing):
    """A name of a module, or of a class whose body runs."""

    def __init__(self, name: str, space: dict[str, Any]) -> None:
        super().__init__(name, space, name)
        self.space = space

    def read(self) -> object:
        return DICT.get(self.space, self.name, NOTHING)

    def places(self, code: CodeType, mine: bool) -> Places:
        from .stores import of_name

        return of_name(code, self.name)

    def how(self) -> str:
        return f'Checked behind each assignment to a global or an attribute "{self.name}" of any module. {OTHERWISE}'


class Item(Thing):
    """An item of a list, dict or deque. The key is of a built-in type: to look it up compares nothing of theirs."""

    def __init__(self, name: str, owner: Any, key: Any, base: Any) -> None:
        super().__init__(name, owner, key)
        self.key = key
        self.base = base

    def read(self) -> object:
        owner = self.owner()
        if owner is None:
            return GONE
        if self.base is DICT:  # not by [], which asks a subclass for what is missing
            return DICT.get(owner, self.key, NOTHING)
        try:
            return self.base.__getitem__(owner, self.key)
        except IndexError:
            return NOTHING

    def places(self, code: CodeType, mine: bool) -> Places:
        from .stores import of_items

        return of_items(code) if mine else {}

    def how(self) -> str:
        text = f'Checked behind each call and each assignment to an item in your code, which slows it down. {OTHERWISE}'
        return text if self.weak else f'{text} {KEPT}'


class Local(Thing):
    """A variable of one running function."""

    def __init__(self, name: str, frame: FrameType) -> None:
        super().__init__(name, frame, name)
        self.call = frame
        code = frame.f_code
        self.shared = name in code.co_cellvars or name in code.co_freevars

    @property
    def frame(self) -> FrameType | None:
        return self.call

    def read(self) -> object:
        ended = self.call.f_code.co_flags & SUSPENDABLE and self.call.f_generator is None
        return GONE if ended else self.call.f_locals.get(self.name, NOTHING)

    def places(self, code: CodeType, mine: bool) -> Places:
        from .stores import of_local

        return of_local(code, self.name)

    def codes(self, living: Iterable[CodeType]) -> Iterable[CodeType]:
        """Functions that share the variable are all in one file."""
        own = self.call.f_code
        if not self.shared:
            return [own]
        file = own.co_filename
        return [
            code for code in living if code.co_filename == file and self.name in code.co_cellvars + code.co_freevars
        ]

    def how(self) -> str:
        where = 'this function and those inside it' if self.shared else 'this function'
        return f'Checked behind each assignment in {where}, until this call of it ends.'


class Known:
    """The value last seen. An object with a life of its own is not kept alive: its text is made beforehand."""

    __slots__ = ('text', 'value', 'weak')

    def __init__(self, value: object) -> None:
        self.value: object = value
        self.weak: Callable[[], object] | None = None
        self.text = ''
        if value is not NOTHING and not is_one_of(value, CLOSED):
            get, weak = reference(value)
            if weak:
                self.value, self.weak, self.text = None, get, words(value)

    def same(self, value: object) -> bool:
        if self.weak is None:
            return value is self.value
        return value is not None and value is self.weak()

    def words(self) -> str:
        return self.text or words(self.value)


def words(value: object) -> str:
    """A short text, without code of the program."""
    return 'no value' if value is NOTHING else text_of(value, Shown(None, TEXT, plain=True))


def reference(owner: object) -> tuple[Callable[[], Any], bool]:
    """How to get at an object, None when it is gone, and whether the program can still free it."""
    try:
        return _weakref.ref(owner), True
    except TypeError:
        return lambda: owner, False


def getter(owner: Any, name: str) -> Read | None:
    """How to read an attribute that an object has itself; None where that cannot be done."""
    own = class_of(owner)
    if issubclass(own, type):
        return lambda kind: namespace(kind).get(name, NOTHING)
    member = lookup(own, name)
    if type(member) is MEMBER:
        return lambda item: slot(member, item)
    if member is not None and lookup(class_of(member), '__set__') is not None:
        return None
    space = lookup(own, '__dict__')
    if not is_in_c(space):
        return None
    space_of, value_of = space.__get__, DICT.get
    return lambda item: value_of(space_of(item), name, NOTHING)


def slot(member: Any, item: Any) -> object:
    try:
        return member.__get__(item)
    except AttributeError:
        return NOTHING


def living_codes(tops: Iterable[CodeType]) -> list[CodeType]:
    """Each once, those in the constants of others too."""
    found: dict[int, CodeType] = {}
    for top in tops:
        if id(top) not in found:
            for code in nested(top):
                found[id(code)] = code
    return list(found.values())
