import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { PylatchSession } from '../../src/adapter/index';
import { PylatchError } from '../../src/common/errors';
import type { DapClient } from '../support/dapClient';
import { RequestFailed } from '../support/dapClient';
import { fails } from '../support/fails';
import type { FakeAgent, FakeInjector } from '../support/fakeAgent';
import { assertMatches } from '../support/matches';
import { SessionFixture } from '../support/sessionFixture';

const FILE = __filename;

let injector: FakeInjector;
let agent: FakeAgent;
let session: PylatchSession;
let client: DapClient;
let fixture: SessionFixture;
const reach: SessionFixture['reach'] = (state) => fixture.reach(state);

beforeEach(async () => {
  fixture = await SessionFixture.start();
  ({ agent, session, client, injector } = fixture);
});

afterEach(() => fixture.dispose());

describe('attach', () => {
  it('announces initialized and the process', async () => {
    await reach('running');
    assert.equal(client.events('initialized').length, 1);
    assertMatches(client.events('process')[0], { name: 'app.py', startMethod: 'attach' });
  });

  it('is refused a second time', async () => {
    await reach('running');
    await assert.rejects(client.request('attach', { pid: 1 }), fails('wrong-state'));
  });

  it('fails with the error of the injector and may be tried again', async () => {
    await reach('initialized');
    injector.failure = new PylatchError('not-python', 'Process 1 is not Python.', 'Choose another.');
    const response = await client.raw('attach', { pid: 1 });
    assert.equal(response.message, 'Process 1 is not Python. Choose another.');
    assertMatches(response.body, { error: { id: 1002, showUser: true } });
    injector.failure = undefined;
    await client.request('attach', { pid: process.pid });
  });

  it('passes its options on', async () => {
    await reach('initialized');
    const options = {
      thread: '12',
      timeout: 3,
      justMyCode: false,
      stopThreads: 'one',
      showReturnValue: true,
    };
    await client.request('attach', { pid: `${process.pid}`, ...options });
    assertMatches(injector.attaches[0], {
      pid: process.pid,
      thread: 12,
      timeoutMs: 3000,
      config: { justMyCode: false, stopThreads: 'one', showReturnValue: true },
    });
  });

  it('can be cancelled by its progress and by its number', async () => {
    await client.request('initialize', { supportsProgressReporting: true });
    injector.hold = true;
    const first = client.raw('attach', { pid: 1 });
    const { progressId } = await client.waitFor('progressStart');
    await client.request('cancel', { progressId });
    assert.equal((await first).success, false);
    assert.equal(client.events('progressEnd').length, 1);
    const seq = client.nextSeq;
    const second = client.request('attach', { pid: 1 });
    void client.request('cancel', { requestId: seq });
    await assert.rejects(second, fails('attach-cancelled'));
  });

  it('ends when the client disconnects meanwhile', async () => {
    await reach('initialized');
    injector.hold = true;
    const attach = client.request('attach', { pid: 1 });
    const failed = assert.rejects(attach, fails('attach-cancelled'));
    await client.request('disconnect');
    await failed;
    assert.ok(injector.attaches[0]!.signal!.aborted);
  });

  it('finds the process by its name', async () => {
    await reach('initialized');
    injector.processes = [process.pid].map((pid) => ({
      pid,
      parentPid: 1,
      label: 'server.py',
      user: 'me',
      uid: 0,
      startedAt: 0,
      commandLine: ['python', 'server.py'],
      attachable: true,
      findings: [],
    }));
    await client.request('attach', { pid: 'server' });
    assert.equal(injector.attaches[0]!.pid, process.pid);
  });

  it('tells that it has attached, and about options that do nothing', async () => {
    await reach('initialized');
    await client.request('attach', { pid: process.pid, subProcess: true, redirectOutput: false });
    await client.request('configurationDone');
    const said = client.events('output').map(({ output }) => output);
    assert.match(String(said[0]), /^Attached to app\.py \(pid \d+, Python 3\.14\.0\) in \d+ ms\.\n$/);
    assert.deepEqual(said.slice(1), ['The option "subProcess" does nothing in this version of Pylatch.\n']);
  });

  it('logs both conversations when asked to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'log-'));
    const logFile = join(folder, 'session.log');
    await reach('initialized');
    await client.request('attach', { pid: process.pid, logFile });
    await client.request('threads');
    const text = await readFile(logFile, 'utf8');
    for (const line of [/ attach: inspect$/m, / link: -> .*"threads"/, / dap: -> .*"threads"/])
      assert.match(text, line);
    await rm(folder, { recursive: true });
  });

  it('keeps breakpoints that come before it, and says later what became of them', async () => {
    await reach('initialized');
    const args = { source: { path: FILE }, breakpoints: [{ line: 5 }] };
    const { breakpoints } = await client.request('setBreakpoints', args);
    assertMatches(breakpoints, [{ id: 1, verified: false, reason: 'pending' }]);
    await client.request('attach', { pid: process.pid });
    const changed = await client.waitFor('breakpoint');
    assertMatches(changed, { reason: 'changed', breakpoint: { id: 1, verified: true } });
  });

  it('keeps function breakpoints that come before it, too, under numbers of their own', async () => {
    await reach('initialized');
    await client.request('setBreakpoints', { source: { path: FILE }, breakpoints: [{ line: 5 }] });
    const { breakpoints } = await client.request('setFunctionBreakpoints', {
      breakpoints: [{ name: 'work', condition: 'n > 1' }, { name: 'work' }],
    });
    assertMatches(breakpoints, [
      { id: 2, verified: false, reason: 'pending' },
      { id: 3, verified: false, reason: 'pending' },
    ]);
    await client.request('attach', { pid: process.pid });
    const sent = agent.requests.find(({ command }) => command === 'setFunctionBreakpoints');
    assert.deepEqual(sent?.arguments, {
      breakpoints: [
        { id: 2, name: 'work', condition: 'n > 1' },
        { id: 3, name: 'work' },
      ],
    });
  });

  it('pauses the main thread when it is to stop on entry', async () => {
    await reach('initialized');
    agent.answer('pause', () => {
      setImmediate(() => agent.stop('pause'));
      return {};
    });
    await client.request('attach', { pid: process.pid, stopOnEntry: true });
    await client.request('configurationDone');
    assert.equal((await client.waitFor('stopped'))['reason'], 'entry');
  });
});

