"""What differs between the systems, decided once when the agent is loaded.

Each Python has one of `posix` and `nt` built in. `os`, which hides the difference, is the program's to patch.
"""

import _signal
import sys

TYPE_CHECKING = False

WINDOWS = 'nt' in sys.builtin_module_names
if TYPE_CHECKING or not WINDOWS:
    import posix as native
else:
    import nt as native

BINARY: int = getattr(native, 'O_BINARY', 0)
"""Keeps Windows from translating line ends. That a file is closed on exec is Python's own default."""
NULL_FILE = 'NUL' if WINDOWS else '/dev/null'
HIGH_DESCRIPTOR = 200
"""Descriptors start here, where free: a target that closed 0, 1 and 2 must not print into our socket."""

if WINDOWS:

    def high(fd: int) -> int:
        """A socket of Windows has no number that the program could take for one of its files."""
        return fd

    def block_signals() -> None:
        """Only the main thread gets signals here."""

else:

    def high(fd: int) -> int:
        """Moves a descriptor up, close-on-exec; returns the new number."""
        import fcntl

        for lowest in (HIGH_DESCRIPTOR, 64, 3):
            try:
                moved: int = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
            except OSError:
                continue
            native.close(fd)
            return moved
        return fd

    def block_signals() -> None:
        """For the agent's thread: a signal that the program waits for by `sigwait` must not come here, where its
        default action would be taken. In the thread itself, and not by inheritance: in the program's thread the call
        would run the program's signal handlers."""
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
