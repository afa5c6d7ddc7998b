"""What must happen when the program ends: what its threads have left in the outbox is sent first.

The interpreter stops our thread for good a little after the functions of `atexit`, so that is the last moment.
"""

import time

from .threads import pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ledger import Ledger
    from .outbox import Outbox

LIMIT = 0.2
"""Seconds that the end of the program may wait for a bridge that does not read."""


def install(outbox: Outbox, ledger: Ledger) -> None:
    import atexit

    holder = [outbox]

    def drain() -> None:
        for outbox in holder:
            end = time.monotonic() + LIMIT
            outbox.hurry()
            while outbox.waiting and time.monotonic() < end:
                pause(0.0005)

    def undo() -> None:
        holder.clear()
        atexit.unregister(drain)

    atexit.register(drain)
    ledger.add('atexit function', undo)
