"""The text of a source file as the program sees it."""

import sys

from .errors import Refusal
from .system import BINARY, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .guard import Job

MOST = 8 << 20
FILE_TYPE, REGULAR = 0o170000, 0o100000  # S_IFMT, S_IFREG


def written(path: str) -> str | None:
    """From the disk, else from `linecache` (code that was made at run time)."""
    text = from_disk(path)
    return from_linecache(path) if text is None else text


def loaded(path: str, job: Job) -> str:
    """From a module's loader (zip files), which may be code of the program."""
    text = from_loader(path, job)
    if text is None:
        raise Refusal('source-unavailable', f'The program has no source text for {path}.')
    return text


def from_disk(path: str) -> str | None:
    try:
        # A script may come from a pipe or a terminal, which is the program's to read.
        if native.stat(path).st_mode & FILE_TYPE != REGULAR:
            return None
        fd = native.open(path, native.O_RDONLY | BINARY)
    except OSError, ValueError:
        return None
    try:
        data = native.read(fd, MOST)
    except OSError:
        return None
    finally:
        native.close(fd)
    return data.decode('utf-8', 'replace')


def from_linecache(path: str) -> str | None:
    cache: dict[str, tuple[Any, ...]] = getattr(sys.modules.get('linecache'), 'cache', {})
    entry = cache.get(path)
    return ''.join(entry[2]) if type(entry) is tuple and len(entry) == 4 else None


def get_source(loader: Any, name: str) -> object:
    return loader.get_source(name)


def from_loader(path: str, job: Job) -> str | None:
    for name, module in list(sys.modules.items()):
        if type(module) is type(sys) and vars(module).get('__file__') == path:
            loader: Any = vars(module).get('__loader__')
            try:
                text = job.call(get_source, loader, name)
            except Exception:
                return None
            return text if type(text) is str else None
    return None
