"""What happens at breakpoints: conditions, hit counts, log messages, snapshots."""

import time
import unittest

from test_stepping import Session

LOOP = """
    import sys
    import time

    def step(i):
        j = i * 2
        return j  #@return

    turn = 0
    print('ready', flush=True)
    while True:
        turn += 1
        step(turn)
        time.sleep(0.001)
"""


class PointSession(Session):
    def set(self, marker, **what):
        """Sets the only breakpoint; gives what the agent says of it."""
        item = {'id': 1, 'line': self.at(marker), **what}
        (found,) = self.client.ask('setBreakpoints', path=self.program.path, breakpoints=[item])['breakpoints']
        return found

    def value(self, expression):
        return self.client.ask('evaluate', expression=expression, frameId=self.client.frame)['result']

    def go_on(self):
        self.client.ask('continue', threadId=self.client.thread)
        return self.client.stopped()

    def output(self):
        return self.client.event('output')


class ConditionTest(PointSession):
    def test_stops_where_it_holds(self):
        client = self.start(LOOP)
        self.assertTrue(self.set('return', condition='i % 50 == 0 and j > 0')['verified'])
        self.assertEqual(client.stopped(), ('breakpoint', 'step', self.at('return')))
        self.assertEqual(int(self.value('i')) % 50, 0)

    def test_that_is_no_expression_leaves_it_unverified_with_the_reason(self):
        self.start(LOOP)
        for text in ('i =', 'i = 1', '1) or (2', ')(', 'import sys', 'yield', 'i\n2', '\0'):
            found = self.set('return', condition=text)
            self.assertFalse(found['verified'], text)
            self.assertIn('The condition is no expression: ', found['message'])

    def test_that_fails_is_told_once_and_switched_off_after_many_failures(self):
        self.start(LOOP)
        self.set('return', condition='i.missing')
        first = self.output()
        self.assertIn("AttributeError: 'int' object has no attribute 'missing'", first['output'])
        self.assertEqual((first['line'], first['source']['path']), (self.at('return'), self.program.path))
        changed = self.client.event('breakpoint')['breakpoint']
        self.assertFalse(changed['verified'])
        self.assertIn('failed 100 times in a row', changed['message'])
        self.assertIn('failed 100 times in a row', self.output()['output'])
        self.assertFalse(self.set('return', condition='i.missing')['verified'], 'the same again')
        self.assertTrue(self.set('return', condition='i.real > 0')['verified'])
        self.assertEqual(self.client.stopped()[0], 'breakpoint')

    def test_that_never_ends_is_interrupted(self):
        self.start(LOOP)
        self.set('return', condition='all(True for _ in iter(int, 1))')
        changed = self.client.event('breakpoint')['breakpoint']
        self.assertIn('did not end', changed['message'])
        self.set('return')
        self.client.stopped()

    def test_that_never_ends_does_not_outlive_the_session(self):
        client = self.start(LOOP.replace('step(turn)', 'step(turn)\n        print(turn, flush=True)'))
        self.set('return', condition='i and all(True for _ in iter(int, 1))')
        time.sleep(0.1)
        client.ask('detach')
        self.program.grows()


class HitCountTest(PointSession):
    def turn(self):
        return int(self.value('i'))

    def test_every_operator(self):
        self.start(LOOP)
        for text, counts in (
            ('3', [3]),
            ('== 3', [3]),
            ('>=2', [2, 3, 4]),
            ('> 2', [3, 4]),
            ('%2', [2, 4]),
            ('<=2', [1, 2]),
            ('<2', [1]),
        ):
            self.assertTrue(self.set('return', hitCondition=text, condition='i or ' + repr(text))['verified'])
            self.client.stopped()
            first = self.turn()
            turns = [first]
            while len(turns) < len(counts):
                self.go_on()
                turns.append(self.turn())
            self.assertEqual([turn - first for turn in turns], [count - counts[0] for count in counts], text)
            self.clear_and_continue()

    def test_others_are_unverified(self):
        self.start(LOOP)
        for text in ('x', '=3', '3.5', '-1', '%', '>= 3 4', '0', '%0', '٣'):
            found = self.set('return', hitCondition=text)
            self.assertFalse(found['verified'], text)
            self.assertIn('hit count', found['message'])


