"""Exception breakpoints: what they see of the program, and what the program sees of them."""

import os
import signal
import unittest

from test_stepping import Session

ALL = ('raised', 'userUnhandled', 'uncaught')


class ExceptionSession(Session):
    def filters(self, *names, condition=''):
        asked = [{'filterId': name, 'condition': condition} for name in names]
        answers = self.client.ask('setExceptionBreakpoints', filters=asked)['breakpoints']
        self.assertEqual([answer['verified'] for answer in answers], [True] * len(names), answers)

    def go_on(self):
        self.client.ask('continue', threadId=self.client.thread)

    def info(self):
        return self.client.ask('exceptionInfo', threadId=self.client.thread)

    def value(self, expression):
        answer = self.client.ask('evaluate', expression=expression, frameId=self.client.frame, context='watch')
        return answer['result']


class NothingHeldTest(ExceptionSession):
    SOURCE = """
        import gc, time, weakref

        class Lost(Exception):
            pass

        class Local:
            pass

        def fail():
            local = Local()
            alive.append(weakref.ref(local))
            error = Lost('x')
            alive.append(weakref.ref(error))
            try:
                raise error  #@raise
            finally:
                del error

        alive = []
        gc.disable()
        print('ready', flush=True)
        while True:
            try:
                fail()
            except Lost:
                pass
            print('alive', sum(ref() is not None for ref in alive), flush=True)
            time.sleep(0.005)
    """

    def test_when_the_thread_goes_on(self):
        self.start(self.SOURCE)
        self.filters('raised', condition='Lost')
        for _ in range(3):
            self.assertEqual(self.client.stopped()[2], self.at('raise'))
            self.info()
            scope = self.client.ask('scopes', frameId=self.client.frame)['scopes'][0]
            rows = self.client.ask('variables', variablesReference=scope['variablesReference'])['variables']
            self.client.ask('variables', variablesReference=rows[0]['variablesReference'])
            self.assertEqual(rows[0]['name'], '(exception)')
            self.go_on()
        self.client.stopped()
        self.filters()
        self.go_on()
        self.program.wait_for('alive 0')
        self.assertNotRegex(self.program.output(), 'alive [1-9]')


class NothingHeldOfWhatHasLeftTest(ExceptionSession):
    SOURCE = """
        import gc, threading, time, weakref

        class Lost(Exception):
            pass

        class Local:
            pass

        def deep():
            local = Local()
            alive.append(weakref.ref(local))
            error = Lost('x')
            alive.append(weakref.ref(error))
            try:
                raise error  #@raise
            finally:
                del error

        alive = []
        gc.disable()
        threading.excepthook = lambda _: None
        print('ready', flush=True)
        while True:
            thread = threading.Thread(target=deep)
            thread.start()
            thread.join()
            del thread
            print('alive', sum(ref() is not None for ref in alive), flush=True)
            time.sleep(0.005)
    """

    def test_when_the_thread_goes_on(self):
        self.start(self.SOURCE)
        self.filters('userUnhandled', 'uncaught')
        for _ in range(3):
            self.assertEqual(self.client.stopped(), ('exception', 'deep', self.at('raise')))
            self.assertEqual(self.info()['breakMode'], 'unhandled')
            self.assertIn('local', self.client.locals())
            self.go_on()
        self.client.stopped()
        self.filters()
        self.go_on()
        self.program.grows()
        self.assertNotRegex(self.program.output(), 'alive [1-9]')


