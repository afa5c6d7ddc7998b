"""An exception for DAP's exceptionInfo: names, message, the text that Python would print, and what led to it.

Made without the `traceback` module, which would load thirty others into the program. The attributes are read by their
descriptors in C: a subclass may have some of these names as code of its own.
"""

from .classes import class_of, instance_dict, is_in_c, is_one_of, lookup, mro, namespace, type_name
from .guard import Interrupted
from .propagation import entries, traceback_of
from .sources import written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from .guard import Job
    from .link import Json

DEPTH = 10
"""How many exceptions lead to one another, or lie in one another, at most."""
MEMBERS = 15
"""Members of a group that are told; Python prints as many."""
ENTRIES = 200
"""Entries of one traceback that are printed; the middle ones are left out."""
SAME = 3
"""How often an entry is printed that repeats; Python does the same."""
LONGEST = 4000
SIMPLE = (str, int, float, complex, bool, bytes, type(None))
SHOWN = ('errno', 'strerror', 'filename', 'filename2', 'msg', 'message', 'lineno')
"""What the texts of the built-in exceptions are made of, besides `args`."""
SLOT = type(object.__repr__)
CAUSE = 'The above exception was the direct cause of the following exception:'
CONTEXT = 'During handling of the above exception, another exception occurred:'


def get(error: BaseException, name: str) -> Any:
    """An attribute that all exceptions, or those of the type, have from C; None where there is none."""
    for base in mro(type(error)):
        descriptor = namespace(base).get(name)
        if is_in_c(descriptor):
            return descriptor.__get__(error)
    return None


def qualified(error: BaseException) -> str:
    """The name with the module, as the type is found by."""
    kind = class_of(error)
    name = type_name(kind)
    module: Any = type.__dict__['__module__'].__get__(kind)
    return f'{module}.{name}' if module == '__main__' else name


def plain_message(error: BaseException) -> str | None:
    """The text of an exception whose `__str__` is Python's own and calls nothing of the program; None for others."""
    kind = class_of(error)
    maker: Any = lookup(kind, '__str__')
    # The args of a SyntaxError hold a tuple that its text does not show.
    arguments = () if issubclass(kind, SyntaxError) else get(error, 'args')
    parts = [*arguments, *(get(error, name) for name in SHOWN)]
    groups = lookup(kind, 'exceptions') is not None
    if type(maker) is not SLOT or not (groups or all(is_one_of(part, SIMPLE) for part in parts)):
        return None
    return maker(error)[:LONGEST]


class Messages:
    """The texts of exceptions; each is asked for once."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.known: dict[int, tuple[BaseException, str]] = {}
        """By id."""

    def of(self, error: BaseException) -> str:
        known = self.known.get(id(error))
        if known is None:
            known = self.known[id(error)] = (error, self._make(error))
        return known[1]

    def _make(self, error: BaseException) -> str:
        plain = plain_message(error)
        if plain is not None:
            return plain
        try:
            return str.__str__(self.job.repr(str, error))[:LONGEST]
        except Interrupted:
            return '<its str() takes too long>'
        except Exception as failure:
            return f'<its str() raised {type_name(type(failure))}>'


def info(error: BaseException, mode: str, job: Job) -> Json:
    """The body of DAP's exceptionInfo."""
    told = details(error, Messages(job), [])
    body: Json = {'exceptionId': told['fullTypeName'], 'breakMode': mode, 'details': told}
    return body | ({'description': told['message']} if told['message'] else {})


def details(error: BaseException, messages: Messages, path: list[BaseException]) -> Json:
    """DAP's ExceptionDetails. `path`: the exceptions that led here; one that leads to itself is told once."""
    path = [*path, error]
    told: Json = {
        'message': messages.of(error),
        'typeName': type.__dict__['__name__'].__get__(class_of(error)),
        'fullTypeName': qualified(error),
        'stackTrace': Report(messages).text(error),
    }
    inner = [origin(error)[0], *members(error)[:MEMBERS]]
    new = [other for other in inner if other is not None and not any(other is known for known in path)]
    if new and len(path) <= DEPTH:
        told['innerException'] = [details(other, messages, path) for other in new]
    return told


def origin(error: BaseException) -> tuple[BaseException | None, str]:
    """What led to an exception, and Python's words for it."""
    cause, context = get(error, '__cause__'), get(error, '__context__')
    if cause is not None:
        return cause, CAUSE
    return (None, '') if get(error, '__suppress_context__') else (context, CONTEXT)


def members(error: BaseException) -> list[BaseException]:
    """Of a group."""
    found = get(error, 'exceptions')
    return list(found) if is_one_of(found, (tuple, list)) else []


