"""What the target must never notice, and how a session ends."""

import os
import signal
import socket
import time
import unittest
from pathlib import Path

from support import Client
from test_stepping import LOOP, THREADS, Session

REPORT = """
import atexit, os, sys
print('STATE', sorted(m for m in sys.modules), [sys.monitoring.get_tool(i) for i in range(6)], atexit._ncallbacks(),
      len(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task')), sorted(vars(sys)), flush=True)
"""

TOUCHED = f"""
    import os, sys, time
    def work(n):
        return n + 1  #@work
    def report():
        exec({REPORT!r})
    report()
    print('ready', flush=True)
    while True:
        work(1)
        time.sleep(0.002)
        if os.path.exists(__file__ + '.report'):
            os.unlink(__file__ + '.report')
            report()
"""


def threads_of(pid):
    return len(os.listdir(f'/proc/{pid}/task'))


def eventually(check, limit=3.0):
    until = time.monotonic() + limit
    while not check():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


class EndTest(Session):
    def test_detach_leaves_nothing(self):
        self.start(TOUCHED)
        self.run_to('work')
        self.client.ask('evaluate', expression='[work, n]', frameId=self.client.frame)
        self.client.step('next')
        residue = self.client.ask('detach')
        inert = residue.pop('inert')
        self.assertEqual(residue, {'tools': [], 'modules': [], 'threads': 0, 'files': [], 'failed': []})
        self.assertEqual(len(inert), 1)
        self.assertTrue(eventually(lambda: threads_of(self.program.pid) == 1))
        Path(self.program.path + '.report').touch()
        self.assertTrue(eventually(lambda: self.program.output().count('STATE') == 2))
        first, second = [line for line in self.program.output().splitlines() if line.startswith('STATE')]
        self.assertEqual(first, second)

    def test_a_client_that_vanishes_while_stopped(self):
        self.start(LOOP)
        self.run_to('inner')
        started = time.monotonic()
        self.client.socket.close()
        self.program.grows()
        self.assertLess(time.monotonic() - started, 1.0)
        self.assertTrue(eventually(lambda: threads_of(self.program.pid) == 1))
        self.attach()
        self.run_to('inner')

    def test_a_client_that_vanishes_in_an_evaluation(self):
        self.start(LOOP)
        self.run_to('inner')
        self.client.send('evaluate', expression='while True: pass', context='repl', frameId=self.client.frame)
        time.sleep(0.1)
        self.client.socket.close()
        self.program.grows()

    def test_attach_and_detach_many_times(self):
        self.start(THREADS)
        self.client.ask('detach')
        for _ in range(20):
            client = self.attach()
            self.run_to('count')
            client.ask('detach')
            client.close()
        self.program.grows()

    def test_a_second_session_is_refused_and_harms_neither(self):
        self.start(LOOP)
        with self.assertRaisesRegex(AssertionError, 'already-attached'):
            Client(self.program.pid)
        self.run_to('inner')
        self.clear_and_continue()
        self.program.grows()

    def test_a_wrong_token_ends_the_agent(self):
        self.start(LOOP)
        self.client.ask('detach')

        class Stranger(Client):
            def write(self, message):
                super().write({**message, 'token': '0' * 64})

        with self.assertRaises((EOFError, OSError)):
            Stranger(self.program.pid)
        self.program.grows()
        self.attach()

    def test_noise_on_the_wire_ends_the_session_not_the_program(self):
        for noise in (b'\xff' * 64, b'\x00\x00\x00\x04nope', b'\x00\x00\x00\x02[]', b'\x00\x00\x00\x02{}'):
            if not hasattr(self, 'program'):
                self.start(LOOP)
            else:
                self.attach()
            self.run_to('inner')
            self.client.socket.sendall(noise)
            self.program.grows()
            with self.assertRaises((EOFError, OSError)):
                while True:
                    self.client.pump()

    def test_bad_arguments_are_refused(self):
        self.start(LOOP)
        for command, arguments in (
            ('nonsense', {}),
            ('variables', {}),
            ('evaluate', {'expression': 5}),
            ('setBreakpoints', {'path': 3}),
            ('stackTrace', {'threadId': 'x'}),
            ('scopes', {'frameId': None}),
            ('completions', {'text': 1}),
        ):
            self.assertIn('id', self.client.refused(command, **arguments), command)
        self.run_to('inner')


