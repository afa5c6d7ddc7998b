"""Variables, evaluations and completions: right, safe and bounded."""

import time
import unittest

from test_stepping import Session

VALUES = """
    import time
    import dataclasses

    @dataclasses.dataclass
    class Point:
        x: int
        y: int

    class Slotted:
        __slots__ = ('a', 'b')
        def __init__(self):
            self.a = 1

    class Loud:
        reads = 0
        def __init__(self):
            self.plain = 1
        @property
        def price(self):
            Loud.reads += 1
            return 42
        def __getattr__(self, name):
            Loud.reads += 1
            raise AttributeError(name)

    class Slow:
        def __repr__(self):
            while True:
                pass

    class Bad:
        def __repr__(self):
            raise RuntimeError('no')

    class Hooked:
        def __setattr__(self, name, value):
            raise ValueError('read only')

    def stop(number, text='a' * 5000):
        items = list(range(5000))
        table = {'one': 1, (1, 2): 'pair', 'list': [1, 2]}
        point = Point(1, 2)
        slotted = Slotted()
        loud = Loud()
        huge = 1 << 100000
        odd = [None, True, 1.5, b'x', {3}, frozenset(), (), (1,), ..., range(3)]
        number += 1  #@stop
        return number

    slow = Slow()
    bad = Bad()
    hooked = Hooked()
    nested = {'a': [{'b': (1, [2])}]}
    print('ready', flush=True)
    while True:
        time.sleep(0.002)
        stop(1)
        print('on', flush=True)
"""


class Inspection(Session):
    def setUp(self):
        self.start(VALUES)
        self.run_to('stop')

    def rows(self, reference, **page):
        return self.client.ask('variables', variablesReference=reference, **page)['variables']

    def value(self, text, **more):
        return self.client.ask('evaluate', expression=text, frameId=self.client.frame, **more)

    def row(self, name):
        scope = self.client.ask('scopes', frameId=self.client.frame)['scopes'][0]
        return next(row for row in self.rows(scope['variablesReference']) if row['name'] == name), scope


class VariablesTest(Inspection):
    def test_text_is_short_and_right(self):
        values = self.client.locals()
        self.assertEqual(values['number'], '1')
        self.assertLess(len(values['text']), 1100)
        self.assertTrue(values['text'].endswith("…'"))
        self.assertTrue(values['items'].startswith('[0, 1, 2') and values['items'].endswith('…]'))
        self.assertEqual(values['table'], "{'one': 1, (1, 2): 'pair', 'list': [1, 2]}")
        self.assertEqual(values['point'], 'Point(x=1, y=2)')
        self.assertEqual(values['huge'], '<int of 100001 bits>')
        self.assertEqual(values['odd'], "[None, True, 1.5, b'x', {3}, frozenset(), (), (1,), Ellipsis, range(0, 3)]")

    def test_lists_are_paged(self):
        row, _ = self.row('items')
        self.assertEqual(row['indexedVariables'], 5000)
        page = self.rows(row['variablesReference'], filter='indexed', start=4990, count=20)
        self.assertEqual([(r['name'], r['value']) for r in page[:2]], [('[4990]', '4990'), ('[4991]', '4991')])
        self.assertEqual(len(page), 10)

    def test_dicts_and_slots_open(self):
        row, _ = self.row('table')
        self.assertEqual([r['name'] for r in self.rows(row['variablesReference'])], ["'one'", '(1, 2)', "'list'"])
        row, _ = self.row('slotted')
        self.assertEqual([(r['name'], r['value']) for r in self.rows(row['variablesReference'])], [('a', '1')])

    def test_properties_wait_for_a_click(self):
        row, _ = self.row('loud')
        plain, price = self.rows(row['variablesReference'])
        self.assertEqual((plain['name'], plain['value']), ('plain', '1'))
        self.assertTrue(price['presentationHint']['lazy'])
        self.assertEqual(self.value('Loud.reads')['result'], '0')
        (opened,) = self.rows(price['variablesReference'])
        self.assertEqual(opened['value'], '42')
        self.assertEqual(self.value('Loud.reads')['result'], '1')

    def test_a_repr_that_never_ends_is_cut_off(self):
        start = time.monotonic()
        self.assertIn('takes too long', self.value('slow')['result'])
        self.assertIn('takes too long', self.value('[slow] * 20')['result'])
        self.assertLess(time.monotonic() - start, 5)
        self.assertIn('raised RuntimeError', self.value('bad')['result'])

    def test_globals_come_in_groups(self):
        self.client.step('stepOut')
        (scope,) = self.client.ask('scopes', frameId=self.client.frame)['scopes']
        names = [row['name'] for row in self.rows(scope['variablesReference'])]
        self.assertEqual(names[-4:], ['classes', 'functions', 'modules', 'special variables'])
        self.assertIn('nested', names)

    def test_a_stale_reference_is_refused(self):
        row, _ = self.row('items')
        frame = self.client.frame
        self.client.step('next')
        error = self.client.refused('variables', variablesReference=row['variablesReference'])
        self.assertEqual(error['id'], 'stale-reference')
        self.assertEqual(self.client.refused('scopes', frameId=frame)['id'], 'stale-reference')

    def test_the_stop_carries_what_is_asked_next(self):
        snapshot = self.client.stop['snapshot']
        top = snapshot['stackFrames'][0]
        self.assertEqual(top['name'], 'stop')
        self.assertEqual([s['name'] for s in snapshot['scopes'][str(top['id'])]], ['Locals', 'Globals'])
        # A dataclass's repr is code of the program: such a scope is asked for, not sent along.
        self.assertEqual(snapshot['variables'], {})


