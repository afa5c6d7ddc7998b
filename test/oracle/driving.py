"""Runs a file of the corpus with the agent attached: by steps, or with a breakpoint on every line."""

import functools
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.append(str(FOLDER.parent / 'agent'))

import host  # noqa: E402
from expected import Stop  # noqa: E402
from support import Client, Program  # noqa: E402
from tracing import Event  # noqa: E402

HOST = host.__file__
ENVIRONMENT = {**os.environ, 'PYTHONHASHSEED': '0', 'PYTHONDONTWRITEBYTECODE': '1'}


@functools.cache
def traced(path):
    """What the oracle says of a file: the events of each of its programs, by name, in the order of the run."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'events')
        command = [sys.executable, '-W', 'ignore', FOLDER / 'tracing.py', path, out]
        subprocess.run(command, env=ENVIRONMENT, check=True, timeout=120)
        runs = pickle.loads(Path(out).read_bytes())
    return {name: [Event(*event) for event in events] for name, events in runs}


class Host(Program):
    """A process that runs a file of the corpus when it is told to."""

    def __init__(self, path):
        self.folder = tempfile.mkdtemp(prefix='oracle-')
        self.out = os.path.join(self.folder, 'out')
        self.signal = os.path.join(self.folder, 'go')
        with open(self.out, 'wb') as out:
            self.process = subprocess.Popen(
                [sys.executable, '-W', 'ignore', HOST, self.signal, path],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.PIPE,
                env=ENVIRONMENT,
            )
        self.pid = self.process.pid
        self.wait_for('ready')

    def line(self, comment):
        lines = Path(HOST).read_text().splitlines()
        return next(i for i, line in enumerate(lines, 1) if line.endswith(f'# {comment}'))

    def go(self):
        Path(self.signal).touch()


class Drive:
    """A host and a client, between the programs of one file."""

    def __init__(self, path, lines=None, **config):
        """`lines`: where files are to have breakpoints, by path."""
        self.lines = lines or {}
        self.host = Host(path)
        self.end = self.host.line('and has ended')
        try:
            self.client = Client(self.host.pid, **config, justMyCode=False)
            self.client.breakpoints(HOST, self.host.line('a program begins'), self.end)
        except BaseException:
            self.host.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.host.stop()

    def programs(self, runs):
        """The programs of the file in their order; each time the host stands where the next one begins."""
        self.host.go()
        self.stop()
        for path, lines in self.lines.items():
            self.client.breakpoints(path, *lines)
        for number, run in enumerate(runs.items()):
            if number > 0:
                self.ask('continue')
            yield run
            self.finish()

    def finish(self):
        """To the end of a program."""
        while self.top.path != HOST or self.top.line != self.end:
            self.ask('continue')

    def stop(self):
        """The next stop."""
        self.client.stopped()
        top = self.client.stop['snapshot']['stackFrames'][0]
        source = top['source']
        self.top = Stop(source.get('path') or source['name'], top['name'], top['line'])
        return self.top

    def ask(self, command):
        self.client.ask(command, threadId=self.client.thread)
        return self.stop()

    def steps(self):
        """Where stepping into stops, from the beginning of a program to its end."""
        found = []
        while self.ask('stepIn').path != HOST:
            found.append(self.top)
        return found

    def hits(self):
        """Where breakpoints stop, from the beginning of a program to its end."""
        found = []
        while self.ask('continue').path != HOST:
            found.append(self.top)
        return found
