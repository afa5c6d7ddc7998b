# fmt: off
# ruff: noqa
"""try, except, finally, except*."""


class Own(Exception):
    def __init__(self, n):
        super().__init__(n)
        self.n = n


def fail(n):
    raise Own(n)


def through(n):
    fail(n)
    n += 1


def case_try():
    try:
        a = 1
    except ValueError:
        a = 2
    else:
        a += 3
    finally:
        a += 4
    return a


def case_caught():
    try:
        int('x')
        a = 0
    except KeyError:
        a = 1
    except (ValueError, TypeError) as error:
        a = error
    except:
        a = 2
    return str(a)


def case_through_frames():
    try:
        through(1)
    except Own as error:
        return error.n
    return 0


def case_bare_reraise():
    try:
        try:
            fail(1)
        except Own:
            raise
    except Own as error:
        n = error.n
    return n


def case_from():
    try:
        try:
            fail(1)
        except Own as error:
            raise KeyError('x') from error
    except KeyError as error:
        return error.__cause__.n


def case_finally_return():
    def function():
        try:
            return 1
        finally:
            n = 2

    def overrides():
        try:
            fail(1)
        finally:
            return 3

    return function(), overrides()


def case_finally_loops():
    found = []
    for i in range(4):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            found.append(i)
        finally:
            found.append('f')
    for i in range(2):
        try:
            fail(i)
        except Own:
            continue
        finally:
            found.append(i)
    return found


def case_continue_in_finally():
    found = []
    for i in range(2):
        try:
            fail(i)
        finally:
            found.append(i)
            continue
    while True:
        try:
            fail(0)
        finally:
            break
    return found


def case_nested_finally():
    found = []
    try:
        try:
            try:
                fail(1)
            finally:
                found.append(1)
        finally:
            found.append(2)
    except Own:
        found.append(3)
    finally:
        found.append(4)
    return found


def case_star():
    found = []
    try:
        raise ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [KeyError(2), OSError(3)])])
    except* ValueError as group:
        found.append(len(group.exceptions))
    except* TypeError:
        found.append('t')
    except* (KeyError, OSError) as group:
        found.append(len(group.exceptions))
    else:
        found.append('e')
    finally:
        found.append('f')
    return found


def case_star_rest():
    try:
        try:
            raise ExceptionGroup('g', [ValueError(1), KeyError(2)])
        except* ValueError:
            pass
    except ExceptionGroup as group:
        return len(group.exceptions)


def case_on_few_lines():
    try: a = int('x')
    except ValueError: a = 1
    try: a += 1
    finally: a += 2
    return a


def case_in_a_handler():
    try:
        fail(1)
    except Own as first:
        try:
            fail(2)
        except Own as second:
            n = first.n + second.n
        finally:
            n += 5
    return n


def case_type_expression():
    def which():
        return Own

    try:
        fail(3)
    except which() as error:
        return error.n


def case_hidden_in_c():
    class Missing:
        def __getattr__(self, name):
            raise AttributeError(name)

        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

    item = Missing()
    found = hasattr(item, 'x')
    other = getattr(item, 'y', 5)
    return found, other, list(item)


def case_assertion_in_comprehension():
    try:
        return [fail(i) for i in range(3) if i]
    except Own as error:
        return error.n


def case_recursion_unwinds():
    def down(n):
        try:
            if n == 0:
                fail(n)
            down(n - 1)
        finally:
            found.append(n)

    found = []
    try:
        down(3)
    except Own:
        pass
    return found


def case_return_in_handler():
    def function(n):
        try:
            if n:
                fail(n)
            return 'none'
        except Own:
            return 'own'
        else:
            return 'else'
        finally:
            n = None

    return function(0), function(1)
