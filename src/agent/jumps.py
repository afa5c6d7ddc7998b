"""Set next statement and restart frame: a stopped thread's top frame goes on at another line.

CPython lets a frame jump only from the callback of a LINE event, on its own thread, and the frame of that event alone
(setting the line of a caller would crash the process). A thread that stands elsewhere is refused.
"""

import _warnings
import sys

from .errors import Refusal
from .files import identity
from .lines import RESUME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from .control import Control, Waiter
    from .link import Json
    from .server import Agent
    from .stacks import Stacks

UNBOUND = 'assigning None to '
"""How CPython's warning of locals without a value begins."""
OBJECT: Any = type(sys.implementation)
STEP_FIRST = 'Step once, then try again.'


class Jumps:
    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.targets: list[tuple[CodeType, int]] = []
        """What was offered since the program stopped; DAP ids are indexes, from 1."""
        self.stacks: tuple[CodeType, Stacks] | None = None
        self.first: tuple[CodeType, int | None] | None = None

    def forget(self) -> None:
        self.targets.clear()
        self.stacks = self.first = None

    # -- requests

    def goto_targets(self, _seq: int, _: str, arguments: Json) -> Json:
        path, line = arguments['path'], arguments['line']
        here = [waiter for waiter in self.waiters() if is_in(waiter.frame.f_code, path)]
        if not here:
            text = 'No stopped thread has its top frame in this file, and only a top frame can go on elsewhere.'
            raise Refusal('cannot-jump', text)
        standing = [waiter for waiter in here if waiter.on_line]
        if not standing:
            raise Refusal('cannot-jump', f'The thread stands in the middle of a line. {STEP_FIRST}')
        found = [waiter for waiter in standing if self.way(waiter.frame, line)]
        if not found:
            raise Refusal('cannot-jump', self.why_not(standing[0].frame, line))
        codes = {id(waiter.frame.f_code): waiter.frame.f_code for waiter in found}
        return {'targets': [self.target(code, line) for code in codes.values()]}

    def goto(self, seq: int, _: str, arguments: Json) -> None:
        ident = self.agent.requests.stopped(arguments)
        number: int = arguments['targetId']
        if not 0 < number <= len(self.targets):
            raise Refusal(
                'stale-reference', 'The program has moved on since this target was offered: choose the line again.'
            )
        code, line = self.targets[number - 1]
        waiter = self.waiter(ident)
        if waiter.frame.f_code is not code:
            text = f'This thread is in {waiter.frame.f_code.co_qualname}, and the line is in {code.co_qualname}.'
            raise Refusal('cannot-jump', f'{text} Only the top frame can go on elsewhere.')
        self.jump(seq, waiter, line, 'goto')

    def restart_frame(self, seq: int, _: str, arguments: Json) -> None:
        ident, frame = self.agent.frames.find(arguments['frameId'])
        waiter = self.waiter(ident)
        if waiter.frame is not frame:
            raise Refusal('cannot-jump', 'Only the top frame can begin anew: those below wait for what they called.')
        line = self.first_line(frame.f_code)
        if line is None:
            text = f'{frame.f_code.co_qualname} stands on the line of its def, which cannot run twice in one call.'
            raise Refusal('cannot-jump', text)
        self.jump(seq, waiter, line, 'restart')

    def can_restart(self, ident: int, frame: FrameType) -> bool:
        waiter = self.agent.control.waiters.get(ident)
        if waiter is None or waiter.frame is not frame or not waiter.on_line:
            return False
        return self.first_line(frame.f_code) is not None

    # -- where

    def waiters(self) -> list[Waiter]:
        """Those of the stopped threads, the one that stopped last first."""
        control: Control = self.agent.control
        stopped = [waiter for waiter in list(control.waiters.values()) if control.is_stopped(waiter.ident)]
        return sorted(stopped, key=lambda waiter: waiter.ident != control.leader)

    def waiter(self, ident: int) -> Waiter:
        waiter = self.agent.control.waiters.get(ident)
        if waiter is None:
            raise Refusal('cannot-jump', f'The thread is in C code, and cannot go on elsewhere. {STEP_FIRST}')
        if not waiter.on_line:
            raise Refusal('cannot-jump', f'The thread stands in the middle of a line. {STEP_FIRST}')
        return waiter

    def target(self, code: CodeType, line: int) -> Json:
        """A DAP GotoTarget."""
        if (code, line) not in self.targets:
            self.targets.append((code, line))
        number = self.targets.index((code, line)) + 1
        return {'id': number, 'label': f'line {line} of {code.co_qualname}', 'line': line}

    def way(self, frame: FrameType, line: int) -> list[int]:
        """See `Stacks.way`."""
        stacks = self.stacks_of(frame.f_code)
        return stacks.way(frame.f_lasti // 2, line) if line in stacks.starts else []

    def why_not(self, frame: FrameType, line: int) -> str:
        name = frame.f_code.co_qualname
        if line not in self.stacks_of(frame.f_code).starts:
            return f'Line {line} begins no statement of {name}, in which the thread is stopped.'
        return (
            f'{name} cannot go on at line {line} from here: not into a loop, a with, try or except block, nor its def.'
        )

    def stacks_of(self, code: CodeType) -> Stacks:
        if self.stacks is None or self.stacks[0] is not code:
            from .stacks import stacks_of  # seldom needed

            stacks = stacks_of(code)
            if stacks is None:
                raise Refusal('cannot-jump', 'This version of Pylatch does not know the instructions of this Python.')
            self.stacks = (code, stacks)
        return self.stacks[1]

    def first_line(self, code: CodeType) -> int | None:
        """The line with which the body begins; None where that is the line of the `def`."""
        if self.first is None or self.first[0] is not code:
            self.first = (code, first_line(code))
        return self.first[1]

    # -- on the stopped thread

    def jump(self, seq: int, waiter: Waiter, line: int, reason: str) -> None:
        lines = self.way(waiter.frame, line)
        if not lines:
            raise Refusal('cannot-jump', self.why_not(waiter.frame, line))

        def work() -> Json:
            body: Json = {'reason': reason}
            unbound = set_lines(waiter.frame, lines)
            if unbound:
                body['text'] = f'{unbound} without a value had to be set to None'
            waiter.moved = body
            return {}

        def job() -> None:
            self.agent.answered(seq, work)
            self.agent.control.wake()

        waiter.give(job)


class Unbound:
    """Catches CPython's warning that locals without a value become None: the program would print it, or raise under
    `-W error`."""

    def __init__(self) -> None:
        self.text = ''
        self.filter = ('ignore', OBJECT(match=self.is_it), RuntimeWarning, None, 0)

    def is_it(self, text: str) -> bool:
        if not text.startswith(UNBOUND):
            return False
        self.text = text.removeprefix(UNBOUND)
        return True

    def __enter__(self) -> Unbound:
        module: Any = sys.modules.get('warnings', _warnings)
        self.filters: list[Any] = module.filters
        self.filters.insert(0, self.filter)
        return self

    def __exit__(self, *_: object) -> None:
        self.filters.remove(self.filter)


def set_lines(frame: FrameType, lines: list[int]) -> str:
    """Makes a frame go on at the last of some lines. Returns which locals CPython has set to None, in its words."""
    settable: Any = frame
    with Unbound() as unbound:
        for line in lines:
            try:
                settable.f_lineno = line
            except ValueError as error:
                raise Refusal('cannot-jump', f'Python refuses to go on at line {line}: {error}.') from None
    return unbound.text


def first_line(code: CodeType) -> int | None:
    """See `Jumps.first_line`."""
    resume = code.co_code[::2].index(RESUME) * 2
    runs = list(code.co_lines())
    line = next((line for start, _, line in runs if start > resume and line is not None), None)
    return line if all(line != other for start, _, other in runs if start <= resume) else None


def is_in(code: CodeType, path: str) -> bool:
    name = code.co_filename
    if name == path:
        return True
    return name[:1] != '<' and identity(name) is not None and identity(name) == identity(path)
