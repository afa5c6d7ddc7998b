# fmt: off
# ruff: noqa
"""Statements over several lines."""


def f(*values, **named):
    return len(values)


def case_calls():
    x = f(
        1,
        2)
    y = f(
        f(x),
        f(
            x,
            3,
        ),
    )
    f(x, y,
      4)
    f(
    )
    return f(
        x,
        y,
    )


def case_chained_calls():
    text = (
        ' a-b '
        .strip()
        .upper()
        .replace('-',
                 '+')
    )
    return text.lower(
    ).split(
        '+',
    )


def case_displays():
    a = [
        1,
        2,
    ]
    b = {
        'x': 1,
        'y': f(
            2),
    }
    c = (
        f(),
        f(1),
    )
    d = {
        f(),
        2,
    }
    e = [
        [
            f(i)
        ]
        for i in a
    ]
    return a, b, c, d, e


def case_operators():
    a = (
        f(1)
        + f(2)
        * f(3)
    )
    b = (a
         == 3
         and a
         < 4)
    c = -(
        f()
    )
    a += (
        1
        +
        f()
    )
    return a, b, c


def case_returns():
    def one():
        return (
            1,
            f(2),
        )

    def two(): return f(
        3)

    return [
        one(),
        two(),
    ]


def case_raise():
    try:
        raise ValueError(
            'a',
            f(),
        )
    except ValueError as error:
        found = error
    try:
        raise (
            KeyError
        ) from (
            found
        )
    except KeyError as error:
        return error.__cause__ is found


def case_definitions():
    def long(
        a,
        b=f(
            1),
        *,
        c: int = 2,
    ) -> int:
        return (
            a +
            b + c
        )

    class Long(
        dict,
        metaclass=type,
    ):
        x = (
            1,
            2,
        )

    return long(1), long(
        a=1,
        b=2,
        c=3,
    ), Long.x


def case_lambdas():
    a = lambda x: x + 1
    b = lambda x: (
        x +
        f(x)
    )
    c = (lambda
         y:
         y)
    d = [
        a(1),
        b(
            2),
        c(3),
    ]
    return (lambda: f(
        d,
    ))()


def case_raising_inside():
    d = {}
    try:
        x = f(
            1,
            d['a'],
            2,
        )
    except (
        KeyError,
        ValueError,
    ):
        x = 3
    return x


def case_in_a_loop():
    found = []
    for i in range(3):
        found.append(
            f(i,
              i)
        )
    while len(found) > 1:
        found.pop(
        )
    return found
