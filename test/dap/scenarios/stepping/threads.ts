import type { Scenario } from '../../../support/scenario';

const COUNTERS = `
import threading
import time

counts = {'one': 0, 'two': 0}
over = threading.Event()

def count(name):
    while not over.is_set():
        counts[name] += 1  #@count
        time.sleep(0.001)  #@sleep

def main():
    threads = [threading.Thread(target=count, args=(name,), name=name) for name in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()  #@join
`;

/** Steps and pauses where there are several threads. */
export const THREADS: Scenario[] = [
  {
    name: 'a step never stops in another thread',
    program: COUNTERS,
    async script(d) {
      await d.breakpoints({ at: 'count', condition: "name == 'one'" });
      await d.go();
      await d.stop();
      await d.breakpoints();
      for (let i = 0; i < 6; i++) await d.next();
      await d.run('over.set()');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @count: verified
      stopped breakpoint: count @count [one]
      next -> step: count @sleep [one]
      next -> step: count 'while not over.is_set():' [one]
      next -> step: count @count [one]
      next -> step: count @sleep [one]
      next -> step: count 'while not over.is_set():' [one]
      next -> step: count @count [one]
      ended
    `,
  },
  {
    name: 'a thread goes on alone, and the others stay where they are',
    program: COUNTERS,
    async script(d) {
      await d.breakpoints({ at: 'count', condition: "name == 'one'" });
      await d.go();
      await d.stop();
      const before = await d.value("counts['two']");
      for (let i = 0; i < 3; i++) {
        await d.continue({ singleThread: true });
        await d.stop();
      }
      d.note(`two has counted on: ${(await d.value("counts['two']")) !== before}`);
      await d.breakpoints();
      await d.run('over.set()');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @count: verified
      stopped breakpoint: count @count [one]
      stopped breakpoint: count @count [one]
      stopped breakpoint: count @count [one]
      stopped breakpoint: count @count [one]
      two has counted on: false
      ended
    `,
  },
  {
    name: 'a thread steps alone, and the others stay where they are',
    program: COUNTERS,
    async script(d) {
      await d.breakpoints({ at: 'count', condition: "name == 'one'" });
      await d.go();
      await d.stop();
      await d.breakpoints();
      const before = await d.value("counts['two']");
      await d.next({ singleThread: true });
      await d.next({ singleThread: true });
      d.note(`two has counted on: ${(await d.value("counts['two']")) !== before}`);
      await d.run('over.set()');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @count: verified
      stopped breakpoint: count @count [one]
      next -> step: count @sleep [one]
      next -> step: count 'while not over.is_set():' [one]
      two has counted on: false
      ended
    `,
  },
  {
    name: 'a thread that waits alone for a stopped one is paused, and the others let go',
    program: `
import threading

def work(lock, name):
    n = 1  #@work
    with lock:  #@lock
        n = 2

def main():
    lock = threading.Lock()
    lock.acquire()
    other = threading.Thread(target=work, args=(lock, 'other'), name='other')
    other.start()
    gate()
    lock.release()
    other.join()
gate()
main()
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.stop();
      await d.continue({ singleThread: true });
      await d.pause('other');
      await d.stop();
      await d.continue();
      await d.open();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work [other]
      stopped pause: work @lock [other]
      ended
    `,
  },
  {
    name: 'a step at the end of a thread lets it end',
    program: `
import threading

def work():
    print('last')  #@last

def main():
    thread = threading.Thread(target=work, name='worker')
    thread.start()
    thread.join()
    print('joined')
`,
    async script(d) {
      await d.breakpoints('last');
      await d.go();
      const { threadId } = await d.stop();
      await d.ask('next', { threadId });
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @last: verified
      stopped breakpoint: work @last [worker]
      ended
      printed: last | joined
    `,
  },
  {
    name: 'an exception that ends the thread ends the step',
    program: `
import threading

def work():
    raise SystemExit  #@raise

def main():
    thread = threading.Thread(target=work, name='worker')
    thread.start()
    thread.join()
    print('joined')
`,
    async script(d) {
      await d.breakpoints('raise');
      await d.go();
      const { threadId } = await d.stop();
      await d.ask('stepIn', { threadId });
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @raise: verified
      stopped breakpoint: work @raise [worker]
      ended
      printed: joined
    `,
  },
  {
    name: 'a loop on one line is paused',
    program: `
def main():
    n = 0
    print('running')
    while n < 10 ** 12: n += 1  #@loop
`,
    async script(d) {
      await d.go();
      await d.printed('running');
      await d.pause();
      await d.stop();
      await d.setVariable('n', '10 ** 12');
      await d.continue();
      await d.end();
    },
    expect: `
      printed: running
      stopped pause: main @loop
      set n: 1000000000000
      ended
    `,
  },
  {
    name: 'a generator that another thread goes on with does not stop there',
    program: `
import threading

def numbers():
    yield 1  #@start
    print('two')
    yield 2

def main():
    talk = numbers()
    next(talk)
    thread = threading.Thread(target=next, args=(talk,))
    thread.start()
    thread.join()
    print('joined')
`,
    async script(d) {
      await d.breakpoints('start');
      await d.go();
      const { threadId } = await d.stop();
      await d.ask('next', { threadId });
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @start: verified
      stopped breakpoint: numbers @start
      ended
      printed: two | joined
    `,
  },
  {
    name: 'with stopThreads one, each thread steps for itself',
    program: COUNTERS,
    attach: { stopThreads: 'one' },
    async script(d) {
      await d.breakpoints({ at: 'count', condition: "name == 'one'" });
      await d.go();
      await d.stop();
      await d.breakpoints();
      const before = await d.value("counts['two']");
      await d.next();
      await d.next();
      await d.next();
      while ((await d.value("counts['two']")) === before);
      d.note('two has counted on');
      await d.run('over.set()');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @count: verified
      stopped breakpoint: count @count [one]
      next -> step: count @sleep [one]
      next -> step: count 'while not over.is_set():' [one]
      next -> step: count @count [one]
      two has counted on
      ended
    `,
  },
];
