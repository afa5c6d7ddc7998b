"""What is switched on in the program: the program counts its own instrumented instructions."""

import json
import time
import unittest
from pathlib import Path

from test_stepping import Session

COUNTING = """
    import dis
    import json
    import os
    import sys
    import time

    class Box:
        def __init__(self):
            self.value = 0

        def put(self, value):
            self.value = value  #@put
            return self  #@put end

    def hot(n):
        total = 0  #@hot
        for i in range(n):
            total += i  #@body
        return total  #@hot end

    def cold(n):
        x = n  #@cold
        return x + 1  #@cold end

    def calls(n):
        first = cold(n)  #@calls
        second = cold(first)  #@second
        return second  #@calls end

    def fails(n):
        try:
            raise ValueError(n)  #@raise
        except ValueError:
            return n  #@handled

    def codes(code):
        yield code
        for const in code.co_consts:
            if hasattr(const, 'co_code'):
                yield from codes(const)

    def instrumented(module):
        found = {}
        for code in codes(module):
            names = [i.opname for i in dis.get_instructions(code, adaptive=True)]
            wanted = sorted(name for name in names if name.startswith('INSTRUMENTED'))
            if wanted:
                found[code.co_qualname] = wanted
        return found

    def everywhere():
        monitoring = sys.monitoring
        tools = [tool for tool in range(6) if monitoring.get_tool(tool) == 'pylatch']
        names = [name for name in vars(monitoring.events) if not name.startswith('BRANCH')]
        return [
            sorted(name for name in names if monitoring.get_events(tool) & getattr(monitoring.events, name))
            for tool in tools
        ]

    def report(module):
        if os.path.exists(asked):
            os.unlink(asked)
            print('COUNT ' + json.dumps([instrumented(module), everywhere()]) + ' END', flush=True)

    asked = __file__ + '.ask'
    box = Box()
    turn = 0
    print('ready', flush=True)
    while True:
        turn += 1
        hot(10)
        cold(turn)
        calls(turn)  #@turn
        fails(turn)
        box.put(turn % 2)
        time.sleep(0.001)
        report(sys._getframe().f_code)
"""

RUNNING = ('hot', 'cold', 'calls', 'fails', 'Box.put')


