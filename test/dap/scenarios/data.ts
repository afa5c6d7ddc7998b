import type { Scenario, Verbs } from '../../support/scenario';

async function stops(d: Verbs, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn++) {
    await d.continue();
    await d.stop();
  }
}

/** Stops where a value changes. */
export const DATA: Scenario[] = [
  {
    name: 'an attribute stops at the line that assigns it, in any function',
    program: `
class Order:
    def __init__(self):
        self.total = 0
    def add(self, n):
        self.total += n  #@add
        return self  #@returned

def main():
    order = Order()
    other = Order()
    other.add(5)  #@first
    order.add(2)
    order.total = 9  #@assigned
    print(order.total)  #@print
`,
    async script(d) {
      await d.breakpoints('first');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'order', name: 'total' });
      await d.continue();
      await d.stop();
      d.hits();
      await d.next();
      await d.continue();
      await d.stop();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @first: verified
      stopped breakpoint: main @first
      data order total: verified
      stopped data breakpoint: add @add
      hit data order total
      next -> step: add @returned
      stopped data breakpoint: main @assigned
      next -> step: main @print
      ended
    `,
  },
  {
    name: 'a watched local stops where it is assigned and ends with its function',
    program: `
def count():
    n = 0  #@zero
    n += 1  #@one
    for n in (5, 6):  #@loop
        pass  #@pass
    squares = [n for n in range(2)]  #@comprehension
    return n  #@return

def main():
    count()
    gate()
    count()
`,
    async script(d) {
      await d.breakpoints('one');
      await d.go();
      await d.stop();
      await d.breakpoints();
      await d.dataBreakpoints('n');
      await stops(d, 3);
      await d.continue();
      await d.changed();
      await d.open();
      await d.end();
    },
    expect: `
      breakpoint @one: verified
      stopped breakpoint: count @one
      data n: verified
      stopped data breakpoint: count @one
      stopped data breakpoint: count @loop
      stopped data breakpoint: count @loop
      changed: data n: unverified
      ended
    `,
  },
  {
    name: 'a local that a nested function assigns stops in the nested function',
    program: `
def outer():
    state = 'new'
    def change(to):
        nonlocal state
        state = to  #@change
    change('old')  #@call
    print(state)

def main():
    outer()
    gate()
`,
    async script(d) {
      await d.breakpoints('call');
      await d.go();
      await d.stop();
      await d.dataBreakpoints('state');
      await d.continue();
      await d.stop();
      await d.continue();
      await d.changed();
      await d.open();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      stopped breakpoint: outer @call
      data state: verified
      stopped data breakpoint: change @change
      changed: data state: unverified
      ended
    `,
  },
  {
    name: 'a module variable stops where a function assigns it',
    program: `
level = 0

def raise_level():
    global level
    level += 1  #@raise

def main():
    here = 1  #@here
    raise_level()
`,
    async script(d) {
      await d.breakpoints('here');
      await d.go();
      await d.stop();
      await d.dataBreakpoints('level');
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @here: verified
      stopped breakpoint: main @here
      data level: verified
      stopped data breakpoint: raise_level @raise
      ended
    `,
  },
  {
    name: 'an item of a list stops where it is assigned and where a method moves it',
    program: `
def main():
    items = [1, 2, 3]
    items[0] = 1  #@same
    items[0] = 7  #@assign
    items.append(4)  #@append
    items.insert(0, 9)  #@insert
    del items[0]  #@delete
    print(items)
`,
    async script(d) {
      await d.breakpoints('same');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'items', name: '[0]' });
      await stops(d, 3);
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @same: verified
      stopped breakpoint: main @same
      data items [0]: verified
      stopped data breakpoint: main @assign
      stopped data breakpoint: main @insert
      stopped data breakpoint: main @delete
      ended
    `,
  },
  {
    name: 'an item of a dict stops at update, at |= and where it is removed',
    program: `
def main():
    prices = {'a': 1}
    prices['b'] = 2  #@other
    prices.update(a=3)  #@update
    prices |= {'a': 4}  #@unite
    del prices['a']  #@delete
    print(prices)
`,
    async script(d) {
      await d.breakpoints('other');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'prices', name: "'a'" });
      await stops(d, 3);
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @other: verified
      stopped breakpoint: main @other
      data prices 'a': verified
      stopped data breakpoint: main @update
      stopped data breakpoint: main @unite
      stopped data breakpoint: main @delete
      ended
    `,
  },
  {
    name: 'a data breakpoint has a condition and counts its hits',
    program: `
class Meter:
    value = 0

def main():
    meter = Meter()
    n = 0
    meter.value = 0  #@start
    for n in range(10):
        meter.value = n + 1  #@set
    print(meter.value)
`,
    async script(d) {
      await d.breakpoints('start');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'meter', name: 'value', condition: 'n % 2', hitCondition: '3' });
      await d.continue();
      await d.stop();
      await d.locals('n');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @start: verified
      stopped breakpoint: main @start
      data meter value: verified
      stopped data breakpoint: main @set
      locals: n=5
      ended
    `,
  },
  {
    name: 'a change on another thread stops that thread',
    program: `
import threading

class Box:
    def __init__(self):
        self.value = 0

def fill(box):
    box.value = 1  #@fill

def main():
    box = Box()
    worker = threading.Thread(target=fill, args=(box,), name='worker')  #@make
    worker.start()
    worker.join()
`,
    async script(d) {
      await d.breakpoints('make');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'box', name: 'value' });
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @make: verified
      stopped breakpoint: main @make
      data box value: verified
      stopped data breakpoint: fill @fill [worker]
      ended
    `,
  },
  {
    name: 'a breakpoint on the line behind the change is a stop of its own',
    program: `
