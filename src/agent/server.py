"""The agent's thread: takes requests from the bridge, answers them, and undoes everything at the end.

The thread blocks in `Link.receive`. While a job of a user's evaluation runs on some thread, it wakes at short
intervals to watch its time. It ends by a `detach`, when the bridge goes away, or by a fault of ours; in each case
the program is resumed and everything in the ledger is undone. It also ends for the moment of a fork (`forks.py`).
"""

import _thread
import sys
import time

from .control import Control
from .engine import Engine
from .errors import Refusal
from .exits import install as install_exit
from .forks import install as install_hooks
from .frames import Frames
from .guard import Job, inert
from .ledger import Ledger
from .link import WIRE_VERSION, Closed, Link, accept, listen
from .monitor import Monitor, NoTool
from .outbox import Outbox
from .requests import Requests
from .system import block_signals, high, native
from .threads import Section, chain, other_frames, pause
from .variables import Variables
from .whose import Whose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from .boot import Modules
    from .link import Json

    Place = tuple[str, str, str]
    """Where to listen (see `link.listen`), the session's directory or nothing, the file for the port's number."""

    from .variables import Dropped

TICK = 0.02
"""Seconds between two looks at jobs in flight."""
GRACE = 0.5
"""Seconds after an interruption until a request is answered without its job."""
ENDING = 'pylatch-ending'
"""The system's name of a thread that ends with its session; `linux-activity.ts` of the injector knows it."""
QUIET_LIMIT = 1.0
FORK_LIMIT = 0.5


def serve(
    modules: Modules,
    claim: list[Any],
    place: Place,
    token: str,
    report: Callable[[str], None],
    end: Callable[[bool], None],
) -> None:
    """Everything from the listening socket to the last undo, on the agent's thread."""
    block_signals()
    ledger = Ledger()
    ledger.add('claim', lambda: release(claim))
    ledger.add('code not loaded yet', modules.close)
    link: Link | None = None
    try:
        monitor = Monitor(ledger)
        link, hello = accept(listen(place[0], place[2]), token)
        directory = place[1]
        ledger.add('session directory', lambda: remove(directory))
        agent = Agent(link, monitor, ledger, hello, modules, claim, directory, end)
        modules.settle(high)
        agent.welcome()
    except NoTool as error:
        mark_ending()
        report(f'agent-failed\n{error}.')
        ledger.undo()
        return end(True)
    except Closed:
        mark_ending()
        ledger.undo()
        remove(place[1])
        return end(True)
    except BaseException:
        # The directory stays, with the report that the caller writes: the injector removes it.
        ledger.undo()
        if link is not None:
            link.close()
        raise
    agent.work()


