"""For the programs of scenarios: `gate()` waits until the test opens it (see ../scenario.ts)."""

import _signal
import os
import select
import sys
from _functools import partial

PIPE = 3

# A program and its forks never outlive their scenario for long; what it prints is there, line by line, at once.
_signal.alarm(60)
os.register_at_fork(after_in_child=partial(_signal.alarm, 60))
sys.stdout.reconfigure(line_buffering=True)


def gate():
    os.write(PIPE, b'.')
    while not select.select([PIPE], [], [], 0.005)[0]:
        pass
    if not os.read(PIPE, 1):
        os._exit(3)  # the test has ended