class HostileTest(ExceptionSession):
    SOURCE = """
        import time

        ran = []

        class Meta(type):
            def __hash__(cls):
                ran.append('hash')
                return 1

            def __eq__(cls, other):
                ran.append('eq')
                return True

            def __instancecheck__(cls, value):
                ran.append('isinstance')
                return True

            __name__ = property(lambda cls: ran.append('name') or 'Wrong')

        class Hostile(Exception, metaclass=Meta):
            def __str__(self):
                ran.append('str')
                return 'shown'

            def __getattribute__(self, name):
                ran.append(name)
                raise SystemExit(5)

        def fail():
            raise Hostile()  #@raise

        print('ready', flush=True)
        while True:
            try:
                fail()
            except Exception:
                pass
            marked = ran[:]
            time.sleep(0.005)  #@sleep
    """

    def test_no_code_of_the_program_runs_for_an_exception(self):
        self.start(self.SOURCE)
        self.filters(*ALL, condition='Exception, !KeyError')
        self.assertEqual(self.client.stopped()[2], self.at('raise'))
        self.assertNotIn('text', self.client.stop)
        self.assertEqual(self.value('ran'), '[]')
        info = self.info()
        self.assertEqual((info['description'], info['details']['typeName']), ('shown', 'Hostile'))
        self.assertEqual(self.value('ran'), "['str']")
        self.filters()
        self.go_on()
        self.assertEqual(self.run_to('sleep')[2], self.at('sleep'))
        self.assertEqual(self.value('marked'), "['str']")

    def test_a_text_that_never_ends_is_cut(self):
        self.start("""
            import time

            class Endless(Exception):
                def __str__(self):
                    while True:
                        pass

            print('ready', flush=True)
            while True:
                try:
                    raise Endless  #@raise
                except Endless:
                    time.sleep(0.005)
        """)
        self.filters('raised')
        self.client.stopped()
        self.assertEqual(self.info()['description'], '<its str() takes too long>')
        self.filters()
        self.go_on()

    def test_recursion_without_end(self):
        self.start("""
            import sys, time

            def deeper():
                deeper()  #@deeper

            print('ready', flush=True)
            while True:
                try:
                    deeper()
                except RecursionError:
                    print('caught', flush=True)
                time.sleep(0.005)
        """)
        self.filters(*ALL)
        reason, name, _ = self.client.stopped()
        self.assertEqual((reason, name), ('exception', 'deeper'))
        text = self.info()['details']['stackTrace']
        self.assertRegex(text, r'\[Previous line repeated \d+ more times\]')
        self.assertLess(len(text), 40_000)
        self.filters()
        self.go_on()
        self.program.wait_for('caught')
        self.program.grows()

    def test_signal_handlers_that_raise_between_exceptions(self):
        self.start("""
            import os, signal, time

            class Alarm(Exception):
                pass

            def alarm(*_):
                global alarms
                alarms += 1
                raise Alarm

            def fail():
                raise KeyError

            alarms = handled = turns = 0
            signal.signal(signal.SIGALRM, alarm)
            print('ready', flush=True)
            while not os.path.exists(__file__ + '.go'):
                time.sleep(0.005)
            while alarms < 300:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0005)
                    while True:
                        try:
                            fail()
                        except KeyError:
                            turns += 1
                except Alarm:
                    handled += 1
            print('handled all' if handled == alarms else (handled, alarms), flush=True)
            time.sleep(60)
        """)
        self.filters(*ALL, condition='LookupError, !KeyError')
        open(self.program.path + '.go', 'w').close()
        self.program.wait_for('handled all')

    def test_interrupt_at_an_exception(self):
        self.start("""
            import time

            def fail():
                raise ValueError  #@raise

            print('ready', flush=True)
            while True:
                try:
                    fail()
                except ValueError:
                    time.sleep(0.005)
                except KeyboardInterrupt:
                    print('interrupted', flush=True)
        """)
        self.filters('raised')
        self.client.stopped()
        os.kill(self.program.pid, signal.SIGINT)
        self.filters()
        self.go_on()
        self.program.wait_for('interrupted')

    def test_detach_at_an_exception(self):
        self.start("""
            import time

            def fail():
                raise ValueError  #@raise

            print('ready', flush=True)
            while True:
                try:
                    fail()
                except ValueError as error:
                    print('handled', flush=True)
                time.sleep(0.005)
        """)
        for names in (('raised',), ALL):
            self.filters(*names)
            self.client.stopped()
            residue = self.client.ask('detach')
            self.assertEqual([residue[key] for key in ('tools', 'modules', 'files', 'failed')], [[]] * 4)
            self.client.gone()
            self.program.grows()
            self.attach()


