import type { Scenario } from '../../support/scenario';

/** A loop that counts `i` up to 6, and adds it up in a function. */
const LOOP = `
def add(total, i):
    total = total + i
    return total  #@return


def main():
    total = 0
    for i in range(1, 7):
        total = add(total, i)  #@call
    print(total)  #@print
`;

/** One breakpoint; the program stops as often as there are turns, which are told by the value of `i`. */
function turns(name: string, breakpoint: object, expected: number[], expression = 'i'): Scenario {
  return {
    name,
    program: LOOP,
    async script(d) {
      await d.breakpoints({ at: 'return', ...breakpoint });
      await d.go();
      for (let i = 0; i < expected.length; i++) {
        await d.stop();
        await d.evaluate(expression);
        await d.continue();
      }
      await d.end();
      await d.printed('21');
    },
    expect: [
      'breakpoint @return: verified',
      ...expected.flatMap((i) => ['stopped breakpoint: add @return', `evaluate ${expression}: ${i}`]),
      'ended',
      'printed: 21',
    ].join('\n'),
  };
}

/** One breakpoint that cannot work: the program runs through. */
function unverified(name: string, breakpoint: object): Scenario {
  return {
    name,
    program: LOOP,
    async script(d) {
      await d.breakpoints({ at: 'return', ...breakpoint });
      await d.go();
      await d.end();
      await d.printed('21');
    },
    expect: `
      breakpoint @return: unverified
      ended
      printed: 21
    `,
  };
}

/** One breakpoint that logs; the program runs through. */
function logs(name: string, breakpoint: object, lines: string[]): Scenario {
  return {
    name,
    program: LOOP,
    async script(d) {
      await d.breakpoints({ at: 'return', ...breakpoint }, 'print');
      await d.go();
      await d.stop();
      await d.log(lines.length);
      await d.continue();
      await d.end();
    },
    expect: [
      'breakpoint @return: verified',
      'breakpoint @print: verified',
      'stopped breakpoint: main @print',
      ...lines.map((line) => `log: ${line}`),
      'ended',
    ].join('\n'),
  };
}

const ALL = [1, 2, 3, 4, 5, 6];