describe('a stop', () => {
  it('is answered from the snapshot, without asking the agent', async () => {
    await reach('stopped');
    const before = agent.requests.length;
    const { stackFrames } = await client.request('stackTrace', { threadId: 7, startFrame: 0, levels: 20 });
    const { scopes } = await client.request('scopes', { frameId: stackFrames[0].id });
    const { variables } = await client.request('variables', {
      variablesReference: scopes[0].variablesReference,
    });
    assert.equal(variables[0].name, 'x');
    assert.equal(agent.requests.length, before);
    assert.equal('snapshot' in client.events('stopped')[0]!, false);
  });

  it('that comes before the configuration is done waits for it', async () => {
    await reach('attaching');
    agent.stop();
    await client.request('threads');
    assert.equal(client.events('stopped').length, 0);
    await client.request('configurationDone');
    await client.waitFor('stopped');
    assert.equal(session.lifecycle.state, 'stopped');
  });

  it('that overtakes the answer of its step is shown after it', async () => {
    await reach('stopped');
    const seq = client.nextSeq;
    agent.answer('next', () => {
      agent.stop('step');
      return {};
    });
    await client.request('next', { threadId: 7 });
    await client.waitFor('stopped', (body) => body['reason'] === 'step');
    const order = client.messages.filter(
      (message) =>
        (message as DebugProtocol.Response).request_seq === seq ||
        (message as DebugProtocol.Event).body?.reason === 'step',
    );
    assert.deepEqual(
      order.map(({ type }) => type),
      ['response', 'event'],
    );
  });

  it('is over with a resume: a second one is refused, and old references go to the agent', async () => {
    await reach('stopped');
    const [first, second] = [
      client.raw('continue', { threadId: 7 }),
      client.raw('continue', { threadId: 7 }),
    ];
    assert.equal((await first).success, true);
    await assert.rejects(second.then(orThrow), fails('wrong-state'));
    agent.answer('scopes', () => {
      throw { id: 'stale-reference', text: 'The frame is gone.' };
    });
    await assert.rejects(client.request('scopes', { frameId: 1000 }), fails('stale-reference'));
    assert.equal(client.events('continued').length, 0);
  });

  it('goes on after a resume that the agent refused', async () => {
    await reach('stopped');
    agent.answer('next', () => {
      throw { id: 'no-such-thread', text: 'There is no thread 9.' };
    });
    await assert.rejects(client.request('next', { threadId: 9 }), fails('no-such-thread'));
    assert.equal(session.lifecycle.state, 'stopped');
    await client.request('stackTrace', { threadId: 7 });
  });

  it('lasts for the others while a thread goes on alone', async () => {
    await reach('stopped');
    await client.request('continue', { threadId: 7, singleThread: true });
    assert.equal(session.lifecycle.state, 'stopped');
    await client.request('pause', { threadId: 7 });
  });

  it('ends for all by a step of one of them, and the client is told', async () => {
    await reach('stopped');
    await client.request('continue', { threadId: 7, singleThread: true });
    await client.request('next', { threadId: 8 });
    assert.deepEqual(client.events('continued'), [{ threadId: 8, allThreadsContinued: true }]);
    await assert.rejects(client.request('next', { threadId: 8 }), fails('wrong-state'));
  });

  function orThrow(response: DebugProtocol.Response): void {
    const { error } = (response.body ?? {}) as { error?: { id: number } };
    if (!response.success) throw new RequestFailed(response, error?.id);
  }
});

