# fmt: off
# ruff: noqa
"""Coroutines: under a loop of one's own, and under asyncio."""

import asyncio
import types


class Pause:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield self.value
        return got


@types.coroutine
def switch(value):
    return (yield value)


async def ask(value):
    got = await Pause(value)
    return got


async def twice(n):
    a = await ask(n)
    b = await switch(a)
    return a, b


class Context:
    async def __aenter__(self):
        await switch('enter')
        return self

    async def __aexit__(self, *error):
        await switch('exit')
        return True


async def numbers(n):
    for i in range(n):
        got = await switch(i)
        yield i


def drive(coroutine):
    """A loop: answers each pause with what was asked for."""
    answer = None
    steps = 0
    try:
        while True:
            answer = coroutine.send(answer)
            steps += 1
    except StopIteration as stop:
        return stop.value


def case_no_pause():
    async def nothing():
        return 1

    async def outer():
        a = await nothing()
        b = await nothing() + await nothing()
        return a + b

    return drive(outer())


def case_driven():
    return drive(twice(3))


def case_async_with():
    async def function():
        async with Context() as c:
            a = 1
        async with Context(), Context() as d:
            raise ValueError
        async with Context():
            return a

    return drive(function())


def case_async_for():
    async def function():
        found = []
        async for n in numbers(3):
            found.append(n)
        else:
            found.append('else')
        async for n in numbers(3):
            if n:
                break
        return found

    return drive(function())


def case_async_comprehension():
    async def function():
        a = [n async for n in numbers(2)]
        b = {
            n: await ask(n)
            async for n in numbers(2)
            if n
        }
        c = [await ask(n) for n in range(2)]
        d = (n async for n in numbers(2))
        return a, b, c, [n async for n in d]

    return drive(function())


def case_two_by_turns():
    found = []

    async def work(name, n):
        for i in range(n):
            await switch(name)
            found.append((name, i))

    waiting = [work('a', 2), work('b', 3)]
    while waiting:
        task = waiting.pop(0)
        try:
            task.send(None)
        except StopIteration:
            continue
        waiting.append(task)
    return found


def case_thrown_into():
    async def function():
        try:
            await switch(1)
        except KeyError:
            return await ask(2)

    coroutine = function()
    coroutine.send(None)
    coroutine.throw(KeyError)
    other = function()
    other.send(None)
    other.close()
    try:
        coroutine.send(5)
    except StopIteration as stop:
        return stop.value


def case_async_generator_by_hand():
    async def gen():
        try:
            x = yield 1
            y = yield x
        finally:
            await switch('late')

    async def function():
        g = gen()
        a = await g.asend(None)
        b = await g.asend(5)
        await g.aclose()
        h = gen()
        await anext(h)
        try:
            await h.athrow(KeyError)
        except KeyError:
            return a, b

    return drive(function())


def case_asyncio():
    async def child(n):
        await asyncio.sleep(0)
        return n

    async def main():
        a = await child(1)
        b = await asyncio.gather(child(2), child(3))
        return a, b

    return asyncio.run(main())


def case_asyncio_group():
    async def child(n):
        await asyncio.sleep(0)
        if n == 2:
            raise ValueError(n)
        return n

    async def main():
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(child(1))
                group.create_task(child(2))
        except* ValueError as error:
            n = len(error.exceptions)
        return n

    return asyncio.run(main())


def case_asyncio_queue():
    async def produce(queue):
        for n in range(2):
            await queue.put(n)
        await queue.put(None)

    async def main():
        queue = asyncio.Queue(1)
        task = asyncio.create_task(produce(queue))
        found = []
        while (n := await queue.get()) is not None:
            found.append(n)
        await task
        return found

    return asyncio.run(main())
