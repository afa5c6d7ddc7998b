"""The connection to the bridge: length-prefixed JSON over one socket. Twin of `src/common/wire.ts`.

Only C modules are used (`_socket`, `_json`), as private copies where the program has not loaded them.
"""

import _json
import _socket
import sys

from .bell import Bell
from .system import BINARY, WINDOWS, high, native
from .threads import Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

WIRE_VERSION = 1
MAX_FRAME = 64 * 1024 * 1024
HEADER = 4
SEND_LIMIT = 5
"""Seconds that a write may wait for a bridge that does not read; after that the agent detaches."""
ACCEPT_LIMIT = 3.0
UNKNOWN_USER = 65534
"""What the system calls a user from outside of a user namespace, such as root of the host for a container."""
ALL_USERS = '0 0 4294967295'
EXCLUSIVE: int | None = getattr(_socket, 'SO_EXCLUSIVEADDRUSE', None)
"""Without it another program of Windows could come to listen at our port, and would be told the token."""
NO_SIGNAL: int = getattr(_socket, 'MSG_NOSIGNAL', 0)
"""A program that has not kept Python's SIGPIPE handling must not end because the bridge did."""
SO_NOSIGPIPE = 0x1022
"""The same for macOS, whose Python does not name it."""
PEER = (_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12) if hasattr(_socket, 'SO_PEERCRED') else (0, 1, 76)
"""Level, option and size of what tells who is at the other end of a Unix socket: `struct ucred` of Linux, `struct
xucred` of macOS (SOL_LOCAL, LOCAL_PEERCRED). In both the user is the second 32-bit word."""


class Closed(Exception):
    """The bridge is gone, or does not keep to the protocol: time to undo everything."""


class _Scanning:
    """The settings that `_json.make_scanner` reads."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _refuse(item: object) -> None:
    raise TypeError(f'no JSON for {type(item).__name__}')


def listen(address: str, port_file: str) -> Any:
    """The listening socket, for one connection. The address is that of `SessionPlace` in `inject/os/types.ts`:
    `unix:PATH`; `abstract:NAME`; or `loopback`, a port of 127.0.0.1 whose number goes into `port_file`."""
    kind, _, name = address.partition(':')
    family = _socket.AF_INET if kind == 'loopback' else _socket.AF_UNIX
    listener = _socket.socket(family, _socket.SOCK_STREAM)
    raised = _socket.socket(family, _socket.SOCK_STREAM, 0, high(listener.detach()))
    if EXCLUSIVE is not None:
        raised.setsockopt(_socket.SOL_SOCKET, EXCLUSIVE, 1)
    raised.bind(('127.0.0.1', 0) if kind == 'loopback' else f'\0{name}' if kind == 'abstract' else name)
    raised.listen(1)
    if kind == 'loopback':
        publish(port_file, str(raised.getsockname()[1]))
    return raised


def publish(path: str, text: str) -> None:
    """Writes a file of the session, which the injector reads as soon as there is something in it: in one go."""
    fd = native.open(path, native.O_WRONLY | native.O_CREAT | BINARY, 0o600)
    native.write(fd, f'{text}\n'.encode())
    native.close(fd)


class Link:
    """One accepted and checked connection. `send` may be called by any thread, `receive` by the agent's alone."""

    def __init__(self, fd: int, family: int) -> None:
        self.socket = _socket.socket(family, _socket.SOCK_STREAM, 0, fd)
        # Blocking, but for writes a limit in the kernel: a bridge that was stopped must not hold the program.
        self.socket.settimeout(None)
        limit = SEND_LIMIT * 1000 if WINDOWS else SEND_LIMIT.to_bytes(8, 'little') + bytes(8)
        self.socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, limit)
        if family == _socket.AF_INET:
            self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        if sys.platform == 'darwin':
            self.socket.setsockopt(_socket.SOL_SOCKET, SO_NOSIGPIPE, 1)
        self.bell = Bell(self.socket.fileno())
        self.buffer = b''
        self.lock = Section()
        self.broken = False
        encode = _json.encode_basestring_ascii
        self.encoder = _json.make_encoder(None, _refuse, encode, None, ':', ',', False, False, False)
        self.scan = _json.make_scanner(_Scanning())

    def send(self, message: Json) -> None:
        """One message, one write. A broken connection is noted here and acted on by the agent's thread."""
        body = ''.join(self.encoder(message, 0)).encode()
        with self.lock:
            if not self.broken:
                self._write(len(body).to_bytes(HEADER, 'big') + body)

    def _write(self, data: bytes) -> None:
        """All of it, in spite of signal handlers of the program that raise in the middle: half a message would be the
        end of the session. What they raised is raised behind it."""
        raised: BaseException | None = None
        while data:
            try:
                data = data[self.socket.send(data, NO_SIGNAL) :]
            except OSError:
                self.broken = True
                self.wake()
                break
            except BaseException as error:
                raised = error
        if raised is not None:
            raise raised

    def receive(self, timeout: float | None) -> Json | None:
        """The next message; None when `timeout` seconds have passed or somebody called `wake`."""
        while True:
            message = self._take()
            if message is not None:
                return message
            rang, ready = self.bell.wait(timeout)
            if self.broken:
                raise Closed
            if rang or not ready:
                return None
            self._fill()

    def wake(self) -> None:
        """Makes `receive` return at once. From any thread."""
        self.bell.ring()

    def close(self) -> None:
        """Ends the connection, also for forked children that hold its descriptor, and frees the descriptors."""
        self.broken = True
        try:
            self.socket.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass
        self.forget()

    def closing(self) -> list[tuple[Any, ...]]:
        """What `close` calls, in functions of C alone, which outlive the agent's code."""
        return [(self.socket.shutdown, _socket.SHUT_RDWR), (self.socket.close,), *self.bell.closing()]

    def forget(self) -> None:
        """Frees the descriptors without a word to the bridge: for a forked child, where they are the parent's."""
        self.broken = True
        self.socket.close()
        self.bell.close()

    def _fill(self) -> None:
        try:
            chunk = self.socket.recv(1 << 16)
        except OSError:
            raise Closed from None
        if not chunk:
            raise Closed
        self.buffer += chunk

    def _take(self) -> Json | None:
        if len(self.buffer) < HEADER:
            return None
        end = HEADER + int.from_bytes(self.buffer[:HEADER], 'big')
        if end > MAX_FRAME:
            raise Closed
        if len(self.buffer) < end:
            return None
        body, self.buffer = self.buffer[HEADER:end], self.buffer[end:]
        try:
            message = self.scan(body.decode(), 0)[0]
        except ValueError, StopIteration:
            raise Closed from None
        if not isinstance(message, dict):
            raise Closed
        return message


