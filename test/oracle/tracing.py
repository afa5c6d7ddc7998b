"""The oracle: what `sys.settrace` reports of a run.

`python tracing.py FILE OUT` runs a file of the corpus and pickles a list of (program, events).
"""

import dis
import functools
import pickle
import sys
from inspect import CO_GENERATOR, CO_NEWLOCALS
from opcode import opmap
from typing import NamedTuple

import host

RESUME = opmap['RESUME']
RETURN_VALUE = opmap['RETURN_VALUE']
YIELD_VALUE = opmap['YIELD_VALUE']
WRAPPED = 'async_generator_wrapped_value'
"""The type of what an asynchronous generator yields to its consumer."""
ONLY_AT_START = 3
"""The bits of RESUME's argument that are 0 where a function starts and not where it resumes."""


class Event(NamedTuple):
    kind: str
    """`call`, `line`, and the ways to leave a frame: `return`, `yield` (of a value), `await` and `unwind`."""
    frame: int
    """Numbers the activations of a run."""
    path: str
    name: str
    """The qualified name of the function."""
    line: int
    offset: int
    """`frame.f_lasti`."""
    start: int | None
    """Of a `call` that starts a function, and no module or class body: its `co_firstlineno`."""
    position: tuple[int, int, int, int] | None
    """Of a `line`: line, last line, column and last column of its instruction."""
    turn: bool
    """Of a `line`: the next turn of a loop on one line, at the jump back."""


class Recorder:
    """A trace function. Frames are known by their `id` and not held: their variables must end when they would."""

    def __init__(self):
        self.events = []
        self.numbers = {}
        self.raising = set()
        self.last = 0

    def __call__(self, frame, kind, value):
        if frame.f_code.co_filename == host.__file__:
            return None
        if kind == 'call':
            frame.f_trace_opcodes = True  # tells that an exception was handled, for `way_out`
        number = self.number(frame, kind)
        if kind == 'return':
            kind = self.way_out(frame, number, value)
        elif kind == 'exception':
            self.raising.add(number)
        else:
            self.raising.discard(number)
        if kind not in ('exception', 'opcode'):
            self.add(kind, number, frame)
        return self

    def number(self, frame, kind):
        if (kind == 'call' and starts(frame)) or id(frame) not in self.numbers:
            self.last += 1
            self.numbers[id(frame)] = self.last
        return self.numbers[id(frame)]

    def way_out(self, frame, number, value):
        instruction = frame.f_code.co_code[frame.f_lasti]
        if instruction == YIELD_VALUE and number not in self.raising:
            to_consumer = frame.f_code.co_flags & CO_GENERATOR or type(value).__name__ == WRAPPED
            return 'yield' if to_consumer else 'await'
        return 'return' if instruction == RETURN_VALUE else 'unwind'

    def add(self, kind, number, frame):
        code = frame.f_code
        place = (path_of(frame), code.co_qualname, frame.f_lineno, frame.f_lasti)
        started = kind == 'call' and starts(frame) and code.co_flags & CO_NEWLOCALS
        where = position(frame) if kind == 'line' else (None, False)
        self.events.append(Event(kind, number, *place, code.co_firstlineno if started else None, *where))


def position(frame):
    places, targets = positions(frame.f_code)
    target = targets.get(frame.f_lasti)
    turn = target is not None and places[target // 2][0] == frame.f_lineno
    return places[(target if turn else frame.f_lasti) // 2], turn


@functools.cache
def positions(code):
    """The position of each code unit, and the targets of jumps back."""
    jumps = [item for item in dis.get_instructions(code) if item.opname.startswith('JUMP_BACKWARD')]
    return list(code.co_positions()), {item.offset: item.jump_target for item in jumps}


def starts(frame):
    text = frame.f_code.co_code
    return text[frame.f_lasti] == RESUME and not text[frame.f_lasti + 1] & ONLY_AT_START


def path_of(frame):
    """Frozen modules go by their file, as the agent shows them."""
    name = frame.f_code.co_filename
    return frame.f_globals.get('__file__', name) if name.startswith('<frozen ') else name


def trace(path):
    runs = []

    def enter(function):
        recorder = Recorder()
        sys.settrace(recorder)
        try:
            function()
        finally:
            sys.settrace(None)
        runs.append(recorder.events)

    names = host.perform(path, enter)
    return list(zip(names, runs, strict=True))


if __name__ == '__main__':
    traced = trace(sys.argv[1])
    with open(sys.argv[2], 'wb') as file:
        pickle.dump([(name, [tuple(event) for event in events]) for name, events in traced], file)
