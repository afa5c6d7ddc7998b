"""Programs whose objects, hooks and circumstances resist inspection: neither they nor the session may suffer."""

import os
import subprocess
import time
import unittest
from pathlib import Path

from test_safety import eventually
from test_stepping import Session

HOSTILE = """
    import datetime, sys, time, types

    sys.set_int_max_str_digits(640)

    class Unhashable(type):
        def __eq__(cls, other):
            return NotImplemented

    class Raising(type):
        def __getattribute__(cls, name):
            print('CODE RAN', name, flush=True)
            raise ValueError(name)
        def __hash__(cls):
            raise ValueError('hash')
        def __eq__(cls, other):
            raise ValueError('eq')

    class OfUnhashable(metaclass=Unhashable):
        pass

    class OfRaising(metaclass=Raising):
        pass

    class Liar:
        @property
        def __class__(self):
            raise ValueError('class')

    class Failure(Exception):
        @property
        def args(self):
            print('CODE RAN args', flush=True)
            raise ValueError('args')

    class Zone(datetime.tzinfo):
        def __repr__(self):
            print('CODE RAN zone', flush=True)
            return 'Zone()'

    class Text(str):
        def __str__(self):
            raise ValueError('str')
        def __eq__(self, other):
            raise ValueError('eq')
        __hash__ = str.__hash__

    class Module(types.ModuleType):
        def __getattribute__(self, name):
            if name != '__spec__':
                print('CODE RAN', name, flush=True)
            raise ValueError(name)

    class Space:
        def __init__(self):
            self.names = {}
        def __getitem__(self, name):
            return self.names[name]
        def __setitem__(self, name, value):
            self.names[name] = value

    class Spaced(type):
        def __prepare__(name, bases):
            return Space()
        def __new__(kind, name, bases, space):
            return type.__new__(kind, name, bases, space.names)

    class Endless(Exception):
        def __str__(self):
            while True:
                pass

    def fail():
        raise Endless

    globals()[5] = 'no name'
    plain = types.SimpleNamespace()
    plain.__dict__[7] = 'no name'
    plain.__dict__[Text('noted')] = 1

    def work(a, b, c, d, e, f, g, h, i, j, k):
        return 1  #@work

    def make():
        class Made(metaclass=Spaced):
            x = 1
            y = 2  #@class body
        return Made

    values = (OfUnhashable(), type.__call__(OfRaising), Liar(), Failure(1), Text('x'), plain, Module('m'),
              {10 ** 3000: 1, '\\ud800': 2}, range(10 ** 3000), 2 ** 1999,
              datetime.datetime(2020, 1, 1, tzinfo=Zone()))
    print('ready', flush=True)
    while True:
        work(*values)
        make()
        time.sleep(0.002)
        if time.time_ns() % 4 == 0:
            print('on', flush=True)
"""


