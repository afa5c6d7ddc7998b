"""The text of a source file as the program sees it."""

import posix
import sys

from .errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 8 << 20


def source(path: str) -> str:
    """From the disk, else from `linecache` (code that was made at run time), else from a loader (zip files)."""
    for find in (from_disk, from_linecache, from_loader):
        text = find(path)
        if text is not None:
            return text
    raise Refusal('source-unavailable', f'The program has no source text for {path}.')


def from_disk(path: str) -> str | None:
    try:
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError, ValueError:
        return None
    try:
        data = posix.read(fd, MOST)
    except OSError:
        return None
    finally:
        posix.close(fd)
    return data.decode('utf-8', 'replace')


def from_linecache(path: str) -> str | None:
    cache: dict[str, tuple[Any, ...]] = getattr(sys.modules.get('linecache'), 'cache', {})
    entry = cache.get(path)
    return ''.join(entry[2]) if type(entry) is tuple and len(entry) == 4 else None


def from_loader(path: str) -> str | None:
    for name, module in list(sys.modules.items()):
        if type(module) is type(sys) and vars(module).get('__file__') == path:
            loader: Any = vars(module).get('__loader__')
            try:
                return loader.get_source(name)
            except Exception:
                return None
    return None
