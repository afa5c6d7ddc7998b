"""Function breakpoints in real programs."""

import os
import unittest

from test_stepping import Session

PROGRAM = """
    import asyncio, functools, json, sys, time

    class Thing:
        def __init__(self, n):
            self.n = n  #@init
        def __call__(self):
            return self.n  #@called
        def method(self):
            return self.n  #@method
        @property
        def double(self):  #@double
            return self.n * 2
        @classmethod
        def made(cls):  #@made
            return cls(1)

    def outer(n):
        def inner(m):  #@inner
            return m + n
        return inner(1)

    def twice(n):  #@twice
        return n * 2

    def items(n):  #@items
        yield n

    async def task(n):  #@task
        await asyncio.sleep(0)

    @functools.lru_cache(None)  #@cached
    def cached(n):
        return n

    print('ready', flush=True)
    turn = 0
    while True:
        turn += 1
        thing = Thing.made()
        thing()
        thing.method()
        thing.double
        outer(1)
        twice(2)
        list(items(1))
        asyncio.run(task(1))
        cached(turn)
        json.dumps({})
        time.sleep(0.002)
        if turn % 20 == 0:
            print(turn, flush=True)
"""


class FunctionTest(Session):
    def functions(self, *names, **more):
        items = [{'id': i, 'name': name, **more} for i, name in enumerate(names, 1)]
        return self.client.ask('setFunctionBreakpoints', breakpoints=items)['breakpoints']

    def stops_in(self, name, function):
        (found,) = self.functions(name)
        self.assertTrue(found['verified'], found)
        reason, stopped, line = self.client.stopped()
        self.assertEqual((reason, stopped), ('function breakpoint', function))
        self.assertEqual(self.client.stop['hitBreakpointIds'], [1])
        self.functions()
        self.client.ask('continue', threadId=self.client.thread)
        return found, line

    def test_every_kind_of_function(self):
        self.start(PROGRAM)
        names = {
            'twice': 'twice',
            'twice()': 'twice',
            'Thing.method': 'Thing.method',
            'method': 'Thing.method',
            'Thing.__call__': 'Thing.__call__',
            'Thing.__init__': 'Thing.__init__',
            'Thing.double': 'Thing.double',
            'made': 'Thing.made',
            'inner': 'outer.<locals>.inner',
            'outer.inner': 'outer.<locals>.inner',
            'items': 'items',
            'task': 'task',
            'cached': 'cached',
            '__main__.Thing.method': 'Thing.method',
            'json.dumps': 'dumps',
        }
        for name, function in names.items():
            with self.subTest(name):
                self.stops_in(name, function)
        self.program.grows()

    def test_says_where_the_function_is(self):
        self.start(PROGRAM)
        found, line = self.stops_in('twice', 'twice')
        self.assertEqual((found['line'], line), (self.at('twice'), self.at('twice')))
        self.assertEqual(found['source']['path'], self.program.path)
        self.assertIn(f'(prog.py:{self.at("twice")})', found['message'])

    def test_says_why_it_is_not_verified(self):
        self.start(PROGRAM)
        found = self.functions('nowhere', 'Other.method', 'os.method', 'a b', 'dumps')
        self.assertEqual([item['verified'] for item in found], [False] * 5)
        self.assertIn('No function of this name is loaded yet', found[0]['message'])
        self.assertIn('is not the name of a function', found[3]['message'])
        self.assertIn('module.function', found[4]['message'])

    def test_those_of_the_debugger_are_none(self):
        self.start(PROGRAM)
        client = self.client
        for name in ('work', 'Control.stop', 'pylatch_run'):
            (found,) = self.functions(name)
            self.assertFalse(found['verified'], found)
            rows = client.ask('instrumentation')['codeObjects']
            self.assertEqual([row for row in rows if row['path'].startswith('<pylatch>')], [])

    def test_are_told_with_what_is_instrumented(self):
        self.start(PROGRAM)
        self.functions('Thing.method', condition='False')
        told = self.client.ask('instrumentation')
        why = {row['name']: (row['events'], row['why']) for row in told['codeObjects']}
        self.assertEqual(why, {'Thing.method': (['PY_START'], ['function breakpoint on Thing.method'])})
        self.assertIn('function breakpoints look for new functions', told['everywhere'][0]['why'])

    def test_conditions_and_counts(self):
        self.start(PROGRAM)
        self.functions('twice', condition='turn > 30 and n == 2', hitCondition='3')
        self.assertEqual(self.client.stopped()[:2], ('function breakpoint', 'twice'))
        value = self.client.ask('evaluate', expression='turn', frameId=self.client.frame)
        self.assertGreaterEqual(int(value['result']), 33)

    def test_with_a_breakpoint_on_the_same_line_both_are_named(self):
        client = self.start(PROGRAM)
        items = [{'id': 7, 'line': self.at('twice')}]
        self.functions('twice')
        client.stopped()
        client.ask('setBreakpoints', path=self.program.path, breakpoints=items)
        client.ask('continue', threadId=client.thread)
        client.stopped()
        self.assertEqual(sorted(client.stop['hitBreakpointIds']), [1, 7])

    def test_in_a_module_that_is_imported_later_and_then_anew(self):
        client = self.start("""
            import os, sys, time, importlib
            sys.dont_write_bytecode = True
            sys.path.insert(0, os.path.dirname(__file__))
            print('ready', flush=True)
            def wait_for(name):
                while not os.path.exists(f'{os.path.dirname(__file__)}/{name}'):
                    time.sleep(0.002)
            wait_for('late.py')
            import late
            late.hello()
            wait_for('again')
            importlib.reload(late)
            late.hello()
            while True:
                time.sleep(0.005)
                print('on', flush=True)
        """)
        (found,) = self.functions('late.hello')
        self.assertFalse(found['verified'])
        late = os.path.join(self.program.folder, 'late.py')
        with open(late + '.new', 'w') as file:
            file.write('first = 1\n\ndef hello():\n    return 1\n')
        os.rename(late + '.new', late)
        told = client.event('breakpoint')['breakpoint']
        self.assertEqual((told['id'], told['verified'], told['line']), (1, True, 3))
        self.assertEqual(client.stopped(), ('function breakpoint', 'hello', 3))
        with open(late, 'w') as file:
            file.write('first = 1\n\n\n\ndef hello():\n    return 2\n')
        with open(os.path.join(self.program.folder, 'again'), 'w'):
            pass
        client.ask('continue', threadId=client.thread)
        self.assertEqual(client.stopped(), ('function breakpoint', 'hello', 5))
        client.ask('continue', threadId=client.thread)
        self.program.grows()
        while (told := client.event('breakpoint')['breakpoint']).get('line') != 5:
            pass
        self.assertIn('One function has this name', told['message'])

    def test_removed_it_costs_nothing(self):
        client = self.start("""
            import dis, time
            def hot(n):
                return n + 1
            def count():
                code = [i.opname for i in dis.get_instructions(hot, adaptive=True)]
                return sum(name.startswith('INSTRUMENTED') for name in code)
            print('ready', flush=True)
            while True:
                time.sleep(0.002)
                hot(1)  #@call
        """)
        self.functions('hot')
        client.stopped()
        self.functions()
        # Breakpoints see each function start once more, in the program itself.
        client.breakpoints(self.program.path, self.at('call'))
        for _ in range(2):
            client.ask('continue', threadId=client.thread)
            client.stopped()
        counted = client.ask('evaluate', expression='hot(1) and count()', frameId=client.frame)['result']
        self.assertEqual(counted, '0')


if __name__ == '__main__':
    unittest.main()
