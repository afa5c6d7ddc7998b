"""Runs through modules that run things: schedulers, queues, files, asyncio."""

import asyncio
import concurrent.futures
import contextvars
import graphlib
import io
import logging
import ntpath
import os
import pathlib
import posixpath
import queue
import sched
import shutil
import string
import sys
import tempfile
import types
import unittest
import uuid


def case_asyncio_sleep():
    async def main():
        await asyncio.sleep(0)
        return await asyncio.wait_for(asyncio.sleep(0, 'x'), 5)

    return asyncio.run(main())


def case_asyncio_tasks():
    async def child(n):
        await asyncio.sleep(0)
        return n

    async def main():
        done, _ = await asyncio.wait([asyncio.create_task(child(n)) for n in range(2)])
        return sorted(task.result() for task in done)

    return asyncio.run(main())


def case_asyncio_locks():
    async def main():
        lock = asyncio.Lock()
        event = asyncio.Event()

        async def waits():
            async with lock:
                await event.wait()

        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        event.set()
        await task
        task = asyncio.create_task(event.wait())
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return lock.locked()

    return asyncio.run(main())


def case_futures():
    future = concurrent.futures.Future()
    future.add_done_callback(lambda f: None)
    future.set_result(5)
    return future.result(), list(concurrent.futures.as_completed([future]))[0].done()


def case_queue():
    q = queue.PriorityQueue()
    for n in (3, 1, 2):
        q.put(n)
    return q.get(), q.qsize(), q.get_nowait()


def case_sched():
    now = [0]
    scheduler = sched.scheduler(lambda: now[0], lambda n: now.append(now.pop() + n))
    found = []
    scheduler.enter(2, 1, found.append, ('b',))
    scheduler.enter(1, 1, found.append, ('a',))
    scheduler.run()
    return found


def case_graphlib():
    sorter = graphlib.TopologicalSorter({'d': {'b', 'c'}, 'b': {'a'}, 'c': {'a'}})
    try:
        graphlib.TopologicalSorter({'a': {'b'}, 'b': {'a'}}).prepare()
    except graphlib.CycleError:
        return len(list(sorter.static_order()))


def case_paths():
    path = pathlib.PurePosixPath('/a/b/../c.tar.gz')
    windows = pathlib.PureWindowsPath('C:\\x\\y')
    return (
        path.suffixes,
        path.parent / 'x',
        path.relative_to('/a'),
        path.match('*.gz'),
        windows.drive,
        windows.as_posix(),
        posixpath.relpath('/a/b', '/a/c'),
        ntpath.splitdrive('C:/x'),
        posixpath.commonpath(['/a/b', '/a/c']),
    )


def case_files():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'x')
        path.mkdir()
        (path / 'f.txt').write_text('hello')
        shutil.copytree(path, pathlib.Path(folder, 'y'))
        found = sorted(p.name for p in pathlib.Path(folder).rglob('*'))
        walked = [len(files) for _, _, files in os.walk(folder)]
    return found, walked


def case_logging():
    logger = logging.Logger('corpus')
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter('%(levelname)s %(message)s'))
    logger.addHandler(handler)
    logger.warning('n is %d', 5)
    logger.debug('no')
    try:
        raise ValueError('x')
    except ValueError:
        logger.exception('failed')
    return len(out.getvalue()) > 20


def case_unittest():
    class Test(unittest.TestCase):
        def test_good(self):
            self.assertEqual([1], [1])

        def test_bad(self):
            with self.subTest(n=1):
                self.assertIn(1, {2: 3})

    result = unittest.TestResult()
    unittest.TestLoader().loadTestsFromTestCase(Test).run(result)
    return result.testsRun, len(result.failures)


def case_context_variables():
    variable = contextvars.ContextVar('v', default=1)

    def inside():
        variable.set(2)
        return variable.get()

    return contextvars.copy_context().run(inside), variable.get()


def case_environment():
    environment = os._Environ({b'A': b'1'}, os.fsencode, os.fsdecode, os.fsencode, os.fsdecode)
    return environment.get('A'), list(environment), os.path.expandvars('$A/x'), os.path.normpath('a/../b')


def case_uuid():
    return (
        uuid.UUID(int=5),
        uuid.uuid5(uuid.NAMESPACE_DNS, 'x').version,
        string.hexdigits,
        types.MethodType,
        sys.byteorder,
    )
