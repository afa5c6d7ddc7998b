"""Breakpoints: what is said of them, and code that comes and goes, in real programs."""

import os
import time
import unittest
from pathlib import Path

from support import Program
from test_stepping import Session

WAITING = """
    import importlib, os, sys, time
    sys.dont_write_bytecode = True
    folder = os.path.dirname(__file__)
    sys.path.insert(0, folder)

    def wait_for(name):
        while not os.path.exists(f'{folder}/{name}'):
            time.sleep(0.002)
"""


class BreakpointsTest(Session):
    def begin(self, body, **files):
        """Starts a program that waits for files; `files` are modules beside it."""
        self.program = Program(WAITING + body)
        self.addCleanup(self.program.stop)
        for name, text in files.items():
            self.write(f'{name}.py', text)
        self.program.wait_for('ready')
        return self.attach()

    def write(self, name, text=''):
        """Puts a file beside the program, whole at once; gives its path."""
        path = Path(self.program.folder, name)
        part = path.with_name(f'{path.name}.part')
        part.write_text(text)
        part.rename(path)
        return str(path)

    def changes(self, number, verified):
        """Waits until a breakpoint is told to be verified, or not."""
        while (told := self.client.event('breakpoint')['breakpoint']) != (number, verified):
            if (told['id'], told['verified']) == (number, verified):
                return told
        raise AssertionError

    def message(self, path, line):
        (found,) = self.client.breakpoints(path, line)
        return found['verified'], found.get('message', '')

    def test_reasons(self):
        self.begin(
            """
    wait_for('part.py')
    import part
    print('loaded', flush=True)
    wait_for('never')
    """.replace('    wait', "    print('ready', flush=True)\n    wait", 1)
        )
        part = self.write('part.py', 'first = 1\n\n\ndef work():\n    return first\n\n\nlast = 2\n# the end\n')
        self.program.wait_for('loaded')
        os.utime(part, (0, 0))
        for line, reason in {
            1: 'module-level code that has already run',
            8: 'module-level code that has already run',
            9: 'no statement on this line',
            99: 'The file ends at line 9',
        }.items():
            verified, message = self.message(part, line)
            self.assertFalse(verified)
            self.assertIn(reason, message)
        self.assertEqual(self.message(part, 5), (True, ''))
        os.mkdir(f'{self.program.folder}/other')
        elsewhere = self.write('other/part.py', 'x = 1\n')
        self.assertIn(f'another file of that name: {part}', self.message(elsewhere, 1)[1])
        self.assertIn('has not loaded this file yet', self.message(self.write('new.py', 'x = 1\n'), 1)[1])
        self.assertIn('sees no file', self.message('/no/such/file.py', 1)[1])

    def test_what_was_optimised_away(self):
        client = self.start(
            """
            import time
            def work(n):
                assert n  #@assert
                if __debug__:  #@if
                    n = 1  #@debug
                return n  #@return
            print('ready', flush=True)
            while True:
                work(1)
                time.sleep(0.002)
            """,
            '-O',
        )
        found = client.breakpoints(self.program.path, self.at('assert'), self.at('debug'))
        self.assertEqual([item['line'] for item in found], [self.at('if'), self.at('return')])
        for marker in ('if', 'return'):
            self.assertEqual(client.stopped()[2], self.at(marker))
            client.ask('continue', threadId=client.thread)

    def test_a_file_that_differs_is_told(self):
        client = self.start("""
            import time
            def work(n):
                return n  #@return
            print('ready', flush=True)
            while True:
                work(1)
                time.sleep(0.002)
        """)
        Path(self.program.path).write_text('\n# another line\n' + self.program.text)
        (found,) = client.breakpoints(self.program.path, self.at('return'))
        self.assertTrue(found['verified'])
        self.assertIn('differs from what the program has loaded: work is not on line', found['message'])
        Path(self.program.path).write_text(self.program.text + '# another line\n')
        later = os.stat(self.program.path).st_mtime + 1
        os.utime(self.program.path, (later, later))
        (found,) = client.breakpoints(self.program.path, self.at('return'))
        self.assertIn('may differ', found['message'])

    def test_the_body_of_a_module_is_told_to_be_over(self):
        client = self.begin("""
    print('ready', flush=True)
    wait_for('go')
    import part
    while True:
        time.sleep(0.005)
        print('on', flush=True)
    """)
        part = self.write('part.py', 'first = 1\nsecond = 2\n\ndef work():\n    return 1\n')
        client.breakpoints(part, 2)
        self.write('go')
        self.changes(1, True)
        self.assertEqual(client.stopped(), ('breakpoint', '<module>', 2))
        client.ask('continue', threadId=client.thread)
        self.assertIn('already run', self.changes(1, False)['message'])

    def test_code_that_is_loaded_anew(self):
        client = self.begin(
            """
    wait_for('part.py')
    import part
    print('ready', flush=True)
    wait_for('again')
    importlib.reload(part)
    del part.old
    print('reloaded', flush=True)
    while True:
        time.sleep(0.002)
        part.work()
    """.replace('    wait', "    print('ready', flush=True)\n    wait", 1)
        )
        part = self.write('part.py', 'def work():\n    a = 1\n    return a\n\ndef old():\n    return 1\n')
        while not client.breakpoints(part, 3, 6)[1]['verified']:
            time.sleep(0.005)
        client.breakpoints(part, 6)
        self.write('part.py', 'def work():\n    a = 1\n    b = 2\n    return b\n')
        self.write('again')
        self.assertIn('The file ends at line 4', self.changes(1, False)['message'])
        client.breakpoints(part, 3)
        self.assertEqual(client.stopped(), ('breakpoint', 'work', 3))
        self.assertEqual(client.locals()['a'], '1')

    def test_code_that_is_made_all_the_time(self):
        client = self.start("""
            import time
            text = 'def made():\\n    return 1\\nmade()\\n'
            turn = 0
            print('ready', flush=True)
            while True:
                exec(compile(text, __file__ + '.page', 'exec'))
                turn += 1
                if turn % 500 == 0:
                    print(turn, flush=True)
        """)
        path = f'{self.program.path}.page'
        client.ask('setBreakpoints', path=path, breakpoints=[{'id': 1, 'line': 2, 'condition': 'False'}])
        for _ in range(3):
            self.program.grows()
        client.breakpoints(path, 2)
        self.assertEqual(client.stopped(), ('breakpoint', 'made', 2))

    def test_by_two_paths_at_a_time(self):
        client = self.start("""
            import time
            def work(n):
                a = n  #@a
                return a  #@b
            print('ready', flush=True)
            while True:
                work(1)
                time.sleep(0.002)
        """)
        other = os.path.join(self.program.folder, 'other.py')
        os.symlink(self.program.path, other)
        client.breakpoints(self.program.path, self.at('a'))
        items = [{'id': 9, 'line': self.at('b')}]
        (found,) = client.ask('setBreakpoints', path=other, breakpoints=items)['breakpoints']
        self.assertTrue(found['verified'], found)
        lines = set()
        for _ in range(4):
            lines.add(client.stopped()[2])
            client.ask('continue', threadId=client.thread)
        self.assertEqual(lines, {self.at('a'), self.at('b')})

    def test_a_template_without_a_file(self):
        client = self.start("""
            import time
            page = compile('def show():\\n    return 1\\n', '<template>', 'exec')
            exec(page)
            print('ready', flush=True)
            while True:
                show()
                time.sleep(0.002)
        """)
        (found,) = client.breakpoints('<template>', 2)
        self.assertTrue(found['verified'], found)
        self.assertEqual(client.stopped(), ('breakpoint', 'show', 2))
        # By which the text is asked for, and breakpoints are set from the frame.
        frame = client.ask('stackTrace', threadId=client.thread)['stackFrames'][0]
        self.assertEqual(frame['source'], {'name': '<template>', 'path': '<template>'})

    def test_setting_is_quick_in_a_big_program(self):
        """9,000 code objects: far below a second, where the program must not be held up."""
        client = self.start("""
            import time
            made = {}
            for n in range(9000):
                exec(f'def f{n}(x):\\n    return x + {n}\\n', made)
            def work(n):
                return n  #@return
            print('ready', flush=True)
            while True:
                work(1)
                time.sleep(0.002)
        """)
        begun = time.monotonic()
        client.breakpoints(self.program.path, self.at('return'))
        self.assertLess(time.monotonic() - begun, 1)
        if os.environ.get('PYLATCH_SHOW_TIMES'):
            print(f'{1000 * (time.monotonic() - begun):.1f} ms')
        client.stopped()


if __name__ == '__main__':
    unittest.main()
