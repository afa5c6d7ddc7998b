"""Set next statement, restart frame and the targets of a step into, in real programs."""

import unittest

from support import Program
from test_stepping import Session

JUMPS = """
    import time

    def twice(n):
        return n * 2  #@twice

    def plus(n):
        return n + 1  #@plus

    def work(n):
        a = 1  #@first
        b = plus(twice(n))  #@calls
        for i in range(2):  #@for
            a += i  #@in for
        try:
            b += a  #@in try
        finally:
            a = 0  #@finally
        return a + b  #@return

    def short(): return time.sleep(0.001)  #@short

    print('ready', flush=True)
    while True:
        print(work(1), flush=True)  #@call
        short()
        time.sleep(0.002)
"""


class GotoTest(Session):
    def targets(self, marker):
        line = self.at(marker)
        return self.client.ask('gotoTargets', path=self.program.path, line=line)['targets']

    def goto(self, marker):
        (target,) = self.targets(marker)
        self.assertEqual(target['line'], self.at(marker))
        self.client.ask('goto', threadId=self.client.thread, targetId=target['id'])
        return self.client.stopped()

    def test_back_and_on_from_there(self):
        client = self.start(JUMPS)
        self.run_to('return')
        self.assertEqual(self.goto('calls'), ('goto', 'work', self.at('calls')))
        self.assertEqual(self.goto('in try'), ('goto', 'work', self.at('in try')))
        self.steps('next', 'finally')
        client.breakpoints(self.program.path)
        client.ask('continue', threadId=client.thread)
        self.program.grows()

    def test_out_of_a_loop_but_not_into_it(self):
        client = self.start(JUMPS)
        self.run_to('in for')
        self.assertEqual(self.goto('return')[0], 'goto')
        refusal = client.refused('gotoTargets', path=self.program.path, line=self.at('in for'))
        self.assertEqual(refusal['id'], 'cannot-jump')
        self.assertIn('not into a loop', refusal['text'])

    def test_locals_without_a_value_are_told_and_nothing_is_printed(self):
        for option in ('-Wdefault', '-Werror'):
            self.program = Program(JUMPS, option)
            self.addCleanup(self.program.stop)
            self.program.wait_for('ready')
            client = self.attach()
            self.run_to('first')
            self.assertEqual(self.goto('finally')[0], 'goto')
            self.assertIn('None', client.stop['text'])
            client.breakpoints(self.program.path)
            client.ask('detach')
            self.assertNotIn('Warning', self.program.output())

    def test_elsewhere_it_is_refused_with_what_to_do(self):
        client = self.start(JUMPS)
        self.run_to('twice')
        self.steps('stepOut', 'calls')
        refusal = client.refused('gotoTargets', path=self.program.path, line=self.at('first'))
        self.assertIn('Step once', refusal['text'])
        self.steps('next', 'for')
        self.assertEqual(self.goto('first')[2], self.at('first'))
        refusal = client.refused('gotoTargets', path=self.program.path, line=self.at('twice'))
        self.assertIn('begins no statement', refusal['text'])
        refusal = client.refused('gotoTargets', path='/no/such.py', line=1)
        self.assertIn('top frame', refusal['text'])

    def test_a_target_is_of_its_stop_alone(self):
        client = self.start(JUMPS)
        self.run_to('calls')
        (target,) = self.targets('first')
        self.steps('next', 'for')
        refusal = client.refused('goto', threadId=client.thread, targetId=target['id'])
        self.assertEqual(refusal['id'], 'stale-reference')

    def test_of_a_with_is_its_start_and_not_its_end(self):
        self.start("""
            import contextlib, time
            @contextlib.contextmanager
            def managed():
                print('enter', flush=True)
                yield
                print('exit', flush=True)
            def work():
                a = 1
                with managed():  #@with
                    a = 2  #@body
                return a  #@return
            print('ready', flush=True)
            while True:
                work()
                time.sleep(0.002)
        """)
        self.run_to('body')
        self.client.breakpoints(self.program.path)
        before = self.program.output().count('enter')
        self.assertEqual(self.goto('with')[0], 'goto')
        self.steps('next', 'body')
        self.assertEqual(self.program.output().count('enter'), before + 1)


