"""Waiting for the bridge and for a word from the program's threads at once."""

import _socket
import select

from .system import WINDOWS, high, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MOST = 4096


class PipeBell:
    """By a pipe and poll(2)."""

    def __init__(self, connection: int) -> None:
        ends = native.pipe()
        self.reader, self.writer = high(ends[0]), high(ends[1])
        self.poll = select.poll()
        self.poll.register(connection, select.POLLIN)
        self.poll.register(self.reader, select.POLLIN)

    def wait(self, timeout: float | None) -> tuple[bool, bool]:
        """Until something comes or `timeout` seconds have passed: whether it rang, whether there is a message."""
        ready = [fd for fd, _ in self.poll.poll(None if timeout is None else timeout * 1000)]
        rang = self.reader in ready
        if rang:
            native.read(self.reader, MOST)
        return rang, len(ready) > rang

    def ring(self) -> None:
        """From any thread."""
        try:
            native.write(self.writer, b'!')
        except OSError:
            pass

    def closing(self) -> list[tuple[Callable[..., object], Any]]:
        """What frees the descriptors, in functions of C."""
        return [(native.close, fd) for fd in (self.writer, self.reader)]

    def close(self) -> None:
        # The end to write to goes first: a thread that still rings would get SIGPIPE at one that nobody reads.
        ends = (self.writer, self.reader)
        # Before they are closed: such a thread must not write to what the program opens next.
        self.reader = self.writer = -1
        for fd in ends:
            try:
                native.close(fd)
            except OSError:
                pass


class SocketBell:
    """By a pair of sockets and select: Windows waits for nothing else together with a socket."""

    def __init__(self, connection: int) -> None:
        self.connection = connection
        self.reader, self.writer = socket_pair()
        self.writer.setblocking(False)

    def wait(self, timeout: float | None) -> tuple[bool, bool]:
        ready = select.select([self.connection, self.reader.fileno()], [], [], timeout)[0]
        rang = self.reader.fileno() in ready
        if rang:
            self.reader.recv(MOST)
        return rang, self.connection in ready

    def ring(self) -> None:
        try:
            self.writer.send(b'!')
        except OSError:
            pass  # so often that the pair is full: it rings already

    def closing(self) -> list[tuple[Callable[..., object], Any]]:
        return [(_socket.socket.close, end) for end in (self.reader, self.writer)]

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


def socket_pair() -> tuple[Any, Any]:
    """Two connected sockets. Raises `OSError` when somebody else was quicker to connect."""
    listener: Any = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    writer = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        listener.bind(('127.0.0.1', 0))
        listener.listen(1)
        writer.connect(listener.getsockname())
        fd, peer = listener._accept()
    finally:
        listener.close()
    reader = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0, fd)
    if peer != writer.getsockname():
        reader.close()
        raise OSError('another program has taken the connection to ourselves')
    return reader, writer


Bell = SocketBell if WINDOWS else PipeBell