class LogTest(PointSession):
    def logged(self, count):
        """The first lines that are logged."""
        lines = []
        while len(lines) < count:
            body = self.output()
            if body['category'] == 'console':
                self.assertEqual((body['line'], body['source']['path']), (self.at('return'), self.program.path))
                lines += body['output'].splitlines()
        return lines[:count]

    def test_shows_expressions_by_the_rules_of_f_strings(self):
        self.start(LOOP)
        message = '{{{i - i}}} {"}:" !r:>6}|{[k for k in "ab"]}|{i-i=}|{i*0+3:{i*0+4}}|{(lambda: j - 2 * i)()}|{i != i}'
        self.assertTrue(self.set('return', logMessage=message)['verified'])
        self.assertEqual(self.logged(1), ["{0}   '}:'|['a', 'b']|i-i=0|   3|0|False"])

    def test_that_cannot_be_read_is_unverified_with_the_reason(self):
        self.start(LOOP)
        for text, why in (
            ('{', '"{" is not closed'),
            ('a } b', 'single "}"'),
            ('{}', 'no expression'),
            ('{i!x}', '"!x"'),
            ('{i i}', 'i i'),
        ):
            found = self.set('return', logMessage=text)
            self.assertFalse(found['verified'], text)
            self.assertIn(why, found['message'])

    def test_shows_what_failed_in_its_place_and_tells_it_once(self):
        self.start(LOOP)
        self.set('return', logMessage='{i - i} {nope} {j - j}')
        self.assertEqual(self.logged(3), ["0 <NameError: name 'nope' is not defined> 0"] * 3)
        told = [event['body'] for event in self.client.events if event['body'].get('category') == 'important']
        self.assertLessEqual(len(told), 1)

    def test_with_condition_and_count_logs_only_hits(self):
        self.start(LOOP)
        self.set('return', logMessage='{i % 5}', condition='i % 5 == 3', hitCondition='%2')
        self.assertEqual(self.logged(2), ['3', '3'])

    def test_comes_before_the_stop_that_is_later(self):
        self.start(LOOP)
        line = self.at('return')
        points = [{'id': 1, 'line': line, 'logMessage': 'turn {i}'}, {'id': 2, 'line': line, 'hitCondition': '7'}]
        self.client.ask('setBreakpoints', path=self.program.path, breakpoints=points)
        self.client.stopped()
        turn = int(self.value('i'))
        text = ''.join(event['body']['output'] for event in self.client.events if event['event'] == 'output')
        self.assertEqual(text.splitlines(), [f'turn {n}' for n in range(turn - 6, turn + 1)])

    def test_a_flood_is_cut_and_told_and_starves_no_request(self):
        self.start(LOOP.replace('time.sleep(0.001)', 'pass'))
        self.set('return', logMessage='{i}')
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            self.client.ask('threads')
        while 'messages left out' not in self.output()['output']:
            pass


class SnapshotTest(PointSession):
    def test_keeps_stack_and_locals_and_does_not_stop(self):
        source = LOOP.replace('j = i * 2', "j = {'a': [i, Rough()], 'b': (1, 'x' * 1000)}")
        source = source.replace('import sys', 'import sys\n    class Rough:\n        def __repr__(self): 1/0')
        self.start(source)
        self.set('return', mode='snapshot', hitCondition='2')
        first, second = self.client.event('snapshot'), self.client.event('snapshot')
        self.assertEqual([(s['number'], s['of'], s['breakpointId']) for s in (first, second)], [(1, 2, 1), (2, 2, 1)])
        self.assertEqual(first['thread'], 'MainThread')
        top, module = first['frames']
        self.assertEqual((top['name'], top['line']), ('step', self.at('return')))
        self.assertEqual(top['source']['path'], self.program.path)
        self.assertEqual([row['name'] for row in module['variables']], ['turn'])
        i, j = top['variables']
        self.assertEqual([row['name'] for row in j['children']], ["'a'", "'b'"])
        a, b = j['children']
        self.assertEqual(a['children'][0], {'name': '[0]', 'value': i['value'], 'type': 'int'})
        self.assertRegex(a['children'][1]['value'], '^<Rough object at')
        self.assertLess(len(b['children'][1]['value']), 250)
        changed = self.client.event('breakpoint')['breakpoint']
        self.assertTrue(changed['verified'])
        self.assertIn('2 of 2 snapshots taken', changed['message'])
        self.assertIn('snapshots taken', self.set('return', mode='snapshot', hitCondition='2')['message'])
        self.assertNotIn('stopped', [event['event'] for event in self.client.events])

    def test_has_bounds(self):
        source = LOOP.replace('j = i * 2', 'j = {k: [[0] * 1000] * 1000 for k in range(1000)}')
        self.start(source)
        self.set('return', mode='snapshot')
        snapshot = self.client.event('snapshot')
        self.assertLess(len(repr(snapshot)), 400_000)

    def test_takes_a_number_only(self):
        self.start(LOOP)
        self.assertIn('how many to take', self.set('return', mode='snapshot', hitCondition='>3')['message'])


if __name__ == '__main__':
    unittest.main()