class RestartTest(Session):
    def test_begins_the_function_anew_with_its_arguments_as_they_are(self):
        client = self.start(JUMPS)
        self.run_to('return')
        frames = client.ask('stackTrace', threadId=client.thread)['stackFrames']
        self.assertEqual([frame['canRestart'] for frame in frames], [True, False])
        client.ask('restartFrame', frameId=client.frame)
        self.assertEqual(client.stopped(), ('restart', 'work', self.at('first')))
        self.steps('next', 'calls')
        refusal = client.refused('restartFrame', frameId=self.caller())
        self.assertIn('top frame', refusal['text'])

    def caller(self):
        return self.client.ask('stackTrace', threadId=self.client.thread)['stackFrames'][1]['id']

    def test_of_a_body_on_the_line_of_its_def_is_refused(self):
        client = self.start(JUMPS)
        self.run_to('call')
        self.client.breakpoints(self.program.path)
        self.client.step('next')
        self.assertEqual(self.client.step('stepIn')[1], 'short')
        self.assertFalse(client.stop['snapshot']['stackFrames'][0]['canRestart'])
        self.assertIn('def', client.refused('restartFrame', frameId=client.frame)['text'])

    def test_of_a_generator_that_runs(self):
        client = self.start("""
            import time
            def numbers():
                n = 1  #@first
                while n < 3:
                    yield n
                    n += 1  #@plus
            print('ready', flush=True)
            while True:
                print(list(numbers()), flush=True)
                time.sleep(0.002)
        """)
        self.run_to('plus')
        client.ask('restartFrame', frameId=client.frame)
        self.assertEqual(client.stopped(), ('restart', 'numbers', self.at('first')))
        client.breakpoints(self.program.path)
        client.ask('continue', threadId=client.thread)
        self.program.wait_for('[1, 1, 2]')


class TargetsTest(Session):
    def targets(self):
        found = self.client.ask('stepInTargets', frameId=self.client.frame)['targets']
        return {target['label']: target['id'] for target in found}

    def step_into(self, label):
        self.client.ask('stepIn', threadId=self.client.thread, targetId=self.targets()[label])
        return self.client.stopped()

    def test_are_the_calls_of_the_line_that_are_still_to_be_made(self):
        self.start(JUMPS)
        self.run_to('calls')
        self.assertEqual(list(self.targets()), ['twice(n)', 'plus(twice(n))'])
        self.steps('stepIn', 'twice')
        self.steps('stepOut', 'calls')
        self.assertEqual(list(self.targets()), ['plus(twice(n))'])

    def test_the_chosen_one_alone_is_entered(self):
        self.start(JUMPS)
        self.run_to('calls')
        self.assertEqual(self.step_into('plus(twice(n))'), ('step', 'plus', self.at('plus')))
        self.clear_and_continue()
        self.program.grows()

    def test_a_call_that_enters_nothing_of_mine_is_stepped_over(self):
        self.start(JUMPS)
        self.run_to('for')
        self.assertEqual(self.step_into('range(2)'), ('step', 'work', self.at('in for')))

    def test_through_c_code_and_into_a_coroutine(self):
        self.start("""
            import asyncio
            def key(n):
                return -n  #@key
            async def sub(n):
                return n  #@sub
            async def main():
                print('ready', flush=True)
                while True:
                    await asyncio.sleep(0.002)
                    n = key(1) + sorted([1, 2], key=key)[0] + await sub(3)  #@calls
            asyncio.run(main())
        """)
        self.run_to('calls')
        self.assertEqual(list(self.targets()), ['key(1)', 'sorted([1, 2], key=key)', 'sub(3)'])
        self.assertEqual(self.step_into('sub(3)'), ('step', 'sub', self.at('sub')))
        self.run_again('calls')
        self.assertEqual(self.step_into('sorted([1, 2], key=key)'), ('step', 'key', self.at('key')))
        self.assertEqual(self.client.locals()['n'], '1')

    def run_again(self, marker):
        self.client.ask('continue', threadId=self.client.thread)
        self.assertEqual(self.client.stopped()[2], self.at(marker))

    def test_of_a_caller_and_of_nothing_are_refused(self):
        client = self.start(JUMPS)
        self.run_to('calls')
        caller = client.ask('stackTrace', threadId=client.thread)['stackFrames'][1]['id']
        self.assertIn('top frame', client.refused('stepInTargets', frameId=caller)['text'])
        refusal = client.refused('stepIn', threadId=client.thread, targetId=9999)
        self.assertEqual(refusal['id'], 'stale-reference')


if __name__ == '__main__':
    unittest.main()
