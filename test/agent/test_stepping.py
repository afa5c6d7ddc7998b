"""Breakpoints, steps and pauses in real programs."""

import os
import unittest

from support import Client, Program

LOOP = """
    import sys
    import time

    class Thing:
        def __init__(self, n):
            self.n = n

    def inner(a, b):
        c = a + b  #@inner
        return c * 2  #@inner return

    def outer(n):
        x = inner(n, 1)  #@call
        y = x + 1  #@after
        return y  #@outer return

    def squares(n):
        for i in range(n):
            yield i * i  #@yield

    def fails(n):
        try:
            boom(n)  #@try
        except ValueError:
            n = -n  #@handler
        return n  #@after handler

    def boom(n):
        raise ValueError(n)  #@raise

    def decorate(function):
        return function

    @decorate  #@decorator
    def decorated():
        # a comment  #@comment
        return 1  #@decorated body

    def later():  #@def later
        return 5  #@later

    turn = 0
    print('ready', flush=True)
    while True:
        turn += 1  #@top
        outer(turn)
        for s in squares(2):  #@for
            turn += 0  #@for body
        fails(turn)
        decorated()
        later()
        time.sleep(0.002)  #@sleep
        if turn % 20 == 0:
            print(turn, flush=True)
"""


class Session(unittest.TestCase):
    """A program and a client; both end with the test."""

    kind = Client

    def start(self, source, *arguments, **config):
        self.program = Program(source, *arguments)
        self.addCleanup(self.program.stop)
        self.program.wait_for('ready')
        return self.attach(**config)

    def attach(self, **config):
        self.client = self.kind(self.program.pid, **config)
        self.addCleanup(self.client.close)
        return self.client

    def run_to(self, marker):
        """Sets the only breakpoint and waits for it; the program must be running."""
        line = self.program.line(marker)
        (found,) = self.client.breakpoints(self.program.path, line)
        self.assertTrue(found['verified'], found)
        return self.client.stopped()

    def at(self, marker):
        return self.program.line(marker)

    def steps(self, command, *markers):
        """Takes one step for each marker and checks where each ends."""
        for marker in markers:
            reason, _, line = self.client.step(command)
            self.assertEqual((reason, line), ('step', self.at(marker)), marker)

    def clear_and_continue(self):
        self.client.breakpoints(self.program.path)
        self.client.ask('continue', threadId=self.client.thread)


