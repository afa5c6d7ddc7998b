"""What happens at breakpoints: conditions, hit counts, log messages, snapshots."""

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


if __name__ == '__main__':
    unittest.main()
