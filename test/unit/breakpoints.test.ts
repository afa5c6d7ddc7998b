import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { AgentCommand, SnapshotValue } from '../../src/common/wire';
import { instrumentationText } from '../../src/ui/instrumentationText';
import type { DapClient } from '../support/dapClient';
import { fails } from '../support/fails';
import type { FakeAgent } from '../support/fakeAgent';
import { assertMatches } from '../support/matches';
import { SessionFixture } from '../support/sessionFixture';

const FILE = __filename;
const PATH_MAPPINGS = [{ localRoot: __dirname, remoteRoot: '/app' }];

let fixture: SessionFixture;
let agent: FakeAgent;
let client: DapClient;

beforeEach(async () => {
  fixture = await SessionFixture.start();
  ({ agent, client } = fixture);
});

afterEach(() => fixture.dispose());

/** The arguments of the last request of that name to the agent. */
function lastSent(command: AgentCommand): unknown {
  return agent.requests.findLast((request) => request.command === command)?.arguments;
}

async function set(kind: string, ...breakpoints: object[]): Promise<DebugProtocol.Breakpoint[]> {
  const source = kind === 'setBreakpoints' ? { source: { path: FILE } } : {};
  return (await client.request(kind, { ...source, breakpoints })).breakpoints;
}

/** One breakpoint of each kind that has a number. */
const KINDS: readonly [AgentCommand, object][] = [
  ['setBreakpoints', { line: 5 }],
  ['setFunctionBreakpoints', { name: 'work' }],
  ['setDataBreakpoints', { dataId: 'x 1' }],
];

describe('a list of breakpoints', () => {
  for (const [kind, item] of KINDS) {
    it(`of ${kind} is pending before the attach, and keeps its numbers behind it`, async () => {
      await fixture.reach('initialized');
      const [first] = await set(kind, item);
      assertMatches(first, { verified: false, message: 'Pylatch has not attached yet.', reason: 'pending' });
      await client.request('attach', { pid: process.pid, pathMappings: PATH_MAPPINGS });
      assertMatches((await set(kind, item))[0], { id: first!.id, verified: true });
    });

    it(`of ${kind} has no condition where the text is blank, and no spaces around it`, async () => {
      await fixture.reach('running');
      await set(kind, { ...item, condition: '  ', hitCondition: ' 5 ' });
      const { breakpoints } = lastSent(kind) as { breakpoints: object[] };
      assert.equal('condition' in breakpoints[0]!, false);
      assertMatches(breakpoints[0], { hitCondition: '5' });
    });
  }

  it('that comes before the attach goes by the path mappings of the attach', async () => {
    await fixture.reach('initialized');
    await set('setBreakpoints', { line: 5 });
    await client.request('attach', { pid: process.pid, pathMappings: PATH_MAPPINGS });
    assertMatches(lastSent('setBreakpoints'), { path: '/app/breakpoints.test.ts' });
  });

  it('that the agent refuses does not end the attach: each breakpoint tells why', async () => {
    await fixture.reach('initialized');
    for (const [kind, item] of KINDS) await set(kind, item);
    await client.request('setExceptionBreakpoints', { filters: ['raised'] });
    for (const command of ['setBreakpoints', 'setFunctionBreakpoints', 'setExceptionBreakpoints'] as const) {
      agent.answer(command, () => {
        throw { id: 'cannot-set', text: `No ${command}.` };
      });
    }
    await client.request('attach', { pid: process.pid });
    const told = client.events('breakpoint').map(({ breakpoint }) => breakpoint);
    assertMatches(told, [
      { id: 1, verified: false, message: 'No setBreakpoints.', reason: 'failed' },
      { id: 2, verified: false, message: 'No setFunctionBreakpoints.', reason: 'failed' },
    ]);
    await client.waitFor('output', ({ output }) => output === 'No setExceptionBreakpoints.\n');
  });

  it('of data is refused for anything but changes', async () => {
    await fixture.reach('running');
    const wrong = set('setDataBreakpoints', { dataId: 'x', accessType: 'read' });
    await assert.rejects(wrong, fails('bad-arguments'));
  });
});

