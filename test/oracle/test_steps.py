"""Stepping into, over and over, visits the lines that `sys.settrace` reports."""

import sys
import unittest

from corpus import add_tests, explain, files, is_wanted, settings
from driving import Drive, traced
from expected import DIFFERENCES, stops

totals = {'programs': 0, 'stops': 0}


class StepTest(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        print('stepped through {programs} programs, {stops} stops'.format(**totals), file=sys.stderr)


def check(test, path):
    for setting in settings():
        with Drive(path, stopThreads=setting) as drive:
            found = compare(drive, traced(path))
        test.assertEqual(found, '')


def compare(drive, runs):
    """What differs in the programs of a file; programs that are not wanted are passed over."""
    problems = []
    for program, events in drive.programs(runs):
        if is_wanted(events):
            found = drive.steps()
            problems.append(explain(program, stops(events), found))
            totals['programs'] += 1
            totals['stops'] += len(found)
    return '\n'.join(filter(None, problems))


class DifferenceTest(unittest.TestCase):
    def test_each_is_still_needed(self):
        runs = [events for path in files() for events in traced(path).values()]
        for difference in DIFFERENCES:
            without = [other for other in DIFFERENCES if other is not difference]
            self.assertTrue(any(stops(events) != stops(events, without) for events in runs), difference.name)


add_tests(StepTest, check)

if __name__ == '__main__':
    unittest.main()
