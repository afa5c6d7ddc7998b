"""What is run: every file of `constructs` and `library`; how much of it, and with which settings."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent
ALL = os.environ.get('PYLATCH_ORACLE') == 'all'
"""The long run: programs of any length, with `stopThreads` both ways."""
ORDINARY = 300
"""Line events of the longest program that the ordinary run steps through."""


def files():
    return sorted(str(path) for kind in ('constructs', 'library') for path in (FOLDER / kind).glob('*.py'))


def name_of(path):
    return f'{Path(path).parent.name}_{Path(path).stem}'


def is_wanted(events):
    return ALL or sum(event.kind == 'line' for event in events) <= ORDINARY


def settings():
    return ('all', 'one') if ALL else ('all',)


def explain(program, expected, found):
    """Where two sequences first differ, with what leads there; empty where they are the same."""
    if expected == found:
        return ''
    pairs = zip(expected, found, strict=False)
    at = next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(found)))
    lines = [f'{program}: item {at + 1} differs, of {len(expected)} expected and {len(found)} found']
    lines += [f'      {show(item)}' for item in expected[max(0, at - 3) : at]]
    for sign, items in (('-', expected), ('+', found)):
        lines += [f'    {sign} {show(item)}' for item in items[at : at + 4]]
    return '\n'.join(lines)


def show(stop):
    try:
        text = Path(stop.path).read_text().splitlines()[stop.line - 1].strip()
    except OSError, IndexError:
        text = ''
    return f'{Path(stop.path).name}:{stop.line} {stop.name}: {text}'


def add_tests(case, check):
    """A test method for each file of the corpus."""
    for path in files():
        setattr(case, f'test_{name_of(path)}', lambda self, path=path: check(self, path))