describe('a request at the wrong time', () => {
  for (const command of ['initialize', 'configurationDone']) {
    it(`is told that it comes once: ${command}`, async () => {
      await fixture.reach('stopped');
      const { message } = await client.raw(command, {});
      assert.match(message ?? '', /comes once, at the beginning of a session/);
    });
  }

  it('to pause a thread that there is not is answered by the agent, also at a stop', async () => {
    await fixture.reach('stopped');
    agent.answer('pause', () => {
      throw { id: 'no-such-thread', text: 'There is no thread 99.' };
    });
    await assert.rejects(client.request('pause', { threadId: 99 }), fails('no-such-thread'));
  });
});

describe('snapshots', () => {
  /** Takes one with that many variables, and gives the reference to it. */
  async function take(number: number, count = 1): Promise<number> {
    const variables = Array.from({ length: count }, (_, i): SnapshotValue => ({ name: `v${i}`, value: '1' }));
    const frames = [{ name: 'work', line: 1, variables }];
    const body = { breakpointId: 1, number, of: 1000, thread: 'MainThread', frames };
    agent.event({ event: 'snapshot', body });
    const wanted = `Snapshot ${number} of`;
    const output = await client.waitFor('output', (event) => String(event['output']).startsWith(wanted));
    return output['variablesReference'] as number;
  }

  it('cannot be changed, nor watched', async () => {
    await fixture.reach('stopped');
    const variablesReference = await take(1);
    const change = client.request('setVariable', { variablesReference, name: 'v0', value: '2' });
    await assert.rejects(change, fails('cannot-set'));
    const info = await client.request('dataBreakpointInfo', { variablesReference, name: 'v0' });
    assert.equal(info.dataId, null);
    assert.match(info.description, /values of the past/);
    assert.equal(agent.commands.includes('dataBreakpointInfo'), false);
  });

  it('can be opened while the client still configures', async () => {
    await fixture.reach('attaching');
    const { variables } = await client.request('variables', { variablesReference: await take(1) });
    assertMatches(variables, [{ name: 'work' }]);
  });

  it('are dropped, oldest first, when there are too many', async () => {
    await fixture.reach('running');
    const references: number[] = [];
    for (let number = 1; number <= 5; number++) references.push(await take(number, 60_000));
    const first = client.request('variables', { variablesReference: references[0] });
    await assert.rejects(first, fails('stale-reference'));
    const { variables } = await client.request('variables', { variablesReference: references[4] });
    const [{ variablesReference }] = variables;
    const page = await client.request('variables', { variablesReference, start: 59_998, count: 10 });
    assert.deepEqual(
      page.variables.map(({ name }: { name: string }) => name),
      ['v59998', 'v59999'],
    );
  });
});

describe('what is instrumented', () => {
  const TOLD = {
    codeObjects: [
      {
        name: 'work',
        path: '/app/breakpoints.test.ts',
        line: 3,
        events: ['LINE'],
        why: ['breakpoint at line 4'],
      },
    ],
    everywhere: [{ event: 'RAISE', why: ['exception breakpoints'], cost: 'nothing' }],
    hits: { 1: 1, 2: 7, 3: 9 },
  };

  it('is told by the paths of the client', async () => {
    agent.answer('instrumentation', () => TOLD);
    await fixture.reach('initialized');
    await client.request('attach', { pid: process.pid, pathMappings: PATH_MAPPINGS });
    const { codeObjects } = await client.request('pylatch/instrumentation');
    assertMatches(codeObjects, [{ path: FILE, line: 3 }]);
  });

  it('is written with the names of the breakpoints', () => {
    const names = new Map([
      [1, 'app.py:4'],
      [2, 'work'],
    ]);
    assert.deepEqual(instrumentationText(TOLD, names).split('\n'), [
      'Functions with events of their own: 1',
      '  work (/app/breakpoints.test.ts:3): LINE; breakpoint at line 4',
      'Events that are on for all code: 1',
      '  RAISE: exception breakpoints; costs nothing',
      'The breakpoint at app.py:4 was reached once.',
      'The breakpoint at work was reached 7 times.',
    ]);
  });
});