class ValuesTest(Session):
    def everything(self):
        """Opens what can be opened, some levels deep; returns the rows."""
        scopes = self.client.ask('scopes', frameId=self.client.frame)['scopes']
        waiting = [scope['variablesReference'] for scope in scopes]
        rows = []
        while waiting and len(rows) < 300:
            found = self.client.ask('variables', variablesReference=waiting.pop(0))['variables']
            rows += found
            lazy = [row for row in found if row.get('presentationHint') == {'lazy': True}]
            waiting += [row['variablesReference'] for row in found if row['variablesReference'] and row not in lazy]
        return rows

    def test_values_whose_looking_runs_code(self):
        self.start(HOSTILE)
        self.run_to('work')
        before = self.program.output().count('CODE RAN')
        # The stop itself carried nothing that was run.
        self.assertEqual(before, 0)
        rows = {row['name']: row['value'] for row in self.everything()}
        self.assertEqual(rows['a'], f'<OfUnhashable object at {rows["a"].split()[-1]}')
        self.assertEqual(rows['d'], 'Failure(1,)')
        self.assertEqual(rows['h'], "{<int of 9966 bits>: 1, '\\ud800': 2}")
        self.assertEqual(rows['i'], 'range(0, <int of 9966 bits>)')
        self.assertEqual(rows['noted'], '1')
        # A zone's `__repr__` is code of the program: it ran on the stopped thread, under limits.
        self.assertEqual(set(self.program.output().split('CODE RAN')[1:]) - {' zone\n'}, set())
        for text in ('', 'a', 'a.', 'b.', 'f.', 'g.', 'OfRaising.'):
            self.client.ask('completions', frameId=self.client.frame, text=text, column=len(text) + 1)
        self.clear_and_continue()
        self.program.grows()

    def test_a_class_body_in_a_mapping_of_the_program(self):
        self.start(HOSTILE)
        self.assertEqual(self.run_to('class body')[1], 'make.<locals>.Made')
        self.assertIn('(namespace)', self.client.locals())
        answer = self.client.ask('evaluate', expression='x', frameId=self.client.frame)
        self.assertEqual(answer['result'], '1')

    def test_an_exception_whose_text_never_ends(self):
        self.start(HOSTILE)
        self.run_to('work')
        error = self.client.refused('evaluate', expression='fail()', context='hover', frameId=self.client.frame)
        self.assertEqual(error['text'], 'Endless')
        self.clear_and_continue()
        self.program.grows()

    def test_warnings_of_the_compiler_are_not_printed(self):
        self.start(HOSTILE, '-W', 'error')
        self.run_to('work')
        for text in ('a is 1', r'"\d"', 'b = 1 is 1'):
            self.client.ask('evaluate', expression=text, context='repl', frameId=self.client.frame)
        found = self.client.ask('evaluate', expression='len(__import__("warnings").filters)', frameId=self.client.frame)
        self.client.ask('evaluate', expression='a is 1', frameId=self.client.frame)
        again = self.client.ask('evaluate', expression='len(__import__("warnings").filters)', frameId=self.client.frame)
        self.assertEqual(found['result'], again['result'])
        self.assertNotIn('Warning', self.program.output())

    def test_nor_those_about_a_condition_in_a_program_without_warnings(self):
        self.start("""
            import time
            def work(n):
                return n  #@work
            print('ready', flush=True)
            while True:
                work(3)
                time.sleep(0.005)
        """)
        asked = [{'id': 1, 'line': self.at('work'), 'condition': 'n is 3'}]
        (found,) = self.client.ask('setBreakpoints', path=self.program.path, breakpoints=asked)['breakpoints']
        self.assertTrue(found['verified'], found)
        self.client.stopped()
        self.assertNotIn('Warning', self.program.output())

    def test_a_pipe_is_not_read_for_its_source(self):
        self.start(HOSTILE)
        self.assertEqual(self.client.refused('source', path='/dev/stdin')['id'], 'source-unavailable')
        self.client.ask('threads')


class HookTest(Session):
    def hooked(self, event, before):
        """A program whose audit hook refuses an event, from the start or when a file appears."""
        return f"""
            import os, sys, time
            armed = {before}
            def hook(event, _):
                if armed and event.startswith({event!r}):
                    raise RuntimeError('refused')
            def work(n):
                return n + 1  #@work
            def turn():
                work(1)
                print('on', [sys.monitoring.get_tool(i) for i in range(6)], flush=True)
                time.sleep(0.005)
            print('ready', flush=True)
            sys.addaudithook(hook)
            while True:
                turn()
                if os.path.exists(__file__ + '.arm'):
                    armed = True
        """

    def test_a_hook_that_refuses_what_callbacks_do(self):
        for event in ('sys._getframe', 'builtins.id', 'sys._current_frames', 'object.__getattr__'):
            with self.subTest(event):
                self.start(self.hooked(event, False))
                Path(self.program.path + '.arm').touch()
                self.program.grows()
                try:
                    self.client.breakpoints(self.program.path, self.at('work'))
                    self.client.stopped()
                    self.client.close()
                except AssertionError, EOFError, OSError:
                    self.client.close()
                self.program.grows()
                self.assertTrue(eventually(lambda: self.program.output().endswith(f'{[None] * 6}\n')))
                self.assertNotIn('Traceback', self.program.output())

    def test_a_hook_that_refuses_the_attach_leaves_nothing(self):
        for event in ('socket', 'sys.monitoring.register_callback', 'sys._getframe'):
            with self.subTest(event):
                with self.assertRaises((AssertionError, EOFError, OSError)):
                    self.start(self.hooked(event, True))
                self.program.grows()
                self.assertTrue(eventually(lambda: self.program.output().endswith(f'{[None] * 6}\n')))

    def test_a_hook_that_refuses_the_interruption_of_an_evaluation(self):
        self.start(self.hooked('ctypes', True))
        self.run_to('work')
        text = '__import__("time").sleep(1.5)'
        error = self.client.refused('evaluate', expression=text, context='hover', frameId=self.client.frame)
        self.assertEqual(error['id'], 'evaluation-timeout')
        self.client.close()
        self.program.grows()


