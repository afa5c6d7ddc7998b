"""Programs in bad circumstances, with conditions, log messages, snapshots, filters and data breakpoints in force."""

import shutil
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import support
from test_points import LOOP, PointSession
from test_safety import eventually

ALARMS = """
    import gc, os, signal, sys, time, weakref
    gc.disable()

    class Alarm(Exception):
        pass

    class Token:
        pass

    def alarm(*_):
        global alarms
        alarms += 1
        raise Alarm

    def work(i):
        token = Token()
        tokens.add(weakref.ref(token, tokens.discard))
        j = i * 2
        return j  #@return

    def turn():
        global handled
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            while True:
                work(1)
        except Alarm:
            handled += 1

    tokens = set()
    alarms = handled = 0
    signal.signal(signal.SIGALRM, alarm)
    print('ready', flush=True)
    while not os.path.exists(__file__ + '.go'):
        time.sleep(0.005)
    while alarms < 400:
        turn()
    time.sleep(0.1)
    print('done', handled == alarms, len(tokens), flush=True)
    time.sleep(60)
"""


class AlarmTest(PointSession):
    """Signal handlers that raise: each exception comes exactly once, and nothing of ours stays behind it."""

    def check(self, **what):
        self.start(ALARMS)
        self.assertTrue(self.set('return', **what)['verified'])
        Path(self.program.path + '.go').touch()
        self.program.wait_for('done', 30)
        self.assertIn('done True 0', self.program.output())
        self.client.ask('threads')

    def test_in_conditions(self):
        self.check(condition='j == sum([i, i]) + 1')

    def test_in_hit_counts(self):
        self.check(hitCondition='>1000000000')

    def test_in_log_messages(self):
        self.check(logMessage='{i} {j!r:>5} {[i, j]}')

    def test_in_snapshots(self):
        self.check(mode='snapshot', hitCondition='1000000000')


class FullStackTest(PointSession):
    def test_exceptions_near_the_end_of_the_stack(self):
        """The program gets the exceptions that it raises, and none of ours for want of room."""
        self.start("""
            import sys, time
            sys.setrecursionlimit(300)

            def depth():
                frame, n = sys._getframe(), 0
                while frame:
                    frame, n = frame.f_back, n + 1
                return n

            def down(n):
                if n:
                    return down(n - 1)
                try:
                    raise KeyError  #@raise
                except BaseException as error:
                    return type(error).__name__

            print('ready', flush=True)
            while True:
                # One frame more, and Python itself would refuse.
                names = [down(300 - depth() - spare) for spare in range(1, 40)]
                if set(names) != {'KeyError'}:
                    print('wrong', names, flush=True)
                print('on', flush=True)
                time.sleep(0.01)
        """)
        filters = [{'filterId': name, 'condition': 'ValueError'} for name in ('raised', 'userUnhandled', 'uncaught')]
        self.client.ask('setExceptionBreakpoints', filters=filters)
        for _ in range(5):
            self.program.grows()
        self.assertNotIn('wrong', self.program.output())


class CrowdTest(PointSession):
    def test_no_message_of_many_threads_is_left_behind(self):
        """The first message wakes the agent's thread, whichever thread's it is."""
        self.start("""
            import os, sys, threading, time
            sys.setswitchinterval(1e-6)

            def work(i):
                return i  #@return

            def run(barrier):
                for turn in range(20):
                    barrier.wait()
                    work(turn)
                    if barrier.wait() == 0:
                        time.sleep(0.1)

            print('ready', flush=True)
            while not os.path.exists(__file__ + '.go'):
                time.sleep(0.005)
            barrier = threading.Barrier(50)
            threads = [threading.Thread(target=run, args=[barrier]) for _ in range(50)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            print('done', flush=True)
            time.sleep(60)
        """)
        self.set('return', logMessage='{i}', hitCondition='<=1000')
        Path(self.program.path + '.go').touch()
        lines = []
        while len(lines) < 1000:
            lines += self.output()['output'].split()
        self.assertEqual(sorted(map(int, lines)), sorted([*range(20)] * 50))
        self.program.wait_for('done')


