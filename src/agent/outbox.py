"""What the program's threads have to tell while they run on: they leave it here, and the agent's thread sends it.

So no thread of the program ever waits for the bridge. A flood is cut where it comes faster than `MOST` messages in
`PAUSE` seconds: the rest is counted and told.

Threading: `put` and `hurry` may be called by any thread, the rest by the agent's alone. There is no lock: a list takes
and gives in one step.
"""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .link import Json

MOST = 500
PAUSE = 0.05
LONGEST = 16_384
"""Characters of consecutive outputs of one line that are sent as one."""
ROOM = 4 << 20
"""Characters that may wait."""


class Outbox:
    def __init__(self, send: Callable[[str, Json], None], wake: Callable[[], None]) -> None:
        self.send = send
        self.wake = wake
        self.waiting: list[tuple[str, Json]] = []
        self.size = 0
        self.left_out = 0
        self.due = 0.0
        """When the next messages may go."""

    def put(self, event: str, body: Json, size: int = 0) -> bool:
        """Leaves an event. One with a size may be left out in a flood: that is counted, and False."""
        if size and (len(self.waiting) >= MOST or self.size > ROOM):
            self.left_out += 1
            return False
        self.size += size
        first = not self.waiting
        try:
            # No other thread runs between the look and this.
            self.waiting.append((event, body))
            if first:
                self.wake()
        except BaseException:
            # A signal handler of the program. Nobody else would wake our thread while something waits.
            self.wake()
            raise
        return True

    def hurry(self) -> None:
        """Has the agent's thread send what waits, as soon as it can."""
        self.due = 0.0
        self.wake()

    def patience(self) -> float | None:
        """Seconds until there is something to do."""
        return max(0.0, self.due - time.monotonic()) if self.waiting else None

    def tick(self) -> None:
        if self.waiting and time.monotonic() >= self.due:
            self.flush()
            self.due = time.monotonic() + PAUSE

    def flush(self) -> None:
        """Sends all that waits, in order."""
        messages = self.waiting[:]
        left_out, self.left_out, self.size = self.left_out, 0, 0
        for event, body in joined(messages):
            self.send(event, body)
        # Last: the end of the program waits until none is left.
        del self.waiting[: len(messages)]
        if left_out:
            text = f'{left_out:,} messages left out: they came faster than they can be shown.\n'
            self.send('output', {'category': 'important', 'output': text})


def joined(messages: list[tuple[str, Json]]) -> list[tuple[str, Json]]:
    """Consecutive outputs of one line as one: a client shows long texts quicker than many."""
    result: list[tuple[str, Json]] = []
    for event, body in messages:
        if result and event == result[-1][0] == 'output' and continues(result[-1][1], body):
            result[-1] = (event, body | {'output': result[-1][1]['output'] + body['output']})
        else:
            result.append((event, body))
    return result


def continues(before: Json, body: Json) -> bool:
    return len(before['output']) < LONGEST and before | {'output': ''} == body | {'output': ''}
