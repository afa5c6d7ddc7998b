import type { Scenario } from '../../../support/scenario';
import { walk } from './walk';

const SQUARES = `
def squares():
    n = 1  #@first
    yield n  #@yield
    n = 2  #@second
    yield n
`;

const TASKS = `
import asyncio

async def work(name):
    count = len(name)  #@count
    await asyncio.sleep(0.01)  #@sleep
    return count  #@done

async def both():
    found = await asyncio.gather(work('ab'), work('c'))  #@gather
    return found  #@found

def main():
    asyncio.run(both())  #@run
`;

/** Steps in generators and coroutines, which stop in the middle and go on later. */
export const SUSPENDED: Scenario[] = [
  walk(
    'a step over a yield stays in its generator',
    `${SQUARES.replace('@first', '@start')}
def main():
    for n in squares():
        print(n)
`,
    'next*3',
    `next -> step: squares @yield
     next -> step: squares @second
     next -> step: squares 'yield n'`,
  ),
  walk(
    'a step into goes from the consumer to the generator and back',
    `${SQUARES}
def main():
    for n in squares():  #@start
        print(n)  #@print
    return 3
`,
    'stepIn*6',
    `stepIn -> step: squares @first
     stepIn -> step: squares @yield
     stepIn -> step: main @print
     stepIn -> step: main @start
     stepIn -> step: squares @second
     stepIn -> step: squares 'yield n'`,
  ),
  walk(
    'a step out of a generator ends in its consumer',
    `${SQUARES.replace('@first', '@start')}
def main():
    for n in squares():  #@for
        print(n)  #@print
`,
    'stepOut next',
    `stepOut -> step: main @for
     next -> step: main @print`,
  ),
  walk(
    'a step over yield from passes the inner generator by',
    `${SQUARES}
def outer():
    start = 0  #@start
    yield from squares()  #@from
    yield start  #@after

def main():
    list(outer())
`,
    'next*2',
    `next -> step: outer @from
     next -> step: outer @after`,
  ),
  walk(
    'what is sent into a generator or thrown into it goes on from the yield',
    `
def echo():
    while True:
        try:
            got = yield  #@yield
            print(got)  #@got
        except KeyError:  #@except
            print('caught')  #@caught

def main():
    talk = echo()
    next(talk)
    talk.send(5)  #@start
    talk.throw(KeyError)  #@throw
    return talk  #@return
`,
    'stepIn*9',
    `stepIn -> step: echo @got
     stepIn -> step: echo 'while True:'
     stepIn -> step: echo 'try:'
     stepIn -> step: echo @yield
     stepIn -> step: main @throw
     stepIn -> step: echo @except
     stepIn -> step: echo @caught
     stepIn -> step: echo 'while True:'
     stepIn -> step: echo 'try:'`,
  ),
  walk(
    'a generator that is closed runs its finally, and the step goes on with the consumer',
    `
def numbers():
    try:
        yield 1  #@start
    finally:
        print('closed')  #@finally

def main():
    for n in numbers():
        break
    return n  #@return
`,
    'next*2',
    `next -> step: numbers @finally
     next -> step: main @return`,
  ),
  {
    name: 'a step over a yield that nobody goes on from keeps nothing alive, and ends where the generator does',
    program: `
import gc
import weakref

class Mark:
    pass

def numbers(mark):
    yield 1  #@start
    yield 2

def main():
    mark = Mark()
    seen = weakref.ref(mark)
    talk = numbers(mark)
    next(talk)
    del talk, mark
    print(seen() is None)
`,
    async script(d) {
      await d.breakpoints('start');
      await d.go();
      await d.stop();
      await d.next();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      breakpoint @start: verified
      stopped breakpoint: numbers @start
      next -> step: main 'print(seen() is None)'
      ended
      printed: True
    `,
  },
  {
    name: 'steps over await stay in their task',
    program: TASKS,
    async script(d) {
      await d.breakpoints('count');
      await d.go();
      await d.stop();
      await d.locals('name');
      await d.breakpoints();
      await d.next();
      await d.next();
      await d.locals('name');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @count: verified
      stopped breakpoint: work @count
      locals: name='ab'
      next -> step: work @sleep
      next -> step: work @done
      locals: name='ab'
      ended
    `,
  },
  walk(
    'a step over gather waits for all of it',
    TASKS.replace('@gather', '@start'),
    'next',
    'next -> step: both @found',
  ),
  walk(
    'a step into an awaited coroutine enters it, and out of it ends at its await',
    `
import asyncio

async def inner(n):
    await asyncio.sleep(0)  #@inner
    return n  #@inner_return

async def outer():
    found = await inner(2)  #@start
    return found  #@found

def main():
    asyncio.run(outer())
`,
    'stepIn stepOut next',
    `stepIn -> step: inner @inner
     stepOut -> step: outer @start
     next -> step: outer @found`,
  ),
  walk(
    'async for and async with are visited like their plain kin',
    `
import asyncio

class Room:
    async def __aenter__(self):
        return 1  #@enter
    async def __aexit__(self, *error):
        await asyncio.sleep(0)  #@exit

async def count():
    yield 1  #@yield
    await asyncio.sleep(0)

async def work():
    async with Room():  #@start
        async for n in count():  #@for
            print(n)  #@print
    return 3  #@return

def main():
    asyncio.run(work())
`,
    'next*5',
    `next -> step: work @for
     next -> step: work @print
     next -> step: work @for
     next -> step: work @start
     next -> step: work @return`,
  ),
  walk(
    'a task that is cancelled takes the step into its handler',
    `
import asyncio

async def work():
    try:
        await asyncio.sleep(60)  #@start
    except asyncio.CancelledError:  #@except
        print('cancelled')  #@handler
        raise

async def both():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])

def main():
    asyncio.run(both())
`,
    'next*3',
    `next -> step: work @start
     next -> step: work @except
     next -> step: work @handler`,
  ),
  walk(
    'the code of a context manager from a generator is entered, the library passed by',
    `
import contextlib

@contextlib.contextmanager
def managed():
    print('enter')  #@enter
    yield 1  #@yield
    print('exit')  #@exit

def main():
    with managed() as one:  #@start
        print(one)  #@body
    return 3  #@return
`,
    'stepIn*6',
    `stepIn -> step: managed @enter
     stepIn -> step: managed @yield
     stepIn -> step: main @body
     stepIn -> step: main @start
     stepIn -> step: managed @exit
     stepIn -> step: main @return`,
  ),
];
