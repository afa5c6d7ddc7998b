import type { Scenario } from '../../../support/scenario';
import { walk } from './walk';

const WORK = `
def twice(n):
    return n * 2  #@twice

def plus(n):
    return n + 1  #@plus

def work(n):
    a = 1  #@first
    b = plus(twice(n))  #@calls
    for i in range(2):  #@for
        a += i  #@in_for
    try:
        b += a  #@in_try
    finally:
        a = 0  #@finally
    return a + b  #@return

def main():
    print(work(1))  #@main
`;

/** Set next statement, restart frame, the targets of a step into, whose code steps stop in. */
export const MOVES: Scenario[] = [
  {
    name: 'the next statement is set backwards, into a try block and out of a loop',
    program: WORK,
    async script(d) {
      await d.breakpoints('in_for');
      await d.go();
      await d.stop();
      await d.goto('calls');
      await d.goto('in_try');
      await d.next();
      await d.breakpoints();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @in_for: verified
      stopped breakpoint: work @in_for
      goto @calls -> goto: work @calls
      goto @in_try -> goto: work @in_try
      next -> step: work @finally
      ended
    `,
  },
  {
    name: 'the next statement cannot be set into a loop or into another function',
    program: WORK,
    async script(d) {
      await d.breakpoints('first');
      await d.go();
      await d.stop();
      await d.goto('in_for');
      await d.goto('twice');
      await d.breakpoints();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @first: verified
      stopped breakpoint: work @first
      gotoTargets: refused
      gotoTargets: refused
      ended
      printed: 5
    `,
  },
  {
    name: 'the next statement cannot be set in the middle of a line, but after one more step',
    program: WORK,
    async script(d) {
      await d.breakpoints('twice');
      await d.go();
      await d.stop();
      await d.stepOut();
      await d.goto('first');
      await d.next();
      await d.goto('first');
      await d.breakpoints();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @twice: verified
      stopped breakpoint: twice @twice
      stepOut -> step: work @calls
      gotoTargets: refused
      next -> step: work @for
      goto @first -> goto: work @first
      ended
    `,
  },
  {
    name: 'a skipped assignment leaves a variable None, and the program prints no warning',
    program: WORK,
    async script(d) {
      await d.breakpoints('first');
      await d.go();
      await d.stop();
      await d.goto('finally');
      await d.locals('b');
      await d.setVariable('b', '5');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @first: verified
      stopped breakpoint: work @first
      goto @finally -> goto: work @finally
      locals: b=None
      set b: 5
      ended
      printed: 5
    `,
  },
  {
    name: 'a with statement is done again when the next statement is set to it from its block',
    program: `
class Room:
    def __enter__(self):
        print('enter')
    def __exit__(self, *error):
        print('exit')

def main():
    first = 1
    with Room():  #@with
        print('inside')  #@inside
    return first
`,
    async script(d) {
      await d.breakpoints('inside');
      await d.go();
      await d.stop();
      await d.breakpoints();
      await d.goto('with');
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @inside: verified
      stopped breakpoint: main @inside
      goto @with -> goto: main @with
      ended
      printed: enter | enter | inside | exit
    `,
  },
  {
    name: 'a frame begins anew with its arguments as they are',
    program: WORK,
    async script(d) {
      await d.breakpoints('return');
      await d.go();
      await d.stop();
      await d.breakpoints();
      await d.setVariable('n', '10');
      await d.restartFrame();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @return: verified
      stopped breakpoint: work @return
      set n: 10
      restartFrame -> restart: work @first
      ended
      printed: 23
    `,
  },
  {
    name: 'a frame below the top cannot begin anew',
    program: WORK,
    async script(d) {
      await d.breakpoints('first');
      await d.go();
      await d.stop();
      await d.restartFrame('main');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @first: verified
      stopped breakpoint: work @first
      restartFrame: refused
      ended
    `,
  },
  {
    name: 'the outer call of a line is entered and the inner one passed by',
    program: WORK,
    async script(d) {
      await d.breakpoints('calls');
      await d.go();
      await d.stop();
      await d.stepIn({ target: 'plus(' });
      await d.locals('n');
      await d.stepOut();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @calls: verified
      stopped breakpoint: work @calls
      stepIn plus( -> step: plus @plus
      locals: n=2
      stepOut -> step: work @calls
      ended
    `,
  },
  {
    name: 'a call that enters no code of mine is stepped over',
    program: WORK,
    async script(d) {
      await d.breakpoints('for');
      await d.go();
      await d.stop();
      await d.breakpoints();
      await d.stepIn({ target: 'range' });
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @for: verified
      stopped breakpoint: work @for
      stepIn range -> step: work @in_for
      ended
    `,
  },
  walk(
    'library code between two functions of mine is passed by',
    `
import functools

def mine(n):
    return n  #@mine

def main():
    functools.reduce(lambda a, b: mine(b), [1, 2])  #@start
    functools.partial(mine)(3)  #@partial
    return 3  #@return
`,
    'next stepIn stepOut next',
    `next -> step: main @partial
     stepIn -> step: mine @mine
     stepOut -> step: main @partial
     next -> step: main @return`,
  ),
  walk(
    'without justMyCode a step enters the library',
    `
import textwrap

def main():
    textwrap.shorten('a b', 9)  #@start
    return 3
`,
    'stepIn stepOut',
    `stepIn -> step: shorten (textwrap.py)
     stepOut -> step: main @start`,
    { justMyCode: false },
  ),
  walk(
    'the methods that a library writes for my classes are not mine',
    `
import collections
import dataclasses

@dataclasses.dataclass
class Point:
    x: int

Pair = collections.namedtuple('Pair', 'a b')

def main():
    Point(1)  #@start
    Pair(1, 2)  #@pair
    return 3  #@return
`,
    'stepIn*2',
    `stepIn -> step: main @pair
     stepIn -> step: main @return`,
  ),
];
