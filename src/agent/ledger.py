"""Every change made to the target, and how to take it back. Detach plays it backwards."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Ledger:
    """Entries are undone last first; an undo that fails does not keep the others from running."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, Callable[[], object]]] = []
        self.failed: list[str] = []
        self.inert: list[str] = []
        """What CPython offers no way to take back, in words; it does nothing any more after a detach."""

    def add(self, what: str, undo: Callable[[], object]) -> None:
        self.entries.append((what, undo))

    def undo(self) -> None:
        while self.entries:
            self.attempt(*self.entries.pop())

    def attempt(self, what: str, undo: Callable[[], object]) -> None:
        """Undoes one thing; an audit hook of the program, say, may refuse what that takes."""
        try:
            undo()
        except Exception as error:
            self.failed.append(f'{what}: {error}')