class BreakpointTest(Session):
    def test_in_a_function_and_in_a_frame_that_runs(self):
        client = self.start(LOOP)
        self.assertEqual(self.run_to('inner'), ('breakpoint', 'inner', self.at('inner')))
        self.assertEqual(client.stop['hitBreakpointIds'], [1])
        client.breakpoints(self.program.path, self.at('top'))
        client.ask('continue', threadId=client.thread)
        self.assertEqual(client.stopped(), ('breakpoint', '<module>', self.at('top')))
        self.clear_and_continue()
        self.program.grows()

    def test_moves_to_the_line_that_fires(self):
        client = self.start(LOOP)
        (found,) = client.breakpoints(self.program.path, self.at('comment'))
        self.assertEqual((found['verified'], found['line']), (True, self.at('decorated body')))
        self.assertEqual(client.stopped()[2], self.at('decorated body'))

    def test_on_the_def_line_is_the_start_of_the_function(self):
        self.start(LOOP)
        self.assertEqual(self.run_to('def later'), ('breakpoint', 'later', self.at('def later')))
        self.steps('next', 'later')

    def test_says_why_it_is_not_verified(self):
        client = self.start(LOOP)
        (past,) = client.breakpoints(self.program.path, 9999)
        self.assertFalse(past['verified'])
        self.assertIn('The file ends at line', past['message'])
        (missing,) = client.breakpoints('/no/such/file.py', 3)
        self.assertFalse(missing['verified'])
        self.assertIn('sees no file', missing['message'])

    def test_in_a_module_that_is_imported_later(self):
        self.program = Program("""
            import os, sys, time
            print('ready', flush=True)
            while not os.path.exists(__file__ + '.go'):
                time.sleep(0.002)
            import late
            late.hello()
            while True:
                time.sleep(0.005)
                print('on', flush=True)
        """)
        self.addCleanup(self.program.stop)
        late = os.path.join(self.program.folder, 'late.py')
        with open(late, 'w') as file:
            file.write('first = 1\n\ndef hello():\n    word = "hi"\n    return word\n')
        self.program.wait_for('ready')
        client = self.attach()
        found = client.breakpoints(late, 1, 4)
        self.assertEqual([bp['verified'] for bp in found], [False, False])
        self.assertIn('not loaded this file yet', found[0]['message'])
        with open(self.program.path + '.go', 'w'):
            pass
        changed = [client.event('breakpoint')['breakpoint'] for _ in range(2)]
        self.assertEqual({(bp['id'], bp['verified'], bp['line']) for bp in changed}, {(1, True, 1), (2, True, 4)})
        self.assertEqual(client.stopped(), ('breakpoint', '<module>', 1))
        client.ask('continue', threadId=client.thread)
        self.assertEqual(client.stopped(), ('breakpoint', 'hello', 4))
        client.ask('continue', threadId=client.thread)
        self.program.grows()

    def test_by_another_name_of_the_same_file(self):
        client = self.start(LOOP)
        other = os.path.join(self.program.folder, 'other.py')
        os.symlink(self.program.path, other)
        (found,) = client.breakpoints(other, self.at('inner'))
        self.assertTrue(found['verified'])
        self.assertEqual(client.stopped()[1], 'inner')

    def test_when_the_collector_was_frozen(self):
        client = self.start("""
            import gc, time
            def work(n):
                return n + 1  #@work
            gc.freeze()
            print('ready', flush=True)
            while True:
                work(1)
                time.sleep(0.002)
        """)
        (found,) = client.breakpoints(self.program.path, self.at('work'))
        self.assertTrue(found['verified'])
        self.assertEqual(client.stopped()[1], 'work')

    def test_locations_are_those_of_the_line_table(self):
        client = self.start(LOOP)
        found = client.ask(
            'breakpointLocations', path=self.program.path, line=self.at('comment'), endLine=self.at('decorated body')
        )
        self.assertEqual(found, {'breakpoints': [{'line': self.at('decorated body')}]})

    def test_nothing_is_instrumented_but_the_lines_asked_for(self):
        """Lines without a breakpoint are disabled for good once they ran: seen in the code's own instructions."""
        client = self.start("""
            import dis, time
            def hot(n):
                a = n + 1
                b = a + 1  #@b
                return b
            def count():
                code = [i.opname for i in dis.get_instructions(hot, adaptive=True)]
                return sum(name.startswith('INSTRUMENTED') for name in code)
            print('ready', flush=True)
            skip = False
            while True:
                time.sleep(0.002)
                if not skip:
                    hot(1)
                count()
        """)
        self.run_to('b')
        client.ask('continue', threadId=client.thread)
        client.stopped()
        counted = client.ask('evaluate', expression='count()', frameId=client.frame)['result']
        # The breakpoint's LINE, whose base instruction may carry an instrumentation of its own.
        self.assertLessEqual(int(counted), 2)
        client.breakpoints(self.program.path)
        self.assertEqual(client.ask('evaluate', expression='hot(1) and count()', frameId=client.frame)['result'], '0')


