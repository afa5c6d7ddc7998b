"""The C module behind `signal`: the names that the agent uses."""

from collections.abc import Iterable

SIG_BLOCK: int
SIG_SETMASK: int
NSIG: int

def getsignal(number: int, /) -> object: ...
def pthread_sigmask(how: int, mask: Iterable[int], /) -> set[int]: ...
def valid_signals() -> set[int]: ...
