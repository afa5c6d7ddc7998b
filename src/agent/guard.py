"""Limits for code of the program that runs because the user looks at it: evaluations and `__repr__`s.

Such code runs as a job on the stopped thread. The agent's thread watches the clock and interrupts a job by an
asynchronous exception; code that waits inside C cannot be interrupted, so its request is answered without it.
"""

import _thread
import sys
import time

from .system import BINARY, NULL_FILE, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

REPR_LIMIT = 0.1
"""Seconds for one `__repr__` written in Python."""
REPRS_LIMIT = 0.4
"""Seconds for all of them in one answer."""


class Interrupted(BaseException):
    """Raised inside a job whose time is up or that was cancelled."""


class NeedsProgram(Exception):
    """Raised where code of the program would have to run and must not."""


class Job:
    """One request that runs on a thread of the program. `ident` is set while code of the program may run."""

    def __init__(self, limit: float) -> None:
        self.lock = _thread.allocate_lock()
        self.ends = time.monotonic() + limit
        self.due = self.ends
        self.reprs = REPRS_LIMIT
        self.ident: int | None = None
        self.cancelled = False
        self.answered = False

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs code of the program until the job's end. Raises what it raises, or `Interrupted`."""
        try:
            try:
                with self.lock:
                    if self.cancelled:
                        raise Interrupted
                    self.ident = _thread.get_ident()
                return function(*arguments)
            finally:
                with self.lock:
                    self.ident = None
        finally:
            # An exception that was set just before the lock was ours comes at the next jump: let it come here.
            settle()

    def repr(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a `__repr__` or the like under the small limits. Raises `Interrupted` when they are used up."""
        start = time.monotonic()
        limit = min(REPR_LIMIT, self.reprs)
        if limit <= 0:
            raise Interrupted
        self.due = min(self.ends, start + limit)
        try:
            return self.call(function, *arguments)
        finally:
            self.due = self.ends
            self.reprs -= time.monotonic() - start

    def cancel(self) -> None:
        """From the agent's thread: nobody waits for the answer any more."""
        self.cancelled = True
        self.interrupt()

    def interrupt(self) -> None:
        """From the agent's thread: makes the code that runs now raise `Interrupted`."""
        if not can_interrupt():
            return
        with self.lock:
            if self.ident is not None:
                raise_in(self.ident, Interrupted)


def settle() -> None:
    """Passes some points at which CPython delivers an asynchronous exception."""
    for _ in range(3):
        pass


class _Python:
    """`PyThreadState_SetAsyncExc` by way of `_ctypes` alone, a private copy; loaded when first needed."""

    function: Callable[[int, object], int] | None = None
    _handle = 0
    """Of the library that has the function; `_ctypes` looks for it under this name."""

    inert: tuple[str, ...] = ()
    """What loading it has left in the process, in words."""


def raise_in(ident: int, exception: type[BaseException]) -> None:
    if _Python.function is not None:
        _Python.function(ident, exception)


def inert() -> tuple[str, ...]:
    return _Python.inert


class StandardStreams:
    """Keeps the numbers 0, 1 and 2 taken meanwhile, where the program has closed them: libffi opens its own file when
    it is loaded, for good, and the program must not take that for its standard input."""

    def __enter__(self) -> None:
        self.held: list[int] = []
        while (fd := native.open(NULL_FILE, native.O_RDONLY | BINARY)) < 3:
            self.held.append(fd)
        native.close(fd)

    def __exit__(self, *_: object) -> None:
        for fd in self.held:
            native.close(fd)


def _load() -> Callable[[int, object], int]:
    loaded = '_ctypes' in sys.modules
    with StandardStreams():
        import _ctypes
    if not loaded:
        descriptor = ', and its one descriptor' if sys.platform == 'linux' else ''
        _Python.inert = (f'the library libffi, loaded to interrupt evaluations{descriptor}',)

    simple: Any = _ctypes._SimpleCData
    prototype: Any = type(
        'SetAsyncExc',
        (_ctypes.CFuncPtr,),
        {
            '_flags_': 1 | 4,  # FUNCFLAG_CDECL | FUNCFLAG_PYTHONAPI: the GIL stays held
            '_restype_': type('c_int', (simple,), {'_type_': 'i'}),
            '_argtypes_': (type('c_ulong', (simple,), {'_type_': 'L'}), type('py_object', (simple,), {'_type_': 'O'})),
        },
    )
    # On Windows a library of its own, elsewhere whatever is loaded.
    _Python._handle = getattr(sys, 'dllhandle', 0) or _ctypes.dlopen(None, 0)
    return prototype(('PyThreadState_SetAsyncExc', _Python))


def can_interrupt() -> bool:
    """False in a Python without `_ctypes`, or whose audit hooks refuse it: then no code of the program is run just to
    show a value."""
    if _Python.function is None:
        try:
            _Python.function = _load()
        except Exception:
            return False
    return True
