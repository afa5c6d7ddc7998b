"""Data breakpoints in real programs."""

import time
import unittest

from test_stepping import Session

SHOP = """
    import sys
    import threading
    import time

    class Order:
        currency = 'EUR'

        def __init__(self):
            self.total = 0
            self.lines = [1, 2, 3]
            self.prices = {'a': 1}

        def add(self, n):
            self.total += n  #@add
            return self  #@returned

        @property
        def net(self):
            return self.total

    class Slim:
        __slots__ = ('size', '__weakref__')

    order = Order()
    slim = Slim()
    slim.size = 1
    other = Order()
    held = vars(order)
    counter = 0

    def change(kind, turn):
        global counter
        if kind == 'attribute':
            other.total = turn  #@other
            order.add(1)
        elif kind == 'setattr':
            setattr(order, 'total', turn)  #@setattr
        elif kind == 'late':
            space = {'order': order, 'turn': turn}
            exec(compile('def late():\\n    order.total = -turn\\nlate()', '/late.py', 'exec'), space)
        elif kind == 'delete':
            del order.total  #@delete
            order.total = 5
        elif kind == 'slot':
            slim.size = turn  #@slot
        elif kind == 'global':
            counter = turn  #@global
        elif kind == 'item':
            order.lines[1] = turn  #@item
        elif kind == 'call':
            order.lines.insert(0, 7)  #@insert
        elif kind == 'key':
            order.prices |= {'a': turn}  #@key
        elif kind == 'class':
            Order.currency = str(turn)  #@class

    def locals_of(turn):
        number = turn  #@start
        number = number + 1  #@first
        squares = [number for number in range(3)]  #@comprehension
        for number in (7, 7): pass  #@loop
        def inner():
            nonlocal shared
            shared = turn  #@inner
        shared = 0
        inner()
        return number  #@end

    def generate():
        state = 0
        while True:
            state += 1  #@state
            yield state

    def work():
        turn = 1000
        while True:
            turn += 1
            time.sleep(0.002)
            with open(__file__ + '.kind') as file:
                kind = file.read()
            change(kind, turn)
            if kind == 'behind':
                list(map(held.__setitem__, ['total'], [turn]))
            locals_of(turn)
            generator = generate()
            for _ in range(3):
                next(generator)
            del generator
            print(turn, flush=True)

    open(__file__ + '.kind', 'w').close()
    print('ready', flush=True)
    work()  #@work
"""


