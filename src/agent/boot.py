"""Loads the agent's modules without leaving one in the target's `sys.modules`.

The agent's code runs with builtins of its own: a copy of the target's at attach time, with an `__import__` that
finds the agent's own modules in the blob, takes what the target has already loaded, and loads everything else as
a private copy. So nothing of ours shows in `sys.modules`, and a program that replaces `builtins.__import__` later
does not disturb us.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

    Codes = dict[str, CodeType]


class Modules:
    """The agent's modules by name, made when first imported."""

    def __init__(self, codes: Codes) -> None:
        import builtins

        self.codes = codes
        self.loaded: dict[str, ModuleType] = {}
        self.builtins = {**vars(builtins), '__import__': self.find}

    def find(self, name: str, _globals: Any = None, _locals: Any = None, _names: Any = (), level: int = 0) -> Any:
        """`__import__` of the agent's code: `from .x import y` is the agent's, all else the standard library's."""
        if level:
            return self.loaded.get(name) or self.load(name)
        return sys.modules.get(name) or self.loaded.get(name) or self.load_private(name)

    def load(self, name: str) -> ModuleType:
        module = type(sys)(name)
        self.loaded[name] = module
        module.__dict__['__builtins__'] = self.builtins
        exec(self.codes[name], module.__dict__)
        return module

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
        """Breaks the reference cycles of the agent's code, so that most of it is freed at once.

        What remains for the program's next garbage collection are the empty classes, each a cycle of its own."""
        for module in self.loaded.values():
            for item in list(vars(module).values()):
                if isinstance(item, type) and item.__module__ in self.codes:
                    strip(item)
        # The private copies too: the names of `_socket` alone are 40 KiB.
        for module in self.loaded.values():
            vars(module).clear()
        self.loaded.clear()
        self.codes.clear()
        self.builtins.clear()


def extension_folders() -> list[str]:
    """Where the standard library keeps its extension modules. On Windows that is `DLLs`; the embeddable package has all
    in one folder."""
    prefix = sys.base_exec_prefix
    if 'nt' in sys.builtin_module_names:
        return [f'{prefix}\\DLLs', prefix]
    # Builds without the GIL have folders of their own, with a `t` at the end.
    version = f'python3.{sys.version_info[1]}{"t" if "t" in sys.abiflags else ""}'
    return [f'{prefix}/{folder}/{version}/lib-dynload' for folder in (sys.platlibdir, 'lib')]


def strip(cls: type) -> None:
    """Takes the functions out of a class: they hold nearly all of its memory."""
    for name, item in list(vars(cls).items()):
        if type(item) in (type(strip), property, staticmethod, classmethod):
            try:
                delattr(cls, name)
            except AttributeError, TypeError:
                pass


def run(codes: Codes, claim: list[Any], place: tuple[str, str, str], token: str, report: Any) -> None:
    """The start of the agent's thread. `place`: see `server.Place`. Nothing escapes. `end` is called last, by
    whichever thread serves then."""
    modules = Modules(codes)

    def end(quiet: bool) -> None:
        if sys.__dict__.get('__pylatch__') is claim:
            del sys.__dict__['__pylatch__']
        if quiet:
            modules.clear()
            report.__globals__.clear()  # the stub's names, which no frame needs any more

    try:
        modules.load('server').serve(modules, claim, place, token, report, end)
    except BaseException as error:
        try:
            report(error)
        except Exception:
            pass  # there is nobody to tell
        end(False)
