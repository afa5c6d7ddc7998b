"""The stack and its variables as text, at one moment, while the program runs on.

No code of the program runs for it, and nothing of the program is held: what would need a `__repr__` of the program's is
shown by its type. Everything is bounded: what the snapshot's time or its rows do not suffice for is left out.

Threading: made on the program's thread that is at the breakpoint.
"""

import _thread
import time

from .classes import is_one_of, listable, pairs, type_name
from .control import OURS, is_ours
from .threads import chain
from .values import Shown, text_of
from .variables import CLOSED, Item, Value, group_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from .frames import Frames
    from .link import Json

FRAMES = 20
DEPTH = 3
"""Levels of what can be opened, a frame's variables included."""
ROWS = 2000
"""Rows in a snapshot."""
CHILDREN = 50
"""Rows below one value, and variables of one frame."""
LENGTH = 200
"""Characters of one value."""
TIME = 0.01
"""Seconds for one snapshot."""


def take(frame: FrameType, frames: Frames) -> Json:
    """Thread and frames of a `Snapshot` of wire.ts."""
    camera = Camera()
    stack: list[Json] = []
    for one in chain(frame):
        if len(stack) == FRAMES:
            break
        if not one.f_code.co_filename.startswith(OURS):
            stack.append(camera.frame(one, frames))
    return {'thread': frames.name(_thread.get_ident(), frame), 'frames': stack}


class Camera:
    """One snapshot in the making."""

    def __init__(self) -> None:
        self.room = ROWS
        self.until = time.monotonic() + TIME
        self.shown = Shown(None, LENGTH, plain=True)

    def frame(self, frame: FrameType, frames: Frames) -> Json:
        code = frame.f_code
        place = {'name': code.co_qualname, 'line': frame.f_lineno or code.co_firstlineno}
        local = frame.f_locals
        named = pairs(local) if listable(local) else []
        variables = [Item(name, value) for name, value in named if name[:1] != '.']
        if local is frame.f_globals:
            # Not what a module defines and imports.
            variables = [item for item in variables if not group_of(item)]
        return {**place, 'source': frames.source(frame), 'variables': self.rows(variables, DEPTH)}

    def rows(self, items: list[Item], depth: int) -> list[Json]:
        rows: list[Json] = []
        for item in items[:CHILDREN]:
            if self.room <= 0 or time.monotonic() > self.until:
                break
            self.room -= 1
            rows.append(self.row(item, depth))
        return rows

    def row(self, item: Item, depth: int) -> Json:
        """A `SnapshotValue` of wire.ts."""
        try:
            kind = type_name(type(item.value))
            row: Json = {'name': item.name, 'value': text_of(item.value, self.shown), 'type': kind}
            if depth > 1 and not is_one_of(item.value, CLOSED) and (parts := self.parts(item.value)):
                row['children'] = self.rows(parts, depth - 1)
        except Exception as error:
            if not is_ours(error):
                raise  # a signal handler of the program
            # A container that another thread changes meanwhile.
            return {'name': item.name, 'value': f'<cannot be shown: {type(error).__name__}>'}
        return row

    def parts(self, value: object) -> list[Item]:
        node = Value(None, None, value, '')
        named = [item for item in node.named() if not item.lazy]
        return named + node.indexed(0, min(node.length, CHILDREN)) if node.length else named
