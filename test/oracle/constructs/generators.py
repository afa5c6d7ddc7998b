# fmt: off
# ruff: noqa
"""Generators: yield, send, throw, close, yield from."""


def count(n):
    for i in range(n):
        yield i


def echo():
    received = None
    while True:
        received = yield received
        if received == 'end':
            return 'done'


def careful():
    try:
        yield 1
        yield 2
    except ValueError as error:
        yield 'caught'
    finally:
        last = 3


def case_for():
    total = 0
    for i in count(3):
        total += i
    return total


def case_next():
    g = count(1)
    a = next(g)
    b = next(g, None)
    try:
        next(g)
    except StopIteration:
        return a, b


def case_send():
    g = echo()
    next(g)
    a = g.send(1)
    b = g.send(2)
    try:
        g.send('end')
    except StopIteration as stop:
        return a, b, stop.value


def case_throw():
    g = careful()
    next(g)
    a = g.throw(ValueError('x'))
    for b in g:
        pass
    h = careful()
    next(h)
    try:
        h.throw(KeyError)
    except KeyError:
        return a


def case_throw_before_start():
    g = careful()
    try:
        g.throw(ValueError)
    except ValueError:
        return list(g)


def case_close():
    g = careful()
    next(g)
    g.close()
    h = careful()
    h.close()
    i = careful()
    next(i)
    del i
    return g


def case_yield_from():
    def outer():
        a = yield from count(2)
        b = yield from echo()
        yield from [7, 8]
        yield b

    g = outer()
    found = [next(g), next(g), next(g)]
    found.append(g.send(5))
    found.append(g.send('end'))
    return found + list(g)


def case_yield_from_throw():
    def outer():
        try:
            yield from careful()
        except KeyError:
            yield 'outer'

    g = outer()
    next(g)
    a = g.throw(ValueError)
    b = g.throw(KeyError)
    g.close()
    return a, b


def case_recursive():
    def walk(tree):
        for item in tree:
            if isinstance(item, list):
                yield from walk(item)
            else:
                yield item

    return list(walk([1, [2, [3]], 4]))


def case_yield_over_lines():
    def function():
        x = yield (
            1,
            2,
        )
        y = [
            (yield x),
            (yield 3),
        ]
        return y

    g = function()
    next(g)
    g.send(5)
    g.send(6)
    try:
        g.send(7)
    except StopIteration as stop:
        return stop.value


def case_one_line():
    def numbers(): yield 1; yield 2
    def more(n):
        while n: n -= 1; yield n
    def every(items):
        for i in items: yield i
    return list(numbers()), list(more(3)), list(every('ab'))


def case_interleaved():
    a, b = count(3), count(2)
    found = []
    for x in a:
        y = next(b, None)
        found.append((x, y))
    return found, list(zip(count(2), count(3)))


def case_pipeline():
    def double(source):
        for n in source:
            yield n * 2

    def only(source):
        for n in source:
            if n > 2:
                yield n

    return list(only(double(count(4))))


def case_abandoned():
    for i in count(5):
        if i == 1:
            break
    return [i for i in count(2) for j in count(2)]


def case_unpacked():
    a, b = count(2)
    first, *rest = count(3)
    return [*count(2), *rest], {**dict.fromkeys(count(2))}, a, b, first


def case_iterator_class():
    class Up:
        def __init__(self, n):
            self.n = n

        def __iter__(self):
            return self

        def __next__(self):
            if self.n == 0:
                raise StopIteration
            self.n -= 1
            return self.n

    class Makes:
        def __iter__(self):
            yield 1
            yield 2

    return [n for n in Up(2)] + [n for n in Makes()]


def case_return_value():
    def inner():
        yield 1
        return 2

    def outer():
        n = yield from inner()
        return n + 1

    def run():
        r = yield from outer()
        found.append(r)

    found = []
    list(run())
    return found


def case_with_inside():
    def lines():
        with open(__file__) as file:
            for line in file:
                yield line

    for line in lines():
        break
    return line
