"""The table of requests, and one short method for each. Shapes: `AgentCommands` in `src/common/wire.ts`."""

from .classes import pairs
from .errors import Refusal
from .evaluate import CONSOLE_LIMIT, LIMITS, Raised, describe, evaluate, interrupted
from .frames import TOP
from .guard import Interrupted, NeedsProgram
from .values import WHOLE, Shown
from .variables import Property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from .calls import Call
    from .guard import Job
    from .jumps import Jumps
    from .link import Json
    from .server import Agent
    from .watched import Thing

PAUSE_WAIT = 0.06
"""Seconds that a thread has to come by before it counts as being in C code."""
SNAPSHOT_NAMES = 150
"""Names in a scope that a stop still carries along."""
VARIABLES_LIMIT = 3.0
SOURCE_LIMIT = 3.0


# What few sessions ask for is imported where it is asked for.


class Requests:
    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.known_jumps: Jumps | None = None
        self.table: dict[str, Any] = {
            'setBreakpoints': self.set_breakpoints,
            'setFunctionBreakpoints': self.set_function_breakpoints,
            'breakpointLocations': self.breakpoint_locations,
            'setExceptionBreakpoints': self.set_exception_breakpoints,
            'exceptionInfo': self.exception_info,
            'dataBreakpointInfo': self.data_breakpoint_info,
            'setDataBreakpoints': self.set_data_breakpoints,
            'threads': self.threads,
            'stackTrace': self.stack_trace,
            'scopes': self.scopes,
            'variables': self.variables,
            'setVariable': self.set_variable,
            'setExpression': self.set_expression,
            'evaluate': self.evaluate,
            'completions': self.completions,
            'continue': self.go_on,
            'next': self.step,
            'stepIn': self.step,
            'stepOut': self.step,
            'stepInTargets': self.step_in_targets,
            'gotoTargets': self.goto_targets,
            'goto': self.goto,
            'restartFrame': self.restart_frame,
            'pause': self.pause,
            'source': self.source,
            'cancel': self.cancel,
            'instrumentation': self.instrumentation,
        }

    @property
    def jumps(self) -> Jumps:
        if self.known_jumps is None:
            from .jumps import Jumps

            self.known_jumps = Jumps(self.agent)
        return self.known_jumps

    def forget(self) -> None:
        """The program goes on."""
        if self.known_jumps is not None:
            self.known_jumps.forget()

    def handle(self, seq: int, command: str, arguments: Json) -> Json | None:
        """The body of the answer, or None where the handler answers later itself."""
        handler = self.table.get(command)
        if handler is None:
            raise Refusal('unknown-request', f'The agent knows no request {command}.')
        return handler(seq, command, arguments)

    # -- breakpoints and sources

    def set_breakpoints(self, _seq: int, _: str, arguments: Json) -> Json:
        return self.agent.engine.breakpoints.set(arguments['path'], arguments['breakpoints'])

    def set_function_breakpoints(self, _seq: int, _: str, arguments: Json) -> Json:
        if not arguments['breakpoints'] and self.agent.engine.callbacks.functions is None:
            return {'breakpoints': []}  # clients send the empty lists unasked
        return self.agent.engine.functions.set(arguments['breakpoints'])

    def set_exception_breakpoints(self, _seq: int, _: str, arguments: Json) -> Json:
        if not arguments['filters'] and self.agent.engine.callbacks.exceptions is None:
            return {'breakpoints': []}
        return self.agent.engine.exceptions.set(arguments['filters'])

    def exception_info(self, seq: int, _: str, arguments: Json) -> None:
        from .tracebacks import info

        ident = self.standing(arguments)
        error, mode = self.agent.engine.exceptions.in_flight(ident)
        return self.agent.on_thread(seq, ident, VARIABLES_LIMIT, lambda job: info(error, mode, job))

    def breakpoint_locations(self, _seq: int, _: str, arguments: Json) -> Json:
        first = arguments['line']
        return self.agent.engine.breakpoints.locations(arguments['path'], first, arguments.get('endLine') or first)

    def data_breakpoint_info(self, seq: int, _: str, arguments: Json) -> Json | None:
        from .watchable import of_row

        data, name = self.agent.engine.data, arguments['name']
        if arguments.get('variablesReference'):
            node = self.agent.variables.find(arguments['variablesReference'])
            return watchable(lambda: data.info(of_row(node, name)))
        ident, frame = self.place(arguments)
        return self.agent.on_thread(
            seq,
            ident,
            CONSOLE_LIMIT,
            lambda job: watchable(lambda: data.info(self.pointed_at(name.strip(), frame, job))),
        )

    def pointed_at(self, text: str, frame: FrameType, job: Job) -> Thing:
        """What an expression means that is a place of a value."""
        from .watchable import of_attribute, of_item, of_variable, split

        owner, part, is_item = split(text)
        if not owner:
            return of_variable(frame, part)
        value = self.value(owner, frame, job, False)
        return of_item(text, value, self.value(part, frame, job, False)) if is_item else of_attribute(text, value, part)

    def set_data_breakpoints(self, _seq: int, _: str, arguments: Json) -> Json:
        if not arguments['breakpoints'] and self.agent.engine.callbacks.data is None:
            return {'breakpoints': []}
        return self.agent.engine.data.set(arguments['breakpoints'])

    def source(self, seq: int, _: str, arguments: Json) -> Json | None:
        from .sources import loaded, written

        path: str = arguments.get('path') or ''
        text = written(path)
        if text is None:
            return self.agent.on_thread(seq, None, SOURCE_LIMIT, lambda job: source_body(loaded(path, job)))
        return source_body(text)

    # -- threads and stacks

    def threads(self, _seq: int, _: str, _arguments: Json) -> Json:
        return {'threads': self.agent.frames.threads()}

    def stack_trace(self, _seq: int, _: str, arguments: Json) -> Json:
        ident = self.standing(arguments)
        return self.agent.frames.trace(ident, arguments.get('startFrame') or 0, arguments.get('levels') or 0)

    def scopes(self, _seq: int, _: str, arguments: Json) -> Json:
        ident, frame = self.agent.frames.find(arguments['frameId'])
        return {'scopes': self.agent.variables.scopes(ident, frame)}

    def describe(self, ident: int) -> Json:
        """What a `stopped` event carries: the thread and a snapshot of what the client will ask first."""
        frames, variables = self.agent.frames, self.agent.variables
        trace = frames.trace(ident, 0, TOP)
        snapshot: Json = {**trace, 'scopes': {}, 'variables': {}}
        if trace['stackFrames']:
            number = trace['stackFrames'][0]['id']
            scopes = variables.scopes(ident, frames.find(number)[1])
            snapshot['scopes'][str(number)] = scopes
            snapshot['variables'] = self.cheap_rows(scopes[0])
        return {'threadId': frames.number(ident), 'snapshot': snapshot}

    def cheap_rows(self, scope: Json) -> Json:
        """The rows of a scope that is not large and shows no object whose `__repr__` is code of the program."""
        reference: int = scope['variablesReference']
        node: Any = self.agent.variables.find(reference)
        if len(pairs(node.space)) > SNAPSHOT_NAMES:
            return {}
        try:
            return {str(reference): self.agent.variables.rows(node, Shown())}
        except NeedsProgram:
            return {}

    # -- values

    def variables(self, seq: int, _: str, arguments: Json) -> Json | None:
        variables = self.agent.variables
        node = variables.find(arguments['variablesReference'])
        page = (arguments.get('filter'), arguments.get('start') or 0, arguments.get('count') or 0)
        hex = bool(arguments.get('hex'))
        if not isinstance(node, Property):
            try:
                return {'variables': variables.rows(node, Shown(None, hex=hex), *page)}
            except NeedsProgram:
                pass

        def work(job: Job) -> Json:
            shown = Shown(job, hex=hex)
            return {'variables': explained(job, 'evaluation-failed', '', lambda: variables.rows(node, shown, *page))}

        return self.agent.on_thread(seq, node.ident, VARIABLES_LIMIT, work)

    def evaluate(self, seq: int, _: str, arguments: Json) -> None:
        ident, frame = self.place(arguments)
        context = arguments.get('context') or 'repl'
        text: str = arguments['expression']
        limit = WHOLE if context in ('repl', 'clipboard') else 1000

        def work(job: Job) -> Json:
            value = self.value(text, frame, job, context == 'repl')
            if value is None and context == 'repl':
                return {'result': '', 'variablesReference': 0}
            body = self.body(value, text, ident, frame, Shown(job, limit, bool(arguments.get('hex'))))
            return {'result': body.pop('value'), **body}

        return self.agent.on_thread(seq, ident, LIMITS.get(context, CONSOLE_LIMIT), work)

    def set_variable(self, seq: int, _: str, arguments: Json) -> None:
        node = self.agent.variables.find(arguments['variablesReference'])
        if node.ident is None or node.frame is None:
            raise Refusal('cannot-set', 'This value belongs to no frame.')
        ident, frame = node.ident, node.frame
        name: str = arguments['name']

        def work(job: Job) -> Json:
            value = self.value(arguments['value'], frame, job, False)
            explained(job, 'cannot-set', f'{name} could not be set: ', lambda: node.assign(name, value, job))
            return self.body(value, '', ident, frame, Shown(job, hex=bool(arguments.get('hex'))))

        return self.agent.on_thread(seq, ident, CONSOLE_LIMIT, work)

    def set_expression(self, seq: int, _: str, arguments: Json) -> None:
        ident, frame = self.place(arguments)
        target: str = arguments['expression']

        def work(job: Job) -> Json:
            # The value goes by a name of its own, so that it is evaluated once and cannot end the statement early.
            value = self.value(arguments['value'], frame, job, False)
            name = '__pylatch_value__'
            frame.f_globals[name] = value
            try:
                self.value(f'{target} = {name}', frame, job, True)
            finally:
                del frame.f_globals[name]
            return self.body(value, target, ident, frame, Shown(job, hex=bool(arguments.get('hex'))))

        return self.agent.on_thread(seq, ident, CONSOLE_LIMIT, work)

    def completions(self, _seq: int, _: str, arguments: Json) -> Json:
        from .complete import complete

        frame = self.place(arguments)[1] if arguments.get('frameId') or self.agent.control.stopped else None
        return {'targets': complete(frame, arguments['text'], arguments['column'], arguments.get('line') or 1)}

    # -- going on

    def go_on(self, seq: int, _: str, arguments: Json) -> None:
        control = self.agent.control
        alone = bool(arguments.get('singleThread'))
        # Not looked up with "all": it may have ended while it counted as stopped, in C code.
        gone = control.leader if not alone and arguments['threadId'] in self.agent.frames.numbers.values() else None
        ident = gone or self.stopped(arguments)
        self.agent.answer(seq, {'body': {'allThreadsContinued': control.stop_all and not alone}})
        control.resume(ident, alone)

    def step(self, seq: int, command: str, arguments: Json) -> None:
        ident = self.stopped(arguments)
        stack = self.agent.frames.stack(ident)
        if not stack:
            raise Refusal('not-stopped', 'This thread has ended: continue.')
        targets = self.targets(ident, stack[0], arguments['targetId']) if 'targetId' in arguments else frozenset[int]()
        self.agent.answer(seq, {'body': {}})
        # The frame that runs: above it may be shown what an exception has left.
        self.agent.engine.stepping.begin(ident, command, self.agent.control.waiting(ident) or stack[0], targets)
        del stack
        self.agent.control.resume(ident, bool(arguments.get('singleThread')))

    def step_in_targets(self, _seq: int, _: str, arguments: Json) -> Json:
        ident, frame = self.agent.frames.find(arguments['frameId'])
        if self.agent.frames.stack(ident)[:1] != [frame]:
            raise Refusal('wrong-state', 'Only the top frame makes calls next: choose that, or step out first.')
        from .sources import written

        lines = (written(frame.f_code.co_filename) or '').splitlines()
        calls = self.calls(ident, frame)
        return {'targets': [call.target(lines, number) for number, call in enumerate(calls, 1)]}

    def calls(self, ident: int, frame: FrameType) -> list[Call]:
        from .calls import calls_ahead  # seldom needed

        # A thread that waits has not run the instruction at which it is; one in C code is inside it.
        begun = 0 if self.agent.control.waiting(ident) else 2
        line = self.agent.frames.lines.get(id(frame)) or frame.f_lineno or 0
        return calls_ahead(frame.f_code, frame.f_lasti + begun, line)

    def targets(self, ident: int, frame: FrameType, number: int) -> frozenset[int]:
        """Where a function begins to run that one call of the line makes."""
        for call in self.calls(ident, frame):
            if call.offset == number:
                return frozenset(call.offsets)
        raise Refusal(
            'stale-reference', 'This call is none of those that the line has still to make: ask for them again.'
        )

    def goto_targets(self, seq: int, command: str, arguments: Json) -> Json:
        return self.jumps.goto_targets(seq, command, arguments)

    def goto(self, seq: int, command: str, arguments: Json) -> None:
        self.jumps.goto(seq, command, arguments)

    def restart_frame(self, seq: int, command: str, arguments: Json) -> None:
        self.jumps.restart_frame(seq, command, arguments)

    def pause(self, seq: int, _: str, arguments: Json) -> None:
        ident = self.thread(arguments)
        control = self.agent.control
        if control.is_stopped(ident):
            raise Refusal('wrong-state', 'This thread is stopped already: continue it first.')
        self.agent.answer(seq, {'body': {}})
        with control.lock:
            control.pausing.add(ident)
            control.wide_events()
        self.agent.after(PAUSE_WAIT, lambda: control.stop_in_c(ident))

    def cancel(self, _seq: int, _: str, arguments: Json) -> Json:
        job = self.agent.jobs.get(arguments['seq'])
        if job is not None:
            job.cancel()
        return {}

    def instrumentation(self, _seq: int, _: str, _arguments: Json) -> Json:
        from .report import Report  # few sessions ask

        return Report(self.agent).body()

    # -- helpers

    def thread(self, arguments: Json) -> int:
        ident = self.agent.frames.ident(arguments['threadId'])
        if ident is None:
            text = f'There is no thread {arguments["threadId"]}, or it has ended: choose one of the list of threads.'
            raise Refusal('no-such-thread', text)
        return ident

    def standing(self, arguments: Json) -> int:
        """The thread that a request means, which must be stopped or wait for one that is."""
        ident = self.thread(arguments)
        if not self.agent.control.is_stopped(ident):
            raise Refusal('not-stopped', 'This thread is running: pause it to see its stack.')
        return ident

    def stopped(self, arguments: Json) -> int:
        """The stopped thread that a request means."""
        ident = self.thread(arguments)
        if not self.agent.control.is_stopped(ident):
            raise Refusal('not-stopped', 'This thread is running already.')
        return ident

    def place(self, arguments: Json) -> tuple[int, FrameType]:
        """The frame in which to evaluate: the one named, else the top frame of the thread that stopped."""
        if arguments.get('frameId'):
            return self.agent.frames.find(arguments['frameId'])
        for ident in self.agent.control.stopped:
            stack = self.agent.frames.stack(ident)
            if stack:
                return ident, stack[0]
        raise Refusal('not-stopped', 'The program is running: pause it, or stop at a breakpoint, to evaluate.')

    def value(self, text: str, frame: FrameType, job: Job, statements: bool) -> Any:
        try:
            return evaluate(text, frame, job, statements)
        except Raised as raised:
            raise Refusal('evaluation-failed', str(raised)) from None

    def body(self, value: Any, expression: str, ident: int, frame: FrameType, shown: Shown) -> Json:
        return self.agent.variables.body(value, expression, ident, frame, shown)


def explained(job: Job, id: str, prefix: str, work: Callable[[], Any]) -> Any:
    """Does work that calls code of the program, and says as a refusal what stood in its way."""
    try:
        return work()
    except Interrupted:
        raise interrupted(job) from None
    except Refusal:
        raise
    except Exception as error:
        raise Refusal(id, prefix + describe(error, job)) from None


def watchable(work: Callable[[], Json]) -> Json:
    """DAP's way to say that something cannot be watched is an answer without an id."""
    try:
        return work()
    except Refusal as refusal:
        if refusal.id in ('stale-reference', 'cancelled'):
            raise
        return {'dataId': None, 'description': refusal.text}


def source_body(text: str) -> Json:
    return {'content': text, 'mimeType': 'text/x-python'}
