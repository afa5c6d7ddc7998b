"""What the user points at to watch it: a row of the variables view, or an expression."""

import sys

from .classes import DICT, MODULE_DICT, PROXY, class_of, is_one_of, type_name
from .errors import Refusal
from .evaluate import NAME, Unwarned
from .variables import KEYS, LIST, TUPLE, Group, Scope, Value, container, key_name
from .watched import Attribute, Item, Local, Name, getter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .variables import Node
    from .watched import Thing


def of_row(node: Node, name: str) -> Thing:
    """What a row of the variables view shows."""
    if isinstance(node, Group):
        node = node.owner
    if isinstance(node, Scope) and node.frame is not None:
        return of_space(node.space, node.frame, name)
    if not isinstance(node, Value):
        raise Refusal('cannot-watch', f'{name} is computed, and has no place of its own.')
    prefix = node.expression
    if node.base is DICT:
        for key in list(DICT.__iter__(node.value)):
            if key_name(key) == name:
                return of_item(f'{prefix}[{name}]', node.value, key)
    if name[:1] == '[':
        return of_item(f'{prefix}{name}', node.value, int(name[1:-1]))
    return of_attribute(f'{prefix}.{name}' if prefix else name, node.value, name)


def of_space(space: Any, frame: FrameType, name: str) -> Thing:
    if type(space) is PROXY:
        return of_variable(frame, name)
    if not issubclass(type(space), DICT):
        raise Refusal('cannot-watch', f'{name} is kept in a mapping of the program’s own.')
    return Name(name, space)


def of_variable(frame: FrameType, name: str) -> Thing:
    """What a name means in a frame."""
    code = frame.f_code
    local = frame.f_locals
    if type(local) is PROXY and name in code.co_varnames + code.co_cellvars + code.co_freevars:
        return Local(name, frame)
    for space in (local, frame.f_globals):
        if type(space) is not PROXY and issubclass(type(space), DICT) and DICT.__contains__(space, name):
            return Name(name, space)
    raise Refusal('cannot-watch', f'There is no variable {name} here.')


def of_attribute(text: str, owner: Any, name: str) -> Thing:
    if type(owner) is type(sys):
        return Name(name, MODULE_DICT.__get__(owner))
    get = getter(owner, name)
    if get is None:
        raise Refusal(
            'cannot-watch', f'{text} is computed by code in {type_name(class_of(owner))}: watch what that reads.'
        )
    return Attribute(text, owner, name, get)


def of_item(text: str, owner: Any, key: Any) -> Thing:
    base = container(class_of(owner))
    if base is None or base in (set, frozenset, TUPLE):
        raise Refusal('cannot-watch', f'Items of a {type_name(class_of(owner))} cannot be watched, or never change.')
    if base is DICT:
        if not is_one_of(key, KEYS):
            raise Refusal('cannot-watch', 'To look this key up runs code of the program: watch an attribute instead.')
    elif type(key) is not int:
        raise Refusal('cannot-watch', 'Only single items can be watched.')
    elif key < 0:
        key += LIST.__len__(owner) if base is LIST else base.__len__(owner)
    return Item(text, owner, key, base)


def split(text: str) -> tuple[str, str, bool]:
    """An expression as what has the value, the attribute's name or the item's key, and whether it is an item. The first
    is '' for a variable. Raises `Refusal` for what is no place of a value."""
    # Only what has one place can be added to.
    if not compiles(text, 'eval') or not compiles(f'{text} += 0', 'exec'):
        raise Refusal('cannot-watch', f'{text} is no variable, attribute or item.')
    if text.isidentifier():
        return '', text, False
    if text[-1:] != ']':
        owner, _, name = text.rpartition('.')
        return owner, name.strip(), False
    opening = (index for index, letter in enumerate(text) if letter == '[' and index)
    at = next(i for i in opening if compiles(text[:i], 'eval') and compiles(text[i + 1 : -1], 'eval'))
    return text[:at], text[at + 1 : -1], True


def compiles(text: str, mode: str) -> bool:
    try:
        with Unwarned():
            compile(text, NAME, mode, dont_inherit=True)
    except SyntaxError, ValueError:
        return False
    return True