/** What breakpoints do: conditions, hit conditions, log messages, snapshots. */
export const POINTS: Scenario[] = [
  turns('a condition stops where it holds', { condition: 'i == 3' }, [3]),
  turns('a condition sees locals, globals and builtins', { condition: 'len(str(add)) > i > 4' }, [5, 6]),
  turns('a condition is true by any true value', { condition: '[i][1 - i % 2:]' }, [1, 3, 5]),
  turns('a lambda in a condition sees locals', { condition: '(lambda: i > 5)()' }, [6]),
  turns('a comprehension in a condition sees locals', { condition: 'all(n < i for n in range(5))' }, [5, 6]),
  turns('a condition may bind a name', { condition: '(twice := i * 2) == 8 and twice' }, [4]),
  turns(
    'a condition by locals() is that of the frame',
    { condition: 'sorted(locals()) == ["i", "total"]' },
    ALL,
  ),
  turns('a comment behind a condition is none of it', { condition: 'i == 2 # and i == 3' }, [2]),
  {
    name: 'a condition that fails is no hit and told once',
    program: LOOP,
    async script(d) {
      await d.breakpoints({ at: 'return', condition: 'i > 5 or nothing' });
      await d.go();
      await d.stop();
      await d.evaluate('i');
      await d.log(1, { words: false });
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @return: verified
      stopped breakpoint: add @return
      evaluate i: 6
      log
      ended
    `,
  },
  turns('a condition that is never true', { condition: 'i is None' }, []),
  turns('the hit condition 3', { hitCondition: '3' }, [3]),
  turns('the hit condition ==3', { hitCondition: '==3' }, [3]),
  turns('the hit condition >=5', { hitCondition: '>= 5' }, [5, 6]),
  turns('the hit condition >4', { hitCondition: '>4' }, [5, 6]),
  turns('the hit condition <=2', { hitCondition: '<=2' }, [1, 2]),
  turns('the hit condition <2', { hitCondition: ' < 2 ' }, [1]),
  turns('the hit condition %2', { hitCondition: '%2' }, [2, 4, 6]),
  turns('only hits where the condition holds count', { condition: 'i % 2 == 0', hitCondition: '2' }, [4]),
  unverified('a condition that is no expression', { condition: 'i = 3' }),
  unverified('a condition that closes brackets of its own', { condition: '1) or (1' }),
  unverified('a hit condition that is none', { hitCondition: 'often' }),
  unverified('a log message with an open brace', { logMessage: 'i is {i' }),
  logs(
    'a log message',
    { logMessage: 'add {i} to {total - i}' },
    ALL.map((i) => `add ${i} to ${(i * (i - 1)) / 2}`),
  ),
  logs(
    'a log message with braces, formats and conversions',
    { logMessage: '{{{i:>3}}} {str(i)!r} {i=}', hitCondition: '2' },
    ["{  2} '2' i=2"],
  ),
  logs('a log message with a condition', { logMessage: 'large: {i}', condition: 'i > 4' }, [
    'large: 5',
    'large: 6',
  ]),
  logs(
    'a log message with a condition and a hit condition',
    { logMessage: '{i}', condition: 'i > 2', hitCondition: '%2' },
    ['4', '6'],
  ),
  {
    name: 'a breakpoint that logs and one that stops',
    program: LOOP,
    async script(d) {
      await d.breakpoints({ at: 'return', logMessage: 'logged {i}' }, { at: 'call', hitCondition: '3' });
      await d.go();
      await d.stop();
      await d.evaluate('i');
      await d.log(2);
      await d.breakpoints();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @return: verified
      breakpoint @call: verified
      stopped breakpoint: main @call
      evaluate i: 3
      log: logged 1
      log: logged 2
      ended
    `,
  },
  {
    name: 'counts go on when the same list is set again, and begin anew with another text',
    program: LOOP,
    async script(d) {
      await d.breakpoints({ at: 'return', hitCondition: '>=3' }, { at: 'call', hitCondition: '2' });
      await d.go();
      await d.stop();
      await d.evaluate('i');
      await d.breakpoints({ at: 'return', hitCondition: '>=3' }, { at: 'call', hitCondition: '==2' });
      await d.continue();
      await d.stop();
      await d.evaluate('i');
      await d.continue();
      await d.stop();
      await d.evaluate('i');
      await d.breakpoints();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @return: verified
      breakpoint @call: verified
      stopped breakpoint: main @call
      evaluate i: 2
      breakpoint @return: verified
      breakpoint @call: verified
      stopped breakpoint: add @return
      evaluate i: 3
      stopped breakpoint: main @call
      evaluate i: 4
      ended
    `,
  },
  {
    name: 'a condition in the body of a module and of a class',
    program: `
from gate import gate

gate()
for n in range(3):
    n += 0  #@module


class Shop:
    for size in range(4):
        size += 0  #@class
`,
    async script(d) {
      await d.breakpoints({ at: 'module', condition: 'n == 2' }, { at: 'class', condition: 'size == n + 1' });
      await d.go();
      await d.stop();
      await d.evaluate('n');
      await d.continue();
      await d.stop();
      await d.evaluate('size');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @module: verified
      breakpoint @class: verified
      stopped breakpoint: <module> @module
      evaluate n: 2
      stopped breakpoint: Shop @class
      evaluate size: 3
      ended
    `,
  },
  {
    name: 'a step stops at a breakpoint whose condition is false',
    program: LOOP,
    async script(d) {
      await d.breakpoints({ at: 'call', hitCondition: '2' }, { at: 'return', condition: 'False' });
      await d.go();
      await d.stop();
      await d.stepIn();
      await d.next();
      await d.breakpoints();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      breakpoint @return: verified
      stopped breakpoint: main @call
      stepIn -> step: add 'total = total + i'
      next -> step: add @return
      ended
    `,
  },
];
