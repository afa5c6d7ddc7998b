"""Attaches the agent to a real process of the same Python by `sys.remote_exec`, and speaks to it as the bridge does."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / 'dist' / 'agent'
LIMIT = 10.0
AGAIN = 3.0
"""Seconds without an answer after which the script is asked for again: `sys.remote_exec` writes what the thread itself
may be writing at that moment. Of two runs of the stub the second does nothing."""


class Program:
    """A Python process with `#@marker` comments in its source; its output is collected in a file."""

    def __init__(self, source, *arguments):
        self.folder = tempfile.mkdtemp(prefix='program-')
        self.path = os.path.join(self.folder, 'prog.py')
        self.text = textwrap.dedent(source)
        Path(self.path).write_text(self.text)
        self.out = os.path.join(self.folder, 'out')
        with open(self.out, 'wb') as out:
            self.process = subprocess.Popen(
                [sys.executable, *arguments, self.path], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.PIPE
            )
        self.pid = self.process.pid

    def line(self, marker):
        lines = self.text.splitlines()
        return next(i for i, line in enumerate(lines, 1) if line.rstrip().endswith(f'#@{marker}'))

    def output(self):
        return Path(self.out).read_text()

    def wait_for(self, text, limit=LIMIT):
        until = time.monotonic() + limit
        while text not in self.output():
            if time.monotonic() > until:
                raise AssertionError(f'no {text!r} in the output: {self.output()!r}')
            time.sleep(0.005)

    def grows(self, limit=LIMIT):
        """Waits until the program has printed more: it is alive and runs."""
        size = os.path.getsize(self.out)
        until = time.monotonic() + limit
        while os.path.getsize(self.out) == size:
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f'the program does not go on: {self.output()[-500:]!r}')
            time.sleep(0.005)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        shutil.rmtree(self.folder)


class Client:
    """The bridge's side of the wire."""

    def __init__(self, pid, **config):
        self.buffer = b''
        self.events = []
        self.answers = {}
        self.seq = 0
        self.directory = tempfile.mkdtemp(prefix='pylatch-')
        try:
            token = self.inject(pid)
            self.socket = self.connect(pid)
            self.write({'version': 1, 'token': token, 'config': config})
            self.welcome = self.read()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def inject(self, pid):
        """Has the program run the stub. Gives the token that the agent asks for."""
        token = os.urandom(32).hex()
        for file in BUILT.glob('agent*'):
            if file.name in (f'agent-3.{sys.version_info[1]}.bin', 'agent.src'):
                name = 'agent.bin' if file.suffix == '.bin' else file.name
                shutil.copy(file, os.path.join(self.directory, name))
        stub = (BUILT / 'stub.py').read_text()
        values = {
            '@FOLDER@': self.directory,
            '@ADDRESS@': self.address(),
            '@BINARY@': f'{self.directory}/agent.bin',
            '@SOURCE@': f'{self.directory}/agent.src',
            '@ERROR@': f'{self.directory}/error',
            '@PORT@': f'{self.directory}/port',
            '@TOKEN@': token,
            '@SESSION@': os.urandom(8).hex(),
        }
        for key, value in values.items():
            stub = stub.replace(key, value)
        path = os.path.join(self.directory, 'stub.py')
        Path(path).write_text(stub)
        sys.remote_exec(pid, path)
        return token

    def address(self):
        return f'unix:{self.directory}/sock'

    def reach(self):
        """A socket, and where the agent listens. Raises `OSError` while it does not."""
        return socket.socket(socket.AF_UNIX), os.path.join(self.directory, 'sock')

    def connect(self, pid):
        until = time.monotonic() + LIMIT
        again = time.monotonic() + AGAIN
        link = None
        while True:
            try:
                link, address = self.reach()
                link.connect(address)
            except OSError:
                if link is not None:
                    link.close()
                error = os.path.join(self.directory, 'error')
                if os.path.exists(error) or time.monotonic() > until:
                    text = Path(error).read_text() if os.path.exists(error) else 'no answer'
                    raise AssertionError(f'{text}; threads: {threads(pid)}') from None
                if time.monotonic() > again:
                    again += LIMIT
                    sys.remote_exec(pid, os.path.join(self.directory, 'stub.py'))
                time.sleep(0.002)
            else:
                link.settimeout(LIMIT)
                return link

    def write(self, message):
        body = json.dumps(message).encode()
        self.socket.sendall(len(body).to_bytes(4, 'big') + body)

    def read(self):
        while len(self.buffer) < 4 or len(self.buffer) < 4 + int.from_bytes(self.buffer[:4], 'big'):
            chunk = self.socket.recv(1 << 16)
            if not chunk:
                raise EOFError
            self.buffer += chunk
        end = 4 + int.from_bytes(self.buffer[:4], 'big')
        body, self.buffer = self.buffer[4:end], self.buffer[end:]
        return json.loads(body)

    def pump(self):
        message = self.read()
        if 're' in message:
            self.answers[message['re']] = message
        else:
            self.events.append(message)

    def send(self, command, **arguments):
        self.seq += 1
        self.write({'seq': self.seq, 'command': command, 'arguments': arguments})
        return self.seq

    def answer(self, seq):
        while seq not in self.answers:
            self.pump()
        return self.answers.pop(seq)

    def ask(self, command, **arguments):
        answer = self.answer(self.send(command, **arguments))
        if 'error' in answer:
            raise AssertionError(f'{command}: {answer["error"]}')
        return answer['body']

    def refused(self, command, **arguments):
        return self.answer(self.send(command, **arguments))['error']

    def event(self, name):
        while True:
            for index, event in enumerate(self.events):
                if event['event'] == name:
                    return self.events.pop(index)['body']
            self.pump()

    def breakpoints(self, path, *lines):
        items = [{'id': i, 'line': line} for i, line in enumerate(lines, 1)]
        return self.ask('setBreakpoints', path=path, breakpoints=items)['breakpoints']

    def stopped(self):
        """The next stop: reason, function and line of the top frame."""
        self.stop = self.event('stopped')
        self.thread = self.stop['threadId']
        top = self.stop['snapshot']['stackFrames'][0]
        self.frame = top['id']
        return self.stop['reason'], top['name'], top['line']

    def step(self, command):
        self.ask(command, threadId=self.thread)
        return self.stopped()

    def locals(self):
        scope = self.ask('scopes', frameId=self.frame)['scopes'][0]
        rows = self.ask('variables', variablesReference=scope['variablesReference'])['variables']
        return {row['name']: row['value'] for row in rows}

    def gone(self):
        """Waits until the agent has closed the connection: the very last thing it does."""
        try:
            while True:
                self.pump()
        except EOFError, OSError:
            self.close()

    def close(self):
        self.socket.close()


def threads(pid):
    """What each thread of a process waits for, by the system."""
    return [(task.name, (task / 'wchan').read_text()) for task in Path(f'/proc/{pid}/task').iterdir()]


class LoopbackClient(Client):
    """By a port of 127.0.0.1, as on Windows."""

    def address(self):
        return 'loopback'

    def reach(self):
        port = int(Path(self.directory, 'port').read_text() or 0)
        if port == 0:
            raise BlockingIOError  # it is being written
        return socket.socket(socket.AF_INET), ('127.0.0.1', port)
