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
MEMBERS = 20
"""Members of a group that are told."""
ENTRIES = 200
"""Entries of one traceback that are printed; the middle ones are left out."""
SAME = 3
"""How often an entry is printed that repeats; Python does the same."""
LONGEST = 4000
SIMPLE = (str, int, float, complex, bool, bytes, type(None))
SHOWN = ('errno', 'strerror', 'filename', 'filename2', 'msg', 'message')
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
    parts = [*get(error, 'args'), *(get(error, name) for name in SHOWN)]
    groups = lookup(kind, 'exceptions') is not None
    if type(maker) is not SLOT or not (groups or all(is_one_of(part, SIMPLE) for part in parts)):
        return None
    return maker(error)[:LONGEST]


def message(error: BaseException, job: Job) -> str:
    plain = plain_message(error)
    if plain is not None:
        return plain
    try:
        return str.__str__(job.repr(str, error))[:LONGEST]
    except Interrupted:
        return '<its str() takes too long>'
    except Exception as failure:
        return f'<its str() raised {type_name(type(failure))}>'


def info(error: BaseException, mode: str, job: Job) -> Json:
    """The body of DAP's exceptionInfo."""
    details = Details(job)
    told = details.of(error, 0)
    body: Json = {'exceptionId': told['fullTypeName'], 'breakMode': mode, 'details': told}
    return body | ({'description': told['message']} if told['message'] else {})


class Details:
    """Makes DAP's ExceptionDetails. An exception that leads to itself is told once."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.path: list[BaseException] = []

    def of(self, error: BaseException, depth: int) -> Json:
        self.path.append(error)
        kind = class_of(error)
        told: Json = {
            'message': message(error, self.job),
            'typeName': type.__dict__['__name__'].__get__(kind),
            'fullTypeName': qualified(error),
            'stackTrace': Report(self.job).text(error),
        }
        inner = [other for other in [origin(error)[0], *members(error)[:MEMBERS]] if other is not None]
        if depth < DEPTH:
            told['innerException'] = [self.of(other, depth + 1) for other in inner if not self.told(other)]
        if not told.get('innerException'):
            told.pop('innerException', None)
        self.path.pop()
        return told

    def told(self, error: BaseException) -> bool:
        return any(other is error for other in self.path)


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
    """The text that Python prints for an exception that nobody catches, without the marks under the lines."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.seen: list[BaseException] = []
        self.lines: list[str] = []
        self.files: dict[str, list[str]] = {}

    def text(self, error: BaseException) -> str:
        self.write(error, '', 0)
        return '\n'.join(self.lines)

    def write(self, error: BaseException, indent: str, depth: int) -> None:
        """An exception with what led to it, oldest first, each line behind `indent`."""
        chain: list[tuple[BaseException, str]] = [(error, '')]
        while (before := origin(chain[-1][0]))[0] is not None and len(chain) < DEPTH:
            if any(item is before[0] for item, _ in chain) or any(item is before[0] for item in self.seen):
                break
            chain.append((before[0], before[1]))
        for index in range(len(chain) - 1, -1, -1):
            self.one(chain[index][0], indent, depth)
            words = chain[index][1]
            if words:
                self.lines += [indent.rstrip(), indent + words, indent.rstrip()]

    def one(self, error: BaseException, indent: str, depth: int) -> None:
        self.seen.append(error)
        group = members(error)
        mark = indent
        if group:
            # Python draws the outermost group into its own box.
            mark = f'{indent}  | ' if depth == 0 else indent
        trace = traceback_of(error)
        if trace is not None:
            title = 'Exception Group Traceback' if group else 'Traceback'
            first = f'{indent}  + ' if group and depth == 0 else mark
            self.lines.append(f'{first}{title} (most recent call last):')
            self.entries(trace, mark)
        told = message(error, self.job)
        name = qualified(error).removeprefix('__main__.')
        self.lines += [mark + line for line in (f'{name}: {told}' if told else name).split('\n')]
        self.lines += [mark + line for note in notes(error) for line in note.split('\n')]
        if group and depth < DEPTH:
            self.members(group, f'{indent}  ' if depth == 0 else indent, depth)

    def members(self, group: list[BaseException], indent: str, depth: int) -> None:
        shown = group[:MEMBERS]
        for number, item in enumerate(shown, 1):
            corner = '+-' if number == 1 else '  '
            self.lines.append(f'{indent}{corner}+---------------- {number} ----------------')
            self.write(item, f'{indent}  | ', depth + 1)
        if len(group) > MEMBERS:
            self.lines.append(f'{indent}  | and {len(group) - MEMBERS} more exceptions')
        self.lines.append(f'{indent}  +------------------------------------')

    def entries(self, trace: TracebackType, indent: str) -> None:
        rows = [(e.tb_frame.f_code.co_filename, e.tb_lineno, e.tb_frame.f_code.co_name) for e in entries(trace)]
        left_out = len(rows) - ENTRIES
        if left_out > 0:
            rows[ENTRIES // 2 : ENTRIES // 2 + left_out] = []
        repeated = 0
        for index, row in enumerate(rows):
            repeated = repeated + 1 if index and row == rows[index - 1] else 0
            if repeated < SAME:
                self.entry(*row, indent)
            if repeated >= SAME and row != rows[(index + 1) % len(rows)]:
                more = repeated - SAME + 1
                self.lines.append(f'{indent}  [Previous line repeated {more} more time{"s" if more > 1 else ""}]')
            if left_out > 0 and index == ENTRIES // 2 - 1:
                self.lines.append(f'{indent}  [{left_out} entries left out]')

    def entry(self, file: str, line: int | None, name: str, indent: str) -> None:
        self.lines.append(f'{indent}  File "{file}", line {line}, in {name}')
        text = self.source(file, line)
        if text:
            self.lines.append(f'{indent}    {text}')

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