class StepTest(Session):
    def test_next_over_calls_and_back_to_the_caller(self):
        self.start(LOOP)
        self.run_to('call')
        self.steps('next', 'after', 'outer return')
        self.assertEqual(self.client.step('next')[1], '<module>')
        self.steps('next', 'for')

    def test_into_and_out(self):
        self.start(LOOP)
        self.run_to('call')
        self.steps('stepIn', 'inner')
        self.steps('next', 'inner return')
        self.steps('stepOut', 'call')
        self.steps('next', 'after')

    def test_shows_what_a_function_returned(self):
        self.start(LOOP, showReturnValue=True)
        self.run_to('inner return')
        self.steps('stepOut', 'call')
        values = self.client.locals()
        self.assertEqual(int(values['(return) inner']), 2 * (int(values['n']) + 1))
        self.steps('next', 'after')
        self.assertNotIn('(return) inner', self.client.locals())

    def test_into_passes_library_code_by(self):
        self.start("""
            import contextlib, time
            @contextlib.contextmanager
            def managed():
                yield 1  #@managed
            print('ready', flush=True)
            while True:
                time.sleep(0.002)  #@before
                with managed() as m:  #@with
                    pass  #@body
        """)
        self.run_to('before')
        self.steps('next', 'with')
        self.steps('stepIn', 'managed')
        self.steps('stepOut', 'with')
        self.steps('next', 'body')

    def test_over_a_yield_stays_in_the_generator(self):
        self.start(LOOP)
        self.run_to('yield')
        reason, name, _ = self.client.step('next')
        self.assertEqual((reason, name), ('step', 'squares'))

    def test_an_exception_is_followed_into_its_handler(self):
        self.start(LOOP)
        self.run_to('raise')
        reason, name, line = self.client.step('next')
        self.assertEqual((reason, name), ('step', 'fails'))
        self.assertEqual(self.program.text.splitlines()[line - 1].strip(), 'except ValueError:')
        self.steps('next', 'handler', 'after handler')

    def test_recursion_stays_in_its_frame(self):
        self.start("""
            import time
            def down(n):
                if n == 0:
                    return 0
                below = down(n - 1)  #@down
                return below + 1  #@up
            print('ready', flush=True)
            while True:
                time.sleep(0.002)
                down(3)
        """)
        self.run_to('down')
        self.client.breakpoints(self.program.path)
        depth = self.client.stop['snapshot']['totalFrames']
        self.steps('next', 'up')
        self.assertEqual(self.client.stop['snapshot']['totalFrames'], depth)

    def test_over_await_stays_in_the_task(self):
        self.start("""
            import asyncio
            async def one(n):
                a = n  #@a
                await asyncio.sleep(0.01)  #@await
                b = a  #@b
                return b
            async def main():
                print('ready', flush=True)
                while True:
                    await asyncio.gather(*(one(n) for n in range(5)))
            asyncio.run(main())
        """)
        self.run_to('a')
        self.client.breakpoints(self.program.path)
        number = self.client.locals()['n']
        self.steps('next', 'await', 'b')
        self.assertEqual(self.client.locals()['n'], number)


class NothingStaysTest(Session):
    """A step that ends without a stop leaves no event on."""

    def instrumented(self):
        body = self.client.ask('instrumentation')
        return [item['name'] for item in body['codeObjects']] + [item['event'] for item in body['everywhere']]

    def assert_nothing(self):
        import time

        until = time.monotonic() + 3
        while self.instrumented() and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual(self.instrumented(), [])

    def begin(self, command):
        self.client.breakpoints(self.program.path)
        self.client.ask(command, threadId=self.client.thread)

    def test_when_the_thread_ends(self):
        for command in ('next', 'stepIn', 'stepOut'):
            client = self.start("""
                import threading, time
                def work():
                    return 1  #@work
                print('ready', flush=True)
                while True:
                    threading.Thread(target=work).start()
                    time.sleep(0.01)
                    print('on', flush=True)
            """)
            self.run_to('work')
            self.begin(command)
            self.assert_nothing()
            self.program.grows()
            client.ask('detach')

    def test_when_an_exception_ends_the_thread(self):
        self.start("""
            import threading, time
            def work():
                raise SystemExit  #@work
            print('ready', flush=True)
            while True:
                threading.Thread(target=work).start()
                time.sleep(0.01)
                print('on', flush=True)
        """)
        self.run_to('work')
        self.begin('next')
        self.assert_nothing()
        self.program.grows()

    def test_when_another_thread_ends_the_generator(self):
        self.start("""
            import threading, time
            def numbers():
                yield 1  #@yield
                yield 2
            print('ready', flush=True)
            while True:
                talk = numbers()
                next(talk)
                other = threading.Thread(target=list, args=(talk,))
                other.start()
                other.join()
                time.sleep(0.01)
                print('on', flush=True)
        """)
        self.run_to('yield')
        self.begin('next')
        self.assert_nothing()
        self.program.grows()


class AloneTest(Session):
    """One thread goes on while all others stay stopped."""

    def test_and_all_others_stay_until_one_continues_them(self):
        client = self.start(THREADS)
        self.run_to('count')
        client.breakpoints(self.program.path)
        first = client.thread
        answer = client.ask('continue', threadId=first, singleThread=True)
        self.assertFalse(answer['allThreadsContinued'])
        others = [thread['id'] for thread in client.ask('threads')['threads'] if thread['id'] != first]
        for other in others:
            client.ask('stackTrace', threadId=other)
        self.assertEqual(client.refused('stackTrace', threadId=first)['id'], 'not-stopped')
        client.ask('pause', threadId=first)
        client.stopped()
        self.assertEqual((client.thread, client.stop['allThreadsStopped']), (first, True))
        client.ask('continue', threadId=others[0])
        self.program.grows()

    def test_and_steps_of_a_chosen_thread(self):
        client = self.start(THREADS)
        self.run_to('count')
        client.breakpoints(self.program.path)
        threads = client.ask('threads')['threads']
        other = next(t['id'] for t in threads if t['name'].startswith('worker') and t['id'] != client.thread)
        client.ask('next', threadId=other, singleThread=True)
        client.stopped()
        self.assertEqual((client.thread, client.stop['reason']), (other, 'step'))
        client.ask('continue', threadId=other)
        self.program.grows()


