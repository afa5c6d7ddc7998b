# fmt: off
# ruff: noqa
"""Comprehensions and generator expressions."""

SQUARES = [n * n for n in range(3)]
NESTED = {
    n: [
        m
        for m in range(n)
    ]
    for n in range(3)
    if n
}


def case_on_one_line():
    a = [n for n in range(3)]
    b = {n for n in a if n}
    c = {n: m for n in a for m in b}
    return a, b, c


def case_over_lines():
    return [
        n + m
        for n in range(3)
        if n
        if n < 3
        for m in (
            1,
            2,
        )
    ]


def case_generator_expression():
    a = sum(n for n in range(3))
    b = list(
        n * 2
        for n in range(3)
        if n
    )
    c = (n for n in range(2))
    next(c)
    for n in c:
        a += n
    return a, b, any(n > 1 for n in range(4))


def case_with_calls():
    def double(n):
        return n * 2

    return [double(n) for n in range(3)], {
        double(n):
        double(n + 1)
        for n in range(2)
    }


def case_with_lambdas():
    return [function(3) for function in [lambda n, m=m: n + m for m in range(2)]]


def case_in_conditions():
    words = ['a', 'bb']
    if all(len(w) for w in words) and [w for w in words if len(w) > 1]:
        return max((len(w), w) for w in words)


def case_nested_in_class():
    class Holder:
        base = [1, 2]
        doubled = [n * 2 for n in base]
        total = sum(n for n in base)

    return Holder.doubled, Holder.total


def case_walrus():
    return [y for x in range(4) if (y := x * 2) > 2], y


def case_raises():
    try:
        return [
            1 // n
            for n in (1, 0)
        ]
    except ZeroDivisionError:
        return None


def case_consumed_by_c():
    def numbers():
        for n in range(3):
            yield n

    return sorted(numbers()), tuple(n for n in numbers()), dict(zip('ab', numbers()))


def case_unfinished():
    endless = (n for n in iter(int, 1))
    next(endless)
    endless.close()
    return next((n for n in range(5) if n > 2), None)
