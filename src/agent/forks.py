"""What must happen when the program forks.

Before: the agent's thread steps aside, or a program with one thread would be warned that it has several. In the
child: nothing of the session may live on; its socket and its threads are the parent's. CPython has no way to take
at-fork hooks back: after a detach they find their holder empty and do nothing.
"""

from .system import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ledger import Ledger
    from .server import Agent


def install(agent: Agent, ledger: Ledger) -> None:
    if not hasattr(native, 'register_at_fork'):
        return  # Windows has no fork
    holder: list[Agent] = [agent]
    # No names but the closure's: the agent's modules are emptied when it ends, the hooks stay.
    native.register_at_fork(
        before=lambda: holder and holder[0].before_fork(),
        after_in_parent=lambda: holder and holder[0].after_in_parent(),
        after_in_child=lambda: holder and holder.pop().after_in_child(),
    )
    ledger.add('at-fork hooks', holder.clear)
    ledger.inert.append('three empty at-fork hooks, which CPython cannot unregister')
