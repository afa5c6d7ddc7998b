import type { Scenario } from '../../support/scenario';

/** What every other scenario stands on: stopping at lines, steps, threads, values, coming and going. */
export const BASICS: Scenario[] = [
  {
    name: 'a breakpoint stops before its line runs',
    program: `
def main():
    number = 1
    number = 2  #@two
    print(number)  #@print
`,
    async script(d) {
      await d.breakpoints('two');
      await d.go();
      await d.stop();
      await d.locals('number');
      await d.next();
      await d.locals();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @two: verified
      stopped breakpoint: main @two
      locals: number=1
      next -> step: main @print
      locals: number=2
      ended
      printed: 2
    `,
  },
  {
    name: 'steps go over, into and out of a call',
    program: `
def double(value):
    result = value + value  #@double
    return result  #@return


def main():
    number = double(4)  #@call
    print(number)  #@print
`,
    async script(d) {
      await d.breakpoints('call');
      await d.go();
      await d.stop();
      await d.stepIn();
      await d.stack();
      await d.next();
      await d.stepOut();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      stopped breakpoint: main @call
      stepIn -> step: double @double
      stack: double @double < main @call < <module> 'main()'
      next -> step: double @return
      stepOut -> step: main @call
      next -> step: main @print
      ended
    `,
  },
  {
    name: 'a value that is set is what the program goes on with',
    program: `
def main():
    word = 'old'
    print(word)  #@print
`,
    async script(d) {
      await d.breakpoints('print');
      await d.go();
      await d.stop();
      await d.setVariable('word', "'new'");
      await d.evaluate('word.upper()');
      await d.evaluate('nothing');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @print: verified
      stopped breakpoint: main @print
      set word: 'new'
      evaluate word.upper(): 'NEW'
      evaluate nothing: NameError
      ended
      printed: new
    `,
  },
  {
    name: 'two threads stop at the same breakpoint, one after the other',
    program: `
import threading


def work(name):
    print(name)  #@work


def main():
    threads = [threading.Thread(target=work, args=(name,), name=name) for name in ('one', 'two')]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.sorted(async () => {
        for (let i = 0; i < 2; i++) {
          await d.stop();
          await d.locals();
          await d.continue();
        }
      });
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      locals: name='one'
      locals: name='two'
      stopped breakpoint: work @work [one]
      stopped breakpoint: work @work [two]
      ended
    `,
  },
  {
    name: 'a program that is let go while it is stopped runs on, and can be attached to again',
    program: `
def main():
    print('before')  #@before
    gate()
    print('between')  #@between
    gate()
`,
    async script(d) {
      await d.breakpoints('before');
      await d.go();
      await d.stop();
      await d.disconnect();
      await d.printed('before');
      await d.reattach(() => d.breakpoints('between'));
      await d.open();
      await d.stop();
      await d.disconnect();
      await d.open();
      await d.exits();
    },
    expect: `
      breakpoint @before: verified
      stopped breakpoint: main @before
      disconnected
      printed: before
      breakpoint @between: verified
      stopped breakpoint: main @between
      disconnected
      exited
    `,
  },
  {
    name: 'a stop names the breakpoint that was hit',
    program: `
def main():
    print('a')  #@a
    print('b')  #@b
`,
    async script(d) {
      await d.breakpoints('a', 'b');
      await d.go();
      await d.stop();
      d.hits();
      await d.continue();
      await d.stop();
      d.hits();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @a: verified
      breakpoint @b: verified
      stopped breakpoint: main @a
      hit breakpoint @a
      stopped breakpoint: main @b
      hit breakpoint @b
      ended
    `,
  },
  {
    name: 'a breakpoint in a loop stops at every turn',
    program: `
def main():
    for number in range(3):
        print(number)  #@body
`,
    async script(d) {
      await d.breakpoints('body');
      await d.go();
      for (let turn = 0; turn < 3; turn++) {
        await d.stop();
        await d.locals('number');
        await d.continue();
      }
      await d.end();
    },
    expect: `
      breakpoint @body: verified
      stopped breakpoint: main @body
      locals: number=0
      stopped breakpoint: main @body
      locals: number=1
      stopped breakpoint: main @body
      locals: number=2
      ended
    `,
  },
  {
    name: 'a breakpoint that is taken away while the program stands on it stops no more',
    program: `
def main():
    for number in range(3):
        print(number)  #@body
    print('done')  #@done
`,
    async script(d) {
      await d.breakpoints('body');
      await d.go();
      await d.stop();
      await d.breakpoints('done');
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @body: verified
      stopped breakpoint: main @body
      breakpoint @done: verified
      stopped breakpoint: main @done
      ended
    `,
  },
  {
    name: 'the same list sent again does not stop again at the same visit of a line',
    program: `
def main():
    for number in range(2):
        print(number)  #@body
`,
    async script(d) {
      await d.breakpoints('body');
      await d.go();
      await d.stop();
      await d.breakpoints('body');
      await d.continue();
      await d.stop();
      await d.locals('number');
      await d.breakpoints();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @body: verified
      stopped breakpoint: main @body
      breakpoint @body: verified
      stopped breakpoint: main @body
      locals: number=1
      ended
    `,
  },
  {
    name: 'a breakpoint that is set while the program runs stops the next visit',
    program: `
import time

running = True


def work():
    time.sleep(0.001)  #@work


def main():
    while running:
        work()  #@call
`,
    async script(d) {
      await d.go();
      await d.breakpoints('work');
      await d.stop();
      await d.stack();
      await d.breakpoints();
      await d.run('globals().update(running=False)');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      stack: work @work < main @call < <module> 'main()'
      ended
    `,
  },
  {
    name: 'two breakpoints on one line stop it once',
    program: `
def main():
    print('a')  #@a
    print('b')  #@b
`,
    async script(d) {
      await d.breakpoints('a', 'a', 'b');
      await d.go();
      await d.stop();
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @a: verified
      breakpoint @a: verified
      breakpoint @b: verified
      stopped breakpoint: main @a
      stopped breakpoint: main @b
      ended
    `,
  },
  {
    name: 'breakpoints in two files are kept apart',
    program: {
      files: {
        'main.py': `
from gate import gate
import helper


def main():
    helper.help()  #@main


gate()
main()
`,
        'helper.py': `
def help():
    print('helped')  #@help
`,
      },
    },
    async script(d) {
      await d.breakpoints('main', 'help');
      await d.go();
      await d.stop();
      await d.breakpoints('help');
      await d.continue();
      await d.stop();
      await d.stack();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @main: verified
      breakpoint @help: verified
      stopped breakpoint: main @main
      breakpoint @help: verified
      stopped breakpoint: help @help
      stack: help @help < main @main < <module> 'main()'
      ended
    `,
  },
  {
    name: 'breakpoints stop in try, else, except and finally',
    program: `
def work(value):
    try:
        number = int(value)  #@try
    except ValueError:
        number = -1  #@except
    else:
        number += 1  #@else
    finally:
        print(value)  #@finally
    return number


def main():
    work('1')
    work('one')
`,
    async script(d) {
      await d.breakpoints('except', 'else', 'finally');
      await d.go();
      for (let i = 0; i < 4; i++) {
        await d.stop();
        await d.locals('number', 'value');
        await d.continue();
      }
      await d.end();
    },
    expect: `
      breakpoint @except: verified
      breakpoint @else: verified
      breakpoint @finally: verified
      stopped breakpoint: work @else
      locals: number=1, value='1'
      stopped breakpoint: work @finally
      locals: number=2, value='1'
      stopped breakpoint: work @except
      locals: number=?, value='one'
      stopped breakpoint: work @finally
      locals: number=-1, value='one'
      ended
    `,
  },
  {
    name: 'breakpoints stop in the cases of a match, and not in those that do not match',
    program: `
def name(shape):
    match shape:
        case []:
            return 'nothing'  #@nothing
        case [one]:
            return f'one {one}'  #@one
        case [first, *rest]:
            return f'{first} and {len(rest)} more'  #@more


def main():
    print(name([1]))
    print(name([1, 2, 3]))
`,
    async script(d) {
      await d.breakpoints('nothing', 'one', 'more');
      await d.go();
      await d.stop();
      await d.locals('one');
      await d.continue();
      await d.stop();
      await d.locals('first', 'rest');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @nothing: verified
      breakpoint @one: verified
      breakpoint @more: verified
      stopped breakpoint: name @one
      locals: one=1
      stopped breakpoint: name @more
      locals: first=1, rest=[2, 3]
      ended
    `,
  },
  {
    name: 'a breakpoint stops in a method, with self, and in a property',
    program: `
class Account:
    def __init__(self, total):
        self._total = total  #@init

    @property
    def total(self):
        return self._total  #@total


def main():
    print(Account(5).total)
`,
    async script(d) {
      await d.breakpoints('init', 'total');
      await d.go();
      await d.stop();
      await d.locals('total');
      await d.continue();
      await d.stop();
      await d.evaluate('self._total');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @init: verified
      breakpoint @total: verified
      stopped breakpoint: __init__ @init
      locals: total=5
      stopped breakpoint: total @total
      evaluate self._total: 5
      ended
    `,
  },
  {
    name: 'a breakpoint stops in a function that code in C calls',
    program: `
def key(word):
    return word.lower()  #@key


def main():
    print(sorted(['b', 'A'], key=key))  #@sorted
`,
    async script(d) {
      await d.breakpoints('key');
      await d.go();
      await d.stop();
      await d.stack();
      await d.continue();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @key: verified
      stopped breakpoint: key @key
      stack: key @key < main @sorted < <module> 'main()'
      stopped breakpoint: key @key
      locals: word='A'
      ended
      printed: ['A', 'b']
    `,
  },
  {
    name: 'a breakpoint stops in a signal handler',
    program: `
import signal


def handler(number, frame):
    print('handled')  #@handler


def main():
    signal.signal(signal.SIGUSR1, handler)
    signal.raise_signal(signal.SIGUSR1)
    print('done')
`,
    async script(d) {
      await d.breakpoints('handler');
      await d.go();
      await d.stop();
      await d.next();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @handler: verified
      stopped breakpoint: handler @handler
      next -> step: main 'signal.raise_signal(signal.SIGUSR1)'
      ended
      printed: handled | done
    `,
  },
  {
    name: 'a signal that comes while the program is stopped is handled when it goes on',
    program: `
import signal


def main():
    signal.signal(signal.SIGUSR1, lambda *_: print('handled'))
    print('one')  #@one
    print('two')
`,
    async script(d) {
      await d.breakpoints('one');
      await d.go();
      await d.stop();
      process.kill(d.program.pid, 'SIGUSR1');
      await d.evaluate('1 + 1');
      await d.continue();
      await d.end();
      const lines = d.program.printed().trim().split('\n');
      d.note(`printed: ${lines.sort().join(' | ')}`);
    },
    expect: `
      breakpoint @one: verified
      stopped breakpoint: main @one
      evaluate 1 + 1: 2
      ended
      printed: handled | one | two
    `,
  },
  {
    name: 'a breakpoint stops in a thread that was running before the attach',
    program: `
import threading
import time

wanted = threading.Event()


def work():
    while not wanted.is_set():
        time.sleep(0.001)
    print('work')  #@work


def main():
    wanted.set()
    thread.join()


thread = threading.Thread(target=work, name='early')
thread.start()
gate()
main()
`,
    async script(d) {
      await d.breakpoints('work');
      await d.threads();
      await d.go();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      threads: MainThread, early
      stopped breakpoint: work @work [early]
      ended
    `,
  },
  {
    name: 'a breakpoint stops in a coroutine that was suspended before the attach',
    program: `
import asyncio


async def work(wanted):
    await wanted.wait()
    print('work')  #@work


async def main():
    wanted = asyncio.Event()
    task = asyncio.create_task(work(wanted))
    await asyncio.sleep(0)
    gate()
    wanted.set()
    await task


asyncio.run(main())
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.stop();
      await d.evaluate('wanted.is_set()');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      evaluate wanted.is_set(): True
      ended
    `,
  },
  {
    name: 'a step over a call does not stop in it, nor in other threads that run the same code',
    program: `
import threading
import time

running = True


def work():
    time.sleep(0.0001)
    return 1


def loop():
    while running:
        work()


def main():
    global running
    thread = threading.Thread(target=loop, name='other')
    thread.start()
    work()  #@first
    work()  #@second
    work()  #@third
    running = False
    thread.join()
`,
    async script(d) {
      await d.breakpoints('first');
      await d.go();
      await d.stop();
      await d.next();
      await d.next();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @first: verified
      stopped breakpoint: main @first
      next -> step: main @second
      next -> step: main @third
      next -> step: main 'running = False'
      ended
    `,
  },
  {
    name: 'a step at the end of a function goes back to the line of the call',
    program: `
def work():
    return 1  #@return


def main():
    number = work()  #@call
    print(number)
`,
    async script(d) {
      await d.breakpoints('return');
      await d.go();
      await d.stop();
      await d.next();
      await d.next();
      await d.locals();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @return: verified
      stopped breakpoint: work @return
      next -> step: main @call
      next -> step: main 'print(number)'
      locals: number=1
      ended
    `,
  },
  {
    name: 'steps in a recursion stay in their call',
    program: `
def factorial(n):
    if n < 2:
        return 1
    rest = factorial(n - 1)  #@recurse
    return n * rest  #@return


def main():
    print(factorial(4))
`,
    async script(d) {
      await d.breakpoints('recurse');
      await d.go();
      await d.stop();
      await d.locals('n');
      await d.breakpoints();
      await d.next();
      await d.locals();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @recurse: verified
      stopped breakpoint: factorial @recurse
      locals: n=4
      next -> step: factorial @return
      locals: n=4, rest=6
      ended
      printed: 24
    `,
  },
  {
    name: 'steps follow a loop line by line',
    program: `
def main():
    for number in range(2):  #@for
        print(number)  #@body
    print('done')  #@done
`,
    async script(d) {
      await d.breakpoints('for');
      await d.go();
      await d.stop();
      await d.breakpoints();
      for (let i = 0; i < 5; i++) await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @for: verified
      stopped breakpoint: main @for
      next -> step: main @body
      next -> step: main @for
      next -> step: main @body
      next -> step: main @for
      next -> step: main @done
      ended
    `,
  },
  {
    name: 'a step over a line that raises goes to the handler',
    program: `
def fail():
    raise KeyError('x')


def main():
    try:
        fail()  #@call
    except KeyError:  #@except
        print('caught')  #@handler
`,
    async script(d) {
      await d.breakpoints('call');
      await d.go();
      await d.stop();
      await d.next();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      stopped breakpoint: main @call
      next -> step: main @except
      next -> step: main @handler
      ended
    `,
  },
  {
    name: 'a breakpoint inside a call ends the step over that call',
    program: `
def work():
    print('work')  #@work


def main():
    work()  #@call
    print('done')  #@done
`,
    async script(d) {
      await d.breakpoints('call', 'work');
      await d.go();
      await d.stop();
      await d.next();
      await d.stepOut();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      breakpoint @work: verified
      stopped breakpoint: main @call
      next -> breakpoint: work @work
      stepOut -> step: main @call
      next -> step: main @done
      ended
    `,
  },
  {
    name: 'a breakpoint on the line that a step comes to is named by the stop',
    program: `
def main():
    print('a')  #@a
    print('b')  #@b
`,
    async script(d) {
      await d.breakpoints('a', 'b');
      await d.go();
      await d.stop();
      await d.ask('next', { threadId: d.threadId });
      await d.stop({ where: 'nowhere' });
      await d.stack();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @a: verified
      breakpoint @b: verified
      stopped breakpoint: main @a
      stopped breakpoint
      stack: main @b < <module> 'main()'
      ended
    `,
  },
  {
    name: 'a step over the last line of the program runs to its end',
    program: `
gate()
print('last')  #@last
`,
    async script(d) {
      await d.breakpoints('last');
      await d.go();
      await d.stop();
      await d.ask('next', { threadId: d.threadId });
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @last: verified
      stopped breakpoint: <module> @last
      ended
      printed: last
    `,
  },
  {
    name: 'a step at the end of a thread lets it end, and a breakpoint stops elsewhere',
    program: `
import threading


def work():
    print('work')  #@work


def main():
    thread = threading.Thread(target=work, name='worker')
    thread.start()
    thread.join()
    print('joined')  #@joined
`,
    async script(d) {
      await d.breakpoints('work', 'joined');
      await d.go();
      await d.stop();
      await d.ask('next', { threadId: d.threadId });
      await d.stop();
      await d.threads();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      breakpoint @joined: verified
      stopped breakpoint: work @work [worker]
      stopped breakpoint: main @joined
      threads: MainThread
      ended
    `,
  },
  {
    name: 'a pause stops a loop, and it goes on from there',
    program: `
running = True
turns = 0


def main():
    global turns
    print('running')
    while running:
        turns += 1
`,
    async script(d) {
      await d.go();
      await d.printed('running');
      await d.pause('MainThread');
      await d.stop({ where: 'function' });
      await d.evaluate('turns >= 0');
      await d.continue();
      await d.pause('MainThread');
      await d.stop({ where: 'function' });
      await d.run('globals().update(running=False)');
      await d.continue();
      await d.end();
    },
    expect: `
      printed: running
      stopped pause: main
      evaluate turns >= 0: True
      stopped pause: main
      ended
    `,
  },
  {
    name: 'a pause stops a thread of its own in its function',
    program: `
import threading

running = True


def spin():
    print('spinning')
    while running:
        pass


def main():
    thread = threading.Thread(target=spin, name='spinner')
    thread.start()
    thread.join()
`,
    async script(d) {
      await d.go();
      await d.printed('spinning');
      await d.pause('spinner');
      await d.stop({ where: 'function' });
      await d.run('globals().update(running=False)');
      await d.continue();
      await d.end();
    },
    expect: `
      printed: spinning
      stopped pause: spin [spinner]
      ended
    `,
  },
  {
    name: 'while one thread is stopped, the others wait',
    program: `
import threading

running = True
count = 0


def spin():
    global count
    while running:
        count += 1


def main():
    global running
    thread = threading.Thread(target=spin, name='spinner')
    thread.start()
    print('main')  #@main
    running = False
    thread.join()
`,
    async script(d) {
      await d.breakpoints('main');
      await d.go();
      await d.stop();
      const before = await d.value('count');
      await d.threads();
      await d.stack();
      const after = await d.value('count');
      d.note(before === after ? 'the spinner waits' : 'the spinner goes on');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @main: verified
      stopped breakpoint: main @main
      threads: MainThread, spinner
      stack: main @main < <module> 'main()'
      the spinner waits
      ended
    `,
  },
  {
    name: 'the locals of a caller can be read and set',
    program: `
def inner(value):
    return value  #@inner


def outer(word):
    count = 1
    inner(word)  #@call
    return word * count


def main():
    print(outer('ab'))
`,
    async script(d) {
      await d.breakpoints('inner');
      await d.go();
      await d.stop();
      await d.frame('outer');
      await d.locals();
      await d.evaluate('word + str(count)');
      await d.setVariable('count', '2');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @inner: verified
      stopped breakpoint: inner @inner
      locals: count=1, word='ab'
      evaluate word + str(count): 'ab1'
      set count: 2
      ended
      printed: abab
    `,
  },
  {
    name: 'a variable of an enclosing function can be read and set',
    program: `
def main():
    count = 1

    def inner():
        print(count)  #@inner

    inner()
    print(count)
`,
    async script(d) {
      await d.breakpoints('inner');
      await d.go();
      await d.stop();
      await d.evaluate('count');
      await d.frame('main');
      await d.setVariable('count', '7');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @inner: verified
      stopped breakpoint: inner @inner
      evaluate count: 1
      set count: 7
      ended
      printed: 7 | 7
    `,
  },
  {
    name: 'evaluations see locals and globals, and tell what they raise',
    program: `
RATE = 3


def main():
    amount = 4
    print(amount)  #@print
`,
    async script(d) {
      await d.breakpoints('print');
      await d.go();
      await d.stop();
      await d.evaluate('amount * RATE');
      await d.evaluate('[x * amount for x in range(3)]');
      await d.evaluate('amount / 0');
      await d.evaluate('amount +');
      await d.run('amount = 9');
      await d.evaluate('amount', 'hover');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @print: verified
      stopped breakpoint: main @print
      evaluate amount * RATE: 12
      evaluate [x * amount for x in range(3)]: [0, 4, 8]
      evaluate amount / 0: ZeroDivisionError
      evaluate amount +: SyntaxError
      evaluate amount: 9
      ended
      printed: 9
    `,
  },
  {
    name: 'names and texts that are not ASCII are shown as they are',
    program: `
def größe(zeichen):
    länge = len(zeichen)
    return länge  #@ende


def main():
    print(größe('日本語 🐍'))
`,
    async script(d) {
      await d.breakpoints('ende');
      await d.go();
      await d.stop();
      await d.stack();
      await d.locals('länge', 'zeichen');
      await d.evaluate('zeichen[-1]');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @ende: verified
      stopped breakpoint: größe @ende
      stack: größe @ende < main 'print(größe('日本語 🐍'))' < <module> 'main()'
      locals: länge=5, zeichen='日本語 🐍'
      evaluate zeichen[-1]: '🐍'
      ended
    `,
  },
  {
    name: 'the program ends as it would without a debugger',
    program: `
import sys


def main():
    sys.exit(3)  #@exit
`,
    async script(d) {
      await d.breakpoints('exit');
      await d.go();
      await d.stop();
      d.show('terminated');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @exit: verified
      stopped breakpoint: main @exit
      event terminated
      ended with 3
    `,
  },
  {
    name: 'an exception ends the program without a stop where nobody asked for one',
    program: `
def main():
    raise ValueError('bad')
`,
    async script(d) {
      await d.go();
      await d.end();
      d.note(d.program.errors().trim().split('\n').at(-1) ?? '');
    },
    expect: `
      ended with 1
      ValueError: bad
    `,
  },
  {
    name: 'a program that is let go in the middle of a step runs on',
    program: `
import time


def work():
    time.sleep(0.2)
    print('worked')


def main():
    work()  #@call
    print('done')
`,
    async script(d) {
      await d.breakpoints('call');
      await d.go();
      await d.stop();
      await d.ask('next', { threadId: d.threadId });
      await d.disconnect();
      await d.exits();
      await d.printed();
    },
    expect: `
      breakpoint @call: verified
      stopped breakpoint: main @call
      disconnected
      exited
      printed: worked | done
    `,
  },
  {
    name: 'a program that is let go while it is stopped ends at once',
    program: `
def main():
    print('last')  #@last
`,
    async script(d) {
      await d.breakpoints('last');
      await d.go();
      await d.stop();
      await d.disconnect();
      await d.exits();
      await d.printed();
    },
    expect: `
      breakpoint @last: verified
      stopped breakpoint: main @last
      disconnected
      exited
      printed: last
    `,
  },
  {
    name: 'a debugger that is asked to ends the program',
    program: `
def main():
    print('stopped here')  #@here
    print('never')
`,
    async script(d) {
      await d.breakpoints('here');
      await d.go();
      await d.stop();
      await d.disconnect({ terminateDebuggee: true });
      await d.program.ended();
      d.note(d.program.printed().includes('never') ? 'it went on' : 'it has ended');
    },
    expect: `
      breakpoint @here: verified
      stopped breakpoint: main @here
      disconnected
      it has ended
    `,
  },
  {
    name: 'requests about a stopped thread are refused while the program runs',
    program: `
import time

running = True


def main():
    print('running')
    while running:
        time.sleep(0.001)
`,
    async script(d) {
      await d.go();
      await d.printed('running');
      await d.pause('MainThread');
      await d.stop({ where: 'nowhere' });
      const { threadId } = d;
      await d.run('globals().update(running=False)');
      await d.continue();
      await d.end();
      await d.ask('next', { threadId });
    },
    expect: `
      printed: running
      stopped pause
      ended
      next: refused
    `,
  },
  {
    name: 'a forked child is left alone, and its parent is debugged on',
    program: `
import os


def work(who):
    print(who)  #@work


def main():
    child = os.fork()
    if child == 0:
        work('child')
        os._exit(0)
    os.waitpid(child, 0)
    work('parent')
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      locals: who='parent'
      ended
      printed: child | parent
    `,
  },
  {
    name: 'a program can be stopped as soon as it is attached to',
    attach: { stopOnEntry: true },
    program: `
def main():
    print('here')  #@here
`,
    async script(d) {
      await d.breakpoints('here');
      await d.configured();
      await d.stop({ where: 'function' });
      await d.continue();
      await d.open();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @here: verified
      stopped entry: gate
      stopped breakpoint: main @here
      ended
    `,
  },
  {
    name: 'with stopThreads one, each thread stops and goes on for itself',
    attach: { stopThreads: 'one' },
    program: `
import threading


def work(name):
    print(name)  #@work
    print(name)  #@second


def main():
    threads = [threading.Thread(target=work, args=(name,), name=name) for name in ('one', 'two')]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.sorted(async () => {
        await d.stop();
        await d.stop();
      });
      await d.thread('one');
      await d.next();
      await d.thread('two');
      await d.stack();
      await d.continue();
      await d.thread('one');
      await d.locals();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work [one]
      stopped breakpoint: work @work [two]
      next -> step: work @second [one]
      stack: work @work
      locals: name='one'
      ended
    `,
  },
];
