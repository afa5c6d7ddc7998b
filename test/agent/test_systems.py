"""The agent as on other systems. Their Pythons cannot run here, so a program takes away from its own what they do not
have, and whatever of it the agent touched would fail."""

import os
import textwrap
import time
import unittest

from support import LoopbackClient
from test_safety import eventually, threads_of
from test_stepping import LOOP, Session

WINDOWS = """
    import _ctypes, _json, _signal, _socket, posix, select, sys, types

    def partly(original, without):
        part = types.ModuleType(original.__name__)
        vars(part).update({name: item for name, item in vars(original).items() if name not in without})
        return part

    class Socket(_socket.socket):
        def setsockopt(self, level, name, value):
            if (level, name) == (_socket.SOL_SOCKET, _socket.SO_SNDTIMEO):
                assert value == 5000, value  # milliseconds in one word
                value = (value // 1000).to_bytes(8, 'little') + bytes(8)
            super().setsockopt(level, name, value)

    UNIX = ('AF_UNIX', 'MSG_NOSIGNAL', 'SO_PEERCRED', 'socketpair')
    KEPT = ('_path_normpath', 'close', 'fstat', 'getcwd', 'getpid', 'listdir', 'read', 'rmdir', 'stat', 'unlink',
            'write', 'O_CREAT', 'O_RDONLY', 'O_WRONLY')
    nt = types.ModuleType('nt')
    vars(nt).update({name: getattr(posix, name) for name in KEPT}, O_BINARY=1 << 40)

    def open_binary(path, flags, mode=0o777):
        assert flags & nt.O_BINARY, path
        return posix.open('/dev/null' if path == 'NUL' else path, flags & ~nt.O_BINARY, mode)

    nt.open = open_binary
    limited = partly(_socket, UNIX)
    limited.socket = Socket
    sys.modules.update(
        nt=nt,
        fcntl=None,
        _socket=limited,
        _signal=partly(_signal, ('pthread_sigmask',)),
        select=partly(select, ('poll', 'epoll')),
    )
    sys.builtin_module_names = (*(name for name in sys.builtin_module_names if name != 'posix'), 'nt')
"""

MACOS = """
    import _socket, sys, types

    class Socket(_socket.socket):
        def getsockopt(self, level, name, size=0):
            assert (level, name, size) == (0, 1, 76), (level, name, size)
            return (0).to_bytes(4, 'little') + USER.to_bytes(4, 'little') + bytes(68)
        def setsockopt(self, level, name, value):
            if (level, name) == (_socket.SOL_SOCKET, 0x1022):
                print('NO SIGPIPE', value, flush=True)
            else:
                super().setsockopt(level, name, value)

    limited = types.ModuleType('_socket')
    limited.__dict__.update({name: item for name, item in vars(_socket).items() if name not in ('SO_PEERCRED',
                            'MSG_NOSIGNAL')}, socket=Socket)
    sys.modules['_socket'] = limited
    sys.platform = 'darwin'
"""

FOREIGN = r"""
    import sys, time
    sys.prefix = sys.base_prefix = r'C:\Python'
    space = {'sleep': time.sleep}
    for path in (r'C:\Python\Lib\base.py', r'c:\python\LIB/site-packages/web.py', r'C:\work\app.py'):
        exec(compile('def call(then, *rest):\n    then(*rest) if rest else then()', path, 'exec'), space)
        space[path] = space.pop('call')
    print('ready', flush=True)
    while True:
        stack = [call for name, call in space.items() if '\\' in name]
        stack[0](stack[1], stack[2], lambda: time.sleep(0.01))  #@deep
"""


def with_system(system, program):
    return textwrap.dedent(system) + textwrap.dedent(program)


class LoopbackTest(Session):
    """The connection of Windows, with all that this system has."""

    kind = LoopbackClient

    def test_a_session_from_attach_to_detach(self):
        client = self.start(LOOP)
        self.assertEqual(self.run_to('inner'), ('breakpoint', 'inner', self.at('inner')))
        self.steps('next', 'inner return')
        self.assertEqual(client.locals()['b'], '1')
        client.ask('detach')
        client.gone()
        self.program.grows()
        self.assertTrue(eventually(lambda: threads_of(self.program.pid) == 1))

    def test_without_the_token_nobody_is_let_in(self):
        self.start(LOOP).ask('detach')
        self.client.gone()

        class Stranger(LoopbackClient):
            def write(self, message):
                super().write({**message, 'token': 'f' * 64})

        with self.assertRaises((EOFError, OSError)):
            Stranger(self.program.pid)
        self.attach()
        self.run_to('inner')