class WatchTest(Session):
    def begin(self, **config):
        client = self.start(SHOP, **config)
        self.run_to('start')
        return client

    def let(self, text):
        with open(self.program.path + '.kind', 'w') as file:
            file.write(text)

    def info(self, name, **where):
        where = where or {'frameId': self.client.frame}
        return self.client.ask('dataBreakpointInfo', name=name, **where)

    def watch(self, *names, **more):
        items = [{'id': 100 + i, 'dataId': self.info(name)['dataId'], **more} for i, name in enumerate(names, 1)]
        return self.client.ask('setDataBreakpoints', breakpoints=items)['breakpoints']

    def changed(self, name, kind):
        """Watches one value, lets the program change it in some way; the stop, and its words."""
        self.begin()
        (found,) = self.watch(name)
        self.assertTrue(found['verified'], found)
        self.let(kind)
        self.clear_and_continue()
        return self.stop()

    def stop(self):
        reason, _, line = self.client.stopped()
        self.assertEqual(reason, 'data breakpoint')
        return line, self.client.stop['description']

    def test_attribute(self):
        self.assertEqual(self.changed('order.total', 'attribute'), (self.at('add'), 'order.total: 0 -> 1'))
        self.assertEqual(self.client.stop['hitBreakpointIds'], [101])
        self.steps('next', 'returned')

    def test_attribute_of_an_object_with_slots(self):
        line, words = self.changed('slim.size', 'slot')
        self.assertEqual(line, self.at('slot'))
        self.assertRegex(words, r'^slim.size: 1 -> 1\d\d\d$')

    def test_attribute_that_is_deleted_and_set_again(self):
        self.assertEqual(self.changed('order.total', 'delete'), (self.at('delete'), 'order.total: 0 -> no value'))
        self.client.ask('continue', threadId=self.client.thread)
        self.assertEqual(self.stop(), (self.at('delete') + 1, 'order.total: no value -> 5'))

    def test_attribute_set_by_setattr(self):
        line, words = self.changed('order.total', 'setattr')
        self.assertEqual(line, self.at('setattr'))
        self.assertRegex(words, r'^order.total: 0 -> 1\d\d\d$')

    def test_attribute_set_by_code_that_comes_later(self):
        line, words = self.changed('order.total', 'late')
        self.assertEqual((self.client.stop['snapshot']['stackFrames'][0]['source']['path'], line), ('/late.py', 2))
        self.assertRegex(words, r'^order.total: 0 -> -1\d\d\d$')

    def test_attribute_of_a_class(self):
        line, words = self.changed('Order.currency', 'class')
        self.assertEqual(line, self.at('class'))
        self.assertRegex(words, r"^Order.currency: 'EUR' -> '1\d\d\d'$")

    def test_what_code_in_c_changes_is_told_a_moment_later(self):
        _, words = self.changed('order.total', 'behind')
        self.assertRegex(words, r'^order.total: 0 -> 1\d\d\d$')
        self.assertIn('stopped somewhere else', self.client.stop['text'])

    def test_global(self):
        line, words = self.changed('counter', 'global')
        self.assertEqual(line, self.at('global'))
        self.assertRegex(words, r'^counter: 0 -> 1\d\d\d$')

    def test_item_of_a_list(self):
        line, words = self.changed('order.lines[1]', 'item')
        self.assertEqual(line, self.at('item'))
        self.assertRegex(words, r'^order.lines\[1\]: 2 -> 1\d\d\d$')

    def test_item_that_a_method_changes(self):
        self.assertEqual(self.changed('order.lines[-3]', 'call'), (self.at('insert'), 'order.lines[-3]: 1 -> 7'))

    def test_item_of_a_dict(self):
        line, words = self.changed("order.prices['a']", 'key')
        self.assertEqual(line, self.at('key'))
        self.assertRegex(words, r"^order.prices\['a'\]: 1 -> 1\d\d\d$")

    def test_local_variable_until_its_function_ends(self):
        self.begin()
        (found,) = self.watch('number')
        self.assertTrue(found['verified'])
        self.client.breakpoints(self.program.path)
        for marker, words in (('start', r'no value -> \d+'), ('first', r'\d+ -> \d+'), ('loop', r'\d+ -> 7')):
            self.client.ask('continue', threadId=self.client.thread)
            line, told = self.stop()
            self.assertEqual(line, self.at(marker))
            self.assertRegex(told, f'^number: {words}$')
        self.client.ask('continue', threadId=self.client.thread)
        ended = self.client.event('breakpoint')['breakpoint']
        self.assertEqual((ended['id'], ended['verified']), (101, False))
        self.assertIn('locals_of() has ended', ended['message'])
        self.program.grows()

    def test_variable_that_a_nested_function_changes(self):
        self.begin()
        self.watch('shared')
        self.client.breakpoints(self.program.path)
        self.client.ask('continue', threadId=self.client.thread)
        self.assertEqual(self.stop()[1], 'shared: no value -> 0')
        self.client.ask('continue', threadId=self.client.thread)
        line, words = self.stop()
        self.assertEqual(line, self.at('inner'))
        self.assertRegex(words, r'^shared: 0 -> 1\d\d\d$')

    def test_variable_of_a_generator_that_is_closed(self):
        self.begin()
        self.run_to_next('state')
        (found,) = self.watch('state')
        self.client.breakpoints(self.program.path)
        for _ in range(3):
            self.client.ask('continue', threadId=self.client.thread)
            self.stop()
        self.client.ask('continue', threadId=self.client.thread)
        ended = self.client.event('breakpoint')['breakpoint']
        self.assertFalse(ended['verified'])
        self.program.grows()

    def run_to_next(self, marker):
        self.client.breakpoints(self.program.path, self.at(marker))
        self.client.ask('continue', threadId=self.client.thread)
        self.client.stopped()

    def test_from_the_variables_view(self):
        client = self.begin()
        scopes = client.ask('scopes', frameId=client.frame)['scopes']
        rows = client.ask('variables', variablesReference=scopes[1]['variablesReference'])['variables']
        order = next(row for row in rows if row['name'] == 'order')['variablesReference']
        by_row = self.info('total', variablesReference=order)
        self.assertEqual(by_row, self.info('order.total'))
        self.assertEqual((by_row['accessTypes'], by_row['canPersist']), (['write'], False))
        self.assertTrue(by_row['description'].startswith('order.total: Checked behind'), by_row)
        parts = client.ask('variables', variablesReference=order)['variables']
        lines = next(row for row in parts if row['name'] == 'lines')['variablesReference']
        self.assertEqual(self.info('[1]', variablesReference=lines), self.info('order.lines[1]'))
        self.assertEqual(self.info('number', variablesReference=scopes[0]['variablesReference']), self.info('number'))

    def test_says_why_something_cannot_be_watched(self):
        self.begin()
        for name, words in (
            ('order.net', 'is computed by code in Order'),
            ('order.add(1)', 'is no variable, attribute or item'),
            ('turn; turn', 'is no variable, attribute or item'),
            ('missing', 'There is no variable missing'),
            ("'abc'[1]", 'Items of a str cannot be watched'),
            ('(1, 2)[0]', 'Items of a tuple cannot be watched'),
            ('order.prices[order]', 'runs code of the program'),
        ):
            with self.subTest(name):
                found = self.info(name)
                self.assertEqual((found['dataId'], words in found['description']), (None, True), found)

    def test_condition_and_hit_count(self):
        self.begin()
        self.watch('order.total', condition='self is order and n == 1', hitCondition='3')
        self.let('attribute')
        self.clear_and_continue()
        self.assertEqual(self.stop(), (self.at('add'), 'order.total: 2 -> 3'))

    def test_a_breakpoint_behind_the_store_comes_after_it(self):
        self.begin()
        self.watch('order.total')
        self.let('attribute')
        self.client.breakpoints(self.program.path, self.at('returned'))
        self.client.ask('continue', threadId=self.client.thread)
        self.assertEqual(self.stop()[0], self.at('add'))
        self.client.ask('continue', threadId=self.client.thread)
        self.assertEqual(self.client.stopped(), ('breakpoint', 'Order.add', self.at('returned')))

    def test_what_the_user_changes_is_no_stop(self):
        self.begin()
        self.watch('order.total')
        self.client.ask('evaluate', expression='order.total = 50', context='repl', frameId=self.client.frame)
        self.clear_and_continue()
        self.program.grows()
        time.sleep(0.2)
        self.let('attribute')
        self.assertEqual(self.stop()[1], 'order.total: 50 -> 51')

    def test_removed(self):
        self.begin()
        self.watch('order.total')
        self.let('attribute')
        self.assertEqual(self.client.ask('setDataBreakpoints', breakpoints=[]), {'breakpoints': []})
        self.clear_and_continue()
        self.program.grows()
        self.assertEqual([event for event in self.client.events if event['event'] == 'stopped'], [])

    def test_a_value_that_nobody_knows(self):
        client = self.begin()
        (found,) = client.ask('setDataBreakpoints', breakpoints=[{'id': 1, 'dataId': 'value 99'}])['breakpoints']
        self.assertEqual((found['verified'], 'choose the value again' in found['message']), (False, True))


