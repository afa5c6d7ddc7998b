/** What a thread can wait in, as programs: the table of what happens to each when it is woken. */

/** `at once`: the thread takes a script while it waits. `afterwards`: only when its wait is over. */
export type Reach = 'at once' | 'afterwards';

export interface Wait {
  /** Python that defines `wait()`; what it returns is the program's own result. */
  code: string;
  /** `repr` of what `wait()` has to return, woken or not. */
  result: string;
  main: Reach;
  /** Absent where only the main thread can wait so. */
  worker?: Reach;
  /** Ends by itself after `T` seconds; the others when the test types a line. */
  timed?: boolean;
}

/** Seconds that a timed wait takes, and how long after its beginning it is disturbed: late enough to show a restart. */
export const T = 3;
export const DISTURBED_AFTER_MS = 2000;

const PRELUDE = `
import os, select, signal, socket, struct, subprocess, sys, tempfile, threading, time
T = ${T}
OUT, TYPED = os.dup(1), os.dup(0)

def say(*words):
    os.write(OUT, (' '.join(map(str, words)) + '\\n').encode())

def timed(call, early=0.02):
    begun = time.monotonic()
    try:
        result = call()
    except Exception as error:
        result = type(error).__name__
    spent = time.monotonic() - begun
    return result, 'early' if spent < T - early else 'late' if spent > T + 1.8 else 'on time'

def when_told(action):
    def run():
        os.read(TYPED, 100)
        action()
    threading.Thread(target=run, daemon=True).start()

def run():
    say('ready', threading.get_native_id())
    try:
        result = repr(wait())
    except Exception as error:
        result = type(error).__name__
    say('result', result, 'ran' in sys.__dict__)
    time.sleep(60)

if __name__ == '__main__':
`;

/** The program of a wait; it prints `ready ID`, then `result REPR RAN`. */
export function program(code: string, where: 'main' | 'worker'): string {
  const start =
    where === 'main' ? 'run()' : 'thread = threading.Thread(target=run)\nthread.start()\nthread.join()';
  const lines = `${code}\n${start}`.split('\n').map((line) => `    ${line}`);
  return PRELUDE + lines.join('\n');
}

function plain(code: string, result: string): Wait {
  return { code, result, main: 'at once', worker: 'at once' };
}

function timed(call: string, result: string, setup = ''): Wait {
  const code = `${setup}\ndef wait(): return timed(lambda: ${call})`;
  return { ...plain(code, `(${result}, 'on time')`), timed: true };
}

/** Python's own locks: only the main thread's wait answers an interruption. */
function lock(wait: Wait): Wait {
  return { ...wait, worker: 'afterwards' };
}

function inC(wait: Wait): Wait {
  return { ...wait, main: 'afterwards', worker: 'afterwards' };
}

const PIPE = 'r, w = os.pipe()\nwhen_told(lambda: (os.write(w, b"xyz\\n"), os.close(w)))';
const PAIR = 'a, b = socket.socketpair()';
const SERVER = "server = socket.create_server(('127.0.0.1', 0))";
const TERMINAL = `
import pty
keyboard, screen = pty.openpty()
os.dup2(screen, 0)
os.dup2(screen, 1)
when_told(lambda: os.write(keyboard, b'typed later\\n'))
def wait(): return input()`;
const USR1 = 'signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})';
const KILL = 'when_told(lambda: os.kill(os.getpid(), signal.SIGUSR1))';
const CHILD_LOCK = `
file = tempfile.NamedTemporaryFile('w')
hold = f'import fcntl, time; f = open({file.name!r}, "w"); fcntl.lockf(f, fcntl.LOCK_EX); print(1, flush=True); time.sleep(60)'
child = subprocess.Popen([sys.executable, '-c', hold], stdout=subprocess.PIPE)
child.stdout.readline()
when_told(child.kill)
import fcntl
def wait(): return fcntl.lockf(file, fcntl.LOCK_EX)`;
const IMPORT = `
folder = tempfile.TemporaryDirectory()
sys.path.insert(0, folder.name)
with open(folder.name + '/slow.py', 'w') as file:
    file.write('import builtins; builtins.begun.set(); builtins.gate.wait(); value = 7')
import builtins
builtins.begun, builtins.gate = threading.Event(), threading.Event()
threading.Thread(target=lambda: __import__('slow'), daemon=True).start()
builtins.begun.wait()
when_told(builtins.gate.set)
def wait():
    import slow
    return slow.value`;
