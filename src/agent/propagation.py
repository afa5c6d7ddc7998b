"""Where an exception comes from and where it goes, told by the frames and its traceback alone.

Nothing is remembered of an exception: what a filter has seen of it already, its traceback tells. That has an entry for
each frame that it has left or that has handled it, also where another thread raised it.
"""

import _thread
import sys

from .classes import DICT, class_of, is_one_of, lookup, namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    IsUsers = Callable[[FrameType], bool]

traceback_of: Callable[[BaseException], TracebackType | None] = lookup(BaseException, '__traceback__').__get__
"""A subclass may have an attribute of this name of its own."""

GENERATOR = 0x20  # CO_GENERATOR
SUSPENDABLE = 0x2A0  # CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
PASSING = ('contextlib', 'functools', 'importlib')
"""Modules of the standard library that call code of the user for code of the user, and hand every exception on."""
IMPORTING = '<frozen importlib'
RUNNERS = {
    'threading': ('run', '_bootstrap_inner', '_bootstrap'),
    'runpy': ('_run_code', '_run_module_as_main'),
}
"""The functions at the end of a stack that catch nothing, or just tell of what nobody has caught, by module."""


def entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    """Outermost first."""
    while trace is not None:
        yield trace
        trace = trace.tb_next


def module_name(frame: FrameType) -> str:
    name = DICT.get(frame.f_globals, '__name__')
    return name if type(name) is str else ''


# -- whose code it leaves


def receiver(frame: FrameType) -> FrameType | None:
    """The frame that an exception comes to next, those apart that only pass it on; None: code in C, or none."""
    back = frame.f_back
    while back is not None and (back.f_code.co_filename.startswith(IMPORTING) or module_name(back) in PASSING):
        back = back.f_back
    return back


def leaves(frame: FrameType, is_users: IsUsers) -> bool:
    """Whether an exception that leaves a frame leaves the user's code."""
    if not is_users(frame):
        return False
    to = receiver(frame)
    return to is None or not is_users(to)


def has_left(trace: TracebackType | None, is_users: IsUsers) -> bool:
    """Whether an exception has left the user's code before it came to the frame of the outermost entry."""
    outer = trace
    for entry in entries(trace.tb_next if trace is not None else None):
        frame = entry.tb_frame
        if frame.f_code.co_flags & SUSPENDABLE:
            # A generator that has ended does not know its caller any more; who awaited a task was judged then.
            if frame.f_code.co_flags & GENERATOR and is_users(frame) and outer and not is_users(outer.tb_frame):
                return True
        elif leaves(frame, is_users):
            return True
        outer = entry
    return False


# -- whether anybody is left to catch it


def is_runner(frame: FrameType) -> bool:
    return frame.f_code.co_name in RUNNERS.get(module_name(frame), ())


def ends_thread(frame: FrameType, trace: TracebackType | None) -> bool:
    """Whether an exception that leaves a frame is certain to end its thread; told once for each, as early as that is
    certain. Code in C that runs a function, as at exit, may handle what it raises."""
    back = frame.f_back
    while back is not None and is_runner(back):
        back = back.f_back
    if back is not None or (is_runner(frame) and trace is not None and trace.tb_next is not None):
        return False
    if frame.f_back is not None or frame.f_code.co_name == '<module>':
        return True
    return not in_main_thread()


def in_main_thread() -> bool:
    return _thread.get_ident() == main_ident()


main_ident: Callable[[], int] = _thread.__dict__['_get_main_thread_ident']
"""Not known to the type checker."""


# -- tasks


