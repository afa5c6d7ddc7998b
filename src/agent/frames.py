"""The program's threads and stacks, as DAP shows them."""

import _thread
import sys

from .control import OURS
from .errors import Refusal
from .paths import absolute, base_name, is_absolute
from .propagation import entries
from .threads import bottom, chain, other_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from .link import Json
    from .whose import Whose

TOP = 20
"""Frames that a stop carries along."""


class Frames:
    """Numbers threads and frames for DAP. Frame ids are valid until their thread goes on."""

    def __init__(self, own: set[int], whose: Whose, just_my_code: bool) -> None:
        self.own = own
        self.whose = whose
        self.just_my_code = just_my_code
        self.numbers: dict[int, int] = {}
        """DAP thread id by ident; small numbers. The system gives a new thread the ident of one that has ended."""
        self.stacks: dict[int, list[FrameType]] = {}
        """By ident: the stack as it was shown, top first."""
        self.ids: dict[int, tuple[int, FrameType]] = {}
        """By frame id: the thread's ident and the frame."""
        self.known: dict[int, int] = {}
        """Frame ids by id(frame)."""
        self.waiting: Callable[[int], FrameType | None] = lambda _: None
        """The top frame of a thread that waits in a callback: only then its stack cannot change under us."""
        self.left: Callable[[int], TracebackType | None] = lambda _: None
        """The traceback of the exception that a thread is stopped at, where that has left frames already."""
        self.lines: dict[int, int] = {}
        """By id(frame): of such frames, which do not know any more where they were, and of those that stand behind the
        last instruction of a line."""
        self.can_restart: Callable[[int, FrameType], bool] = lambda _ident, _frame: False
        self.last = 0

    # -- threads

    def number(self, ident: int) -> int:
        return self.numbers.setdefault(ident, len(self.numbers) + 1)

    def ident(self, number: int) -> int | None:
        """The thread with a DAP id, if it is alive."""
        self.threads()  # numbers those that nobody has listed yet
        alive = other_frames()
        return next((ident for ident, other in self.numbers.items() if other == number and ident in alive), None)

    def threads(self) -> list[Json]:
        """DAP threads: the main thread first, the agent's own left out."""
        frames = self.program_threads()
        idents = sorted(frames, key=self.number_of(self.main_ident()))
        return [{'id': self.number(ident), 'name': self.name(ident, frames[ident])} for ident in idents]

    def number_of(self, main: int | None) -> Callable[[int], int]:
        return lambda ident: 0 if ident == main else self.number(ident)

    def main_ident(self) -> int | None:
        """The main thread's ident: known to `threading` where the program has loaded it, else by its stack's end."""
        threading = sys.modules.get('threading')
        main = getattr(threading, '_main_thread', None)
        if main is not None:
            return getattr(main, '_ident', None)
        # A thread of the program may ask about itself.
        idents = self.program_threads().keys() | ({_thread.get_ident()} - self.own)
        return min(idents, default=None) if len(idents) == 1 else None

    def program_threads(self) -> dict[int, FrameType]:
        """Their top frames, by ident. The thread of a session before may be about to end still."""
        named = getattr(sys.modules.get('threading'), '_active', {})
        return {
            ident: frame
            for ident, frame in other_frames().items()
            if ident not in self.own and (ident in named or bottom(frame).f_code.co_name != 'pylatch_run')
        }

    def name(self, ident: int, frame: FrameType) -> str:
        # The attributes behind the properties: no code of the program runs for a name.
        active: dict[int, object] = getattr(sys.modules.get('threading'), '_active', {})
        name = getattr(active.get(ident), '_name', None)
        if type(name) is str:
            return name
        if ident == self.main_ident():
            return 'MainThread'
        return f'Thread-{self.number(ident)} ({bottom(frame).f_code.co_name})'

    # -- stacks

    def stack(self, ident: int) -> list[FrameType]:
        """The thread's frames, top first, without the agent's; empty for a thread that has ended."""
        known = self.stacks.get(ident)
        if known is None:
            # A thread that waits tells its frame itself, which is also the way for a thread that asks about itself.
            top = self.waiting(ident) or other_frames().get(ident)
            known = [frame for frame in self.whole(ident, top) if not frame.f_code.co_filename.startswith(OURS)]
            if self.waiting(ident):
                self.stacks[ident] = known
        return known

    def whole(self, ident: int, top: FrameType | None) -> list[FrameType]:
        """The frames that an exception has left, and those below, which still run."""
        passed: dict[int, FrameType] = {}
        for entry in entries(self.left(ident)):
            frame = entry.tb_frame
            passed.pop(id(frame), None)  # one that raised it again is shown where it came first
            passed[id(frame)] = frame
            self.lines[id(frame)] = entry.tb_lineno
        return [*reversed(passed.values()), *(frame for frame in chain(top) if id(frame) not in passed)]

    def find(self, number: int) -> tuple[int, FrameType]:
        """The ident of the thread and the frame with a DAP frame id."""
        found = self.ids.get(number)
        if found is None:
            raise Refusal(
                'stale-reference',
                'The program has moved on since this frame was shown: choose one of the stack as it is now.',
            )
        return found

    def forget(self, idents: set[int] | None) -> None:
        """Drops the stacks of these threads, or of all: they go on, and their frames must be free to end."""
        gone = [number for number, (ident, _) in list(self.ids.items()) if idents is None or ident in idents]
        for number in gone:
            self.known.pop(id(self.ids.pop(number)[1]), None)
        for ident in list(self.stacks) if idents is None else idents:
            for frame in self.stacks.pop(ident, ()):
                self.lines.pop(id(frame), None)

    def trace(self, ident: int, start: int, levels: int) -> Json:
        """DAP's stackTrace."""
        stack = self.stack(ident)
        shown = stack[start : start + levels] if levels else stack[start:]
        return {'stackFrames': [self.row(ident, frame) for frame in shown], 'totalFrames': len(stack)}

    def row(self, ident: int, frame: FrameType) -> Json:
        code = frame.f_code
        row: Json = {'id': self.frame_id(ident, frame), 'name': code.co_qualname}
        row |= {
            'line': self.lines.get(id(frame)) or frame.f_lineno or code.co_firstlineno,
            'column': 1,
            'source': self.source(frame),
        }
        if not self.is_mine(frame):
            row['presentationHint'] = 'subtle'
        row['canRestart'] = self.can_restart(ident, frame)
        return row

    def frame_id(self, ident: int, frame: FrameType) -> int:
        number = self.known.get(id(frame))
        if number is None:
            self.last += 1
            number = self.known[id(frame)] = self.last
            self.ids[number] = (ident, frame)
        return number

    def source(self, frame: FrameType) -> Json:
        """A DAP Source: the file's path as the program sees it, or what code without a file goes by, `linecache`
        included."""
        path = file_of(frame)
        source: Json = {'name': base_name(path) if is_absolute(path) else path, 'path': path}
        if not self.is_mine(frame):
            origin = self.whose.origin(frame)
            source |= {'presentationHint': 'deemphasize', 'origin': origin}
        return source

    # -- whose code

    def is_users(self, frame: FrameType) -> bool:
        return not self.whose.origin(frame)

    def is_mine(self, frame: FrameType) -> bool:
        """What steps stop in: without justMyCode everything."""
        return not self.just_my_code or self.is_users(frame)

    def shown(self, frame: FrameType | None) -> FrameType | None:
        """The nearest frame from here down the stack in which a step may stop."""
        while frame is not None and not self.is_mine(frame):
            frame = frame.f_back
        return frame


def file_of(frame: FrameType) -> str:
    """The absolute path of a frame's source where there is one. A frozen module is shown by the file it came from."""
    name = frame.f_code.co_filename
    if name.startswith('<frozen '):
        path = frame.f_globals.get('__file__')
        return path if type(path) is str else name
    return name if name[:1] == '<' or is_absolute(name) else absolute(name)
