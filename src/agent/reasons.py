"""Why a breakpoint is not set, and what is to be said about one that is: in users' words."""

import sys
import time

from .lines import is_function
from .sources import written
from .system import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lines import Lines

LONG = 1 << 20
"""Characters of a text that is not looked at for differences: it would take too long."""
ROUNDING = 0.1
"""Seconds: how exactly the system tells when a process was started, amply."""


def not_loaded(path: str, others: list[str]) -> str:
    """No code of a file is there. `others`: files of the same name that the program runs."""
    if others:
        first = others[0]
        return (
            f'The program runs another file of that name: {first}. If that is the same code, set "pathMappings" from '
            f'the folder of your file to the folder of that one.'
        )
    if not exists(path):
        return f'The program sees no file {path}: check the path, or set "pathMappings".'
    if is_module(path):
        return 'The code of this file has run, and none of it is left: it defines no function that still exists.'
    return 'The program has not loaded this file yet; the breakpoint is set as soon as it does.'


def not_on_a_line(path: str, line: int) -> str:
    """The file is loaded, but no code of it has the line."""
    text = written(path)
    lines = text.splitlines() if text else []
    if lines and line > len(lines):
        return f'The file ends at line {len(lines)}.'
    words = lines[line - 1].strip() if lines else ''
    if lines and (not words or words[0] == '#'):
        return 'There is no statement on this line, nor one below it in the same function.'
    if sys.flags.optimize and words.startswith(('assert ', 'assert(', 'if __debug__')):
        return 'Python was started with -O, which leaves this statement out.'
    return (
        'No code that is still loaded has this line: it belongs to module-level code that has already run, or to a '
        'function that no longer exists. It will be set if that code is loaded again.'
    )


def difference(path: str, names: Iterable[str], alive: list[Lines], loaded: float) -> str:
    """What to say where a file is not, or may not be, what the program loaded; '' where nothing speaks for it.
    `loaded`: when, if that is known."""
    text = written(path)
    if text is None or len(text) > LONG:
        return ''
    lines = text.splitlines()
    for item in alive:
        if not begins_there(item, lines):
            name, line = item.code.co_qualname, item.code.co_firstlineno
            return f'The file differs from what the program has loaded: {name} is not on line {line} of it.'
    if any(changed_since(name, loaded or start_of_process()) for name in names):
        return 'The file was changed after the program started: what runs may differ from what you see.'
    return ''


def begins_there(item: Lines, lines: list[str]) -> bool:
    """Whether the text has a function of that name, or a decorator, where the code says. Other code proves nothing."""
    code = item.code
    if not is_function(code) or code.co_name[:1] == '<':
        return True
    if code.co_firstlineno > len(lines):
        return False
    words = lines[code.co_firstlineno - 1].split()
    if not words or words[0][:1] == '@':
        return bool(words)
    # `async def name(`, `def name[T](`; a name with two underscores is mangled in the code's, not in the text's.
    return 'def' not in words or any(word.startswith(code.co_name) for word in words)


def changed_since(path: str, moment: float) -> bool:
    try:
        return bool(moment) and native.stat(path).st_mtime > moment + ROUNDING
    except OSError, ValueError:
        return False


def start_of_process() -> float:
    """In seconds since the epoch; 0 where the system does not tell."""
    try:
        ticks = int(read('/proc/self/stat').rpartition(b')')[2].split()[19])
        uptime = float(read('/proc/uptime').split()[0])
        return time.time() - uptime + ticks / native.sysconf('SC_CLK_TCK')
    except Exception:
        return 0.0


def read(path: str) -> bytes:
    fd = native.open(path, native.O_RDONLY)
    try:
        return native.read(fd, 4096)
    finally:
        native.close(fd)


def exists(path: str) -> bool:
    try:
        native.stat(path)
    except OSError, ValueError:
        return False
    return True


def is_module(path: str) -> bool:
    """Whether a loaded module names the file."""
    modules = [vars(module) for module in list(sys.modules.values()) if type(module) is type(sys)]
    return any(names.get('__file__') == path for names in modules)