class Box:
    def __init__(self):
        self.value = 0

def main():
    box = Box()
    print('begin')  #@begin
    box.value = 1  #@set
    print('end')  #@end
`,
    async script(d) {
      await d.breakpoints('begin', 'end');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'box', name: 'value' });
      await d.continue();
      await d.stop();
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @begin: verified
      breakpoint @end: verified
      stopped breakpoint: main @begin
      data box value: verified
      stopped data breakpoint: main @set
      stopped breakpoint: main @end
      ended
    `,
  },
  {
    name: 'a step over the change stops at the change',
    program: `
class Box:
    def __init__(self):
        self.value = 0

def fill(box):
    box.value = 1  #@fill
    return box  #@filled

def main():
    box = Box()
    fill(box)  #@call
    print('end')  #@end
`,
    async script(d) {
      await d.breakpoints('call');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'box', name: 'value' });
      await d.next();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @call: verified
      stopped breakpoint: main @call
      data box value: verified
      next -> data breakpoint: fill @fill
      next -> step: fill @filled
      ended
    `,
  },
  {
    name: 'a property cannot be watched and the reason is told',
    program: `
class Order:
    @property
    def net(self):
        return 1

def main():
    order = Order()
    print(order.net)  #@print
`,
    async script(d) {
      await d.breakpoints('print');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'order', name: 'net' });
      const info = await d.dataBreakpointInfo({ of: 'order', name: 'net' });
      d.note(`the reason: ${info?.['description']}`);
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @print: verified
      stopped breakpoint: main @print
      data order net: cannot be watched
      the reason: order.net is computed by code in Order: watch what that reads.
      ended
    `,
  },
  {
    name: 'a value that setattr or exec changes stops too',
    program: `
class Box:
    def __init__(self):
        self.value = 0

def main():
    box = Box()
    print('begin')  #@begin
    setattr(box, 'value', 1)  #@setattr
    exec('box.value = 2', {'box': box})
    print('end')
`,
    async script(d) {
      await d.breakpoints('begin');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'box', name: 'value' });
      await d.continue();
      await d.stop();
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @begin: verified
      stopped breakpoint: main @begin
      data box value: verified
      stopped data breakpoint: main @setattr
      stopped data breakpoint: <module> (<string>)
      ended
    `,
  },
  {
    name: 'a data breakpoint that is removed stops no more',
    program: `
class Box:
    def __init__(self):
        self.value = 0

def main():
    box = Box()
    print('begin')  #@begin
    box.value = 1
    print('end')
`,
    async script(d) {
      await d.breakpoints('begin');
      await d.go();
      await d.stop();
      await d.dataBreakpoints({ of: 'box', name: 'value' });
      await d.dataBreakpoints();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @begin: verified
      stopped breakpoint: main @begin
      data box value: verified
      ended
      printed: begin | end
    `,
  },
  {
    name: 'the requests of data breakpoints are refused where they make no sense',
    program: `
def main():
    n = 1  #@here
`,
    async script(d) {
      await d.ask('dataBreakpointInfo', { name: 'n' });
      await d.breakpoints('here');
      await d.go();
      await d.stop();
      await d.ask('dataBreakpointInfo', { name: 'n', variablesReference: 999999 });
      await d.ask('setDataBreakpoints', { breakpoints: [{ dataId: 'x', accessType: 'read' }] });
      const body = await d.ask('setDataBreakpoints', { breakpoints: [{ dataId: 'x' }] });
      const [unknown] = body?.['breakpoints'] ?? [];
      d.note(`unknown id: ${unknown?.verified} ${unknown?.message ? 'with' : 'without'} a reason`);
      await d.continue();
      await d.end();
    },
    expect: `
      dataBreakpointInfo: refused
      breakpoint @here: verified
      stopped breakpoint: main @here
      dataBreakpointInfo: refused
      setDataBreakpoints: refused
      unknown id: false with a reason
      ended
    `,
  },
];
