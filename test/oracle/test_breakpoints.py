"""A breakpoint on every line is hit as often as the oracle counts: once for each execution of a statement."""

import os
import sys
import unittest
from collections import Counter
from pathlib import Path

from corpus import ALL, add_tests, explain, settings
from driving import Drive, traced
from hits import counts_by_itself, hits

totals = {'files': 0, 'lines': 0, 'hits': 0}


class BreakpointTest(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        print('{files} files, {lines} lines with breakpoints, {hits} hits'.format(**totals), file=sys.stderr)


def check(test, path):
    runs = traced(path)
    lines = lines_in(path, runs)
    expected = {program: hits(lines, events) for program, events in runs.items()}
    for setting in settings():
        with Drive(path, lines, stopThreads=setting) as drive:
            found = '\n'.join(compare(drive, runs, expected))
        test.assertEqual(found, '')


def lines_in(path, runs):
    """Where breakpoints are, by file: on every line of the corpus's own file, and in the long run on the lines that its
    programs run in others."""
    lines = {path: range(1, len(Path(path).read_text().splitlines()) + 1)}
    if ALL:
        events = [event for events in runs.values() for event in events if event.kind == 'line' or event.start]
        ran = {(event.path, event.start or event.line) for event in events}
        for other in {other for other, _ in ran if os.path.isfile(other) and other != path}:
            lines[other] = sorted(line for name, line in ran if name == other)
    return lines


def compare(drive, runs, expected):
    """What differs in the programs of a file.

    Lines on which no statement begins count by themselves where the bytecode has nothing that joins them to one: then
    they are hit no more often than they run."""
    firsts = {(stop.path, stop.line) for stops in expected.values() for stop in stops}
    totals['files'] += len(drive.lines)
    totals['lines'] += len(firsts)
    for program, events in drive.programs(runs):
        found = drive.hits()
        totals['hits'] += len(found)
        at_first = [stop for stop in found if (stop.path, stop.line) in firsts and not counts_by_itself(stop)]
        if problem := explain(program, expected[program], at_first):
            yield problem
        runs_of = Counter((event.path, event.line) for event in events if event.kind == 'line')
        for place, count in Counter((stop.path, stop.line) for stop in found).items():
            if place not in firsts and count > runs_of[place]:
                yield f'{program}: {place} was hit {count} times and ran {runs_of[place]} times'


add_tests(BreakpointTest, check)

if __name__ == '__main__':
    unittest.main()