describe('threads that stop one by one', () => {
  beforeEach(async () => {
    await reach('initialized');
    await client.request('attach', { pid: process.pid, stopThreads: 'one' });
    await client.request('configurationDone');
    agent.answer('continue', () => ({ allThreadsContinued: false }));
    for (const threadId of [7, 8]) agent.stop('breakpoint', threadId, undefined, false);
    await client.waitFor('stopped', ({ threadId }) => threadId === 8);
  });

  it('go on one by one', async () => {
    assertMatches(await client.request('continue', { threadId: 7 }), { allThreadsContinued: false });
    assert.equal(session.lifecycle.state, 'stopped');
    await client.request('continue', { threadId: 8 });
    assert.equal(session.lifecycle.state, 'running');
  });

  it('are paused one by one', async () => {
    await client.request('continue', { threadId: 7 });
    await client.request('pause', { threadId: 7 });
    assertMatches(agent.requests.at(-1), { command: 'pause', arguments: { threadId: 7 } });
  });
});

describe('inspection', () => {
  it('reads variables again after an evaluation or a change', async () => {
    await reach('stopped');
    for (const [command, args] of [
      ['evaluate', { expression: 'f()', frameId: 1000, context: 'repl' }],
      ['setVariable', { variablesReference: 40, name: 'x', value: '2' }],
      ['setExpression', { expression: 'x', value: '3', frameId: 1000 }],
    ] as const) {
      await client.request(command, args);
      const { variables } = await client.request('variables', { variablesReference: 40 });
      assert.equal(variables[0].name, 'agent', command);
    }
    assert.equal(client.events('invalidated').length, 2);
  });

  it('asks the agent for hexadecimal values and for pages', async () => {
    await reach('stopped');
    await client.request('variables', { variablesReference: 40, format: { hex: true } });
    await client.request('variables', { variablesReference: 40, filter: 'indexed', start: 0, count: 5 });
    const asked = agent.requests
      .filter(({ command }) => command === 'variables')
      .map((request) => request.arguments);
    assert.deepEqual(asked, [
      { variablesReference: 40, hex: true },
      { variablesReference: 40, filter: 'indexed', start: 0, count: 5 },
    ]);
  });

  it('can be cancelled at once, and the agent is told', async () => {
    await reach('stopped');
    agent.answer('evaluate', () => undefined);
    const seq = client.nextSeq;
    const evaluation = client.raw('evaluate', { expression: 'forever()', frameId: 1000 });
    await client.request('cancel', { requestId: seq });
    assert.equal((await evaluation).message, 'cancelled');
    await client.request('threads');
    const asked = agent.requests.find(({ command }) => command === 'evaluate')!;
    assert.deepEqual(agent.requests.at(-2)!.arguments, { seq: asked.seq });
    assert.deepEqual(agent.commands.slice(-3), ['evaluate', 'cancel', 'threads']);
    await client.request('cancel', { requestId: seq });
    assert.equal(agent.commands.at(-1), 'threads', 'a late cancel has reached the agent');
  });

  it('serves a source that only the target has', async () => {
    await reach('running');
    agent.stop('breakpoint', 7, '/nowhere/in/here.py');
    await client.waitFor('stopped');
    const { stackFrames } = await client.request('stackTrace', { threadId: 7 });
    const { source } = stackFrames[0];
    assertMatches(source, { name: 'here.py', path: '/nowhere/in/here.py' });
    assert.ok(source.sourceReference > 0);
    const { content } = await client.request('source', { source, sourceReference: source.sourceReference });
    assert.equal(content, 'text');
    assert.deepEqual(agent.requests.at(-1)!.arguments, { path: '/nowhere/in/here.py' });
  });

  it('maps paths both ways', async () => {
    await reach('initialized');
    const pathMappings = [{ localRoot: __dirname, remoteRoot: '/app' }];
    await client.request('attach', { pid: process.pid, pathMappings });
    await client.request('configurationDone');
    await client.request('setBreakpoints', { source: { path: FILE }, lines: [4] });
    assertMatches(agent.requests.at(-1), { arguments: { path: '/app/session.test.ts' } });
    agent.stop('breakpoint', 7, '/app/session.test.ts');
    await client.waitFor('stopped');
    const { stackFrames } = await client.request('stackTrace', { threadId: 7 });
    assert.deepEqual(stackFrames[0].source, { name: 'session.test.ts', path: FILE });
  });

  it('counts from 0 for a client that does', async () => {
    await client.request('initialize', { linesStartAt1: false, columnsStartAt1: false, pathFormat: 'uri' });
    await client.request('attach', { pid: process.pid });
    await client.request('configurationDone');
    const path = `file://${FILE}`;
    const { breakpoints } = await client.request('setBreakpoints', {
      source: { path },
      breakpoints: [{ line: 4 }],
    });
    assert.equal(breakpoints[0].line, 4);
    assertMatches(agent.requests.at(-1), {
      arguments: { path: FILE, breakpoints: [{ line: 5 }] },
    });
    agent.stop('breakpoint', 7, FILE);
    await client.waitFor('stopped');
    const { stackFrames } = await client.request('stackTrace', { threadId: 7 });
    assertMatches(stackFrames[0], { line: 2, column: 0, source: { path } });
  });
});

