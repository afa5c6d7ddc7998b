"""From what `sys.settrace` reports to where steps stop: the rule, and what is different on purpose."""

from typing import NamedTuple


class Stop(NamedTuple):
    path: str
    name: str
    line: int


class Difference(NamedTuple):
    name: str
    what: str
    why: str


TASK = Difference(
    'stays in its task',
    'When a coroutine or an asynchronous generator is suspended by an `await`, the step goes on when its frame does: '
    'what else the thread does meanwhile is not visited.',
    'A step belongs to one task; the event loop and the other tasks are not what the user follows.',
)
DIFFERENCES = (TASK,)


def stops(events, differences=DIFFERENCES):
    """Where stepping in, over and over, stops: at each line event, but for the differences."""
    found = []
    suspended = None  # the frame that a step waits for
    for event in events:
        if suspended in (None, event.frame):
            suspended = event.frame if event.kind == 'await' and TASK in differences else None
            if event.kind == 'line':
                found.append(Stop(event.path, event.name, event.line))
    return found