class SignalTest(Session):
    def test_ctrl_c_while_stopped_comes_when_it_goes_on(self):
        self.start("""
            import time
            print('ready', flush=True)
            while True:
                try:
                    time.sleep(0.002)  #@sleep
                except KeyboardInterrupt:
                    print('interrupted', flush=True)
        """)
        self.run_to('sleep')
        os.kill(self.program.pid, signal.SIGINT)
        time.sleep(0.2)
        self.assertNotIn('interrupted', self.program.output())
        self.client.ask('evaluate', expression='1 + 1', frameId=self.client.frame)
        self.clear_and_continue()
        self.program.wait_for('interrupted')
        self.assertNotIn('Traceback', self.program.output())

    def test_a_handler_that_raises_belongs_to_the_program(self):
        self.start("""
            import signal, time
            class Late(Exception):
                pass
            def handler(_, frame):
                while frame:
                    if frame.f_code is work.__code__:
                        raise Late
                    frame = frame.f_back
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.003)
            def work():
                n = 0
                for i in range(200):
                    n += i  #@line
                return n
            late = 0
            print('ready', flush=True)
            while True:
                try:
                    work()
                except Late:
                    late += 1
                    if late % 20 == 0:
                        print(late, flush=True)
        """)
        self.run_to('line')
        for _ in range(20):
            self.client.step('next')
        self.clear_and_continue()
        self.program.grows()
        self.client.ask('threads')

    def test_blocked_signals_stay_for_sigwait(self):
        self.start("""
            import os, signal, threading, time
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
            print('ready', flush=True)
            def tick():
                while True:
                    time.sleep(0.005)
            threading.Thread(target=tick, daemon=True).start()
            while True:
                got = signal.sigtimedwait({signal.SIGUSR1}, 0.05)
                if got:
                    print('got', got.si_signo, flush=True)
        """)
        os.kill(self.program.pid, signal.SIGUSR1)
        self.program.wait_for('got')


class ForkTest(Session):
    def test_no_warning_and_a_child_of_its_own(self):
        self.start(
            """
            import os, sys, time
            def work(n):
                return n + 1  #@work
            print('ready', flush=True)
            while not os.path.exists(__file__ + '.go'):
                time.sleep(0.002)
            while True:
                pid = os.fork()
                if pid == 0:
                    work(1)
                    tools = [sys.monitoring.get_tool(i) for i in range(6)]
                    os.write(1, f'child {tools} {sorted(n for n in vars(sys) if "pylatch" in n)}\\n'.encode())
                    os._exit(0)
                os.waitpid(pid, 0)
                time.sleep(0.01)
                work(2)
            """,
            '-W',
            'error',
        )
        Path(self.program.path + '.go').touch()
        self.program.wait_for('child')
        self.assertIn('child [None, None, None, None, None, None] []', self.program.output())
        # The parent is still debugged, by a thread that came back.
        self.run_to('work')
        self.assertEqual(self.client.locals(), {'n': '2'})
        self.assertNotIn('Warning', self.program.output())
        self.clear_and_continue()
        self.program.grows()

    def test_a_fork_while_other_threads_stop(self):
        """The child runs hooks of `threading` before ours: it must not wait in them for a thread it does not have."""
        self.start("""
            import os, threading, time
            def work():
                return 1  #@work
            def tick():
                while True:
                    work()
                    time.sleep(0.001)
            for _ in range(5):
                threading.Thread(target=tick, daemon=True).start()
            print('ready', flush=True)
            while True:
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                os.waitpid(pid, 0)
                print('on', flush=True)
        """)
        self.run_to('work')
        for _ in range(400):
            self.client.ask('continue', threadId=self.client.thread)
            self.client.stopped()
        self.client.close()
        self.program.grows()

    def test_the_parents_end_ends_the_session_although_a_child_lives(self):
        self.start("""
            import os, sys, time
            print('ready', flush=True)
            if os.fork() == 0:
                time.sleep(3)
                os._exit(0)
            while True:
                time.sleep(0.01)
        """)
        self.assertEqual(self.client.ask('detach')['tools'], [])
        with self.assertRaises((EOFError, OSError)):
            self.client.pump()


