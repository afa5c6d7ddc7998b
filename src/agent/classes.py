"""Looking at classes and namespaces by the functions of `type` and `dict` in C alone.

A metaclass may redefine attribute access, `==` and `hash` of its classes, `__class__` may be a property, and a class
body may run in a mapping of the program's: none of that code may run because somebody looks.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

DICT: type[dict[Any, Any]] = dict
FUNCTION = type(lambda: None)
PROXY: type[Any] = type((lambda: sys._getframe().f_locals)())
"""The locals of a function's frame (PEP 667)."""


def class_of(value: object) -> type[Any]:
    """`type(value)`, whatever is known of the value's type."""
    return type(value)


def mro(kind: type[Any]) -> tuple[type[Any], ...]:
    return type.__dict__['__mro__'].__get__(kind)


def namespace(kind: type[Any]) -> Any:
    """A class's own `__dict__`, read-only."""
    return type.__dict__['__dict__'].__get__(kind)


def lookup(kind: type[Any], name: str) -> Any:
    """A class attribute by the MRO, without descriptors or `__getattr__`; None where there is none."""
    for base in mro(kind):
        found = namespace(base).get(name)
        if found is not None:
            return found
    return None


MEMBER = class_of(lookup(FUNCTION, '__globals__'))
GETSET = class_of(lookup(FUNCTION, '__code__'))
MODULE_DICT = lookup(class_of(sys), '__dict__')


def among(kind: type[Any], kinds: Container[type[Any]]) -> bool:
    """Whether a class is one of some built-in ones, whose metaclass is `type`: it compares and hashes by identity."""
    return type(kind) is type and kind in kinds


def is_one_of(value: object, kinds: Container[type[Any]]) -> bool:
    """Whether a value is exactly of one of some built-in classes."""
    return among(type(value), kinds)


def is_in_c(descriptor: object) -> bool:
    """Whether to read the attribute behind a descriptor runs no code of the program."""
    return is_one_of(descriptor, (GETSET, MEMBER))


def type_name(kind: type[Any]) -> str:
    """`module.Qualified.name`, the module left out for builtins."""
    name: str = type.__dict__['__qualname__'].__get__(kind)
    module: object = namespace(kind).get('__module__')
    return name if type(module) is not str or module in ('builtins', '__main__') else f'{module}.{name}'


def module_of(kind: type[Any]) -> str:
    """The name of the module of a class, also of one made in C; '' where the program has put something else."""
    module: object = type.__dict__['__module__'].__get__(kind)
    return module if type(module) is str else ''


def listable(space: object) -> bool:
    return type(space) is PROXY or issubclass(type(space), DICT)


def pairs(space: Any) -> list[tuple[str, Any]]:
    """The names of a namespace and their values. None are listed of a mapping that is code of the program."""
    if not listable(space):
        return []
    found = list(space.items() if type(space) is PROXY else DICT.items(space))
    return [(str.__str__(name), value) for name, value in found if issubclass(type(name), str)]


def instance_dict(value: Any) -> dict[str, Any]:
    """An object's `__dict__`, by the descriptor in C and not by an attribute that a program may have redefined."""
    if issubclass(type(value), type):
        return dict(pairs(dict(namespace(value))))
    kind = class_of(value)
    descriptor = lookup(kind, '__dict__')
    if not is_in_c(descriptor):
        return {}
    try:
        return dict(pairs(descriptor.__get__(value)))
    except AttributeError:
        return {}
