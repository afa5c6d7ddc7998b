import type { Scenario } from '../../../support/scenario';
import { walk } from './walk';

/** The lines that steps visit within functions, over calls, and when exceptions fly. */
export const LINES: Scenario[] = [
  walk(
    'a loop on one line is stepped through turn by turn',
    `
def main():
    total = 0  #@start
    for n in range(2): total += n  #@for
    while total < 3: total += 1  #@while
    return total  #@return
`,
    'next*7',
    `next -> step: main @for
     next -> step: main @for
     next -> step: main @for
     next -> step: main @while
     next -> step: main @while
     next -> step: main @while
     next -> step: main @return`,
  ),
  walk(
    'functions and lambdas on one line are entered',
    `
def one(): return 1  #@one
two = lambda: 2  #@two
def main():
    one()  #@start
    two()  #@second
    return 3  #@return
`,
    'stepIn*4',
    `stepIn -> step: one @one
     stepIn -> step: main @second
     stepIn -> step: <lambda> @two
     stepIn -> step: main @return`,
  ),
  walk(
    'the second call of a line is entered after the first one has returned',
    `
def inner(n):
    return n + 1  #@inner

def outer(n):
    return n * 2  #@outer

def main():
    outer(inner(1))  #@start
    return 3  #@return
`,
    'stepIn*3',
    `stepIn -> step: inner @inner
     stepIn -> step: outer @outer
     stepIn -> step: main @return`,
  ),
  walk(
    'a class body, its decorators and its methods are visited line by line',
    `
def mark(thing):
    return thing  #@mark

def main():
    @mark  #@start
    class Thing:  #@class
        size = 1  #@size
        def __init__(self):  #@def
            self.n = 2  #@init
    Thing()  #@make
    return 3  #@return
`,
    'stepIn*9',
    `stepIn -> step: main @class
     stepIn -> step: Thing @start
     stepIn -> step: Thing @size
     stepIn -> step: Thing @def
     stepIn -> step: main @start
     stepIn -> step: mark @mark
     stepIn -> step: main @class
     stepIn -> step: main @make
     stepIn -> step: __init__ @init`,
  ),
  walk(
    'properties, operators and callbacks that C code calls are entered',
    `
class Amount:
    @property
    def net(self):
        return 4  #@net
    def __add__(self, other):
        return 5  #@add

def key(n):
    return -n  #@key

def main():
    amount = Amount()  #@start
    amount.net  #@property
    amount + 1  #@operator
    sorted([1, 2], key=key)  #@sorted
    return 3  #@return
`,
    'next stepIn*7',
    `next -> step: main @property
     stepIn -> step: net @net
     stepIn -> step: main @operator
     stepIn -> step: __add__ @add
     stepIn -> step: main @sorted
     stepIn -> step: key @key
     stepIn -> step: key @key
     stepIn -> step: main @return`,
  ),
  walk(
    'a with statement is visited again when its block ends',
    `
class Room:
    def __enter__(self):
        return self  #@enter
    def __exit__(self, *error):
        return False  #@exit

def main():
    with Room():  #@start
        size = 1  #@body
    return size  #@return
`,
    'stepIn*5',
    `stepIn -> step: __enter__ @enter
     stepIn -> step: main @body
     stepIn -> step: main @start
     stepIn -> step: __exit__ @exit
     stepIn -> step: main @return`,
  ),
  walk(
    'a finally block is visited on the way out of a return',
    `
def work():
    try:
        return 1  #@start
    finally:
        print('done')  #@finally

def main():
    work()  #@call
    return 3  #@return
`,
    'next*3',
    `next -> step: work @finally
     next -> step: main @call
     next -> step: main @return`,
  ),
  walk(
    'an exception takes the step into the handler of a caller',
    `
def fails():
    raise KeyError('x')  #@start

def middle():
    fails()

def main():
    try:
        middle()
    except KeyError:  #@except
        print('handled')  #@handler
    return 3
`,
    'next*2',
    `next -> step: main @except
     next -> step: main @handler`,
  ),
  walk(
    'a step over a call that raises ends in the handler',
    `
def fails():
    raise KeyError('x')

def main():
    try:
        fails()  #@start
    except ValueError:  #@wrong
        pass
    except KeyError:  #@except
        pass  #@handler
    return 3  #@return
`,
    'next*4',
    `next -> step: main @wrong
     next -> step: main @except
     next -> step: main @handler
     next -> step: main @return`,
  ),
  walk(
    'a step out of a function that raises ends in the handler',
    `
def fails():
    n = 1  #@start
    raise KeyError(n)

def main():
    try:
        fails()
    except KeyError:  #@except
        pass
`,
    'stepOut',
    'stepOut -> step: main @except',
  ),
  walk(
    'except* clauses are visited one after the other',
    `
def main():
    try:
        raise ExceptionGroup('two', [ValueError(1), KeyError(2)])  #@start
    except* ValueError:  #@values
        a = 1  #@value
    except* KeyError:  #@keys
        a = 2  #@key
    return a  #@return
`,
    'next*5',
    `next -> step: main @values
     next -> step: main @value
     next -> step: main @keys
     next -> step: main @key
     next -> step: main @return`,
  ),
  walk(
    'the cases of a match are tried one after the other',
    `
def main():
    point = [1, 2]
    match point:  #@start
        case {'x': x}:  #@mapping
            return x
        case [x, _]:  #@sequence
            return x  #@return
`,
    'next*3',
    `next -> step: main @mapping
     next -> step: main @sequence
     next -> step: main @return`,
  ),
  walk(
    'a step over a call of the same function stays in its frame',
    `
def down(n):
    if n == 0:
        return 0
    below = down(n - 1)  #@down
    return below + 1  #@up

def main():
    start = 1  #@start
    down(3)  #@call
    return 3
`,
    'next stepIn next*3',
    `next -> step: main @call
     stepIn -> step: down 'if n == 0:'
     next -> step: down @down
     next -> step: down @up
     next -> step: main @call`,
  ),
  walk(
    'a comprehension over several lines is visited as it runs',
    `
def main():
    found = [  #@list
        n  #@element
        for n in range(2)  #@start
        if n < 5  #@if
    ]
    return found  #@return
`,
    'next*8',
    `next -> step: main @list
     next -> step: main @start
     next -> step: main @if
     next -> step: main @element
     next -> step: main @start
     next -> step: main @if
     next -> step: main @element
     next -> step: main @start`,
  ),
  walk(
    'a step out shows the line of the call, and the next one goes on from there',
    `
def inner():
    n = 1  #@start
    return n

def outer():
    return (inner() +  #@call
            1)

def main():
    outer()  #@main
    return 3  #@return
`,
    'stepOut next*3',
    `stepOut -> step: outer @call
     next -> step: outer @call
     next -> step: main @main
     next -> step: main @return`,
  ),
  {
    name: 'what a function returned is shown behind a step over its end or out of it',
    program: `
def answer():
    return 42  #@start

def main():
    found = answer()  #@call
    return found
`,
    attach: { showReturnValue: true },
    async script(d) {
      await d.breakpoints('start');
      await d.go();
      await d.stop();
      await d.stepOut();
      await d.locals('(return) answer');
      await d.next();
      await d.locals();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @start: verified
      stopped breakpoint: answer @start
      stepOut -> step: main @call
      locals: (return) answer=42
      next -> step: main 'return found'
      locals: found=42
      ended
    `,
  },
  {
    name: 'a step at the end of the module lets the program end',
    program: `
gate()
print('last')  #@start
`,
    async script(d) {
      await d.breakpoints('start');
      await d.go();
      await d.stop();
      await d.ask('next', { threadId: 1 });
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @start: verified
      stopped breakpoint: <module> @start
      ended
      printed: last
    `,
  },
];
