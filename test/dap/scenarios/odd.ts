import type { Scenario } from '../../support/scenario';

/** Stops at odd places and at odd times: the program's end, finalizers, imports, other tracers, full stacks. */
export const ODD: Scenario[] = [
  {
    name: 'a breakpoint stops in a function that atexit calls',
    program: `
import atexit


def bye():
    print('bye')  #@bye


def main():
    atexit.register(bye)
    print('main')
`,
    async script(d) {
      await d.breakpoints('bye');
      await d.go();
      await d.stop();
      await d.stack();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @bye: verified
      stopped breakpoint: bye @bye
      stack: bye @bye
      ended
      printed: main | bye
    `,
  },
  {
    name: 'a breakpoint in a finalizer that the end of the interpreter calls does not keep the program from ending',
    program: `
class Resource:
    def __del__(self):
        print('released')  #@del


resource = Resource()


def main():
    print('main')  #@main
`,
    async script(d) {
      await d.breakpoints('main', 'del');
      await d.go();
      await d.stop();
      await d.breakpoints('del');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @main: verified
      breakpoint @del: verified
      stopped breakpoint: main @main
      breakpoint @del: verified
      ended
      printed: main | released
    `,
  },
  {
    name: 'a breakpoint stops in a finalizer',
    program: `
class Resource:
    def __del__(self):
        print('released')  #@del


def main():
    resource = Resource()
    resource = None  #@drop
    print('main')
`,
    async script(d) {
      await d.breakpoints('del');
      await d.go();
      await d.stop();
      await d.stack();
      await d.stepOut();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @del: verified
      stopped breakpoint: __del__ @del
      stack: __del__ @del < main @drop < <module> 'main()'
      stepOut -> step: main @drop
      ended
      printed: released | main
    `,
  },
  {
    name: 'a step over a call that ends the program ends with it',
    program: `
import os


def main():
    print('last')  #@last
    os._exit(4)
`,
    async script(d) {
      await d.breakpoints('last');
      await d.go();
      await d.stop();
      await d.next();
      await d.ask('next', { threadId: d.threadId });
      await d.end();
    },
    expect: `
      breakpoint @last: verified
      stopped breakpoint: main @last
      next -> step: main 'os._exit(4)'
      ended with 4
    `,
  },
  {
    name: 'the program ends though one of its daemon threads is stopped',
    attach: { stopThreads: 'one' },
    program: `
import threading


def work():
    print('work')  #@work


def main():
    threading.Thread(target=work, name='daemon', daemon=True).start()
    gate()
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.stop();
      await d.open();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work [daemon]
      ended
    `,
  },
  {
    name: 'an interrupt that comes while the program is stopped is raised when it goes on',
    program: `
import time


def main():
    try:
        print('one')  #@one
        time.sleep(5)
    except KeyboardInterrupt:
        print('interrupted')  #@interrupted
`,
    async script(d) {
      await d.breakpoints('one', 'interrupted');
      await d.go();
      await d.stop();
      process.kill(d.program.pid, 'SIGINT');
      await d.evaluate('1 + 1');
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @one: verified
      breakpoint @interrupted: verified
      stopped breakpoint: main @one
      evaluate 1 + 1: 2
      stopped breakpoint: main @interrupted
      ended
    `,
  },
  {
    name: 'a breakpoint stops in a module that is being imported, and values can be asked for there',
    program: {
      files: {
        'main.py': `
from gate import gate


def main():
    import late  #@import
    print(late.value)


gate()
main()
`,
        'late.py': `
value = 1
value += 1  #@late
`,
      },
    },
    async script(d) {
      await d.breakpoints('import');
      await d.go();
      await d.stop();
      await d.breakpoints('late');
      await d.continue();
      await d.stop();
      await d.stack();
      await d.evaluate('value');
      await d.evaluate("__import__('colorsys').__name__");
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @import: verified
      stopped breakpoint: main @import
      breakpoint @late: unverified
      stopped breakpoint: <module> @late
      stack: <module> @late < main @import < <module> 'main()'
      evaluate value: 1
      evaluate __import__('colorsys').__name__: 'colorsys'
      ended
      printed: 2
    `,
  },
  {
    name: 'a trace function of the program goes on seeing its lines',
    program: `
import sys

lines = []


def trace(frame, event, argument):
    if event == 'line':
        lines.append(frame.f_lineno)
    return trace


def work():
    number = 1  #@work
    number += 1
    return number


def main():
    sys.settrace(trace)
    work()
    sys.settrace(None)
    print(len(lines))
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.stop();
      await d.next();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      next -> step: work 'number += 1'
      ended
      printed: 3
    `,
  },
  {
    name: 'a breakpoint near the recursion limit changes nothing about the limit',
    program: `
import sys


def down(depth):
    try:
        return down(depth + 1)
    except RecursionError:
        return depth  #@bottom


def main():
    sys.setrecursionlimit(200)
    first = down(0)
    second = down(0)
    print(first == second)  #@print
`,
    async script(d) {
      await d.breakpoints('print', { at: 'bottom', condition: 'depth < 0' });
      await d.go();
      await d.stop();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @print: verified
      breakpoint @bottom: verified
      stopped breakpoint: main @print
      ended
      printed: True
    `,
  },
  {
    name: 'an evaluation that waits for a stopped thread is given up, and the program goes on',
    program: `
import threading

lock = threading.Lock()
held = threading.Event()


def hold():
    with lock:
        held.set()
        gate()


def main():
    thread = threading.Thread(target=hold, name='holder')
    thread.start()
    held.wait()
    print('main')  #@main
    thread.join()
    print('joined')
`,
    async script(d) {
      await d.breakpoints('main');
      await d.go();
      await d.stop();
      await d.evaluate('lock.acquire(timeout=0.1)');
      await d.open();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @main: verified
      stopped breakpoint: main @main
      evaluate lock.acquire(timeout=0.1): False
      ended
      printed: main | joined
    `,
  },
  {
    name: 'a call of breakpoint() in the program is its own affair',
    program: `
import sys


def main():
    sys.breakpointhook = lambda *args: print('hook')
    breakpoint()
    print('done')  #@done
`,
    async script(d) {
      await d.breakpoints('done');
      await d.go();
      await d.stop();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @done: verified
      stopped breakpoint: main @done
      ended
      printed: hook | done
    `,
  },
  {
    name: 'a thousand threads that come and go do not lose a breakpoint',
    program: `
import threading

count = 0


def work(number):
    global count
    count += 1
    if number == 999:
        print('last')  #@last


def main():
    for number in range(1000):
        thread = threading.Thread(target=work, args=(number,), name=f'thread {number}')
        thread.start()
        thread.join()
    print(count)
`,
    async script(d) {
      await d.breakpoints('last');
      await d.go();
      await d.stop();
      await d.threads();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @last: verified
      stopped breakpoint: work @last [thread 999]
      threads: MainThread, thread 999
      ended
      printed: last | 1000
    `,
  },
  {
    name: 'breakpoints stop in code of a program that was started by python -m, by a relative path and from a zip archive',
    program: {
      files: {
        'start.py': `
import runpy
import sys
import os

sys.path.insert(0, 'app.zip')
runpy.run_module('package.tool', run_name='__main__')
`,
        'app.zip/package/__init__.py': '',
        'app.zip/package/tool.py': `
from gate import gate


def main():
    print('tool')  #@tool


gate()
main()
`,
      },
    },
    async script(d) {
      await d.breakpoints('tool');
      await d.go();
      await d.stop();
      await d.stack();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @tool: verified
      stopped breakpoint: main @tool
      stack: main @tool < <module> 'main()' < <module> 'runpy.run_module('package.tool', run_name='__main__')'
      ended
    `,
  },
];
