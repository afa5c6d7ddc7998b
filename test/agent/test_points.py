"""What happens at breakpoints: conditions, hit counts, log messages, snapshots."""

import time
import unittest
from pathlib import Path

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

    def test_of_local_variables_with_names_that_the_agent_uses_or_without_a_value(self):
        names = '_line, steps, KeyError, unset, frame = i, 2, 3, 4, 5; del unset'
        self.start(LOOP.replace('j = i * 2', f'j = i * 2; {names}').replace('turn = 0', 'turn, unset = 0, 7'))
        for text in ('_line and i', 'steps == 2 == j - i - i + 2', 'KeyError + frame == 8 # a comment', 'unset == 7'):
            self.assertTrue(self.set('return', condition=text)['verified'], text)
            self.client.stopped()
            self.clear_and_continue()

    def test_that_fails_now_and_then_stays_in_force(self):
        self.start(LOOP)
        self.set('return', condition='1 / (i % 2) > 1 or i > 400')
        self.client.stopped()
        self.assertEqual(self.value('i > 400'), 'True')

    def test_that_never_ends_is_interrupted(self):
        self.start(LOOP)
        self.set('return', condition='all(True for _ in iter(int, 1))')
        changed = self.client.event('breakpoint')['breakpoint']
        self.assertIn('did not end', changed['message'])
        self.set('return')
        self.client.stopped()

    def test_of_local_variables_that_never_ends_is_interrupted(self):
        endless = 'class Endless:\n        def __gt__(self, other):\n            while True: pass\n\n    def step(i):'
        self.start(LOOP.replace('def step(i):', endless).replace('j = i * 2', 'j = Endless()'))
        self.set('return', condition='j > i')
        changed = self.client.event('breakpoint')['breakpoint']
        self.assertIn('did not end', changed['message'])
        self.set('return')
        self.assertEqual(self.client.stopped(), ('breakpoint', 'step', self.at('return')))

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


CROWD = """
    import os, sys, threading, time
    sys.setswitchinterval(1e-6)

    def step(i):
        return i  #@return

    def run():
        for i in range(5000):
            step(i)

    print('ready', flush=True)
    while not os.path.exists(__file__ + '.go'):
        time.sleep(0.005)
    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print('done', flush=True)
    while True:
        step(-1)
        time.sleep(0.01)
"""


class ExactCountTest(PointSession):
    """8 threads pass 5000 times each."""

    def check(self, number, **what):
        """Of the hits behind those the first that counts is the next, on the main thread."""
        self.start(CROWD)
        self.assertTrue(self.set('return', hitCondition=f'{number + 1}', **what)['verified'])
        Path(self.program.path + '.go').touch()
        self.client.stopped()
        self.assertIn('done', self.program.output())
        self.assertEqual(self.value('i'), '-1')
        self.assertEqual(self.client.ask('instrumentation')['hits'], {'1': 40_001})

    def test_without_condition(self):
        self.check(40_000)

    def test_with_condition(self):
        self.check(8, condition='i == 77 or i < 0')


class ManyTest(PointSession):
    def test_more_places_than_are_compared_one_by_one(self):
        names = [f'f{n}' for n in range(12)]
        functions = '\n'.join(f'    def {name}(i):\n        return i  #@{name}\n' for name in names)
        calls = '; '.join(f'{name}(turn)' for name in names)
        self.start(LOOP.replace('    turn = 0', f'{functions}\n    turn = 0').replace('step(turn)', calls))
        items = [
            {'id': n, 'line': self.at(name), 'condition': f'i % 7 == {n % 7}', 'hitCondition': f'%{n % 3 + 1}'}
            for n, name in enumerate(names)
        ]
        found = self.client.ask('setBreakpoints', path=self.program.path, breakpoints=items)['breakpoints']
        self.assertTrue(all(one['verified'] for one in found))
        seen = {}
        self.client.stopped()
        while len(seen) < len(names) or any(len(turns) < 3 for turns in seen.values()):
            (n,) = self.client.stop['hitBreakpointIds']
            seen.setdefault(n, []).append(int(self.value('i')))
            self.go_on()
        for n, turns in seen.items():
            self.assertEqual({turn % 7 for turn in turns}, {n % 7})
            self.assertEqual({b - a for a, b in zip(turns, turns[1:], strict=False)}, {7 * (n % 3 + 1)})


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

    def test_shows_the_attributes_of_an_object(self):
        source = LOOP.replace('j = i * 2', 'j = Box(); j.size = 7')
        self.start(source.replace('import sys', 'import sys\n    class Box: pass'))
        self.set('return', mode='snapshot')
        j = self.client.event('snapshot')['frames'][0]['variables'][1]
        self.assertRegex(j['value'], '^<Box object at')
        self.assertEqual([(row['name'], row['value']) for row in j['children']], [('size', '7')])

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
