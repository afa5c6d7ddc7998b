"""A bakery that never closes: something to attach to.

Customers order, bakers bake, a clerk counts. Nothing in here knows about a debugger.
Good places for a breakpoint are marked with "Try here".
"""

import itertools
import queue
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

MENU = {"croissant": 1.9, "rye bread": 4.2, "pretzel": 1.2, "cheese cake": 3.5}
CUSTOMERS = ("Ada", "Grace", "Guido", "Barbara", "Linus")


@dataclass
class Order:
    number: int
    customer: str
    items: Counter[str]
    placed: datetime = field(default_factory=datetime.now)

    @property
    def total(self) -> float:
        return sum(MENU[name] * count for name, count in self.items.items())


class Bakery:
    def __init__(self) -> None:
        self.orders: queue.Queue[Order] = queue.Queue(maxsize=20)
        self.sold: Counter[str] = Counter()
        self.earned = 0.0
        self.lock = threading.Lock()

    def take_orders(self) -> None:
        for number in itertools.count(1):
            order = Order(number, random.choice(CUSTOMERS), self.choose())
            self.orders.put(order)
            time.sleep(random.uniform(0.2, 0.6))

    def choose(self) -> Counter[str]:
        return Counter(random.choices(list(MENU), k=random.randint(1, 6)))

    def bake(self) -> None:
        while True:
            order = self.orders.get()
            price = self.serve(order)
            with self.lock:
                self.sold += order.items
                self.earned += price

    def serve(self, order: Order) -> float:
        discount = 0.1 if order.total > 10 else 0.0
        price = round(order.total * (1 - discount), 2)  # Try here: look at "order", change "discount".
        time.sleep(0.05)
        return price

    def report(self) -> None:
        with self.lock:
            best, count = self.sold.most_common(1)[0] if self.sold else ("nothing", 0)
            earned = self.earned
        print(f"{datetime.now():%H:%M:%S} earned {earned:.2f}, most wanted: {best} ({count})", flush=True)


def main() -> None:
    bakery = Bakery()
    threading.Thread(target=bakery.take_orders, name="customers", daemon=True).start()
    for number in (1, 2):
        threading.Thread(target=bakery.bake, name=f"baker-{number}", daemon=True).start()
    while True:
        time.sleep(10)
        bakery.report()


if __name__ == "__main__":
    main()