class OddTargetTest(Session):
    def test_standard_streams_closed(self):
        """The agent's descriptors stay clear of 0, 1 and 2, which the program may open again."""
        self.start("""
            import os, sys, time
            print('ready', flush=True)
            for fd in range(3):
                os.close(fd)
            def work(n):
                return n  #@work
            while True:
                work(1)
                time.sleep(0.002)
        """)
        self.run_to('work')
        low = [fd for fd in os.listdir(f'/proc/{self.program.pid}/fd') if int(fd) < 3]
        self.assertEqual(low, [])

    def test_builtins_that_the_program_replaced(self):
        self.start("""
            import builtins, time
            real = builtins.__import__
            def work(n):
                return n  #@work
            print('ready', flush=True)
            def no_import(name, *rest):
                if name in ('_json', '_socket', 'select', 'gc', 'fcntl'):
                    raise ImportError('not here')
                return real(name, *rest)
            builtins.__import__ = no_import
            while True:
                work(1)
                time.sleep(0.002)
        """)
        self.run_to('work')

    def test_an_audit_hook_that_refuses_is_obeyed(self):
        with self.assertRaises(AssertionError):
            self.start("""
                import sys, time
                def hook(event, _):
                    if event in ('_thread.start_joinable_thread', '_thread.start_new_thread'):
                        raise RuntimeError('not allowed')
                sys.addaudithook(hook)
                print('ready', flush=True)
                while True:
                    time.sleep(0.002)
                    print('on', flush=True)
            """)
        self.program.grows()
        self.assertNotIn('Traceback', self.program.output())

    def test_the_programs_own_tools_go_on(self):
        self.start("""
            import cProfile, sys, time
            calls = []
            def work(n):
                return n + 1  #@work
            profile = cProfile.Profile()
            profile.enable()
            sys.monitoring.use_tool_id(1, 'coverage')
            sys.monitoring.register_callback(1, sys.monitoring.events.PY_START, lambda *a: calls.append(a))
            sys.monitoring.set_local_events(1, work.__code__, sys.monitoring.events.PY_START)
            print('ready', flush=True)
            turn = 0
            while True:
                turn += 1
                work(1)
                if turn % 50 == 0:
                    print(len(calls), turn, [sys.monitoring.get_tool(i) for i in (0, 1, 2)], flush=True)
                time.sleep(0.002)
        """)
        self.run_to('work')
        self.clear_and_continue()
        self.program.grows()
        last = self.program.output().splitlines()[-1]
        calls, turn = last.split()[:2]
        self.assertEqual(calls, turn)
        self.assertIn("[None, 'coverage', 'cProfile']", last)

    def test_a_finaliser_on_the_agents_thread_stops_nobody(self):
        self.start("""
            import gc, time
            class Node:
                def __init__(self):
                    self.me = self
                def __del__(self):
                    seen.append(1)  #@del
            seen = []
            gc.set_threshold(5)
            print('ready', flush=True)
            while True:
                Node()
                time.sleep(0.001)
        """)
        self.client.breakpoints(self.program.path, self.at('del'))
        self.client.stopped()
        self.clear_and_continue()
        self.client.ask('threads')

    def test_a_nearly_full_stack(self):
        self.start("""
            import sys, time
            sys.setrecursionlimit(200)
            def down(n):
                try:
                    return down(n + 1)  #@down
                except RecursionError:
                    return n
            print('ready', flush=True)
            while True:
                print(down(0), flush=True)
                time.sleep(0.002)
        """)
        self.client.breakpoints(self.program.path, self.at('down'))
        self.client.stopped()
        self.clear_and_continue()
        self.program.grows()
        self.assertNotIn('Traceback', self.program.output())

    def test_a_bridge_that_does_not_read_holds_nobody(self):
        """A bridge that was stopped fills the socket; the program is let go after the limit of a write."""
        self.start("""
            import time
            text = 'x' * 900
            def work(a, b, c, d, e, f):
                return a  #@work
            print('ready', flush=True)
            while True:
                work(*[[text] * 30] * 6)
                print('on', flush=True)
                time.sleep(0.001)
        """)
        self.client.breakpoints(self.program.path, self.at('work'))
        self.client.stopped()
        # Answers to these fill the buffers, as nobody reads them any more.
        for _ in range(3000):
            try:
                self.client.socket.settimeout(0.2)
                self.client.send('evaluate', expression='[a] * 30', context='clipboard', frameId=self.client.frame)
            except OSError:
                break
        size = len(self.program.output())
        self.assertTrue(eventually(lambda: len(self.program.output()) > size, 15))


class AccessTest(Session):
    def test_another_user_cannot_speak_to_it(self):
        if os.geteuid() != 0:
            self.skipTest('only root can become another user')
        self.start(LOOP)
        self.client.ask('detach')

        class Other(Client):
            def connect(self, _pid):
                os.chmod(self.directory, 0o777)
                while True:
                    if os.path.exists(self.directory + '/sock'):
                        os.chmod(self.directory + '/sock', 0o777)
                        break
                link = socket.socket(socket.AF_UNIX)
                link.settimeout(5)
                os.seteuid(65534)
                try:
                    link.connect(self.directory + '/sock')
                finally:
                    os.seteuid(0)
                return link

        with self.assertRaises((EOFError, OSError)):
            Other(self.program.pid)
        self.program.grows()


if __name__ == '__main__':
    unittest.main()
