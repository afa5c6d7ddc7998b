"""Runs a file of the corpus: the same way under the oracle and with the agent attached.

A file holds *programs*: its functions named `case_...`, and its body, which defines functions and classes. All are run
once before anybody looks: what they import and cache is no part of a run.
"""

import functools
import gc
import importlib  # gives the frozen modules their file names
import os
import sys
import time
from pathlib import Path

BODY = '<module>'


def enter(function):
    function()  # a program begins
    return  # and has ended


def perform(path, enter=enter):
    """Runs the programs of a file one after the other, each by `enter`. Gives their names."""
    gc.disable()  # finalisers run where the last reference ends, in every run
    importlib.invalidate_caches()
    run(path, lambda program: program())
    return run(path, enter)


def run(path, enter):
    code = compile(Path(path).read_text(), path, 'exec')
    names = {'__name__': 'corpus', '__file__': path}
    enter(functools.partial(exec, code, names))  # in C: no frame of ours lies between
    cases = {name: value for name, value in names.items() if name.startswith('case_')}
    for case in cases.values():
        enter(case)
    return [BODY, *cases]


def main():
    print('ready', flush=True)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.002)
    perform(sys.argv[2])
    print('done', flush=True)


if __name__ == '__main__':
    main()