class WindowsTest(Session):
    kind = LoopbackClient

    def program_of(self, text):
        return self.start(with_system(WINDOWS, text))

    def test_a_session_from_attach_to_detach(self):
        client = self.program_of(LOOP)
        self.assertEqual(self.run_to('inner'), ('breakpoint', 'inner', self.at('inner')))
        self.steps('next', 'inner return')
        self.assertEqual(client.locals()['b'], '1')
        residue = client.ask('detach')
        client.gone()
        self.assertEqual(residue, {'tools': [], 'modules': [], 'threads': 0, 'files': [], 'failed': [], 'inert': []})
        self.program.grows()
        self.assertTrue(eventually(lambda: threads_of(self.program.pid) == 1))

    def test_nothing_stays_open(self):
        self.program_of(LOOP)
        self.client.ask('detach')
        self.client.gone()
        # The connection ends before the agent's thread does, which closes the rest.
        self.assertTrue(eventually(lambda: threads_of(self.program.pid) == 1))
        before = len(os.listdir(f'/proc/{self.program.pid}/fd'))
        for _ in range(5):
            self.attach().ask('detach')
            self.client.gone()
        self.assertTrue(eventually(lambda: len(os.listdir(f'/proc/{self.program.pid}/fd')) == before))

    def test_an_evaluation_is_interrupted(self):
        client = self.program_of(LOOP)
        self.run_to('inner')
        seq = client.send('evaluate', expression='while True: pass', context='repl', frameId=client.frame)
        time.sleep(0.1)
        client.ask('cancel', seq=seq)
        self.assertEqual(client.answer(seq)['error']['id'], 'cancelled')
        self.assertEqual(client.ask('evaluate', expression='a + b', frameId=client.frame)['result'].isdigit(), True)

    def test_many_words_at_once_are_one(self):
        client = self.program_of(LOOP)
        for _ in range(200):
            client.send('threads')
        self.assertEqual(self.run_to('inner')[0], 'breakpoint')

    def test_a_client_that_vanishes_while_stopped(self):
        self.program_of(LOOP)
        self.run_to('inner')
        self.client.socket.close()
        self.program.grows()
        self.assertTrue(eventually(lambda: threads_of(self.program.pid) == 1))

    def test_pauses_an_endless_loop_and_shows_its_source(self):
        client = self.program_of(LOOP)
        client.ask('pause', threadId=client.ask('threads')['threads'][0]['id'])
        self.assertEqual(client.stopped()[0], 'pause')
        text = client.ask('source', path=self.program.path)['content']
        self.assertIn('#@inner return', text)

    def test_paths_with_drives_and_what_is_the_users(self):
        client = self.program_of(FOREIGN)
        self.run_to('deep')
        client.ask('stepIn', threadId=client.thread)
        client.stopped()
        frames = client.stop['snapshot']['stackFrames']
        shown = [(one['source'].get('name'), one['source'].get('path'), 'origin' in one['source']) for one in frames]
        self.assertIn(('app.py', r'C:\work\app.py', False), shown)
        self.assertIn(('base.py', r'C:\Python\Lib\base.py', True), shown)
        self.assertIn(('web.py', r'c:\python\LIB/site-packages/web.py', True), shown)


class MacTest(Session):
    def test_the_users_own_client_is_let_in(self):
        self.start(with_system(MACOS, LOOP.replace('import sys\n', f'import sys\n    USER = {os.geteuid()}\n', 1)))
        self.assertEqual(self.run_to('inner')[0], 'breakpoint')
        self.assertIn('NO SIGPIPE 1', self.program.output())

    def test_another_user_is_not(self):
        with self.assertRaises((EOFError, OSError)):
            self.start(with_system(MACOS, LOOP.replace('import sys\n', 'import sys\n    USER = 12345\n', 1)))
        self.program.grows()


class PipeSignalTest(Session):
    def test_a_program_with_the_default_sigpipe_survives_the_end_of_the_bridge(self):
        default = 'import signal, sys\n    signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n'
        self.start(LOOP.replace('import sys\n', default, 1))
        self.run_to('inner')
        # The thread of the program sends the answer of the interrupted evaluation to nobody.
        self.client.send('evaluate', expression='while True: pass', context='repl', frameId=self.client.frame)
        time.sleep(0.1)
        self.client.socket.close()
        self.program.grows()


if __name__ == '__main__':
    unittest.main()
