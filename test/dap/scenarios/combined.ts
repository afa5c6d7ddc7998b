import type { Scenario } from '../../support/scenario';

/** Breakpoints, exceptions and steps at the same time. */
export const COMBINED: Scenario[] = [
  {
    name: 'a conditional breakpoint stops where it holds, and steps go on from there',
    program: `
def main():
    total = 0
    for number in range(5):
        total += number  #@add
        total *= 2  #@double
    print(total)
`,
    async script(d) {
      await d.breakpoints({ at: 'add', condition: 'number == 3' });
      await d.go();
      await d.stop();
      await d.locals('number');
      await d.next();
      await d.locals('total');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @add: verified
      stopped breakpoint: main @add
      locals: number=3
      next -> step: main @double
      locals: total=11
      ended
    `,
  },
  {
    name: 'a step stops at a line whose breakpoint has a condition that does not hold',
    program: `
def main():
    number = 1  #@one
    number = 2  #@two
    print(number)  #@print
`,
    async script(d) {
      await d.breakpoints(
        'one',
        { at: 'two', condition: 'number > 5' },
        { at: 'print', condition: 'number == 2' },
      );
      await d.go();
      await d.stop();
      await d.next();
      d.hits();
      await d.ask('next', { threadId: d.threadId });
      await d.stop({ where: 'function' });
      await d.stack();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @one: verified
      breakpoint @two: verified
      breakpoint @print: verified
      stopped breakpoint: main @one
      next -> step: main @two
      hit nothing
      stopped breakpoint: main
      stack: main @print < <module> 'main()'
      ended
    `,
  },
  {
    name: 'a step into a function stops at its first line though the condition there does not hold',
    program: `
def work(number):
    return number  #@work


def main():
    work(1)  #@call
`,
    async script(d) {
      await d.breakpoints('call', { at: 'work', condition: 'number == 2' });
      await d.go();
      await d.stop();
      await d.stepIn();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      breakpoint @work: verified
      stopped breakpoint: main @call
      stepIn -> step: work @work
      ended
    `,
  },
  {
    name: 'a log point speaks during a step over its function, and the step goes on',
    program: `
def work(number):
    return number * 2  #@work


def main():
    number = work(4)  #@call
    print(number)  #@print
`,
    async script(d) {
      await d.breakpoints('call', { at: 'work', logMessage: 'number is {number}' });
      await d.go();
      await d.stop();
      await d.next();
      await d.log();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      breakpoint @work: verified
      stopped breakpoint: main @call
      next -> step: main @print
      log: number is 4
      ended
    `,
  },
  {
    name: 'a step that comes to the line of a log point stops there, and the log point speaks',
    program: `
def main():
    number = 1  #@one
    number += 1  #@two
    print(number)
`,
    async script(d) {
      await d.breakpoints('one', { at: 'two', logMessage: 'was {number}' });
      await d.go();
      await d.stop();
      await d.next();
      await d.log();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @one: verified
      breakpoint @two: verified
      stopped breakpoint: main @one
      next -> step: main @two
      log: was 1
      ended
    `,
  },
  {
    name: 'a hit count counts visits that were stepped through too',
    program: `
def main():
    for number in range(5):  #@for
        print(number)  #@body
`,
    async script(d) {
      await d.breakpoints('for', { at: 'body', hitCondition: '3' });
      await d.go();
      await d.stop();
      await d.next();
      await d.breakpoints({ at: 'body', hitCondition: '3' });
      await d.continue();
      await d.stop();
      await d.locals('number');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @for: verified
      breakpoint @body: verified
      stopped breakpoint: main @for
      next -> step: main @body
      breakpoint @body: verified
      stopped breakpoint: main @body
      locals: number=2
      ended
    `,
  },
  {
    name: 'a stop names only those of several breakpoints on a line that hold',
    program: `
def main():
    for number in range(2):
        print(number)  #@body
`,
    async script(d) {
      await d.breakpoints({ at: 'body', condition: 'number == 0' }, { at: 'body', condition: 'number == 1' });
      await d.go();
      const first = await d.stop();
      await d.locals();
      await d.continue();
      const second = await d.stop();
      await d.locals();
      const [one, two] = [first, second].map((stop) => stop.hitBreakpointIds?.join());
      d.note(one !== undefined && two !== undefined && one !== two ? 'each its own' : 'not told apart');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @body: verified
      breakpoint @body: verified
      stopped breakpoint: main @body
      locals: number=0
      stopped breakpoint: main @body
      locals: number=1
      each its own
      ended
    `,
  },
  {
    name: 'a log point and a breakpoint on one line both do their work',
    program: `
def main():
    number = 5
    print(number)  #@print
`,
    async script(d) {
      await d.breakpoints({ at: 'print', logMessage: 'n={number}' }, 'print');
      await d.go();
      await d.stop();
      await d.log();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @print: verified
      breakpoint @print: verified
      stopped breakpoint: main @print
      log: n=5
      ended
    `,
  },
  {
    name: 'a breakpoint gets a condition while the program stands on it',
    program: `
def main():
    for number in range(6):
        print(number)  #@body
`,
    async script(d) {
      await d.breakpoints('body');
      await d.go();
      await d.stop();
      await d.locals();
      await d.breakpoints({ at: 'body', condition: 'number % 4 == 0' });
      await d.continue();
      await d.stop();
      await d.locals();
      await d.breakpoints('body');
      await d.continue();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @body: verified
      stopped breakpoint: main @body
      locals: number=0
      breakpoint @body: verified
      stopped breakpoint: main @body
      locals: number=4
      breakpoint @body: verified
      stopped breakpoint: main @body
      locals: number=5
      ended
    `,
  },
  {
    name: 'a condition may call functions of the program that have breakpoints of their own',
    program: `
def is_even(number):
    return number % 2 == 0  #@even


def main():
    for number in (1, 2):
        print(number)  #@body
    is_even(3)
`,
    async script(d) {
      await d.breakpoints({ at: 'body', condition: 'is_even(number)' }, 'even');
      await d.go();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @body: verified
      breakpoint @even: verified
      stopped breakpoint: main @body
      locals: number=2
      stopped breakpoint: is_even @even
      locals: number=3
      ended
    `,
  },
  {
    name: 'an evaluation while stopped stops at no breakpoint',
    program: `
def work(number):
    return number + 1  #@work


def main():
    print('here')  #@here
    work(5)
`,
    async script(d) {
      await d.breakpoints('here', 'work');
      await d.go();
      await d.stop();
      await d.evaluate('work(1)');
      await d.continue();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @here: verified
      breakpoint @work: verified
      stopped breakpoint: main @here
      evaluate work(1): 2
      stopped breakpoint: work @work
      locals: number=5
      ended
    `,
  },
  {
    name: 'two threads stop at two breakpoints, each at its own',
    program: `
import threading


def left():
    print('left')  #@left


def right():
    print('right')  #@right


def main():
    threads = [threading.Thread(target=work, name=work.__name__) for work in (left, right)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
`,
    async script(d) {
      await d.breakpoints('left', 'right');
      await d.go();
      await d.sorted(async () => {
        await d.stop();
        d.hits();
        await d.continue();
        await d.stop();
        d.hits();
        await d.continue();
      });
      await d.end();
    },
    expect: `
      breakpoint @left: verified
      breakpoint @right: verified
      hit breakpoint @left
      hit breakpoint @right
      stopped breakpoint: left @left [left]
      stopped breakpoint: right @right [right]
      ended
    `,
  },
  {
    name: 'a breakpoint in another thread ends a step in this one',
    program: `
import threading

reached = threading.Event()


def work():
    reached.wait()
    print('work')  #@work


def main():
    thread = threading.Thread(target=work, name='worker')
    thread.start()
    print('main')  #@main
    reached.set(), thread.join()  #@wake
    print('joined')
`,
    async script(d) {
      await d.breakpoints('main', 'work');
      await d.go();
      await d.stop();
      await d.next();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @main: verified
      breakpoint @work: verified
      stopped breakpoint: main @main
      next -> step: main @wake
      next -> breakpoint: work @work [worker]
      ended
    `,
  },
  {
    name: 'a breakpoint in a generator ends the step over the line that asks for the next value',
    program: `
def numbers():
    yield 1  #@one
    yield 2  #@two


def main():
    source = numbers()
    next(source)  #@first
    next(source)  #@second
    print('done')  #@done
`,
    async script(d) {
      await d.breakpoints('first', 'two');
      await d.go();
      await d.stop();
      await d.next();
      await d.next();
      await d.stepOut();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @first: verified
      breakpoint @two: verified
      stopped breakpoint: main @first
      next -> step: main @second
      next -> breakpoint: numbers @two
      stepOut -> step: main @second
      next -> step: main @done
      ended
    `,
  },
  {
    name: 'a breakpoint in another task ends a step over an await in this one',
    program: `
import asyncio


async def other():
    await asyncio.sleep(0.01)
    print('other')  #@other


async def work():
    await asyncio.sleep(0.05)  #@await
    print('work')  #@after


async def both():
    await asyncio.gather(other(), work())


def main():
    asyncio.run(both())
`,
    async script(d) {
      await d.breakpoints('await', 'other');
      await d.go();
      await d.stop();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @await: verified
      breakpoint @other: verified
      stopped breakpoint: work @await
      next -> breakpoint: other @other
      ended
    `,
  },
  {
    name: 'an exception during a step over a call stops where it is raised, and steps lead to the handler',
    program: `
def fail():
    raise KeyError('x')  #@raise


def main():
    try:
        fail()  #@call
    except KeyError:  #@except
        print('caught')  #@handler
`,
    async script(d) {
      await d.breakpoints('call');
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.next();
      await d.exceptionInfo();
      await d.exceptions();
      await d.next();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      stopped breakpoint: main @call
      next -> exception: fail @raise
      exception KeyError: 'x' (always)
      next -> step: main @except
      next -> step: main @handler
      ended
    `,
  },
  {
    name: 'a condition, an exception and a step at one line come one after the other',
    program: `
def check(number):
    if number == 2:
        raise ValueError(number)  #@raise
    return number


def main():
    for number in range(4):
        try:
            check(number)  #@check
        except ValueError:
            print('bad', number)  #@bad
`,
    async script(d) {
      await d.breakpoints({ at: 'check', condition: 'number == 2' }, 'bad');
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @check: verified
      breakpoint @bad: verified
      stopped breakpoint: main @check
      locals: number=2
      stopped exception: check @raise
      exception ValueError: 2 (always)
      stopped breakpoint: main @bad
      ended
      printed: bad 2
    `,
  },
  {
    name: 'what an evaluation raises is no exception of the program',
    program: `
def fail():
    raise KeyError('x')


def main():
    print('here')  #@here
`,
    async script(d) {
      await d.breakpoints('here');
      await d.exceptions('raised', 'uncaught');
      await d.go();
      await d.stop();
      await d.evaluate('fail()');
      await d.evaluate('1 / 0');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @here: verified
      stopped breakpoint: main @here
      evaluate fail(): KeyError
      evaluate 1 / 0: ZeroDivisionError
      ended
    `,
  },
  {
    name: 'what a condition raises is told once, and is no exception of the program',
    program: `
def main():
    for number in range(3):
        print(number)  #@body
`,
    async script(d) {
      await d.breakpoints({ at: 'body', condition: 'number / 0' });
      await d.exceptions('raised', 'uncaught');
      await d.go();
      await d.log(1, { words: false });
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @body: verified
      log
      ended
      printed: 0 | 1 | 2
    `,
  },
  {
    name: 'an exception in one thread and a breakpoint in another both stop',
    program: `
import threading


def fail():
    raise ValueError('bad')  #@raise


def work():
    print('work')  #@work


def main():
    threads = [threading.Thread(target=each, name=each.__name__) for each in (fail, work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
`,
    async script(d) {
      await d.breakpoints('work');
      await d.exceptions('uncaught');
      await d.go();
      await d.sorted(async () => {
        await d.stop();
        await d.continue();
        await d.stop();
        await d.continue();
      });
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work [work]
      stopped exception: fail @raise [fail]
      ended
    `,
  },
  {
    name: 'a program that is let go at an exception goes on with its handler',
    program: `
def main():
    try:
        raise KeyError('x')  #@raise
    except KeyError:
        print('caught')
    gate()
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.disconnect();
      await d.printed('caught');
      await d.open();
      await d.exits();
    },
    expect: `
      stopped exception: main @raise
      disconnected
      printed: caught
      exited
    `,
  },
  {
    name: 'after a new attach nothing of the session before is in force',
    program: `
def work(number):
    return number  #@work


def main():
    work(1)
    gate()
    for number in range(3):
        work(number)
    try:
        raise KeyError('x')
    except KeyError:
        print('caught')  #@caught
`,
    async script(d) {
      await d.breakpoints({ at: 'work', hitCondition: '2' });
      await d.exceptions('raised');
      await d.go();
      await d.disconnect();
      await d.reattach(() => d.breakpoints('caught'));
      await d.open();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @work: verified
      disconnected
      breakpoint @caught: verified
      stopped breakpoint: main @caught
      ended
    `,
  },
  {
    name: 'a program is let go while several of its threads are stopped',
    attach: { stopThreads: 'one' },
    program: `
import threading


def work(name):
    print(name)  #@work


def main():
    threads = [threading.Thread(target=work, args=(name,), name=name) for name in ('one', 'two', 'three')]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gate()
`,
    async script(d) {
      await d.breakpoints('work');
      await d.go();
      await d.sorted(async () => {
        for (let i = 0; i < 3; i++) await d.stop();
      });
      await d.disconnect();
      await d.open();
      await d.exits();
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work [one]
      stopped breakpoint: work @work [three]
      stopped breakpoint: work @work [two]
      disconnected
      exited
    `,
  },
  {
    name: 'a step out of a function stops at a breakpoint on the way',
    program: `
def inner():
    return 1  #@inner


def outer():
    inner()  #@call
    print('outer')  #@outer


def main():
    outer()  #@main
`,
    async script(d) {
      await d.breakpoints('call', 'outer');
      await d.go();
      await d.stop();
      await d.stepOut();
      await d.stepOut();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      breakpoint @outer: verified
      stopped breakpoint: outer @call
      stepOut -> breakpoint: outer @outer
      stepOut -> step: main @main
      ended
    `,
  },
  {
    name: 'a conditional breakpoint in a recursion stops in the call where it holds',
    program: `
def down(n):
    if n == 0:
        return 'bottom'
    return down(n - 1)  #@down


def main():
    print(down(3))
`,
    async script(d) {
      await d.breakpoints({ at: 'down', condition: 'n == 1' });
      await d.go();
      await d.stop();
      await d.stack();
      await d.stepOut();
      await d.locals();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @down: verified
      stopped breakpoint: down @down
      stack: down @down < down @down < down @down < main 'print(down(3))' < <module> 'main()'
      stepOut -> step: down @down
      locals: n=2
      ended
    `,
  },
  {
    name: 'what log points say last is not lost when the program ends',
    program: `
def main():
    for number in range(3):
        print(number)  #@body
`,
    async script(d) {
      await d.breakpoints({ at: 'body', logMessage: 'turn {number}' });
      await d.go();
      await d.end();
      await d.log(3);
    },
    expect: `
      breakpoint @body: verified
      ended
      log: turn 0
      log: turn 1
      log: turn 2
    `,
  },
  {
    name: 'a step over a call that changes a watched attribute stops at the change',
    program: `
class Account:
    def __init__(self):
        self.total = 1

    def add(self, amount):
        self.total += amount  #@add
        return self.total  #@return


def main():
    account = Account()
    print('ready')  #@ready
    account.add(4)  #@call
    print('done')  #@done
`,
    async script(d) {
      await d.breakpoints('ready');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'account', name: 'total' });
      await d.next();
      await d.next();
      await d.evaluate('self.total');
      await d.dataBreakpoints();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @ready: verified
      stopped breakpoint: main @ready
      data account total: verified
      next -> step: main @call
      next -> data breakpoint: add @add
      evaluate self.total: 5
      ended
    `,
  },
  {
    name: 'a watched variable and a conditional breakpoint stop a loop in turn',
    program: `
def main():
    best = 0
    for number in (3, 1, 5):  #@for
        if number > best:
            best = number
        print(number)  #@print
`,
    async script(d) {
      await d.breakpoints('for', { at: 'print', condition: 'number == 1' });
      await d.go();
      await d.stop();
      await d.dataBreakpoints('best');
      await d.breakpoints({ at: 'print', condition: 'number == 1' });
      for (let i = 0; i < 3; i++) {
        await d.continue();
        await d.stop();
        await d.locals('best', 'number');
      }
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @for: verified
      breakpoint @print: verified
      stopped breakpoint: main @for
      data best: verified
      breakpoint @print: verified
      stopped data breakpoint: main 'best = number'
      locals: best=3, number=3
      stopped breakpoint: main @print
      locals: best=3, number=1
      stopped data breakpoint: main 'best = number'
      locals: best=5, number=5
      ended
    `,
  },
  {
    name: 'after a jump back, a breakpoint is hit again and its count goes on',
    program: `
def main():
    number = 0
    number += 1  #@add
    print(number)  #@print
    print('done')  #@done
`,
    async script(d) {
      await d.breakpoints({ at: 'add', hitCondition: '>=2' }, 'print');
      await d.go();
      await d.stop();
      await d.goto('add');
      await d.next();
      await d.next();
      await d.locals();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @add: verified
      breakpoint @print: verified
      stopped breakpoint: main @print
      goto @add -> goto: main @add
      next -> breakpoint: main @print
      next -> step: main @done
      locals: number=2
      ended
      printed: 2 | done
    `,
  },
  {
    name: 'a line that is about to raise is jumped over',
    program: `
def main():
    try:
        number = 1
        number = int('x')  #@raise
        print(number)  #@print
    except ValueError:
        print('caught')
`,
    async script(d) {
      await d.breakpoints('raise');
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.goto('print');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @raise: verified
      stopped breakpoint: main @raise
      goto @print -> goto: main @print
      ended
      printed: 1
    `,
  },
  {
    name: 'a function that is started anew stops at its breakpoint again',
    program: `
def work(number):
    number += 1  #@add
    return number  #@return


def main():
    print(work(1))
`,
    async script(d) {
      await d.breakpoints('return');
      await d.go();
      await d.stop();
      await d.restartFrame();
      await d.setVariable('number', '10');
      await d.continue();
      await d.stop();
      await d.locals();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @return: verified
      stopped breakpoint: work @return
      restartFrame -> restart: work @add
      set number: 10
      stopped breakpoint: work @return
      locals: number=11
      ended
      printed: 11
    `,
  },
  {
    name: 'a breakpoint in another call of the line ends a step into a chosen call',
    program: `
def left():
    return 1  #@left


def right():
    return 2  #@right


def main():
    print(left() + right())  #@sum
`,
    async script(d) {
      await d.breakpoints('sum', 'left');
      await d.go();
      await d.stop();
      await d.stepIn({ target: 'right' });
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @sum: verified
      breakpoint @left: verified
      stopped breakpoint: main @sum
      stepIn right -> breakpoint: left @left
      ended
    `,
  },
];