class SetTest(Inspection):
    def set(self, reference, name, value):
        return self.client.ask('setVariable', variablesReference=reference, name=name, value=value)

    def test_locals_items_and_attributes(self):
        row, scope = self.row('items')
        self.assertEqual(self.set(scope['variablesReference'], 'number', '40 + 1')['value'], '41')
        self.set(row['variablesReference'], '[0]', "'zero'")
        row, _ = self.row('point')
        self.set(row['variablesReference'], 'x', '7')
        row, _ = self.row('table')
        self.set(row['variablesReference'], '(1, 2)', 'None')
        seen = self.value('(number, items[0], point.x, table[1, 2])')['result']
        self.assertEqual(seen, "(41, 'zero', 7, None)")

    def test_what_cannot_be_set_is_refused_and_stays(self):
        _, scope = self.row('items')
        error = self.client.refused(
            'setVariable', variablesReference=scope['variablesReference'], name='number', value='1 +'
        )
        self.assertEqual(error['id'], 'evaluation-failed')
        self.assertIn('SyntaxError', error['text'])
        self.assertEqual(self.value('number')['result'], '1')
        hooked = self.value('hooked')['variablesReference']
        error = self.client.refused('setVariable', variablesReference=hooked, name='x', value='1')
        self.assertIn('read only', error['text'])

    def test_expressions(self):
        self.client.ask('setExpression', expression='point.y', value='number + 8', frameId=self.client.frame)
        self.assertEqual(self.value('point.y')['result'], '9')
        self.client.ask('setExpression', expression='number', value='3', frameId=self.client.frame)
        self.assertEqual(self.value('number')['result'], '3')


class EvaluateTest(Inspection):
    def test_sees_locals_also_in_lambdas_and_comprehensions(self):
        self.assertEqual(self.value('[number + i for i in range(2)]')['result'], '[1, 2]')
        self.assertEqual(self.value('(lambda: number + 1)()')['result'], '2')
        self.assertEqual(self.value('max(items, key=lambda i: -i)')['result'], '0')

    def test_statements_only_in_the_console(self):
        self.assertEqual(self.value('fresh = number + 5', context='repl')['result'], '')
        self.assertEqual(self.value('fresh')['result'], '6')
        error = self.client.refused('evaluate', expression='x = 1', context='watch', frameId=self.client.frame)
        self.assertIn('SyntaxError', error['text'])

    def test_errors_are_told(self):
        error = self.client.refused('evaluate', expression='1 / 0', frameId=self.client.frame)
        self.assertEqual((error['id'], error['text']), ('evaluation-failed', 'ZeroDivisionError: division by zero'))
        for text in ('raise SystemExit(3)', 'raise KeyboardInterrupt'):
            self.client.refused('evaluate', expression=text, context='repl', frameId=self.client.frame)
        self.clear_and_continue()
        self.program.grows()

    def test_a_watch_has_a_limit(self):
        start = time.monotonic()
        error = self.client.refused(
            'evaluate', expression='sum(i for i in iter(int, 1))', context='hover', frameId=self.client.frame
        )
        self.assertEqual(error['id'], 'evaluation-timeout')
        self.assertLess(time.monotonic() - start, 3)
        self.assertEqual(self.value('number')['result'], '1')

    def test_waiting_in_c_is_told(self):
        text = '__import__("threading").Event().wait(2)'
        error = self.client.refused('evaluate', expression=text, context='hover', frameId=self.client.frame)
        self.assertEqual(error['id'], 'evaluation-timeout')

    def test_can_be_cancelled(self):
        text = 'while True: pass'
        seq = self.client.send('evaluate', expression=text, context='repl', frameId=self.client.frame)
        time.sleep(0.1)
        self.client.ask('cancel', seq=seq)
        self.assertEqual(self.client.answer(seq)['error']['id'], 'cancelled')
        self.assertEqual(self.value('number')['result'], '1')
        self.clear_and_continue()
        self.program.grows()

    def test_hexadecimal(self):
        self.assertEqual(self.value('[255]', hex=True)['result'], '[0xff]')

    def test_refused_while_running(self):
        self.clear_and_continue()
        self.assertEqual(self.client.refused('evaluate', expression='1')['id'], 'not-stopped')


class CompletionTest(Inspection):
    def labels(self, text, column=None):
        at = column or len(text) + 1
        answer = self.client.ask('completions', text=text, column=at, frameId=self.client.frame)
        return {target['label']: target for target in answer['targets']}

    def test_names_attributes_and_modules(self):
        self.assertIn('number', self.labels('num'))
        self.assertIn('nested', self.labels('1 + nes'))
        self.assertIn('isinstance', self.labels('isin'))
        self.assertEqual({'x', 'y'} & self.labels('point.').keys(), {'x', 'y'})
        self.assertIn('append', self.labels('items.app'))
        self.assertIn('sleep', self.labels('time.sl'))
        self.assertIn('dataclasses', self.labels('import datac'))
        self.assertNotIn('__class__', self.labels('point.'))
        self.assertIn('__class__', self.labels('point.__'))

    def test_place_and_length_in_utf16(self):
        found = self.labels('"\U0001f600" + items.app', column=len('"\U0001f600" + items.app') + 2)['append']
        self.assertEqual((found['start'], found['length'], found['type']), (13, 3, 'function'))

    def test_runs_no_code_of_the_program(self):
        self.labels('loud.')
        self.labels('loud.price.')
        self.labels('loud.missing.')
        self.assertEqual(self.value('Loud.reads')['result'], '0')


del Inspection


if __name__ == '__main__':
    unittest.main()
