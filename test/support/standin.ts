import type { AgentAssets } from '../../src/inject/assets';

/**
 * A stand-in for the agent: it answers the handshake on the thread it was given and ends with the connection.
 * It counts its runs in `sys.__dict__['__count__']`, so that a test can tell whether it ever ran.
 */
const STUB = `
import sys
def run():
    import _socket, _thread, posix, sys
    def serve():
        server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        server.bind('@ADDRESS@'.partition(':')[2])
        server.listen(1)
        fd, _ = server._accept()
        server.close()
        link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fd)
        data = b''
        while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], 'big'):
            part = link.recv(65536)
            if not part:
                break
            data += part
        if b'@TOKEN@' in data:
            body = b'{"version":1,"pid":%d,"python":"x","executable":"","argv":[],"cwd":""}' % posix.getpid()
            link.sendall(len(body).to_bytes(4, 'big') + body)
            try:
                link.recv(1)
            except OSError:
                pass
        link.close()
    _thread.start_new_thread(serve, ())
mine = ['@SESSION@']
if sys.__dict__.setdefault('__seen_@SESSION@', mine) is mine:
    sys.__dict__['__count__'] = sys.__dict__.get('__count__', 0) + 1
    run()
`;

/** For the second argument of \`attach\`. */
export function standin(): AgentAssets {
  return { stub: STUB, source: Buffer.from('') };
}
