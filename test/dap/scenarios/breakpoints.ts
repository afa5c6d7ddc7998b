import type { Scenario, Verbs } from '../../support/scenario';

/** Sets breakpoints, and goes on from each of so many stops to the program's end. */
function visit(stops: number, ...at: string[]): (d: Verbs) => Promise<void> {
  return async (d) => {
    await d.breakpoints(...at);
    await d.go();
    await leave(d, stops);
  };
}

async function leave(d: Verbs, stops: number): Promise<void> {
  for (let n = 0; n < stops; n++) {
    await d.stop();
    await d.continue();
  }
  await d.end();
}

/** What a statement is, and how often it is hit. */
const STATEMENTS: Scenario[] = [
  {
    name: 'a call over several lines is one hit, where it begins',
    program: `
def main():
    for n in range(2):
        print(  #@call
            n,  #@first
            2,
        )
`,
    script: visit(2, 'call'),
    expect: `
      breakpoint @call: verified
      stopped breakpoint: main @call
      stopped breakpoint: main @call
      ended
    `,
  },
  {
    name: 'a breakpoint inside a statement goes to where that begins',
    program: `
def main():
    print(  #@call
        1,  #@first
        2,
    )  #@bracket
    print(3)
`,
    script: visit(1, 'first', 'bracket'),
    expect: `
      breakpoint @first: verified @call
      breakpoint @bracket: verified @call
      stopped breakpoint: main @call
      ended
    `,
  },
  {
    name: 'an assignment whose value is computed first begins with that',
    program: `
def main():
    x = (  #@target
        int('1')  #@value
        + 2
    )
    print(x)
`,
    script: visit(1, 'target'),
    expect: `
      breakpoint @target: verified @value
      stopped breakpoint: main @value
      ended
    `,
  },
  {
    name: 'the end of a with block is no hit of its header',
    program: `
from contextlib import nullcontext, suppress


def main():
    with nullcontext():  #@with
        print(1)
    with suppress(KeyError):  #@suppress
        raise KeyError
`,
    script: visit(2, 'with', 'suppress'),
    expect: `
      breakpoint @with: verified
      breakpoint @suppress: verified
      stopped breakpoint: main @with
      stopped breakpoint: main @suppress
      ended
    `,
  },
  {
    name: 'the header of a loop is hit on every turn',
    program: `
def main():
    for n in range(2):  #@for
        print(n)
    while n < 2:  #@while
        n += 1
`,
    script: visit(5, 'for', 'while'),
    expect: `
      breakpoint @for: verified
      breakpoint @while: verified
      stopped breakpoint: main @for
      stopped breakpoint: main @for
      stopped breakpoint: main @for
      stopped breakpoint: main @while
      stopped breakpoint: main @while
      ended
    `,
  },
  {
    name: 'a loop on one line is hit on every turn',
    program: `
def main():
    n = 0
    while n < 2: n += 1  #@while
    for n in range(2): int(n)  #@for
`,
    script: visit(6, 'while', 'for'),
    expect: `
      breakpoint @while: verified
      breakpoint @for: verified
      stopped breakpoint: main @while
      stopped breakpoint: main @while
      stopped breakpoint: main @while
      stopped breakpoint: main @for
      stopped breakpoint: main @for
      stopped breakpoint: main @for
      ended
    `,
  },
  {
    name: 'a finally block is hit however it is entered',
    program: `
def leave(n):
    try:
        if n == 0:
            return n
        if n == 1:
            raise KeyError(n)
    finally:
        print(n)  #@finally


def main():
    for n in range(3):
        try:
            leave(n)
        except KeyError:
            print('caught')  #@caught
`,
    script: visit(4, 'finally', 'caught'),
    expect: `
      breakpoint @finally: verified
      breakpoint @caught: verified
      stopped breakpoint: leave @finally
      stopped breakpoint: leave @finally
      stopped breakpoint: main @caught
      stopped breakpoint: leave @finally
      ended
    `,
  },
  {
    name: 'the cases of a match are hit as they are tried',
    program: `
def main():
    match [1, 2]:  #@match
        case 1:  #@one
            print(1)
        case [a,  #@two
              b]:
            print(a, b)  #@body
        case _:  #@rest
            print(3)
`,
    script: visit(4, 'match', 'one', 'two', 'body', 'rest'),
    expect: `
      breakpoint @match: verified
      breakpoint @one: verified
      breakpoint @two: verified
      breakpoint @body: verified
      breakpoint @rest: verified
      stopped breakpoint: main @match
      stopped breakpoint: main @one
      stopped breakpoint: main @two
      stopped breakpoint: main @body
      ended
    `,
  },
  {
    name: 'the handlers of an exception are hit as they are tried',
    program: `
def main():
    try:
        int('x')
    except KeyError:  #@key
        print(1)
    except (TypeError,  #@types
            ValueError):
        print(2)  #@body
`,
    script: visit(3, 'key', 'types', 'body'),
    expect: `
      breakpoint @key: verified
      breakpoint @types: verified
      breakpoint @body: verified
      stopped breakpoint: main @key
      stopped breakpoint: main @types
      stopped breakpoint: main @body
      ended
    `,
  },
  {
    name: 'the element of a comprehension is hit on every turn, the statement once',
    program: `
def main():
    x = [
        str(n)  #@element
        for n in range(2)  #@for
    ]
    print(x)  #@print
`,
    script: visit(4, 'element', 'for', 'print'),
    expect: `
      breakpoint @element: verified
      breakpoint @for: verified
      breakpoint @print: verified
      stopped breakpoint: main @for
      stopped breakpoint: main @element
      stopped breakpoint: main @element
      stopped breakpoint: main @print
      ended
    `,
  },
  {
    name: 'a comprehension on one line is one hit',
    program: `
def main():
    x = [str(n) for n in range(3)]  #@one
    print(x)
`,
    script: visit(1, 'one'),
    expect: `
      breakpoint @one: verified
      stopped breakpoint: main @one
      ended
    `,
  },
  {
    name: 'two breakpoints that land on one line are both hit',
    program: `
def main():
    print(  #@call
        1)  #@one
`,
    async script(d) {
      await d.breakpoints('call', 'one');
      await d.go();
      await d.stop();
      d.hits();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      breakpoint @one: verified @call
      stopped breakpoint: main @call
      hit breakpoint @call, breakpoint @one
      ended
    `,
  },
];

/** Kinds of code. */
const KINDS: Scenario[] = [
  {
    name: 'a breakpoint in a lambda',
    program: `
def main():
    double = lambda n: (
        n * 2  #@lambda
    )
    print(double(1), double(2))
`,
    script: visit(2, 'lambda'),
    expect: `
      breakpoint @lambda: verified
      stopped breakpoint: <lambda> @lambda
      stopped breakpoint: <lambda> @lambda
      ended
    `,
  },
  {
    name: 'a breakpoint in a generator that is suspended already',
    program: `
def count():
    yield 1
    yield 2  #@two


numbers = count()
next(numbers)
gate()
next(numbers)
`,
    script: visit(1, 'two'),
    expect: `
      breakpoint @two: verified
      stopped breakpoint: count @two
      ended
    `,
  },
  {
    name: 'a breakpoint in a generator whose function is gone',
    program: `
def count():
    yield 1
    yield 2  #@two


numbers = count()
next(numbers)
del count
gate()
next(numbers)
`,
    script: visit(1, 'two'),
    expect: `
      breakpoint @two: verified
      stopped breakpoint: count @two
      ended
    `,
  },
  {
    name: 'a breakpoint in a coroutine that is suspended already',
    program: `
import asyncio


async def work(event):
    await event.wait()
    print('done')  #@done


async def all():
    event = asyncio.Event()
    task = asyncio.ensure_future(work(event))
    await asyncio.sleep(0)
    gate()
    event.set()
    await task


asyncio.run(all())
`,
    script: visit(1, 'done'),
    expect: `
      breakpoint @done: verified
      stopped breakpoint: work @done
      ended
    `,
  },
  {
    name: 'a breakpoint in the body of a class and of the module that run now',
    program: `
class Thing:
    gate()
    x = 1  #@class


y = 2  #@module
`,
    script: visit(2, 'class', 'module'),
    expect: `
      breakpoint @class: verified
      breakpoint @module: verified
      stopped breakpoint: Thing @class
      stopped breakpoint: <module> @module
      ended
    `,
  },
  {
    name: 'a breakpoint on the def line is the start of the function',
    program: `
def work(n):  #@def
    print(n)


def main():
    work(1)
`,
    script: visit(1, 'def'),
    expect: `
      breakpoint @def: verified
      stopped breakpoint: work @def
      ended
    `,
  },
  {
    name: 'a function on one line is hit once for each call',
    program: `
def one(): return 1  #@one


def main():
    one()
    one()
`,
    script: visit(2, 'one'),
    expect: `
      breakpoint @one: verified
      stopped breakpoint: one @one
      stopped breakpoint: one @one
      ended
    `,
  },
  {
    name: 'a decorated function is made where its first decorator is',
    program: `
def plain(function):
    return function


def main():
    @plain  #@decorator
    def work():
        print(1)  #@body
    work()
`,
    async script(d) {
      await d.breakpoints('decorator', 'body');
      await d.go();
      await leave(d, 3);
    },
    expect: `
      breakpoint @decorator: verified
      breakpoint @body: verified
      stopped breakpoint: main @decorator
      stopped breakpoint: work @decorator
      stopped breakpoint: work @body
      ended
    `,
  },
  {
    name: 'functions that a factory makes again and again',
    program: `
def make(n):
    def made():
        return n  #@made
    return made


def main():
    for n in range(2):
        make(n)()
    copied = make(3)
    copied.__code__ = copied.__code__.replace(co_name='copied')
    copied()
`,
    script: visit(3, 'made'),
    expect: `
      breakpoint @made: verified
      stopped breakpoint: made @made
      stopped breakpoint: made @made
      stopped breakpoint: made @made
      ended
    `,
  },
  {
    name: 'a breakpoint in a program whose collector is frozen',
    program: `
import gc


def work():
    print(1)  #@work


gc.freeze()
gate()
work()
`,
    script: visit(1, 'work'),
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      ended
    `,
  },
];

/** Kinds of files. */
const FILES: Scenario[] = [
  {
    name: 'a module that is imported later, its body and its functions',
    program: {
      files: {
        'main.py': `from gate import gate
gate()
import late
late.work()
`,
        'late.py': `first = 1  #@first


def work():
    print(first)  #@work
`,
      },
    },
    async script(d) {
      await d.breakpoints('first', 'work');
      await d.go();
      await d.sorted(async () => {
        await d.changed();
        await d.changed();
      });
      await leave(d, 2);
    },
    expect: `
      breakpoint @first: unverified
      breakpoint @work: unverified
      changed: breakpoint @first: verified
      changed: breakpoint @work: verified
      stopped breakpoint: <module> @first
      stopped breakpoint: work @work
      ended
    `,
  },
  {
    name: 'a module that is loaded anew, with other lines',
    program: {
      files: {
        'main.py': `import importlib, sys
from pathlib import Path
from gate import gate
sys.dont_write_bytecode = True
import part
gate()
part.work()
text = Path(part.__file__).read_text()
Path(part.__file__).write_text('# more\\n# lines\\n' + text)
importlib.reload(part)
part.work()
`,
        'part.py': `def work():
    a = 1  #@a
    b = 2
    c = 3  #@c
    return a
`,
      },
    },
    async script(d) {
      await d.breakpoints('c');
      await d.go();
      await d.stop();
      await d.locals('a', 'b');
      await d.continue();
      await d.stop({ where: 'function' });
      await d.locals('a');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @c: verified
      stopped breakpoint: work @c
      locals: a=1, b=2
      stopped breakpoint: work
      locals: a=?
      ended
    `,
  },
  {
    name: 'the same file name in two folders is never mixed up',
    program: {
      files: {
        'main.py': `from gate import gate
import one.part, two.part
gate()
one.part.work()
two.part.work()
`,
        'one/part.py': `def work():
    print(1)  #@one
`,
        'two/part.py': `def work():
    print(2)  #@two
`,
      },
    },
    async script(d) {
      await d.breakpoints('two');
      await d.go();
      await d.stop();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @two: verified
      stopped breakpoint: work @two
      ended
      printed: 1 | 2
    `,
  },
  {
    name: 'a module in an archive',
    program: {
      files: {
        'main.py': `import os, sys
from gate import gate
sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'lib.zip'))
import packed
gate()
packed.work()
`,
        'lib.zip/packed.py': `def work():
    print(1)  #@work
`,
      },
    },
    script: visit(1, 'work'),
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      ended
    `,
  },
  {
    name: 'a namespace package, by a program started with -m',
    program: {
      files: {
        'space/tool.py': `from gate import gate


def work():
    print(1)  #@work


gate()
work()
`,
      },
      run: ['-m', 'space.tool'],
    },
    script: visit(1, 'work'),
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      ended
    `,
  },
  {
    name: 'a file by the link that the program does not use',
    program: {
      files: {
        'real/main.py': `from gate import gate


def work():
    print(1)  #@work


gate()
work()
`,
      },
      links: { other: 'real' },
    },
    async script(d) {
      await d.breakpoints({ at: 'work', path: 'other/main.py' });
      await d.go();
      await leave(d, 1);
    },
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      ended
    `,
  },
  {
    name: 'a program that was started through a link, by a relative path',
    program: {
      files: {
        'real/main.py': `from gate import gate


def work():
    print(1)  #@work


gate()
work()
`,
      },
      links: { other: 'real' },
      run: ['../other/main.py'],
      cwd: 'real',
    },
    script: visit(1, 'work'),
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      ended
    `,
  },
  {
    name: 'a path with letters that are not ASCII',
    program: {
      files: {
        'Käse/日本.py': `from gate import gate


def work():
    print(1)  #@work


gate()
work()
`,
      },
    },
    script: visit(1, 'work'),
    expect: `
      breakpoint @work: verified
      stopped breakpoint: work @work
      ended
    `,
  },
  {
    name: 'code that exec made, with the absolute or relative name of a file',
    program: {
      files: {
        'main.py': `import os
from gate import gate
text = open('page.txt').read()
gate()
exec(compile(text, os.path.abspath('page.txt'), 'exec'))
exec(compile(text, 'page.txt', 'exec'))
`,
        'page.txt': `x = 1
y = 2  #@page
`,
      },
    },
    async script(d) {
      await d.breakpoints('page');
      await d.go();
      await d.changed();
      await leave(d, 2);
    },
    expect: `
      breakpoint @page: unverified
      changed: breakpoint @page: verified
      stopped breakpoint: <module> @page
      stopped breakpoint: <module> @page
      ended
    `,
  },
];

/** What is said of breakpoints that are nowhere. */
const REASONS: Scenario[] = [
  {
    name: 'module-level code that has run, lines behind the end and files that are not there are not verified',
    program: {
      files: {
        'main.py': `from gate import gate
import part
gate()
`,
        'part.py': `first = 1  #@first


def work():
    print(first)  #@work
`,
        'other.py': `print(1)  #@other
`,
      },
    },
    async script(d) {
      await d.breakpoints('first', 'work', 'part.py:99', 'other');
      await d.go();
      await d.end();
    },
    expect: `
      breakpoint @first: unverified
      breakpoint @work: verified
      breakpoint @part.py:99: unverified
      breakpoint @other: unverified
      ended
    `,
  },
  {
    name: 'a comment goes to the next statement, and so does code that was optimised away',
    program: `
def main():
    # a comment  #@comment
    print(1)  #@print
    if False:
        print(2)  #@never
    print(3)  #@three
`,
    async script(d) {
      await d.breakpoints('comment', 'never');
      await d.go();
      await leave(d, 2);
    },
    expect: `
      breakpoint @comment: verified @print
      breakpoint @never: verified @three
      stopped breakpoint: main @print
      stopped breakpoint: main @three
      ended
    `,
  },
  {
    name: 'only lines on which a breakpoint stays are offered',
    program: `
def main():
    print(  #@call
        1)
    # a comment
    print(2)  #@two
`,
    async script(d) {
      await d.locations('call', 'two');
      await d.go();
      await d.end();
    },
    expect: `
      locations: @call, @two
      ended
    `,
  },
];

/** Breakpoints on functions. */
const FUNCTIONS: Scenario[] = [
  {
    name: 'a function breakpoint by the name of a function, a method and a nested function',
    program: `
class Thing:
    def work(self):  #@work
        return 1


def outer():
    def inner():  #@inner
        return 2
    return inner()


def main():
    Thing().work()
    outer()
`,
    async script(d) {
      await d.functionBreakpoints('Thing.work', 'outer.inner', 'nowhere');
      await d.go();
      await leave(d, 2);
    },
    expect: `
      function Thing.work: verified
      function outer.inner: verified
      function nowhere: unverified
      stopped function breakpoint: work @work
      stopped function breakpoint: inner @inner
      ended
    `,
  },
  {
    name: 'a function breakpoint with a condition counts the calls in which it holds',
    program: `
def work(n):  #@work
    return n


def main():
    for n in range(9):
        work(n)
`,
    async script(d) {
      await d.functionBreakpoints({ name: 'work', condition: 'n > 2', hitCondition: '3' });
      await d.go();
      await d.stop();
      await d.locals('n');
      await d.continue();
      await d.end();
    },
    expect: `
      function work: verified
      stopped function breakpoint: work @work
      locals: n=5
      ended
    `,
  },
  {
    name: 'a function breakpoint on a module that is imported later',
    program: {
      files: {
        'main.py': `from gate import gate
gate()
import late
late.work()
`,
        'late.py': `def work():  #@work
    print(1)
`,
      },
    },
    async script(d) {
      await d.functionBreakpoints('late.work');
      await d.go();
      await d.changed();
      await leave(d, 1);
    },
    expect: `
      function late.work: unverified
      changed: function late.work: verified
      stopped function breakpoint: work @work
      ended
    `,
  },
  {
    name: 'a function breakpoint on a generator and a coroutine stops where their bodies begin',
    program: `
import asyncio


def numbers():  #@numbers
    yield 1


async def task():  #@task
    await asyncio.sleep(0)


def main():
    list(numbers())
    asyncio.run(task())
`,
    async script(d) {
      await d.functionBreakpoints('numbers', 'task');
      await d.go();
      await leave(d, 2);
    },
    expect: `
      function numbers: verified
      function task: verified
      stopped function breakpoint: numbers @numbers
      stopped function breakpoint: task @task
      ended
    `,
  },
];

/** Where breakpoints are: kinds of code and of files, moved and refused ones, function breakpoints. */
export const BREAKPOINTS: Scenario[] = [...STATEMENTS, ...KINDS, ...FILES, ...REASONS, ...FUNCTIONS];