class Agent:
    """The parts of a session and the life of its thread."""

    def __init__(
        self,
        link: Link,
        monitor: Monitor,
        ledger: Ledger,
        hello: Json,
        modules: Modules,
        claim: list[Any],
        directory: str,
        end: Callable[[bool], None],
    ) -> None:
        config: Json = hello.get('config') or {}
        self.link = link
        self.monitor = monitor
        self.ledger = ledger
        self.modules = modules
        self.claim = claim
        self.directory = directory
        self.end = end
        self.control = Control(monitor, self.event, config.get('stopThreads') != 'one')
        whose = Whose(config.get('justMyCodeRules') or [])
        self.frames = Frames(self.control.own, whose, config.get('justMyCode') is not False)
        self.variables = Variables(config.get('showReturnValue') is True)
        self.outbox = Outbox(self.event, link.wake)
        self.engine = Engine(monitor, self.control, self.frames, self.variables, self.outbox, self.fail)
        self.engine.later = self.later
        self.requests = Requests(self)
        self.frames.can_restart = lambda ident, frame: self.requests.jumps.can_restart(ident, frame)
        self.frames.waiting = self.control.waiting
        self.control.describe = self.requests.describe
        self.control.wake = link.wake
        self.control.tell = self.outbox.flush
        self.control.forget = self.forget
        self.jobs: dict[int, Job] = {}
        self.timers: list[tuple[float, Callable[[], object]]] = []
        self.fault: BaseException | None = None
        self.aside = False
        self.forking: set[int] = set()
        """Threads of the program inside a fork."""
        install_hooks(self, ledger)
        install_exit(self.outbox, ledger)

    def welcome(self) -> None:
        version = '.'.join(str(part) for part in sys.version_info[:3])
        arguments = [str(part) for part in getattr(sys, 'argv', None) or sys.orig_argv]
        self.link.send(
            {
                'version': WIRE_VERSION,
                'pid': native.getpid(),
                'python': version,
                'executable': sys.executable or '',
                'argv': arguments,
                'cwd': working_directory(),
            }
        )

    # -- the thread

    def work(self) -> None:
        """Serves until the end, or until a fork wants the thread gone."""
        block_signals()
        ident = _thread.get_ident()
        self.control.own.add(ident)
        reason = ''
        try:
            while not self.aside:
                message = self.link.receive(self.patience())
                self.tick()
                if self.fault is not None:
                    raise self.fault
                if message is not None and self.take(message):
                    break
        except Closed:
            pass
        except BaseException as error:
            reason = f'{type(error).__name__}: {error}'
        if self.aside:
            self.control.own.discard(ident)
        else:
            self.finish(reason)

    def patience(self) -> float | None:
        """Seconds until the thread has to look again; None where there is nothing to look after."""
        waits = [TICK] if self.jobs else []
        waits += [max(0.0, due - time.monotonic()) for due, _ in self.timers]
        waits += [wait for wait in (self.outbox.patience(), self.engine.patience()) if wait is not None]
        return min(waits, default=None)

    def tick(self) -> None:
        self.outbox.tick()
        self.control.arrive()
        now = time.monotonic()
        self.engine.tick(now)
        for timer in [timer for timer in self.timers if timer[0] <= now]:
            self.timers.remove(timer)
            timer[1]()
        for seq, job in list(self.jobs.items()):
            if now > job.due:
                job.interrupt()
            if now > max(job.ends, job.due) + GRACE:
                text = 'The evaluation does not react: it waits in C code, perhaps for a thread that is stopped.'
                self.answer(seq, {'error': {'id': 'evaluation-timeout', 'text': text}}, job)

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """`after`, from any thread."""
        self.after(seconds, action)
        self.link.wake()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Calls an action on this thread later."""
        self.timers.append((time.monotonic() + seconds, action))

    def take(self, message: Json) -> bool:
        """Handles one request; True when it was the last."""
        seq, command = message.get('seq'), message.get('command')
        if type(seq) is not int or type(command) is not str:
            raise Closed
        if command == 'detach':
            self.undo()
            self.link.send({'re': seq, 'body': self.residue()})
            return True
        self.answered(seq, lambda: self.requests.handle(seq, command, message.get('arguments') or {}))
        return False

    def answered(self, seq: int, work: Callable[[], Json | None], job: Job | None = None) -> None:
        """Runs some work and sends what it returns or how it failed; None: it sees to the answer itself."""
        try:
            body = work()
            answer: Json = {'body': body}
            if body is None:
                return
        except Refusal as refusal:
            answer = {'error': {'id': refusal.id, 'text': refusal.text}}
        except Exception as error:
            answer = {'error': {'id': 'internal', 'text': f'{type(error).__name__}: {error}'}}
        self.answer(seq, answer, job)

    def answer(self, seq: int, answer: Json, job: Job | None = None) -> None:
        """Sends the answer of a request, once."""
        if job is not None:
            self.jobs.pop(seq, None)
            with job.lock:
                if job.answered:
                    return
                job.answered = True
        self.link.send({'re': seq, **answer})

    def event(self, name: str, body: Json) -> None:
        self.link.send({'event': name, 'body': body})

    def on_thread(self, seq: int, ident: int | None, limit: float, work: Callable[[Job], Json]) -> None:
        """Runs work that may call code of the program: on its waiting thread, or beside a thread that is in C code."""
        job = self.jobs[seq] = Job(limit)
        waiter = self.control.waiters.get(ident) if ident is not None else None
        if waiter is not None:
            waiter.give(lambda: self.run(seq, ident, job, work))
        else:
            _thread.start_new_thread(self.beside, (seq, ident, job, work))

    def run(self, seq: int, ident: int | None, job: Job, work: Callable[[Job], Json]) -> None:
        self.answered(seq, lambda: work(job), job)
        self.engine.refresh()
        if ident is not None and not self.control.is_stopped(ident):
            self.forget({ident})  # the thread was let go on meanwhile

    def beside(self, seq: int, ident: int | None, job: Job, work: Callable[[Job], Json]) -> None:
        self.control.own.add(_thread.get_ident())
        try:
            self.run(seq, ident, job, work)
        finally:
            self.control.own.discard(_thread.get_ident())

    def fail(self, error: BaseException) -> None:
        """A fault of ours in a callback: the session ends, the program goes on."""
        self.fault = self.fault or error
        self.link.wake()

    def forget(self, idents: set[int] | None) -> Dropped:
        self.frames.forget(idents)
        self.engine.forget()
        self.requests.forget()
        return self.variables.forget(idents)

    # -- the end

    def undo(self) -> None:
        """Lets the program go on and takes back every change, the connection apart."""
        mark_ending()
        for job in list(self.jobs.values()):
            job.cancel()
        self.ledger.attempt('stopped threads', self.control.close)
        for undoing in self.engine.undoings():
            self.ledger.attempt('breakpoints', undoing)
        self.ledger.undo()
        self.forget(None)

    def residue(self) -> Json:
        """What is left, as `Residue` of wire.ts."""
        private = [name for name, module in self.modules.loaded.items() if sys.modules.get(name) is module]
        left = [self.directory] if exists(self.directory) else []
        return {
            'tools': self.monitor.left(),
            'modules': private,
            'threads': len(self.control.own - {_thread.get_ident()}),
            'files': left,
            'failed': self.ledger.failed,
            'inert': [*self.ledger.inert, *inert()],
        }

    def finish(self, reason: str) -> None:
        self.undo()
        if reason:
            self.event('detached', {'reason': reason})
        if not self.quiet():
            self.link.close()
            return self.end(False)
        end, closing, refused = self.end, self.link.closing(), OSError
        self.let_go()
        end(True)
        # Last of all: for the bridge the end of the connection is the end of the session, memory and all. There are
        # no globals any more, nor builtins.
        for function, *arguments in closing:
            try:
                function(*arguments)
            except refused:
                pass

    def let_go(self) -> None:
        """Cuts the parts from one another, so that they are freed without a garbage collection."""
        self.engine.let_go()
        for part in (self.control, self.frames, self.requests, self.variables, self.link, self.ledger, self):
            vars(part).clear()

    def quiet(self) -> bool:
        """Waits until no thread of the program is inside the agent's code. False: it must be left as it is."""
        until = time.monotonic() + QUIET_LIMIT
        while time.monotonic() < until:
            if not any(self.inside(frame) for frame in other_frames().values()):
                return True
            pause(0.001)
        return False

    def inside(self, frame: FrameType) -> bool:
        """By the builtins, which are this session's alone: the next one may have begun."""
        return any(one.f_builtins is self.modules.builtins for one in chain(frame))

    # -- forks

    def before_fork(self) -> None:
        ident = _thread.get_ident()
        if ident in self.control.own:
            return
        # In the child the hooks of others run before ours, and nobody could let it go on if it stopped in one.
        self.forking.add(ident)
        self.control.own.add(ident)
        self.aside = True
        self.link.wake()
        self.claim[1].join(FORK_LIMIT)

    def after_in_parent(self) -> None:
        ident = _thread.get_ident()
        if ident in self.forking:
            self.forking.discard(ident)
            self.control.own.discard(ident)
        self.aside = False
        if not self.claim[1].is_done():
            return  # it did not see the call in time, and goes on
        self.claim[1] = _thread.start_joinable_thread(self.work, daemon=True)

    def after_in_child(self) -> None:
        """The child is on its own: locks that threads of the parent held stay locked here, so they are replaced."""
        self.link.lock, self.control.lock = Section(), Section()
        self.engine.after_in_child()
        self.link.forget()
        self.control.close()
        self.ledger.entries = [entry for entry in self.ledger.entries if entry[0] != 'session directory']
        self.ledger.undo()


def mark_ending() -> None:
    """Before the process is free for the next session: its injector must not choose a thread that is about to go, for
    it would write into the memory of a thread state that is freed."""
    if hasattr(_thread, 'set_name'):  # not on every system
        _thread.set_name(ENDING)


def release(claim: list[Any]) -> None:
    """The process is free for the next session."""
    if sys.__dict__.get('__pylatch__') is claim:
        del sys.__dict__['__pylatch__']


def working_directory() -> str:
    try:
        return native.getcwd()
    except OSError:
        return ''


def exists(path: str) -> bool:
    try:
        native.stat(path)
    except OSError:
        return False
    return True


def remove(directory: str) -> None:
    """Removes the session's files where the injector could not; it normally has."""
    try:
        names = native.listdir(directory)
    except OSError:
        return
    for name in names:
        native.unlink(f'{directory}/{name}')
    native.rmdir(directory)