class Report:
    """The text that Python prints for an exception that nobody catches, without the marks under the lines and the
    guesses which name was meant."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self.seen: list[BaseException] = []
        self.lines: list[str] = []
        self.files: dict[str, list[str]] = {}
        self.depth = 0
        """Of the group whose members are being written."""
        self.open = False
        """Whether the line below the last member is still to come."""

    def text(self, error: BaseException) -> str:
        self.write(error)
        return '\n'.join(self.lines)

    def emit(self, text: str, margin: str = '|') -> None:
        start = '  ' * self.depth + (margin + ' ' if self.depth else '')
        self.lines += [start + line for line in text.split('\n')]

    def write(self, error: BaseException) -> None:
        """An exception with what led to it, oldest first."""
        chain = [(error, '')]
        self.seen.append(error)
        while len(chain) < DEPTH:
            before, words = origin(chain[-1][0])
            if before is None or any(before is other for other in self.seen):
                break
            self.seen.append(before)
            chain[-1] = (chain[-1][0], words)
            chain.append((before, ''))
        for item, words in reversed(chain):
            if words:
                self.emit(f'\n{words}\n')
            self.one(item)

    def one(self, error: BaseException) -> None:
        group = members(error)
        outermost = bool(group) and self.depth == 0
        self.depth += outermost
        trace = traceback_of(error)
        if trace is not None:
            title = 'Exception Group Traceback' if group else 'Traceback'
            self.emit(f'{title} (most recent call last):', '+' if outermost else '|')
            self.entries(trace)
        self.last_lines(error)
        if group and self.depth <= DEPTH:
            self.members(group)
        self.depth -= outermost

    def last_lines(self, error: BaseException) -> None:
        """Where the text cannot be compiled, type and message, notes."""
        told = self.messages.of(error)
        if issubclass(type(error), SyntaxError):
            file, line, text = (get(error, name) for name in ('filename', 'lineno', 'text'))
            told = get(error, 'msg') or told
            if is_one_of(line, (int,)) and is_one_of(file, (str, type(None))):
                self.emit(f'  File "{file or "<string>"}", line {line}')
                if is_one_of(text, (str,)) and text.strip():
                    self.emit(f'    {text.strip()}')
        name = qualified(error).removeprefix('__main__.')
        self.emit(f'{name}: {told}' if told else name)
        for note in notes(error):
            self.emit(note)

    def members(self, group: list[BaseException]) -> None:
        shown = group[:MEMBERS]
        titles = [str(number) for number in range(1, len(shown) + 1)] + ['...'] * (len(group) > MEMBERS)
        for index, title in enumerate(titles):
            last = title == titles[-1]
            self.open = last  # a group within this one may write the line below both
            self.lines.append(
                '  ' * self.depth + ('  ' if index else '+-') + f'+---------------- {title} ----------------'
            )
            self.depth += 1
            if index < len(shown):
                self.write(shown[index])
            else:
                more = len(group) - MEMBERS
                self.emit(f'and {more} more exception{"s" if more > 1 else ""}')
            if last and self.open:
                self.lines.append('  ' * self.depth + '+------------------------------------')
                self.open = False
            self.depth -= 1

    def entries(self, trace: TracebackType) -> None:
        rows = [(e.tb_frame.f_code.co_filename, e.tb_lineno, e.tb_frame.f_code.co_name) for e in entries(trace)]
        left_out = max(0, len(rows) - ENTRIES)
        rows[ENTRIES // 2 : ENTRIES // 2 + left_out] = []
        same = 0
        for index, row in enumerate(rows):
            if index and row != rows[index - 1]:
                self.repeated(same)
                same = 0
            same += 1
            if left_out and index == ENTRIES // 2:
                self.emit(f'  [{left_out} entries left out]')
            if same <= SAME:
                self.entry(*row)
        self.repeated(same)

    def repeated(self, times: int) -> None:
        more = times - SAME
        if more > 0:
            self.emit(f'  [Previous line repeated {more} more time{"s" if more > 1 else ""}]')

    def entry(self, file: str, line: int | None, name: str) -> None:
        self.emit(f'  File "{file}", line {line}, in {name}')
        text = self.source(file, line)
        if text:
            self.emit(f'    {text}')

    def source(self, file: str, line: int | None) -> str:
        """A line of a file, as far as it can be had without code of the program."""
        lines = self.files.get(file)
        if lines is None:
            lines = self.files[file] = (written(file) or '').split('\n')
        return lines[line - 1].strip() if line and line <= len(lines) else ''


def notes(error: BaseException) -> list[str]:
    found: Any = instance_dict(error).get('__notes__')
    if not is_one_of(found, (list,)):
        return []
    return [str.__str__(note) for note in found if issubclass(class_of(note), str)]