class CostTest(Session):
    def counted(self):
        """Instrumented instructions by function, and the global events of both tools, after a whole turn."""
        for _ in range(2):
            before = self.program.output().count('END')
            Path(self.program.path + '.ask').touch()
            until = time.monotonic() + 10
            while self.program.output().count('END') == before and time.monotonic() < until:
                time.sleep(0.002)
        lines = [line for line in self.program.output().splitlines() if line.startswith('COUNT')]
        found, everywhere = json.loads(lines[-1].removeprefix('COUNT').removesuffix('END'))
        # What does not run again keeps what it would drop at its next turn: a module's start, for one.
        return [{name: found[name] for name in found if name in RUNNING}, everywhere]

    def condition(self, marker, text='False'):
        item = {'id': 1, 'line': self.at(marker), 'condition': text}
        (found,) = self.client.ask('setBreakpoints', path=self.program.path, breakpoints=[item])['breakpoints']
        self.assertTrue(found['verified'], found)

    def test_idle(self):
        self.start(COUNTING)
        self.assertEqual(self.counted(), [{}, [[], []]])
        self.assertEqual(self.client.ask('instrumentation'), {'codeObjects': [], 'everywhere': [], 'hits': {}})

    def test_breakpoint(self):
        self.start(COUNTING)
        self.condition('body')
        self.assertEqual(self.counted(), [{'hot': ['INSTRUMENTED_LINE']}, [['PY_START'], []]])
        told = self.client.ask('instrumentation')
        (row,) = told['codeObjects']
        self.assertEqual(
            (row['name'], row['events'], row['why']),
            ('hot', ['PY_START', 'LINE'], [f'breakpoint at line {self.at("body")}']),
        )
        self.assertGreater(told['hits']['1'], 0)
        self.client.breakpoints(self.program.path)
        self.assertEqual(self.counted(), [{}, [[], []]])

    def test_breakpoint_elsewhere_in_the_file(self):
        self.start(COUNTING)
        self.condition('cold')
        self.assertEqual(self.counted(), [{'cold': ['INSTRUMENTED_LINE']}, [['PY_START'], []]])

    def test_data_breakpoint(self):
        client = self.start(COUNTING)
        self.run_to('turn')
        data = client.ask('dataBreakpointInfo', name='box.value', frameId=client.frame)['dataId']
        item = {'id': 7, 'dataId': data, 'condition': 'False'}
        client.ask('setDataBreakpoints', breakpoints=[item])
        self.clear_and_continue()
        found, everywhere = self.counted()
        # One instruction, which begins a line.
        self.assertEqual(found, {'Box.put': ['INSTRUMENTED_LINE']})
        self.assertEqual(everywhere, [['PY_START'], []])
        told = client.ask('instrumentation')
        self.assertEqual({tuple(row['why']) for row in told['codeObjects']}, {('data breakpoint on box.value',)})
        self.assertIn('Box.put', {row['name'] for row in told['codeObjects']})
        client.ask('setDataBreakpoints', breakpoints=[])
        self.assertEqual(self.counted(), [{}, [[], []]])

    def test_step(self):
        client = self.start(COUNTING)
        self.run_to('calls')
        told = client.ask('instrumentation')
        self.assertEqual([row['name'] for row in told['codeObjects']], ['calls'])
        client.breakpoints(self.program.path)
        self.steps('next', 'second', 'calls end')
        self.steps('stepOut', 'turn')
        client.ask('continue', threadId=client.thread)
        self.assertEqual(self.counted(), [{}, [[], []]])

    def test_step_in_flight(self):
        client = self.start(COUNTING)
        self.run_to('calls')
        client.breakpoints(self.program.path, self.at('cold'))
        client.ask('next', threadId=client.thread)
        self.assertEqual(client.stopped(), ('breakpoint', 'cold', self.at('cold')))
        told = client.ask('instrumentation')
        self.assertEqual([row['name'] for row in told['codeObjects']], ['cold'])
        self.assertEqual([row['event'] for row in told['everywhere']], ['PY_START'])
        self.clear_and_continue()
        self.assertEqual(self.counted(), [{}, [[], []]])

    def test_step_into(self):
        client = self.start(COUNTING)
        self.run_to('calls')
        client.breakpoints(self.program.path)
        self.steps('stepIn', 'cold', 'cold end')
        client.ask('continue', threadId=client.thread)
        self.assertEqual(self.counted(), [{}, [[], []]])

    def test_exception_filters(self):
        client = self.start(COUNTING)
        for filters, events in ((['uncaught'], ['PY_UNWIND']), (['userUnhandled'], ['PY_UNWIND'])):
            client.ask('setExceptionBreakpoints', filters=[{'filterId': name} for name in filters])
            found, everywhere = self.counted()
            self.assertEqual((found, everywhere), ({}, [events, []]))
        client.ask('setExceptionBreakpoints', filters=[{'filterId': 'raised', 'condition': 'KeyError'}])
        self.assertEqual(self.counted(), [{}, [['RAISE'], []]])
        told = client.ask('instrumentation')['everywhere']
        self.assertEqual([(row['event'], row['why']) for row in told], [('RAISE', ['exception breakpoints'])])
        client.ask('setExceptionBreakpoints', filters=[])
        self.assertEqual(self.counted(), [{}, [[], []]])

    def test_pause(self):
        client = self.start(COUNTING)
        thread = client.ask('threads')['threads'][0]['id']
        client.ask('pause', threadId=thread)
        client.stopped()
        client.ask('continue', threadId=client.thread)
        self.assertEqual(self.counted(), [{}, [[], []]])

    def test_after_a_detach(self):
        client = self.start(COUNTING)
        self.run_to('calls')
        client.ask('dataBreakpointInfo', name='n', frameId=client.frame)
        client.ask('setExceptionBreakpoints', filters=[{'filterId': 'raised'}])
        client.step('next')
        client.ask('detach')
        self.assertEqual(self.counted(), [{}, []])


class IdleTest(Session):
    def wakeups(self):
        """How often the agent's thread has been scheduled so far: it is the last one."""
        tasks = sorted(Path(f'/proc/{self.program.pid}/task').iterdir(), key=lambda path: int(path.name))
        status = Path(tasks[-1], 'status').read_text()
        return int(next(line for line in status.splitlines() if line.startswith('voluntary_ctxt')).split()[-1])

    def test_the_agent_sleeps_while_nothing_is_asked(self):
        self.start('import time\nprint("ready", flush=True)\nwhile True:\n    time.sleep(0.02)\n')
        self.client.ask('threads')
        time.sleep(0.05)
        before = self.wakeups()
        time.sleep(0.5)
        self.assertEqual(self.wakeups(), before)


if __name__ == '__main__':
    unittest.main()
