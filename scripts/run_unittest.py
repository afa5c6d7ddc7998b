"""Run one file of unittest tests; the last line on stdout is the result as JSON.

Usage: python run_unittest.py FILE [PATTERN]
"""

import json
import os
import sys
import unittest
from typing import Any


class Result(unittest.TextTestResult):
    """Keep the names of passed tests too, so that nothing has to be computed from differences."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.passed: list[str] = []

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed.append(test.id())


def main(file: str, pattern: str | None) -> None:
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = [f'*{pattern}*']
    suite = loader.loadTestsFromName(os.path.basename(file).removesuffix('.py'))
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Result).run(suite)
    failed = result.failures + result.errors
    outcomes = [{'kind': 'passed', 'name': name} for name in result.passed]
    outcomes += [{'kind': 'failed', 'name': test.id(), 'text': text} for test, text in failed]
    outcomes += [
        {'kind': 'failed', 'name': test.id(), 'text': 'expected to fail, and passed'}
        for test in result.unexpectedSuccesses
    ]
    outcomes += [{'kind': 'skipped', 'name': test.id(), 'text': text} for test, text in result.skipped]
    print(json.dumps(outcomes), flush=True)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