def is_awaited(frame: FrameType) -> bool:
    """Whether a frame is the coroutine of an asyncio task whose outcome somebody takes."""
    module = sys.modules.get('_asyncio')
    if module is None or not frame.f_code.co_flags & SUSPENDABLE:
        return False
    try:
        task: Any = module.current_task()
    except RuntimeError:
        return False  # no loop runs in this thread
    if not issubclass(class_of(task), module.Task):
        return False
    coroutine = module.Task.get_coro(task)
    if type(coroutine) is not COROUTINE or coroutine.cr_frame is not frame:
        return False
    # A task that is started eagerly, by who makes it, runs before anybody can have asked for it.
    eager = frame.f_back is not None and frame.f_back.f_code.co_name in MAKERS
    return eager or is_asked_for(task, namespace(module.Future))


def is_asked_for(task: Any, members: Any) -> bool:
    """Whether another task awaits a task, or a callback of it is more than the method of a container, by which
    programs drop the references to tasks that have ended."""
    if members['_asyncio_awaited_by'].__get__(task):
        return True
    callbacks: list[tuple[Any, object]] = members['_callbacks'].__get__(task) or []
    return not all(is_one_of(item, (BUILTIN,)) and is_one_of(item.__self__, CONTAINERS) for item, _ in callbacks)


async def _coroutine() -> None:
    return


def _type_of_coroutine() -> type[Any]:
    item = _coroutine()
    item.close()
    return type(item)


COROUTINE = _type_of_coroutine()
BUILTIN: type[Any] = type(len)
CONTAINERS = (set, list, dict)
MAKERS = ('create_task', 'factory')
"""Functions of asyncio that make tasks."""


# -- who asks whether there is an attribute

OPTIONAL = {2: 'hasattr', 3: 'getattr'}
"""By the number of their arguments: calls to which an AttributeError is an answer."""
LOOKUPS = ('__getattr__', '__getattribute__', '__get__')
MOST_CALLS = 1000
CACHE = 0


def opcodes(code: CodeType) -> list[int]:
    """The numbers of the instructions, which differ between versions."""
    return [number for number in code.co_code[::2] if number != CACHE]


LOAD_NAME = opcodes(compile('f()', '<pylatch>/sample', 'eval'))[1]
_, LOAD_GLOBAL, CALL, *_ = opcodes((lambda: f()).__code__)  # type: ignore[name-defined]  # noqa: F821


class Questions:
    """Finds the calls of `hasattr(...)` and `getattr(..., default)` among the instructions; each is looked at once."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], tuple[CodeType, bool]] = {}
        """By id(code) and offset; the code object is kept so that the id stays its own."""

    def asks(self, frame: FrameType) -> bool:
        """Whether an AttributeError that a frame raises is an answer to its caller."""
        caller = frame.f_back
        while caller is not None:
            if self.is_question(caller):
                return True
            caller = caller.f_back if caller.f_code.co_name in LOOKUPS else None
        return False

    def is_question(self, frame: FrameType) -> bool:
        """Whether a frame is just calling one of them."""
        code, at = frame.f_code, frame.f_lasti
        known = self.known.get((id(code), at))
        if known is None:
            if len(self.known) >= MOST_CALLS:
                self.known.clear()
            known = self.known[id(code), at] = (code, calls_optional(code, at))
        return known[1]


def calls_optional(code: CodeType, at: int) -> bool:
    """Whether the instruction at an offset calls `hasattr` with two arguments or `getattr` with three: the callee was
    loaded where the call begins in the source."""
    text = code.co_code
    name = OPTIONAL.get(text[at + 1])
    if text[at] != CALL or name is None or name not in code.co_names:
        return False
    spans = list(code.co_positions())
    index = code.co_names.index(name)
    for before in range(at - 2, -1, -2):
        if spans[before // 2][::2] != spans[at // 2][::2]:
            continue
        if text[before] == CALL:
            return False  # the result of a call is called
        if text[before] in (LOAD_GLOBAL, LOAD_NAME):
            # An index above 127 has its higher bits in an instruction of its own; the position tells enough.
            shown = text[before + 1] >> 1 if text[before] == LOAD_GLOBAL else text[before + 1]
            return shown == index & (0x7F if text[before] == LOAD_GLOBAL else 0xFF)
    return False