class ChangedTest(PointSession):
    def start_changed(self, source, changes):
        """Starts with an agent of which texts are replaced, by module."""
        folder = Path(tempfile.mkdtemp(prefix='built-'))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(support.BUILT / 'stub.py', folder)
        parts = (support.BUILT / 'agent.src').read_text().split('\f')
        for i, part in enumerate(parts):
            old, new = changes.get(part.split('\n', 1)[0], ('', ''))
            self.assertIn(old, part)
            parts[i] = part.replace(old, new, 1)
        (folder / 'agent.src').write_text('\f'.join(parts))
        with unittest.mock.patch.object(support, 'BUILT', folder):
            return self.start(source)


class NewerPythonTest(ChangedTest):
    """Where the instructions cannot be learnt, breakpoints go by lines alone, and what needs more is refused."""

    UNKNOWN = {'bytecode': ('import _opcode', 'raise IndexError'), 'stores': ('import _opcode', 'raise IndexError')}

    def test_breakpoints_conditions_and_steps_work(self):
        client = self.start_changed(LOOP, self.UNKNOWN)
        self.assertTrue(self.set('return', condition='i % 5 == 0')['verified'])
        self.assertEqual(client.stopped(), ('breakpoint', 'step', self.at('return')))
        self.assertEqual(client.step('next')[0], 'step')
        client.ask('breakpointLocations', path=self.program.path, line=1, endLine=99)
        self.clear_and_continue()

    def test_data_breakpoints_are_refused_in_words(self):
        client = self.start_changed(LOOP, self.UNKNOWN)
        self.set('return')
        client.stopped()
        for _ in range(2):
            found = client.ask('dataBreakpointInfo', name='j', frameId=client.frame)
            self.assertIsNone(found['dataId'])
            self.assertIn('nothing can be watched', found['description'])
        self.clear_and_continue()
        client.ask('threads')


class FaultTest(ChangedTest):
    """A fault of ours ends the session, takes everything back, and does not show in the program."""

    SOURCE = """
        import sys, time
        def work(i):
            try:
                raise KeyError
            except KeyError:
                i += 1
            return i  #@return
        print('ready', flush=True)
        while True:
            work(1)
            print([sys.monitoring.get_tool(i) for i in range(6)], hasattr(sys, '__pylatch__'), flush=True)
            time.sleep(0.005)
    """

    def check(self, changes, **what):
        with self.subTest(changes):
            client = self.start_changed(self.SOURCE, changes)
            try:
                client.ask('setExceptionBreakpoints', filters=[{'filterId': 'raised', 'condition': 'exc is None'}])
                self.set('return', **what)
                client.gone()
            except EOFError, OSError:
                pass
            self.assertIn('detached', [event['event'] for event in client.events])
            self.assertTrue(eventually(lambda: self.program.output().endswith(f'{[None] * 6} False\n')))
            self.assertNotIn('Traceback', self.program.output())

    def test_in_callbacks(self):
        self.check({'exceptions': ('refused = self.refused', '1 / 0; refused = self.refused')})
        self.check({'exceptions': ('kind = type(error)', 'kind = 1 / 0')})
        self.check({'points': ('shown = text if', 'shown = 1 / 0 if')}, logMessage='{i}')
        self.check({'snapshots': ('camera = Camera()', 'camera = 1 / 0')}, mode='snapshot')

    def test_while_everything_is_taken_back(self):
        broken = {'exceptions': ('kind = type(error)', 'kind = 1 / 0')}
        self.check(broken | {'points': ('self.watch.end()', '1 / 0')})
        self.check(broken | {'breakpoints': ('self.spots.clear()', '1 / 0')})


if __name__ == '__main__':
    unittest.main()