OWNED = """
    import time, weakref

    class Owner:
        pass

    class Value:
        def __del__(self):
            print('value freed', flush=True)

    def stop():
        pass  #@stop

    def work():
        owner = Owner()
        owner.value = Value()
        told = weakref.finalize(owner, print, 'owner freed', flush=True)
        stop()
        owner.value = None  #@none
        print('set', flush=True)
        del owner
        print('gone', flush=True)

    print('ready', flush=True)
    time.sleep(0.1)
    while True:
        work()
        time.sleep(0.01)
"""


class LifeTest(Session):
    def test_what_is_watched_ends_when_the_program_wants_it_to(self):
        client = self.start(OWNED)
        self.run_to('stop')
        frame = client.stop['snapshot']['stackFrames'][1]['id']
        data = client.ask('dataBreakpointInfo', name='owner.value', frameId=frame)['dataId']
        client.ask('setDataBreakpoints', breakpoints=[{'id': 7, 'dataId': data}])
        before = len(self.program.output())
        self.clear_and_continue()
        self.assertEqual(client.stopped()[::2], ('data breakpoint', self.at('none')))
        self.assertRegex(client.stop['description'], r'^owner.value: <Value object at \w+> -> None$')
        client.ask('continue', threadId=client.thread)
        self.program.wait_for('gone\n')
        ended = client.event('breakpoint')['breakpoint']
        self.assertEqual((ended['verified'], ended['message']), (False, 'What had this value is gone.'))
        order = self.program.output()[before:].split('gone')[0].split('\n')
        self.assertEqual(order[:3], ['value freed', 'set', 'owner freed'])


if __name__ == '__main__':
    unittest.main()