/** Its own sleeps last up to 0.1 s, and one of them is cut short. */
const SQLITE = `
import sqlite3
folder = tempfile.TemporaryDirectory()
first = sqlite3.connect(folder.name + '/db', isolation_level=None)
first.execute('begin exclusive')
def wait():
    second = sqlite3.connect(folder.name + '/db', timeout=T, isolation_level=None)
    return timed(lambda: second.execute('begin exclusive'), 0.15)`;
const FUTURE = `
from concurrent.futures import Future
future = Future()
when_told(lambda: future.set_result(7))
def wait(): return future.result()`;
const TLS = `
import ssl
${PAIR}
client = ssl.create_default_context().wrap_socket(a, server_hostname='x', do_handshake_on_connect=False)
client.settimeout(T)
def wait(): return timed(client.do_handshake)`;
const EVENT = 'event = threading.Event()\nwhen_told(event.set)\n';

export const WAITS: Record<string, Wait> = {
  'time.sleep': timed('time.sleep(T)', 'None'),
  'os.read': plain(`${PIPE}\ndef wait(): return os.read(r, 10)`, "b'xyz\\n'"),
  'os.readv': plain(`${PIPE}\ndef wait(): return os.readv(r, [bytearray(10)])`, '4'),
  'opening a FIFO': plain(
    `path = tempfile.mkdtemp() + '/fifo'
os.mkfifo(path)
when_told(lambda: (w := os.open(path, os.O_WRONLY), os.write(w, b'x'), os.close(w)))
def wait(): return open(path, 'rb').read()`,
    "b'x'",
  ),
  'a buffered read': plain(`${PIPE}\nfile = os.fdopen(r, 'rb')\ndef wait(): return file.read()`, "b'xyz\\n'"),
  'a text read': plain(`${PIPE}\nfile = os.fdopen(r)\ndef wait(): return file.readline()`, "'xyz\\n'"),
  'sys.stdin.readline': plain('def wait(): return sys.stdin.readline()', "'typed later\\n'"),
  'input() of a pipe': plain('def wait(): return input()', "'typed later'"),
  'input() on a terminal': plain(TERMINAL, "'typed later'"),
  'input() with readline': plain(`import readline\n${TERMINAL}`, "'typed later'"),
  recv: plain(`${PAIR}\nwhen_told(lambda: b.send(b'xyz'))\ndef wait(): return a.recv(10)`, "b'xyz'"),
  'recv with a timeout': timed('a.recv(10)', "'TimeoutError'", `${PAIR}\na.settimeout(T)`),
  accept: plain(
    `${SERVER}\nwhen_told(lambda: socket.create_connection(server.getsockname()))\ndef wait(): return server.accept()[0].family.name`,
    "'AF_INET'",
  ),
  'accept with a timeout': timed('server.accept()', "'TimeoutError'", `${SERVER}\nserver.settimeout(T)`),
  'select.select': timed('select.select([], [], [], T)', '([], [], [])'),
  'select.poll': timed('select.poll().poll(T * 1000)', '[]'),
  'select.epoll': timed('epoll.poll(T)', '[]', 'epoll = select.epoll()'),
  'an idle asyncio loop': timed('asyncio.run(asyncio.sleep(T, 7))', '7', 'import asyncio'),
  'a TLS handshake with a timeout': { ...timed('0', "'TimeoutError'"), code: TLS },
  'subprocess.run': timed("subprocess.run(['sleep', str(T)]).returncode", '0'),
  'Popen.wait with a timeout': timed(
    'child.wait(T)',
    "'TimeoutExpired'",
    "child = subprocess.Popen(['sleep', str(T + 2)])",
  ),
  'subprocess.check_output': timed(
    "subprocess.check_output(f'sleep {T}; echo done', shell=True)",
    "b'done\\n'",
  ),
  'os.wait': timed('os.wait()[1]', '0', "child = subprocess.Popen(['sleep', str(T + 0.5)])"),
  'os.popen().read': timed("os.popen(f'sleep {T}; echo done').read()", "'done\\n'"),
  'fcntl.flock': plain(
    `import fcntl
file = tempfile.NamedTemporaryFile()
other = open(file.name)
fcntl.flock(other, fcntl.LOCK_EX)
when_told(lambda: fcntl.flock(other, fcntl.LOCK_UN))
def wait(): return fcntl.flock(file, fcntl.LOCK_EX)`,
    'None',
  ),
  'fcntl.lockf': plain(CHILD_LOCK, 'None'),
  'signal.sigwaitinfo': plain(
    `${USR1}\n${KILL}\ndef wait(): return signal.sigwaitinfo({signal.SIGUSR1}).si_signo == signal.SIGUSR1`,
    'True',
  ),
  'signal.sigtimedwait': timed('signal.sigtimedwait({signal.SIGUSR1}, T)', 'None', USR1),
  'multiprocessing.Queue.get': plain(
    'import multiprocessing\nqueue = multiprocessing.Queue()\nwhen_told(lambda: queue.put(7))\ndef wait(): return queue.get()',
    '7',
  ),
  'multiprocessing.Lock with a timeout': timed(
    'lock.acquire(timeout=T)',
    'False',
    'import multiprocessing\nlock = multiprocessing.Lock()\nlock.acquire()',
  ),
  'multiprocessing.Event with a timeout': timed(
    'event.wait(T)',
    'False',
    'import multiprocessing\nevent = multiprocessing.Event()',
  ),
  'multiprocessing.Process.join': timed(
    'child.join()',
    'None',
    "import multiprocessing\nchild = multiprocessing.get_context('fork').Process(target=time.sleep, args=(T + 0.5,))\nchild.start()",
  ),
  Lock: lock(
    plain(
      'lock = threading.Lock()\nlock.acquire()\nwhen_told(lock.release)\ndef wait(): return lock.acquire()',
      'True',
    ),
  ),
  'Lock with a timeout': lock(
    timed('lock.acquire(timeout=T)', 'False', 'lock = threading.Lock()\nlock.acquire()'),
  ),
  RLock: lock(
    timed(
      'lock.acquire(timeout=T)',
      'False',
      'lock = threading.RLock()\nthreading.Thread(target=lambda: (lock.acquire(), time.sleep(60)), daemon=True).start()\ntime.sleep(0.1)',
    ),
  ),
  Condition: lock(
    plain(
      `condition = threading.Condition()
def tell():
    with condition:
        condition.notify()
when_told(tell)
def wait():
    with condition:
        return condition.wait()`,
      'True',
    ),
  ),
  Event: lock(plain(`${EVENT}def wait(): return event.wait()`, 'True')),
  'Event with a timeout': lock(timed('event.wait(T)', 'False', 'event = threading.Event()')),
  Barrier: lock(
    plain(
      'barrier = threading.Barrier(2)\nwhen_told(barrier.wait)\ndef wait(): return barrier.wait() in (0, 1)',
      'True',
    ),
  ),
  'Queue.get': lock(
    plain(
      'import queue\nitems = queue.Queue()\nwhen_told(lambda: items.put(7))\ndef wait(): return items.get()',
      '7',
    ),
  ),
  'Queue.get with a timeout': lock(
    timed('items.get(timeout=T)', "'Empty'", 'import queue\nitems = queue.Queue()'),
  ),
  'SimpleQueue.get': lock(
    plain(
      'import queue\nitems = queue.SimpleQueue()\nwhen_told(lambda: items.put(7))\ndef wait(): return items.get()',
      '7',
    ),
  ),
  'Thread.join': lock(
    plain(
      `${EVENT}other = threading.Thread(target=event.wait)\nother.start()\ndef wait(): return other.join()`,
      'None',
    ),
  ),
  'Future.result': lock(plain(FUTURE, '7')),
  'an import in progress': lock(plain(IMPORT, '7')),
  'os.system': inC(timed("os.system(f'sleep {T}')", '0')),
  'signal.sigwait': inC(
    plain(`${USR1}\n${KILL}\ndef wait(): return signal.sigwait({signal.SIGUSR1}) == signal.SIGUSR1`, 'True'),
  ),
  'a busy SQLite database': inC({ ...timed('0', "'OperationalError'"), code: SQLITE }),
  'a long computation in C': inC({
    ...timed('0', ''),
    code: 'import hashlib\ndef wait(): return len(hashlib.pbkdf2_hmac("sha256", b"x", b"y", 6_000_000))',
    result: '32',
  }),
};