class EventsTest(ExceptionSession):
    SOURCE = """
        import sys, time

        def on():
            names = sys.monitoring.events
            events = 0
            for tool in range(6):
                if sys.monitoring.get_tool(tool):
                    events |= sys.monitoring.get_events(tool)
            return [name for name in ('RAISE', 'PY_UNWIND') if events & getattr(names, name)]

        print('ready', flush=True)
        while True:
            turn = on()
            time.sleep(0.005)  #@sleep
    """

    def test_are_on_only_while_a_filter_asks(self):
        self.start(self.SOURCE)
        self.run_to('sleep')
        expected = {(): '[]', ('raised',): "['RAISE']", ('uncaught',): "['PY_UNWIND']", ALL: "['RAISE', 'PY_UNWIND']"}
        for names, events in [*expected.items(), ((), '[]')]:
            self.filters(*names)
            self.assertEqual(self.value('on()'), events)
        answer = self.client.ask('setExceptionBreakpoints', filters=[{'filterId': 'raised', 'condition': '('}])
        self.assertFalse(answer['breakpoints'][0]['verified'])
        self.assertEqual(self.value('on()'), '[]')


class TextTest(ExceptionSession):
    SOURCE = """
        import time, traceback

        def plain():
            {}['x']

        def caused():
            try:
                plain()
            except KeyError as error:
                raise ValueError('two', 'parts') from error

        def context():
            try:
                caused()
            except ValueError:
                raise RuntimeError('while handling')

        def hidden():
            try:
                plain()
            except KeyError:
                raise TypeError('no context') from None

        def noted():
            error = OSError(2, 'No such file', 'name')
            error.add_note('a note\\nof two lines')
            raise error

        class Outer:
            class Error(Exception):
                pass

        def own():
            raise Outer.Error()

        def collected(function):
            try:
                function()
            except Exception as error:
                return error

        def grouped():
            raise ExceptionGroup('some', [collected(caused), KeyError(1), ExceptionGroup('more', [collected(own)])])

        def deep(n):
            return deep(n - 1) if n else 1 / 0

        def recursive():
            deep(20)

        def run(function):
            try:
                function()
            except Exception as error:
                expected = ''.join(traceback.format_exception(error))  #@handling
                marks = [line for line in expected.split('\\n') if line.strip(' |') and not line.strip(' |~^')]
                kept = [line for line in expected.split('\\n') if line not in marks]
                expected = '\\n'.join(kept).rstrip('\\n')
                time.sleep(0)  #@formatted

        print('ready', flush=True)
        while True:
            for function in (plain, caused, context, hidden, noted, own, grouped, recursive):
                run(function)
                time.sleep(0.001)
    """

    def test_is_what_python_prints(self):
        self.start(self.SOURCE)
        self.run_to('formatted')
        for _ in range(8):
            info = self.info()
            self.assertEqual(info['breakMode'], 'never')
            clip = self.client.ask('evaluate', expression='expected', frameId=self.client.frame, context='clipboard')
            self.assertEqual(info['details']['stackTrace'].split('\n'), eval(clip['result']).split('\n'))
            self.go_on()
            self.client.stopped()


class LookupTest(ExceptionSession):
    def test_in_code_with_many_names_and_in_all_kinds_of_code(self):
        names = ' '.join(f'name{number}' for number in range(300))
        self.start(f"""
            import time

            class Asked:
                def __getattr__(self, name):
                    raise AttributeError(name)  #@missing

            asked = Asked()
            {'; '.join(f'{name} = 1' for name in names.split())}

            def many():
                {'; '.join(names.split())}
                return hasattr(asked, 'x') or getattr(asked, 'x', None)

            class Body:
                found = hasattr(asked, 'x')
                other = getattr(asked, 'x', None)

            print('ready', flush=True)
            while True:
                many()
                hasattr(asked, 'module level')
                (lambda: hasattr(asked, 'x'))()
                list(hasattr(asked, 'x') for _ in range(2))
                [getattr(asked, 'x', None) for _ in range(2)]
                exec('class Body:\\n found = hasattr(asked, "x")')
                time.sleep(0.002)
                try:
                    getattr(asked, 'x')
                except AttributeError:
                    pass  #@after
        """)
        self.filters('raised')
        for _ in range(3):
            self.assertEqual(self.client.stopped()[2], self.at('missing'))
            stack = self.client.stop['snapshot']['stackFrames']
            self.assertEqual(stack[1]['line'], self.at('after') - 2, stack)
            self.go_on()


if __name__ == '__main__':
    unittest.main()
