"""Sets TCP_NODELAY on every TCP socket of the process that connects or accepts."""

import socket

accept, connect = socket.socket.accept, socket.socket.connect


def without_delay(sock):
    if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def accept_at_once(self):
    pair = accept(self)
    without_delay(pair[0])
    return pair


def connect_at_once(self, address):
    connect(self, address)
    without_delay(self)


socket.socket.accept = accept_at_once
socket.socket.connect = connect_at_once