const C_LIBRARY = 'import ctypes\nlibc = ctypes.CDLL(None)\n';

/** Waits of the main thread in which an interruption shows, and how the program sees itself then. */
export const DELICATE: Record<string, Pick<Wait, 'code' | 'result' | 'timed'> & { disturbed: string }> = {
  'signal.pause': {
    code: `handled = []\nsignal.signal(signal.SIGUSR1, lambda *_: handled.append(1))\n${KILL}
def wait():
    signal.pause()
    return handled`,
    result: '[1]',
    disturbed: '[]',
  },
  'os.write of which a part is written': {
    code: `r, w = os.pipe()
when_told(lambda: [os.read(r, 65536) for _ in range(16)])
def wait(): return os.write(w, bytes(16 * 65536))`,
    result: '1048576',
    disturbed: '65536',
  },
  'recv with SO_RCVTIMEO': {
    code: `${PAIR}\na.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('ll', T, 0))
def wait(): return timed(lambda: a.recv(1))`,
    result: "('BlockingIOError', 'on time')",
    disturbed: "('BlockingIOError', 'late')",
    timed: true,
  },
  'connect of a local socket': {
    code: `path = tempfile.mkdtemp() + '/socket'
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(0)
client, *others = [socket.socket(socket.AF_UNIX) for _ in range(4)]
for other in others:
    other.setblocking(False)
    other.connect_ex(path)
when_told(lambda: [server.accept() for _ in range(2)])
def wait():
    client.connect(path)
    return bool(client.getpeername())`,
    result: 'True',
    disturbed: 'OSError',
  },
  'usleep of C': {
    code: `${C_LIBRARY}def wait(): return timed(lambda: libc.usleep(T * 1000000))`,
    result: "(0, 'on time')",
    disturbed: "(-1, 'early')",
  },
  'poll of C': {
    code: `${C_LIBRARY}def wait(): return timed(lambda: libc.poll(None, 0, T * 1000))`,
    result: "(0, 'on time')",
    disturbed: "(-1, 'early')",
  },
  'read of C': {
    code: `${C_LIBRARY}${PIPE}\ntext = ctypes.create_string_buffer(10)\ndef wait(): return libc.read(r, text, 10)`,
    result: '4',
    disturbed: '-1',
  },
  'sem_wait of C': {
    code: `${C_LIBRARY}semaphore = ctypes.create_string_buffer(32)
libc.sem_init(semaphore, 0, 0)
when_told(lambda: libc.sem_post(semaphore))
def wait(): return libc.sem_wait(semaphore)`,
    result: '0',
    disturbed: '-1',
  },
};
