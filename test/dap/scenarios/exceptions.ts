import type { Program, Scenario } from '../../support/scenario';

const LIBRARY = `
def call(function, *arguments):
    return function(*arguments)


def swallow(function, *arguments):
    try:
        function(*arguments)
    except Exception:
        pass


def fail():
    raise ValueError('of the library')


def own():
    try:
        raise ValueError('handled by the library')
    except ValueError:
        pass
`;

/** A program with a module `library` that is not the user's code. */
function withLibrary(text: string): Program {
  const start = "import sys\nfrom gate import gate\nsys.path.insert(0, 'site-packages')\nimport library\n";
  return { files: { 'main.py': `${start}${text}\n\ngate()\nmain()\n`, 'site-packages/library.py': LIBRARY } };
}

/** Stops at exceptions: raised, user-unhandled, uncaught; conditions; what is told about them. */
export const EXCEPTIONS: Scenario[] = [
  {
    name: 'an exception stops where it is raised, and only there',
    program: `
def deeper(value):
    raise KeyError(value)  #@raise


def deep(value):
    deeper(value)


def main():
    try:
        deep('lost')
    except KeyError:
        print('handled')
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.stack();
      await d.locals('value');
      await d.exceptionInfo();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      stopped exception: deeper @raise
      stack: deeper @raise < deep 'deeper(value)' < main 'deep('lost')' < <module> 'main()'
      locals: value='lost'
      exception KeyError: 'lost' (always)
      ended
      printed: handled
    `,
  },
  {
    name: 'an exception that is raised again is the same one, another one raised from it is not',
    program: `
def fail():
    raise KeyError('first')  #@first


def again():
    try:
        fail()
    except KeyError as error:
        raise error


def cleanup():
    try:
        again()
    finally:
        print('cleanup')


def main():
    try:
        try:
            cleanup()
        except KeyError as error:
            raise ValueError('second') from error  #@second
    except ValueError:
        pass
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.continue();
      await d.stop();
      await d.exceptionInfo({ chain: true });
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: fail @first
      stopped exception: main @second
      exception ValueError: second (always) <- KeyError: 'first'
      ended
    `,
  },
  {
    name: 'an exception of the standard library stops in the first line of mine that it comes to',
    program: `
import json


def main():
    text = '{'
    try:
        json.loads(text)  #@loads
    except ValueError:
        pass
    try:
        import no_such_module  #@import
    except ImportError:
        pass
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.locals('text');
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: main @loads
      locals: text='{'
      stopped exception: main @import
      ended
    `,
  },
  {
    name: 'what ends iterators and generators is no exception to stop at',
    program: `
class Countdown:
    def __init__(self):
        self.left = 3

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return self.left


def numbers():
    try:
        yield 1
        yield 2
    finally:
        pass


async def later():
    yield 1


async def gather():
    return [number async for number in later()]


def main():
    import asyncio

    list(Countdown())
    next(iter([]), None)
    for number in numbers():
        break
    generator = numbers()
    next(generator)
    generator.close()
    asyncio.run(gather())
    {}['marked']  #@end
`,
    async script(d) {
      await d.exceptions('raised', 'userUnhandled', 'uncaught');
      await d.go();
      await d.stop();
      await d.exceptionInfo();
      await d.disconnect();
      await d.exits();
    },
    expect: `
      stopped exception: main @end
      exception KeyError: 'marked' (always)
      disconnected
      exited with 1
    `,
  },
  {
    name: 'asking whether there is an attribute is no exception to stop at',
    program: `
class Proxy:
    def __init__(self, target):
        self.target = target

    def __getattr__(self, name):
        if name == 'missing':
            raise AttributeError(name)  #@getattr
        return getattr(self.target, name)


class Order:
    @property
    def price(self):
        raise AttributeError('price')  #@property


def main():
    proxy = Proxy(Proxy(Order()))
    order = Order()
    hasattr(proxy, 'missing')
    getattr(proxy, 'missing', None)
    hasattr(
        proxy,
        'price',
    )
    [each for each in (proxy, proxy) if not hasattr(each, 'missing')]
    try:
        getattr(proxy, 'missing')
    except AttributeError:
        pass
    try:
        order.price
    except AttributeError:
        pass
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.continue();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: __getattr__ @getattr
      stopped exception: price @property
      ended
    `,
  },
  {
    name: 'what an evaluation raises stops nobody',
    program: `
def fail():
    raise RuntimeError('failed')


def main():
    number = 1  #@number
`,
    async script(d) {
      await d.exceptions('raised', 'userUnhandled', 'uncaught');
      await d.breakpoints('number');
      await d.go();
      await d.stop();
      await d.evaluate('fail()');
      await d.evaluate('missing', 'repl');
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @number: verified
      stopped breakpoint: main @number
      evaluate fail(): RuntimeError
      evaluate missing: NameError
      ended
    `,
  },
  {
    name: 'after an exception a step goes to its handler',
    program: `
def fail():
    raise ValueError('failed')  #@raise


def main():
    try:
        fail()
    except ValueError as error:  #@handler
        print(error)  #@print
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.next();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: fail @raise
      next -> step: main @handler
      next -> step: main @print
      ended
    `,
  },
  {
    name: 'types choose the exceptions, with their bases and without those that are excluded',
    program: `
class Error(Exception):
    class Retry(KeyError):
        pass


def fail(kind):
    try:
        raise kind('x')  #@raise
    except Exception as error:
        print(kind.__name__)


def main():
    for kind in (ValueError, KeyError, IndexError, Error.Retry, Error, UnicodeError):
        fail(kind)
`,
    async script(d) {
      await d.exceptions({
        filter: 'raised',
        condition: 'LookupError, main.Error, __main__.Error, !Error.Retry',
      });
      await d.go();
      for (let stop = 0; stop < 3; stop++) {
        await d.stop();
        await d.exceptionInfo();
        await d.continue();
      }
      await d.end();
      await d.printed();
    },
    expect: `
      stopped exception: fail @raise
      exception KeyError: 'x' (always)
      stopped exception: fail @raise
      exception IndexError: x (always)
      stopped exception: fail @raise
      exception Error: x (always)
      ended
      printed: ValueError | KeyError | IndexError | Retry | Error | UnicodeError
    `,
  },
  {
    name: 'an expression chooses the exceptions',
    program: `
def fail(number):
    try:
        raise ValueError(number, 'x')  #@raise
    except ValueError:
        pass


def main():
    for number in range(100):
        fail(number)
`,
    async script(d) {
      await d.exceptions({
        filter: 'raised',
        condition: 'number > 40 and any(part == 42 for part in exc.args)',
      });
      await d.go();
      await d.stop();
      await d.locals('number');
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: fail @raise
      locals: number=42
      ended
    `,
  },
  {
    name: 'an expression that fails is told once and stops nothing',
    program: `
def fail(number):
    try:
        raise ValueError(number)
    except ValueError:
        pass


def main():
    for number in range(50):
        fail(number)
    gate()
`,
    async script(d) {
      await d.exceptions({ filter: 'raised', condition: 'exc.code == 4' });
      await d.go();
      await d.log();
      await d.open();
      await d.end();
    },
    expect: `
      log: The condition of this breakpoint fails, which counts as false: AttributeError: 'ValueError' object has no attribute 'code'
      ended
    `,
  },
  {
    name: 'a condition that is none is told with the reason',
    program: `
def main():
    try:
        {}[1]  #@key
    except KeyError:
        pass
`,
    async script(d) {
      await d.exceptions(
        { filter: 'raised', condition: 'exc ==' },
        { filter: 'raised', condition: 'module: 5' },
        { filter: 'raised', condition: 'KeyError' },
      );
      await d.go();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      exceptions raised: unverified
      exceptions raised: unverified
      stopped exception: main @key
      ended
    `,
  },
  {
    name: 'several conditions of one filter each choose for themselves',
    program: `
def fail(kind, number):
    try:
        raise kind(number)  #@raise
    except Exception:
        pass


def main():
    for number in range(3):
        fail(ValueError, number)
        fail(KeyError, number)
`,
    async script(d) {
      await d.exceptions(
        { filter: 'raised', condition: 'kind is KeyError and number == 0' },
        { filter: 'raised', condition: 'exc.args == (2,) and type(exc) is ValueError' },
      );
      await d.go();
      for (let stop = 0; stop < 2; stop++) {
        await d.stop();
        await d.exceptionInfo();
        await d.continue();
      }
      await d.end();
    },
    expect: `
      stopped exception: fail @raise
      exception KeyError: 0 (always)
      stopped exception: fail @raise
      exception ValueError: 2 (always)
      ended
    `,
  },
  {
    name: 'a module chooses the exceptions',
    program: withLibrary(`
def main():
    for function in (library.fail, fail):
        try:
            function()  #@call
        except ValueError:
            pass


def fail():
    raise ValueError('mine')
`),
    async script(d) {
      await d.exceptions({ filter: 'raised', condition: 'module: library' });
      await d.go();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: main @call
      exception ValueError: of the library (always)
      ended
    `,
  },
  {
    name: 'an exception that leaves my code for a library that has called it is unhandled by me',
    program: withLibrary(`
def inner(number):
    raise ValueError(number)  #@raise


def callback(number):
    inner(number)  #@inner


def main():
    library.swallow(callback, 5)
    print('goes on')
`),
    async script(d) {
      await d.exceptions('userUnhandled');
      await d.go();
      await d.stop();
      await d.stack();
      await d.locals('number');
      await d.exceptionInfo();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      stopped exception: inner @raise
      stack: inner @raise < callback @inner < swallow 'function(*arguments)' < main 'library.swallow(callback, 5)' < <module> 'main()'
      locals: number=5
      exception ValueError: 5 (userUnhandled)
      ended
      printed: goes on
    `,
  },
  {
    name: 'a step behind an exception that has left my code goes to where my code goes on',
    program: withLibrary(`
def callback(number):
    raise ValueError(number)  #@raise


def main():
    library.swallow(callback, 5)
    print('goes on')  #@on
`),
    async script(d) {
      await d.exceptions('userUnhandled');
      await d.go();
      await d.stop();
      await d.next();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: callback @raise
      next -> step: main @on
      ended
    `,
  },
  {
    name: 'an exception that my own code handles is not unhandled by me',
    program: withLibrary(`
import contextlib
import functools


@contextlib.contextmanager
def managed():
    try:
        yield
    finally:
        pass


@functools.cache
def cached(number):
    raise ValueError(number)


def pairs():
    yield 1
    raise ValueError('generator')


def main():
    for action in (with_manager, with_suppress, with_cache, with_map, with_generator):
        try:
            action()
        except ValueError:
            print(action.__name__)
    library.swallow(handles)


def with_manager():
    with managed():
        raise ValueError('managed')


def with_suppress():
    with contextlib.suppress(ValueError):
        raise ValueError('suppressed')


def with_cache():
    cached(5)


def with_map():
    sorted([2, 1], key=cached)


def with_generator():
    list(pairs())


def handles():
    try:
        with_cache()
    except ValueError:
        pass
`),
    async script(d) {
      await d.exceptions('userUnhandled', 'uncaught');
      await d.go();
      await d.end();
      await d.printed();
    },
    expect: `
      ended
      printed: with_manager | with_cache | with_map | with_generator
    `,
  },
  {
    name: 'one exception leaves my code only once',
    program: withLibrary(`
def callback():
    raise ValueError('x')  #@raise


def middle():
    library.call(callback)


def main():
    library.swallow(middle)
`),
    async script(d) {
      await d.exceptions('userUnhandled');
      await d.go();
      await d.stop();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: callback @raise
      ended
    `,
  },
  {
    name: 'a library that handles its own exceptions is let alone',
    program: withLibrary(`
def main():
    library.own()
    print('done')
`),
    async script(d) {
      await d.exceptions('raised', 'userUnhandled', 'uncaught');
      await d.go();
      await d.end();
      await d.printed();
    },
    expect: `
      ended
      printed: done
    `,
  },
  {
    name: 'an exception that ends the program is uncaught, and all its frames are there',
    program: `
def deep(number):
    local = number * 2
    return local / 0  #@divide


def main():
    answer = 42
    deep(answer)  #@call
`,
    async script(d) {
      await d.exceptions('uncaught');
      await d.go();
      await d.stop();
      await d.stack();
      await d.locals('local', 'number');
      await d.evaluate('local + number');
      await d.exceptionInfo();
      await d.frame('main');
      await d.locals('answer');
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: deep @divide
      stack: deep @divide < main @call < <module> 'main()'
      locals: local=84, number=42
      evaluate local + number: 126
      exception ZeroDivisionError: division by zero (unhandled)
      locals: answer=42
      ended with 1
    `,
  },
  {
    name: 'an exception that somebody handles is never uncaught',
    program: `
import atexit
import contextlib
import sys


class Swallows:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return True


def fail():
    raise ValueError('x')


def returns():
    try:
        fail()
    finally:
        return 1


def breaks():
    for _ in range(1):
        try:
            fail()
        finally:
            break


def groups():
    try:
        raise ExceptionGroup('both', [ValueError(1), KeyError(2)])
    except* ValueError:
        pass
    except* KeyError:
        pass


def throws():
    def generator():
        try:
            yield
        except ValueError:
            yield

    running = generator()
    next(running)
    running.throw(ValueError('thrown'))


def exits():
    sys.exit(0)


def suppressed():
    with contextlib.suppress(ValueError):
        fail()


def swallowed():
    with Swallows():
        fail()


atexit.register(fail)


def main():
    for action in (returns, breaks, groups, throws, suppressed, swallowed):
        action()
    try:
        fail()
    except ValueError:
        pass
    exits()
`,
    async script(d) {
      await d.exceptions('uncaught');
      await d.go();
      await d.end();
    },
    expect: `
      ended
    `,
  },
  {
    name: 'an exception that ends a thread is uncaught',
    program: `
import _thread
import threading


def fail(number):
    raise ValueError(number)  #@raise


class Worker(threading.Thread):
    def run(self):
        fail(2)


class Careful(threading.Thread):
    def run(self):
        try:
            super().run()
        except ValueError:
            pass


def raw(done):
    try:
        fail(4)
    finally:
        done.release()


def main():
    threading.excepthook = lambda _: None
    for thread in (
        threading.Thread(target=fail, args=(1,), name='plain'),
        Worker(name='own'),
        Careful(target=fail, args=(3,), name='careful'),
    ):
        thread.start()
        thread.join()
`,
    async script(d) {
      await d.exceptions('uncaught');
      await d.go();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.stop();
      await d.stack();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: fail @raise [plain]
      exception ValueError: 1 (unhandled)
      stopped exception: fail @raise [own]
      stack: fail @raise < run 'fail(2)'
      ended
    `,
  },
  {
    name: 'a thread without the threading module ends by an uncaught exception',
    program: `
import _thread
import time


def work(number):
    number / 0  #@divide


def main():
    _thread.start_new_thread(work, (1,))
    while _thread._count():
        time.sleep(0.001)
`,
    async script(d) {
      await d.exceptions('uncaught');
      await d.go();
      await d.stop({ where: 'nowhere' });
      await d.exceptionInfo();
      await d.locals('number');
      await d.disconnect();
      await d.exits();
    },
    expect: `
      stopped exception [unnamed]
      exception ZeroDivisionError: division by zero (unhandled)
      locals: number=1
      disconnected
      exited
    `,
  },
  {
    name: 'a module that python -m runs ends by an uncaught exception',
    program: {
      files: {
        'package/tool.py': `from gate import gate


def main():
    {}['x']  #@key


gate()
main()
`,
      },
      run: ['-m', 'package.tool'],
    },
    async script(d) {
      await d.exceptions({ filter: 'uncaught', condition: 'module: package' });
      await d.go();
      await d.stop();
      await d.stack();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: main @key
      stack: main @key < <module> 'main()'
      ended with 1
    `,
  },
  {
    name: 'a task that somebody awaits hands its exception on',
    program: `
import asyncio


async def child(number):
    await asyncio.sleep(0)
    raise KeyError(number)  #@raise


async def gathers():
    await asyncio.gather(child(1), asyncio.sleep(0))


async def awaits():
    await asyncio.create_task(child(2))


async def groups():
    async with asyncio.TaskGroup() as group:
        group.create_task(child(3))


async def main_task():
    for action in (gathers, awaits, groups):
        try:
            await action()
        except* KeyError:
            print(action.__name__)


def main():
    asyncio.run(main_task())
`,
    async script(d) {
      await d.exceptions('userUnhandled', 'uncaught');
      await d.go();
      await d.end();
      await d.printed();
    },
    expect: `
      ended
      printed: gathers | awaits | groups
    `,
  },
  {
    name: 'a task that nobody awaits leaves my code with its exception',
    program: `
import asyncio


async def child(number):
    await asyncio.sleep(0)
    raise KeyError(number)  #@raise


async def main_task():
    tasks = set()
    task = asyncio.create_task(child(1))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    del task
    await asyncio.sleep(0.01)


def main():
    asyncio.run(main_task())
`,
    async script(d) {
      await d.exceptions('userUnhandled', 'uncaught');
      await d.go();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: child @raise
      exception KeyError: 1 (userUnhandled)
      ended
    `,
  },
  {
    name: 'cancelled tasks, timeouts and eager tasks are the ordinary course of asyncio',
    program: `
import asyncio
import contextlib


@contextlib.asynccontextmanager
async def managed():
    try:
        yield
    finally:
        pass


async def fails():
    raise ValueError('awaited')


async def main_task():
    task = asyncio.create_task(asyncio.sleep(9))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.sleep(9)
    with contextlib.suppress(ValueError):
        async with managed():
            await fails()
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    with contextlib.suppress(ValueError):
        await asyncio.create_task(fails())
    print('done')


def main():
    asyncio.run(main_task())
`,
    async script(d) {
      await d.exceptions('userUnhandled', 'uncaught');
      await d.go();
      await d.end();
      await d.printed();
    },
    expect: `
      ended
      printed: done
    `,
  },
  {
    name: 'an optional import that fails is handled where it is imported',
    program: {
      files: {
        'main.py': `import importlib
from gate import gate


def main():
    try:
        import optional
    except ImportError:
        print('import')
    try:
        importlib.import_module('optional')
    except ImportError:
        print('import_module')


gate()
main()
`,
        'optional.py': 'import no_such_module\n',
      },
      run: ['main.py'],
    },
    async script(d) {
      await d.exceptions('userUnhandled', 'uncaught');
      await d.go();
      await d.end();
      await d.printed();
    },
    expect: `
      ended
      printed: import | import_module
    `,
  },
  {
    name: 'an exception of the main task is uncaught when it leaves the module',
    program: `
import asyncio


async def child(number):
    raise KeyError(number)  #@raise


async def main_task():
    async with asyncio.TaskGroup() as group:  #@group
        group.create_task(child(1))
        group.create_task(child(2))


def main():
    asyncio.run(main_task())
`,
    async script(d) {
      await d.exceptions('uncaught');
      await d.go();
      await d.stop({ where: 'nowhere' });
      await d.exceptionInfo({ chain: true });
      await d.stack();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception
      exception ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions) (unhandled) <- KeyError: 1 <- KeyError: 2
      stack: main_task @group < main 'asyncio.run(main_task())' < <module> 'main()'
      ended with 1
    `,
  },
  {
    name: 'an exception of a pool leaves my code, and is not raised anew where its result is taken',
    program: `
from concurrent.futures import ThreadPoolExecutor


def work(number):
    raise ValueError(number)  #@raise


def main():
    with ThreadPoolExecutor(1, 'pool') as pool:
        future = pool.submit(work, 1)
    try:
        future.result()
    except ValueError:
        print('handled')
`,
    async script(d) {
      await d.exceptions('raised', 'userUnhandled', 'uncaught');
      await d.go();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.end();
      await d.printed();
    },
    expect: `
      stopped exception: work @raise [pool_0]
      exception ValueError: 1 (always)
      stopped exception: work @raise [pool_0]
      exception ValueError: 1 (userUnhandled)
      ended
      printed: handled
    `,
  },
  {
    name: 'the end of the program by sys.exit is no exception, nor is a skipped test',
    program: `
import sys
import unittest


class Case(unittest.TestCase):
    def test_skipped(self):
        self.skipTest('not now')

    def test_failing(self):
        self.assertEqual(1, 2)  #@assert


def main():
    unittest.main(module=sys.modules[__name__], argv=['main'])
`,
    async script(d) {
      await d.exceptions('userUnhandled', 'uncaught');
      await d.go();
      await d.stop({ where: 'nowhere' });
      await d.stack();
      await d.exceptionInfo();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception
      stack: test_failing @assert < main 'unittest.main(module=sys.modules[__name__], argv=['main'])' < <module> 'main()'
      exception AssertionError: 1 != 2 (userUnhandled)
      ended with 1
    `,
  },
  {
    name: 'the exception that is being handled is told at any stop',
    program: `
def main():
    try:
        {}['x']
    except KeyError:
        print('handling')  #@handling
    print('after')  #@after
`,
    async script(d) {
      await d.breakpoints('handling', 'after');
      await d.go();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.stop();
      await d.exceptionInfo();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @handling: verified
      breakpoint @after: verified
      stopped breakpoint: main @handling
      exception KeyError: 'x' (never)
      stopped breakpoint: main @after
      exceptionInfo: refused
      ended
    `,
  },
  {
    name: 'exceptions of the running program are refused to be told',
    program: `
def main():
    gate()
`,
    async script(d) {
      await d.go();
      await d.ask('exceptionInfo', { threadId: 1 });
      await d.ask('setExceptionBreakpoints', { filters: ['nonsense'] });
      await d.ask('setExceptionBreakpoints', { filters: [], exceptionOptions: [{ breakMode: 'always' }] });
      await d.open();
      await d.end();
    },
    expect: `
      exceptionInfo: refused
      setExceptionBreakpoints: refused
      setExceptionBreakpoints: refused
      ended
    `,
  },
  {
    name: 'filters that are taken back stop nothing',
    program: `
def fail():
    try:
        {}['x']  #@key
    except KeyError:
        pass


def main():
    fail()
    fail()
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.exceptions();
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: fail @key
      ended
    `,
  },
  {
    name: 'chains and groups are told in full, also those that lead to themselves',
    program: `
def main():
    first, second = ValueError('first'), KeyError('second')
    first.__cause__, second.__context__ = second, first
    try:
        raise first  #@loop
    except ValueError:
        pass
    group = ExceptionGroup('inner', [OSError(2, 'No such file'), TypeError('t')])
    try:
        raise ExceptionGroup('outer', [group]) from None  #@group
    except* Exception:
        pass
`,
    async script(d) {
      await d.exceptions('raised');
      await d.go();
      await d.stop();
      await d.exceptionInfo({ chain: true });
      await d.continue();
      await d.stop();
      await d.exceptionInfo({ chain: true });
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: main @loop
      exception ValueError: first (always) <- KeyError: 'second'
      stopped exception: main @group
      exception ExceptionGroup: outer (1 sub-exception) (always) <- ExceptionGroup: inner (2 sub-exceptions) <- FileNotFoundError: [Errno 2] No such file <- TypeError: t
      ended
    `,
  },
  {
    name: 'without justMyCode an exception stops where the library raises it',
    program: withLibrary(`
def main():
    library.own()
`),
    attach: { justMyCode: false },
    async script(d) {
      await d.exceptions({ filter: 'raised', condition: 'ValueError' });
      await d.go();
      await d.stop({ where: 'function' });
      await d.continue();
      await d.end();
    },
    expect: `
      stopped exception: own
      ended
    `,
  },
];