describe('breakpoints', () => {
  it('keep their ids when the list of a file comes again', async () => {
    await reach('running');
    const set = async (...lines: number[]): Promise<number[]> => {
      const args = { source: { path: FILE }, breakpoints: lines.map((line) => ({ line })) };
      const { breakpoints } = await client.request('setBreakpoints', args);
      return breakpoints.map(({ id }: { id: number }) => id);
    };
    assert.deepEqual(await set(3, 5), [1, 2]);
    assert.deepEqual(await set(4, 5, 5, 3), [3, 2, 4, 1]);
    assert.deepEqual(await set(5, 5), [2, 4]);
  });

  it('hand on what is to happen where they are reached', async () => {
    await reach('running');
    const breakpoints = [
      { line: 3, condition: '', hitCondition: '', logMessage: '' },
      { line: 4, condition: 'x > 1', hitCondition: '>=5' },
      { line: 5, logMessage: 'at {x}' },
    ];
    await client.request('setBreakpoints', { source: { path: FILE }, breakpoints });
    const sent = agent.requests.at(-1)!.arguments as { breakpoints: unknown };
    assert.deepEqual(sent.breakpoints, [
      { id: 1, line: 3 },
      { id: 2, line: 4, condition: 'x > 1', hitCondition: '>=5' },
      { id: 3, line: 5, logMessage: 'at {x}' },
    ]);
  });

  it('show snapshots that can be opened while the program runs', async () => {
    await reach('running');
    const source = {
      source: { path: FILE },
      breakpoints: [{ line: 3, mode: 'snapshot', hitCondition: '2' }],
    };
    await client.request('setBreakpoints', source);
    assertMatches(agent.requests.at(-1), { arguments: { breakpoints: [{ line: 3, mode: 'snapshot' }] } });
    const variables = [
      { name: 'order', value: '[7]', type: 'list', children: [{ name: '[0]', value: '7', type: 'int' }] },
    ];
    const frames = [{ name: 'work', line: 12, source: { name: 'shop.py', path: FILE }, variables }];
    const body = { breakpointId: 1, number: 1, of: 2, thread: 'MainThread', frames };
    agent.event({ event: 'snapshot', body });
    const output = await client.waitFor('output', (event) => String(event['output']).startsWith('Snapshot'));
    assertMatches(output, { output: 'Snapshot 1 of 2: work at shop.py:12, MainThread\n', line: 12 });
    const open = async (variablesReference: unknown): Promise<{ variablesReference: number }[]> =>
      (await client.request('variables', { variablesReference })).variables;
    const [frame] = await open(output['variablesReference']);
    assertMatches(frame, { name: 'work', value: 'shop.py:12' });
    const [order] = await open(frame!.variablesReference);
    assertMatches(order, { name: 'order', value: '[7]', type: 'list' });
    assertMatches((await open(order!.variablesReference))[0], { name: '[0]', variablesReference: 0 });
  });

  it('pass on what the agent learns later', async () => {
    await reach('running');
    agent.event({ event: 'breakpoint', body: { reason: 'changed', breakpoint: { id: 1, verified: true } } });
    assert.deepEqual((await client.waitFor('breakpoint'))['breakpoint'], { id: 1, verified: true });
  });
});