class CircumstanceTest(Session):
    def test_the_end_of_the_interpreter_waits_for_nobody(self):
        self.start("""
            import os, sys, time
            class Late:
                def __del__(self):
                    done = True
                    done = False  #@del
            late = Late()
            print('ready', flush=True)
            while not os.path.exists(__file__ + '.end'):
                time.sleep(0.002)
            sys.exit(7)
        """)
        self.client.breakpoints(self.program.path, self.at('del'))
        Path(self.program.path + '.end').touch()
        try:
            self.assertEqual(self.program.process.wait(5), 7)
        except subprocess.TimeoutExpired:
            self.fail('the program does not end')
        self.assertEqual(self.program.output(), 'ready\n')

    def test_a_working_directory_that_was_deleted(self):
        self.start("""
            import os, tempfile, time
            os.chdir(tempfile.mkdtemp())
            os.rmdir(os.getcwd())
            space = {}
            exec(compile('def relative(f): return f()', 'relative.py', 'exec'), space)
            def work():
                return 1  #@work
            print('ready', flush=True)
            while True:
                space['relative'](work)
                time.sleep(0.002)
        """)
        self.run_to('work')
        self.assertEqual(self.client.stop['snapshot']['stackFrames'][1]['source']['path'], 'relative.py')

    def raw_thread(self, **config):
        """Pauses a raw thread that sleeps, and comes back when the thread has ended without running a line."""
        self.start(
            """
            import _thread, os, sys, time
            def sleeper():
                time.sleep(0.6)
            def turn():
                tools = [i for i in range(6) if sys.monitoring.get_tool(i)]
                print('on', [sys.monitoring.get_events(i) for i in tools], flush=True)
                time.sleep(0.005)
            print('ready', flush=True)
            while not os.path.exists(__file__ + '.go'):
                turn()
            _thread.start_new_thread(sleeper, ())
            while True:
                turn()
            """,
            **config,
        )
        Path(self.program.path + '.go').touch()
        sleeping = []
        while not sleeping:
            sleeping = [t['id'] for t in self.client.ask('threads')['threads'] if 'sleeper' in t['name']]
        self.client.ask('pause', threadId=sleeping[0])
        self.client.stopped()
        self.assertTrue(eventually(lambda: len(os.listdir(f'/proc/{self.program.pid}/task')) == 2))
        time.sleep(0.1)

    def test_a_thread_that_ends_while_it_counts_as_stopped(self):
        self.raw_thread()
        self.client.ask('continue', threadId=self.client.thread)
        self.program.grows()

    def test_a_thread_that_ends_while_it_alone_counts_as_stopped(self):
        self.raw_thread(stopThreads='one')
        self.assertEqual(self.client.refused('continue', threadId=self.client.thread)['id'], 'no-such-thread')
        # The events that were to catch it, which slow down every thread, are off.
        self.assertTrue(eventually(lambda: self.program.output().endswith('on [0, 0]\n')))

    def test_closed_standard_streams_stay_closed(self):
        """The library behind `_ctypes` keeps a descriptor, which must not become the program's standard input."""
        self.start("""
            import os, time
            class Shown:
                def __repr__(self):
                    return 'shown'
            def work(shown):
                return 1  #@work
            print('ready', flush=True)
            for fd in range(3):
                os.close(fd)
            while True:
                work(Shown())
                time.sleep(0.002)
        """)
        self.run_to('work')
        self.assertEqual(self.client.locals(), {'shown': 'shown'})
        self.assertEqual([fd for fd in os.listdir(f'/proc/{self.program.pid}/fd') if int(fd) < 3], [])
        self.assertEqual(len(self.client.ask('detach')['inert']), 2)

    def test_a_body_on_the_line_of_its_def_while_it_runs(self):
        """Its PY_START, without which its LINE does not fire, was disabled by the look for new code."""
        self.start("""
            import time
            def short(n): return n  #@short
            def other(n):
                return n  #@other
            print('ready', flush=True)
            while True:
                short(1)
                other(1)
        """)
        for _ in range(5):
            self.run_to('other')
            self.client.ask('continue', threadId=self.client.thread)
            # The file keeps a breakpoint, so that code which starts has been seen before it gets another one.
            self.client.stopped()
            self.client.breakpoints(self.program.path, self.at('short'))
            self.client.ask('continue', threadId=self.client.thread)
            self.assertEqual(self.client.stopped()[1], 'short')
            self.clear_and_continue()

    def test_no_finaliser_waits_on_the_agents_thread_for_a_lock_of_a_stopped_one(self):
        self.start("""
            import gc, threading, time
            lock = threading.RLock()
            class Node:
                def __init__(self):
                    self.me = self
                def __del__(self):
                    with lock:
                        pass
            big = [[i] for i in range(6000)]
            def work():
                with lock:
                    Node()
                    return 1  #@work
            print('ready', flush=True)
            while True:
                work()
                print('on', gc.isenabled(), flush=True)
                time.sleep(0.002)
        """)
        self.run_to('work')
        answer = self.client.ask('evaluate', expression='big', frameId=self.client.frame)
        page = {'variablesReference': answer['variablesReference'], 'filter': 'indexed', 'count': 3000}
        for start in (0, 3000):
            self.assertEqual(len(self.client.ask('variables', start=start, **page)['variables']), 3000)
        self.clear_and_continue()
        self.program.grows()
        self.assertNotIn('False', self.program.output())

    def test_an_evaluation_in_flight_keeps_nothing_when_the_thread_goes_on(self):
        self.start("""
            import time, weakref
            class Value:
                pass
            seen = []
            def work():
                value = Value()
                seen.append(weakref.ref(value))
                return value  #@work
            print('ready', flush=True)
            while True:
                work()
                time.sleep(0.002)
                print('alive', sum(ref() is not None for ref in seen), flush=True)
        """)
        self.run_to('work')
        text = '[value, __import__("time").sleep(0.2)]'
        seq = self.client.send('evaluate', expression=text, context='repl', frameId=self.client.frame)
        self.clear_and_continue()
        self.client.answer(seq)
        self.program.grows()
        self.assertEqual(self.program.output().splitlines()[-1], 'alive 0')


