import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Interpreter } from '../support/targets';
import { BUSY, launch, LOOP, makeFolder, program, ready } from './kind';
import type { Kind, Running } from './kind';

const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ');

const WORKER_LEFT = `
import threading, time
def work():
    while threading.main_thread().is_alive():
        time.sleep(0.001)
${indented(LOOP)}
threading.Thread(target=work).start()
`;

const AT_EXIT = `
import atexit
@atexit.register
def work():
${indented(LOOP)}
`;

const IDLE_INTERPRETER = `
import _interpreters
other = _interpreters.create()
_interpreters.exec(other, 'x = 1')
${LOOP}
_interpreters.destroy(other)
`;

/** The other interpreter runs code until the pipe has something to read. */
const BUSY_INTERPRETER = `
import _interpreters, os, threading
other = _interpreters.create()
end, write = os.pipe()
os.set_blocking(end, False)
code = f'''
import os
while True:
    try:
        os.read({end}, 1)
        break
    except BlockingIOError:
        pass
'''
thread = threading.Thread(target=_interpreters.exec, args=(other, code))
thread.start()
${LOOP.replace("print('done'", "os.write(write, b'x'); thread.join(); _interpreters.destroy(other)\n$&")}
`;

const INSIDE_INTERPRETER = `
import _interpreters
other = _interpreters.create()
_interpreters.exec(other, ${JSON.stringify(LOOP)})
_interpreters.destroy(other)
`;

const FORKED = `
import os
end, write = os.pipe()
child = os.fork()
if child == 0:
    os.close(write)
    os._exit(len(os.read(end, 1)))
os.close(end)
${LOOP}
os.close(write)
os.waitpid(child, 0)
`;

const CHILD = `
import os, sys
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
${LOOP}`;

const CHILD_OF_WORKER = `
import os, threading, warnings
warnings.simplefilter('ignore')
def work():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
${indented(LOOP)}
    os._exit(0)
thread = threading.Thread(target=work)
thread.start()
thread.join()
`;

const TRACED = `
import sys
sys.settrace(lambda frame, event, arg: None)
sys.setprofile(lambda frame, event, arg: None)
${LOOP}`;

const MONITORED = `
import sys
sys.monitoring.use_tool_id(sys.monitoring.DEBUGGER_ID, 'other')
sys.monitoring.register_callback(sys.monitoring.DEBUGGER_ID, sys.monitoring.events.LINE, lambda *_: None)
sys.monitoring.set_events(sys.monitoring.DEBUGGER_ID, sys.monitoring.events.LINE)
${LOOP}`;

const MANY_LOCK_WAITS = `
import threading
end = threading.Event()
threads = [threading.Thread(target=end.wait) for _ in range(200)]
for thread in threads:
    thread.start()
def work():
${indented(LOOP)}
last = threading.Thread(target=work)
last.start()
last.join()
end.set()
`;

const MANY_THREADS = `
import threading
end = threading.Event()
threads = [threading.Thread(target=end.wait) for _ in range(200)]
for thread in threads:
    thread.start()
${LOOP}
end.set()
`;

const MUCH_MEMORY = `
block = bytearray(b'x') * (256 << 20)
${LOOP}`;

/** Neighbours with other rights are mappings of their own. */
const MANY_MAPPINGS = `
import mmap
parts = [mmap.mmap(-1, 4096, prot=mmap.PROT_READ | (i % 2 and mmap.PROT_WRITE)) for i in range(20_000)]
${LOOP}`;

const WAITS: Record<string, string> = {
  'in time.sleep': 'import time; time.sleep(1000)',
  'in socket.accept': "import socket; socket.create_server(('127.0.0.1', 0)).accept()",
  'in an idle asyncio loop': 'import asyncio; asyncio.run(asyncio.Event().wait())',
  'in input()': 'input()',
  'waiting for a child': "import subprocess; subprocess.run(['sleep', '20'])",
  'its only thread waiting for a lock': 'import threading; threading.Event().wait()',
};

async function startSource(source: string, { path }: Interpreter): Promise<Running> {
  const target = await launch([path, '-u', '-c', source], await makeFolder());
  await target.waitFor('ready\n');
  return ready(target);
}

/** The child has the output and the input of the process that was started. */
async function startChild(source: string, python: Interpreter): Promise<Running> {
  const parent = await startSource(source, python);
  const threads = await readdir(`/proc/${parent.pid}/task`);
  const children = threads.map((thread) => readFile(`/proc/${parent.pid}/task/${thread}/children`, 'utf8'));
  return { ...parent, pid: Number((await Promise.all(children)).join('').trim()) };
}

async function startSuspended(python: Interpreter): Promise<Running> {
  const target = await startSource(LOOP, python);
  process.kill(target.pid, 'SIGSTOP');
  while (!/^State:\tT/m.test(await readFile(`/proc/${target.pid}/status`, 'utf8'))) await delay(1);
  return {
    ...target,
    finish: async () => {
      process.kill(target.pid, 'SIGCONT');
      await target.finish?.();
    },
  };
}

/** By what the program does at the time. */
export const STATES: Kind[] = [
  program({ name: 'a busy loop', source: BUSY }),
  ...Object.entries(WAITS).map(([name, wait]) =>
    program({ name, source: `print('ready', flush=True)\n${wait}\n`, endless: true }),
  ),
  program({
    name: 'in signal.pause',
    source: "import signal\nprint('ready')\nwhile True: signal.pause()",
    slow: 'woken last, as it notices',
    endless: true,
  }),
  program({
    name: 'in C code, several hundred milliseconds at a time',
    source: "print('ready')\nwhile True:\n    sum(range(20_000_000))\n",
    slow: 'waits for C code',
    endless: true,
  }),
  program({ name: 'the main script has ended, a thread goes on', source: WORKER_LEFT }),
  program({ name: 'in a function that atexit calls', source: AT_EXIT }),
  program({ name: 'with an idle subinterpreter', source: IDLE_INTERPRETER }),
  program({ name: 'with a busy subinterpreter', source: BUSY_INTERPRETER }),
  program({
    name: 'its only thread inside a subinterpreter',
    source: INSIDE_INTERPRETER,
    expect: 'attach-timeout',
    timeoutMs: 1000,
  }),
  program({ name: 'has forked', source: FORKED }),
  { name: 'a forked child', start: (python) => startChild(CHILD, python), expect: 'attached' },
  {
    name: 'a child forked by another than the main thread',
    start: (python) => startChild(CHILD_OF_WORKER, python),
    expect: 'attached',
  },
  program({ name: 'under a trace and a profile function', source: TRACED }),
  program({ name: 'under the monitoring of another tool', source: MONITORED }),
  program({ name: '200 threads', source: MANY_THREADS }),
  program({
    name: '200 threads and the main thread waiting for locks, one at work',
    source: MANY_LOCK_WAITS,
  }),
  program({ name: '256 MB of memory', source: MUCH_MEMORY }),
  program({ name: '20,000 mappings', source: MANY_MAPPINGS }),
  { name: 'suspended', start: startSuspended, expect: 'interpreter-not-ready' },
];