def accept(listener: Any, token: str) -> tuple[Link, Json]:
    """Waits for the bridge, lets in the one that has the right uid and token, and stops listening.

    Returns the link and the bridge's hello. Raises `Closed` for anybody else and when nobody comes.
    """
    listener.settimeout(ACCEPT_LIMIT)
    try:
        fd, _ = listener._accept()
    except OSError:
        raise Closed from None
    finally:
        listener.close()
    link = Link(high(fd), listener.family)
    try:
        check_peer(link)
        hello = link.receive(ACCEPT_LIMIT)
        if hello is None or not same(str(hello.get('token', '')), token):
            raise Closed
    except BaseException:
        link.close()
        raise
    return link, hello


def check_peer(link: Link) -> None:
    """Only this process's user and root may speak to the agent, and those whom its user namespace does not know, of
    whom the system lets in only root. Behind a port of the loopback address the system does not tell who speaks: there
    the token alone counts."""
    if link.socket.family == _socket.AF_INET:
        return
    credentials = link.socket.getsockopt(*PEER)
    uid = int.from_bytes(credentials[4:8], 'little')
    if uid not in (0, native.geteuid()) and (uid != UNKNOWN_USER or knows_all_users()):
        raise Closed


def knows_all_users() -> bool:
    """False in a user namespace of its own."""
    try:
        fd = native.open('/proc/self/uid_map', native.O_RDONLY)
    except OSError:
        return True
    known = native.read(fd, 256).decode().split('\n')
    native.close(fd)
    return ' '.join(known[0].split()) == ALL_USERS


def same(left: str, right: str) -> bool:
    """Compares in a time that does not depend on where they differ."""
    difference = len(left) ^ len(right)
    for a, b in zip(left.encode(), right.encode(), strict=False):
        difference |= a ^ b
    return difference == 0
