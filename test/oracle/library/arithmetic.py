"""Runs through modules about numbers and dates."""

import _pydatetime
import _pydecimal
import bisect
import colorsys
import fractions
import heapq
import importlib
import numbers
import random
import statistics
import sys


def pure(module, accelerator):
    """The module without its C part."""
    saved = {name: sys.modules.pop(name, None) for name in (module, accelerator)}
    sys.modules[accelerator] = None
    try:
        return importlib.import_module(module)
    finally:
        sys.modules.update({name: value for name, value in saved.items() if value is not None})
        if saved[accelerator] is None:
            del sys.modules[accelerator]


HEAP, BISECT = pure('heapq', '_heapq'), pure('bisect', '_bisect')


def case_heapq():
    heap = [5, 3, 8, 1, 9, 2]
    HEAP.heapify(heap)
    HEAP.heappush(heap, 4)
    popped = [HEAP.heappop(heap) for _ in range(3)]
    return popped, HEAP.nlargest(2, heap, key=lambda n: -n), HEAP.nsmallest(2, heap), list(HEAP.merge([1, 4], [2, 3]))


def case_bisect():
    items = [1, 3, 5]
    BISECT.insort(items, 4)
    BISECT.insort_left(items, 4, key=lambda n: n)
    return items, BISECT.bisect_left(items, 4), BISECT.bisect(items, 9), heapq, bisect


def case_statistics():
    data = [1, 2, 4, 4, 7.5]
    return (
        statistics.mean(data),
        statistics.median(data),
        statistics.mode(data),
        statistics.stdev(data),
        statistics.quantiles(data),
        statistics.linear_regression([1, 2, 3], [2, 4, 7]),
    )


def case_normal_distribution():
    normal = statistics.NormalDist(100, 15)
    return (
        normal.cdf(110),
        (normal + 5).mean,
        normal.overlap(statistics.NormalDist(90, 10)),
        statistics.kde([1, 2], 1)(1.5),
    )


def case_fractions():
    a = fractions.Fraction(3, 4)
    b = fractions.Fraction('2.5')
    return a + b, a * b, a / b, b // a, a**-2, round(b), fractions.Fraction(3.14159).limit_denominator(100), f'{a:.3f}'


def case_decimal():
    a = _pydecimal.Decimal('1.25')
    b = _pydecimal.Decimal(3)
    with _pydecimal.localcontext() as context:
        context.prec = 6
        return a + b, a * b, a / b, b**2, a.sqrt(), a.quantize(_pydecimal.Decimal('0.1')), str(a.normalize()), a < b


def case_decimal_errors():
    try:
        _pydecimal.Decimal(1) / _pydecimal.Decimal(0)
    except _pydecimal.DivisionByZero:
        return _pydecimal.Decimal('NaN').is_nan(), f'{_pydecimal.Decimal("1234.5"):,.2f}'


def case_decimal_functions():
    x = _pydecimal.Decimal('2')
    return x.ln(), x.exp(), x.log10()


def case_datetime():
    start = _pydatetime.datetime(2024, 2, 28, 23, 59)
    later = start + _pydatetime.timedelta(days=1, minutes=2)
    zone = _pydatetime.timezone(_pydatetime.timedelta(hours=2))
    return (
        later.isoformat(),
        later - start,
        _pydatetime.datetime.fromisoformat('2024-03-01T10:20:30.5+01:00'),
        later.replace(tzinfo=zone).astimezone(_pydatetime.timezone.utc),
        start.strftime('%Y %j'),
        _pydatetime.date(2024, 12, 30).isocalendar(),
    )


def case_random():
    source = random.Random(5)
    items = list(range(5))
    source.shuffle(items)
    return (
        items,
        source.choices('ab', [1, 2], k=3),
        source.sample(range(20), 3),
        source.gauss(0, 1),
        source.randint(1, 6),
    )


def case_colours():
    return colorsys.rgb_to_hsv(0.2, 0.4, 0.6), colorsys.hls_to_rgb(0.5, 0.5, 0.5), isinstance(5, numbers.Integral)