class CrowdTest(Session):
    CROWD = """
        import sys, threading, time
        sys.setswitchinterval(1e-6)
        def inner(n):
            a = n  #@inner
            return a + 1
        def each(n):
            for i in range(n):
                yield inner(i)  #@each
        def outer(n):
            for i in each(3):
                n += i
        def work():
            while True:
                outer(1)
        for _ in range(20):
            threading.Thread(target=work, daemon=True).start()
        # One that is never caught, so that the others are watched for all the time.
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        print('ready', flush=True)
        while True:
            time.sleep(0.005)
            print('on', [sys.monitoring.get_tool(i) for i in range(6)], flush=True)
    """

    def test_steps_of_many_threads_at_once(self):
        self.start(self.CROWD, stopThreads='one')
        self.client.breakpoints(self.program.path, self.at('each'))
        for command in ('next', 'stepIn', 'stepOut', 'next') * 50:
            stopped = []
            while len(stopped) < 20:
                self.client.stopped()
                stopped.append(self.client.thread)
            for seq in [self.client.send(command, threadId=thread) for thread in stopped]:
                self.assertIn('body', self.client.answer(seq))
        self.client.close()
        self.program.grows()

    def test_a_client_that_vanishes_while_many_wait_and_one_evaluates(self):
        """The agent's thread runs library code to break off the evaluation; nobody could let it go on if it parked."""
        self.start(self.CROWD)
        self.run_to('inner')
        self.client.send('evaluate', expression='while True: pass', context='repl', frameId=self.client.frame)
        time.sleep(0.2)
        self.client.close()
        self.assertTrue(eventually(lambda: self.program.output().endswith(f'{[None] * 6}\n')))
        self.program.grows()


if __name__ == '__main__':
    unittest.main()
