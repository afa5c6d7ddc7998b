"""The names of files as the program's system writes them."""

import sys

from .system import WINDOWS, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SEPARATOR = '\\' if WINDOWS else '/'

if WINDOWS:

    def is_absolute(path: str) -> bool:
        return path[1:3] in (':\\', ':/') or path[:2] == '\\\\'

    def comparable(path: str) -> str:
        """Capital letters make no difference, nor which way the bars lean."""
        return path.replace('/', SEPARATOR).lower()

    def library_folders() -> Iterator[str]:
        for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
            yield comparable(f'{prefix}\\Lib\\')

else:

    def is_absolute(path: str) -> bool:
        return path[:1] == SEPARATOR

    def comparable(path: str) -> str:
        return path

    def library_folders() -> Iterator[str]:
        """The folders of the standard library, from the interpreter and not from `sys.path`, which programs change."""
        version = f'python3.{sys.version_info[1]}{"t" if "t" in sys.abiflags else ""}'
        # An interpreter that runs where it was built says it only here.
        stdlib = getattr(sys, '_stdlib_dir', None)
        if type(stdlib) is str:
            yield f'{stdlib}/'
        for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
            for folder in {sys.platlibdir, 'lib'}:
                yield f'{prefix}/{folder}/{version}/'
                yield f'{prefix}/{folder}/python3{sys.version_info[1]}.zip/'


PACKAGES = (f'{SEPARATOR}site-packages{SEPARATOR}', f'{SEPARATOR}dist-packages{SEPARATOR}')


def base_name(path: str) -> str:
    """The last part; the path itself where that is empty."""
    return path[max(path.rfind('/'), path.rfind(SEPARATOR)) + 1 :] or path


def absolute(path: str) -> str:
    """Below the program's working directory; the path itself where that was deleted."""
    try:
        return native._path_normpath(f'{native.getcwd()}{SEPARATOR}{path}')
    except OSError:
        return path