class PauseTest(Session):
    def pause(self, thread=1):
        self.client.ask('pause', threadId=thread)
        return self.client.stopped()

    def main_thread(self):
        threads = self.client.ask('threads')['threads']
        return next(thread['id'] for thread in threads if thread['name'] == 'MainThread')

    def test_a_loop_on_one_line(self):
        self.start("""
            n = 0
            print('ready', flush=True)
            while True: n += 1
        """)
        self.assertEqual(self.pause(self.main_thread())[:2], ('pause', '<module>'))
        first = int(self.client.locals()['n'])
        self.client.ask('continue', threadId=self.client.thread)
        self.pause(self.main_thread())
        self.assertGreater(int(self.client.locals()['n']), first)

    def test_a_thread_in_c_code(self):
        self.start("""
            import time
            def rest(seconds):
                time.sleep(seconds)
                print('rested', flush=True)
            print('ready', flush=True)
            while True:
                rest(0.5)
        """)
        self.assertEqual(self.pause(self.main_thread())[:2], ('pause', 'rest'))
        self.assertIn('C code', self.client.stop['description'])
        value = self.client.ask('evaluate', expression='seconds * 2', frameId=self.client.frame)
        self.assertEqual(value['result'], '1.0')
        size = len(self.program.output())
        with self.assertRaises(AssertionError):
            self.program.grows(0.8)  # its sleep ends, and then it waits
        self.assertEqual(len(self.program.output()), size)
        self.client.ask('continue', threadId=self.client.thread)
        self.program.grows()


THREADS = """
    import threading
    import time

    counts = [0, 0]

    def work(index):
        local.name = threading.current_thread().name
        while True:
            counts[index] += 1  #@count
            time.sleep(0.001)

    local = threading.local()
    for index in range(2):
        threading.Thread(target=work, args=(index,), name=f'worker {index}', daemon=True).start()
    print('ready', flush=True)
    while True:
        time.sleep(0.002)  #@main
        if min(counts) % 10 == 0:
            print(counts, flush=True)
"""


class ThreadTest(Session):
    def test_all_are_listed_and_all_wait(self):
        client = self.start(THREADS)
        self.run_to('count')
        self.assertTrue(client.stop['allThreadsStopped'])
        names = [thread['name'] for thread in client.ask('threads')['threads']]
        self.assertEqual(names[0], 'MainThread')
        self.assertEqual(sorted(names), ['MainThread', 'worker 0', 'worker 1'])
        read = lambda: client.ask('evaluate', expression='counts', frameId=client.frame)['result']  # noqa: E731
        self.program.process.poll()
        import time

        time.sleep(0.05)  # time for the others to come by and be parked
        before = read()
        time.sleep(0.1)
        self.assertEqual(read(), before)
        self.clear_and_continue()
        self.program.grows()

    def test_an_evaluation_runs_on_its_own_thread(self):
        client = self.start(THREADS)
        self.run_to('count')
        import time

        time.sleep(0.05)
        for thread in client.ask('threads')['threads']:
            if thread['name'].startswith('worker'):
                stack = client.ask('stackTrace', threadId=thread['id'])['stackFrames']
                work = next(frame for frame in stack if frame['name'] == 'work')
                value = client.ask('evaluate', expression='local.name', frameId=work['id'])['result']
                self.assertEqual(value, repr(thread['name']))

    def test_one_stops_and_the_others_go_on(self):
        client = self.start(THREADS, stopThreads='one')
        line = self.at('count')
        client.breakpoints(self.program.path, line)
        client.stopped()
        self.assertFalse(client.stop['allThreadsStopped'])
        first = client.thread
        client.stopped()
        self.assertNotEqual(client.thread, first)
        client.breakpoints(self.program.path)
        client.ask('continue', threadId=first)
        client.ask('continue', threadId=client.thread)
        self.program.grows()

    def test_a_step_never_stops_in_another_thread(self):
        client = self.start(THREADS)
        self.run_to('count')
        client.breakpoints(self.program.path)
        thread = client.thread
        for _ in range(10):
            client.step('next')
            self.assertEqual(client.thread, thread)


if __name__ == '__main__':
    unittest.main()