describe('the end', () => {
  const lastOutput = (): string => String(client.events('output').at(-1)?.['output']);

  it('tells what the agent could not take back', async () => {
    await reach('running');
    const residue = { tools: [4], modules: [], threads: 0, files: [], failed: [], inert: [] };
    agent.answer('detach', () => residue);
    await client.request('disconnect');
    await client.waitFor('terminated');
    assert.match(lastOutput(), /could not take everything back.*"tools":\[4\]/);
  });

  it('comes within its limit when the agent does not answer the detach', async () => {
    await reach('stopped');
    agent.answer('detach', () => undefined);
    await client.request('disconnect', {}, 3000);
    assert.match(lastOutput(), /did not confirm/);
  });

  it('comes when the connection is lost: open requests fail, the client is told', async () => {
    await reach('stopped');
    agent.answer('evaluate', () => undefined);
    const evaluation = client.request('evaluate', { expression: '1' });
    const failed = assert.rejects(evaluation, fails('agent-lost'));
    agent.vanish();
    await failed;
    await client.waitFor('terminated');
    assert.match(lastOutput(), /connection .* is lost/);
    await client.request('disconnect');
    assert.equal(client.events('terminated').length, 1);
  });

  it('comes when the agent leaves of its own accord, with its reason', async () => {
    await reach('running');
    agent.event({ event: 'detached', body: { reason: 'It was asked to.' } });
    await client.waitFor('terminated');
    assert.match(lastOutput(), /has left process \d+: It was asked to\./);
  });

  it('leaves the process alone unless it is to be terminated', async () => {
    let signals = 0;
    const count = (): number => signals++;
    process.on('SIGTERM', count);
    await reach('running');
    await client.request('disconnect', { terminateDebuggee: false });
    await sleep(20);
    assert.equal(signals, 0);
    process.off('SIGTERM', count);
  });

  it('ends the process when asked to, after the detach', async () => {
    const got = new Promise((resolve) => process.once('SIGTERM', resolve));
    await reach('running');
    await client.request('disconnect', { terminateDebuggee: true });
    await got;
    assert.equal(agent.commands.at(-1), 'detach');
  });
});
