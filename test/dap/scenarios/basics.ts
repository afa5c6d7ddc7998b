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
      d.hits();
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
      hit breakpoint @two
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
];
