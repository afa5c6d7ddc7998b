"""Loads the agent's modules without leaving one in the target's `sys.modules`.

The agent's code runs with builtins of its own: a copy of the target's at attach time, with an `__import__` that
finds the agent's own modules in the blob, takes what the target has already loaded, and loads everything else as
a private copy. So nothing of ours shows in `sys.modules`, and a program that replaces `builtins.__import__` later
does not disturb us.
"""

import marshal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, ModuleType
    from typing import Any

    Place = tuple[int, int]
    """Where a module is in the blob: from and to so many bytes before its end (see `compile_agent.py`)."""
    Codes = dict[str, CodeType | Place]
    """The modules that are not loaded yet."""


class Modules:
    """The agent's modules by name, made when first imported."""

    def __init__(self, codes: Codes, blob: int | bytes) -> None:
        import builtins

        self.codes = codes
        self.blob = blob
        """The descriptor of its file, -1 for none, or all of it."""
        self.loaded: dict[str, ModuleType] = {}
        self.builtins = {**vars(builtins), '__import__': self.find, '__build_class__': build_class}

    def find(self, name: str, _globals: Any = None, _locals: Any = None, _names: Any = (), level: int = 0) -> Any:
        """`__import__` of the agent's code: `from .x import y` is the agent's, all else the standard library's."""
        if level:
            return self.loaded.get(name) or self.load(name)
        return sys.modules.get(name) or self.loaded.get(name) or self.load_private(name)

    def load(self, name: str) -> ModuleType:
        module = type(sys)(name)
        self.loaded[name] = module
        module.__dict__['__builtins__'] = self.builtins
        exec(self.code(name), module.__dict__)
        return module

    def code(self, name: str) -> CodeType:
        item = self.codes.pop(name)
        return marshal.loads(self.part(item)) if isinstance(item, tuple) else item

    def part(self, place: Place) -> bytes:
        """A piece of the blob. Small reads: a large block, which glibc keeps for the next one of its size, would cost
        the program more than the code."""
        first, last = place
        if isinstance(self.blob, bytes):
            return self.blob[len(self.blob) - first : len(self.blob) - last]
        posix = self.find('posix')
        return posix.pread(self.blob, first - last, posix.fstat(self.blob).st_size - first)

    def settle(self, high: Callable[[int], int]) -> None:
        """The core is loaded: the file stays open for the rest, under a number that is not in the program's way."""
        if isinstance(self.blob, int) and self.blob >= 0:
            self.blob = high(self.blob)

    def close(self) -> None:
        if isinstance(self.blob, int) and self.blob >= 0:
            self.find('posix').close(self.blob)
            self.blob = -1

    def load_private(self, name: str) -> ModuleType:
        """A copy of a standard extension module that the program itself has not loaded.

        All that the agent uses are multi-phase modules (PEP 489), which may exist several times.
        """
        import _frozen_importlib

        spec = _frozen_importlib.BuiltinImporter.find_spec(name)
        if spec is None:
            import _frozen_importlib_external

            spec = _frozen_importlib_external.PathFinder.find_spec(name, extension_folders())
        if spec is None or spec.loader is None:
            raise ImportError(f'the standard module {name} is missing in this Python')
        module = _frozen_importlib.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.loaded[name] = module
        return module

    def clear(self) -> None:
        """Breaks the reference cycles of the agent's code, so that it is freed at once: in a program that never
        collects garbage, each session would leave its classes."""
        referents = self.find('gc').get_referents
        Passing.over = True
        for module in self.loaded.values():
            for item in list(vars(module).values()):
                if type(item) is Passing:
                    item.__bases__ = item.__bases__  # asks `mro` again
                    empty(item, referents)
        # The private copies too: the names of `_socket` alone are 40 KiB.
        for module in self.loaded.values():
            vars(module).clear()
        self.loaded.clear()
        self.codes.clear()
        self.builtins.clear()
        # These two stay for the next collection, without their functions.
        for item in (Modules, Passing):
            empty(item, referents)


def extension_folders() -> list[str]:
    """Where the standard library keeps its extension modules. On Windows that is `DLLs`; the embeddable package has all
    in one folder."""
    prefix = sys.base_exec_prefix
    if 'nt' in sys.builtin_module_names:
        return [f'{prefix}\\DLLs', prefix]
    # Builds without the GIL have folders of their own, with a `t` at the end.
    version = f'python3.{sys.version_info[1]}{"t" if "t" in sys.abiflags else ""}'
    return [f'{prefix}/{folder}/{version}/lib-dynload' for folder in (sys.platlibdir, 'lib')]


class Passing(type):
    """The type of the agent's classes. A class is part of its own `__mro__`, a cycle that only a garbage collection
    breaks; of a class that nobody uses any more, it can be cut."""

    over = False

    def mro(cls) -> list[type]:
        return [object] if Passing.over else type.mro(cls)


def build_class(body: Any, name: str, *bases: type) -> type:
    """`__build_class__` of the agent's code."""
    import builtins

    return builtins.__build_class__(body, name, *bases, metaclass=Passing)


def empty(cls: type, referents: Callable[[object], list[Any]]) -> None:
    """Takes everything out of a class, its descriptors for `__dict__` and `__weakref__` too, which refer to it."""
    referents(vars(cls))[0].clear()


def run(codes: dict[str, Any], claim: list[Any], place: tuple[str, str, str], token: str, report: Any) -> None:
    """The start of the agent's thread. `place`: see `server.Place`. Nothing escapes. `end` is called last, by
    whichever thread serves then."""
    modules = Modules(codes, codes.pop('', -1))

    def end(quiet: bool) -> None:
        if sys.__dict__.get('__pylatch__') is claim:
            del sys.__dict__['__pylatch__']
        if quiet:
            modules.clear()
            # The names of the stub and of this file, which no frame needs any more.
            report.__globals__.clear()
            globals().clear()

    try:
        modules.load('server').serve(modules, claim, place, token, report, end)
    except BaseException as error:
        try:
            report(error)
        except Exception:
            pass  # there is nobody to tell
        end(False)
