import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DebugProtocol } from '@vscode/debugprotocol';
import fc from 'fast-check';
import { CAPABILITIES, GATED_REQUESTS } from '../../src/adapter/capabilities';
import type { PylatchSession } from '../../src/adapter/index';
import type { State } from '../../src/adapter/lifecycle';
import { STATES } from '../../src/adapter/lifecycle';
import { REFUSED } from '../../src/adapter/requests';
import { ERRORS } from '../../src/common/errors';
import type { DapClient } from '../support/dapClient';
import { fails } from '../support/fails';
import type { FakeAgent } from '../support/fakeAgent';
import { SessionFixture } from '../support/sessionFixture';

const FILE = __filename;

let agent: FakeAgent;
let session: PylatchSession;
let client: DapClient;
let fixture: SessionFixture;
const reach: SessionFixture['reach'] = (state) => fixture.reach(state);

beforeEach(async () => {
  fixture = await SessionFixture.start();
  ({ agent, session, client } = fixture);
});

afterEach(() => fixture.dispose());

/** Every request of the specification, read from the typings so that a new one cannot be forgotten. */
function specificationRequests(): string[] {
  const typings = readFileSync(require.resolve('@vscode/debugprotocol/lib/debugProtocol.d.ts'), 'utf8');
  const names = [...typings.matchAll(/interface (\w+)Request extends Request/g)].map((match) => match[1]!);
  return names.map((name) => name[0]!.toLowerCase() + name.slice(1));
}

describe('every request', () => {
  it('of the specification is in the table or in the list of the refused, none in both', () => {
    const all = [...Object.keys(session.table), ...Object.keys(REFUSED)].filter(
      (name) => !name.includes('/'),
    );
    assert.deepEqual(all.sort(), specificationRequests().sort());
  });

  for (const state of STATES) {
    it(`gets exactly one answer in the state ${state}, without arguments too`, async () => {
      for (const command of [...specificationRequests(), 'makeCoffee']) {
        await freshlyIn(state);
        const seq = client.nextSeq;
        const response = await client.raw(command, undefined, 3000);
        assert.equal(response.command, command);
        await client.raw('cancel', { requestId: 1 });
        assert.equal(client.responses(seq).length, 1, command);
        if (!response.success) assertUseful(response);
      }
    });
  }

  async function freshlyIn(state: State): Promise<void> {
    await fixture.dispose();
    fixture = await SessionFixture.start();
    ({ agent, session, client } = fixture);
    await reach(state);
    assert.equal(session.lifecycle.state, state);
  }

  function assertUseful(response: DebugProtocol.Response): void {
    const { error } = response.body as { error: DebugProtocol.Message };
    assert.ok(error.id > 1000 && error.format.length > 20, JSON.stringify(response));
    const known = [
      'not-supported',
      'unknown-request',
      'wrong-state',
      'bad-arguments',
      'source-unavailable',
    ] as const;
    assert.ok(
      known.some((id) => ERRORS[id].code === error.id),
      `${response.command}: ${error.format}`,
    );
  }

  it('that is refused is named in the text', async () => {
    await reach('running');
    for (const command of Object.keys(REFUSED)) {
      const response = await client.raw(command, {});
      assert.ok(response.message?.includes(command), response.message);
    }
  });

  it('whose handler throws something strange fails, and the session lives', async () => {
    await reach('stopped');
    agent.answer('threads', () => ({ wrong: true }));
    agent.answer('stackTrace', () => ({}));
    await assert.rejects(client.request('stackTrace', { threadId: 8 }), fails('internal'));
    await client.request('scopes', { frameId: 1000 });
  });

  it('is answered once, whatever its arguments are', async () => {
    await reach('stopped');
    const commands = Object.keys(session.table).filter((command) => command !== 'disconnect');
    const key = fc.constantFrom(
      'threadId',
      'frameId',
      'source',
      'breakpoints',
      'expression',
      'variablesReference',
    );
    const args = fc.oneof(fc.dictionary(key, fc.jsonValue()), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...commands), args, async (command, given) => {
        const seq = client.nextSeq;
        await client.raw(command, given, 3000);
        assert.equal(client.responses(seq).length, 1);
      }),
      { numRuns: 500 },
    );
  });

  it('with a wrong argument is refused with the name of the argument', async () => {
    await reach('stopped');
    const wrong: [string, unknown, RegExp][] = [
      [
        'continue',
        {},
        /"threadId" must be an integer .*nothing was given|"threadId" must be an integer, but nothing/,
      ],
      ['next', { threadId: 'x' }, /"threadId".*"x" was given/],
      ['stackTrace', { threadId: 7, levels: -1 }, /"levels"/],
      ['scopes', [], /arguments of the scopes request must be an object/],
      ['variables', { variablesReference: null }, /"variablesReference"/],
      ['variables', { variablesReference: 1, filter: 'odd' }, /"filter" must be one of indexed, named/],
      ['evaluate', { expression: 5 }, /"expression" must be a text/],
      ['setBreakpoints', { source: {}, breakpoints: [] }, /"source"/],
      ['setBreakpoints', { source: { path: FILE }, breakpoints: [{ line: 'a' }] }, /"line"/],
      ['setBreakpoints', { source: { path: FILE }, breakpoints: {} }, /"breakpoints" must be a list/],
      ['setFunctionBreakpoints', { breakpoints: [{ name: 5 }] }, /"name"/],
      ['cancel', { requestId: 'x' }, /"requestId"/],
    ];
    for (const [command, args, text] of wrong) {
      const response = await client.raw(command, args);
      assert.equal(response.success, false, command);
      assert.match(response.message ?? '', text);
    }
  });
});

describe('capabilities', () => {
  it('name exactly the requests that are served', () => {
    const gates = Object.entries(GATED_REQUESTS) as [keyof typeof CAPABILITIES, string[]][];
    for (const [capability, requests] of gates) {
      for (const request of requests) {
        assert.equal(CAPABILITIES[capability] === true, Object.hasOwn(session.table, request), request);
      }
    }
  });

  it('have the names of the specification', () => {
    const typings = readFileSync(require.resolve('@vscode/debugprotocol/lib/debugProtocol.d.ts'), 'utf8');
    const section = /interface Capabilities \{[\s\S]*?\n\t\}/.exec(typings)![0];
    for (const name of Object.keys(CAPABILITIES)) assert.match(section, new RegExp(`\\b${name}\\?:`));
  });
});

describe('a strange message', () => {
  const strange: [unknown, number][] = [
    [null, 0],
    [[], 0],
    [5, 0],
    [{}, 0],
    [{ type: 'event', event: 'x', seq: 1 }, 0],
    [{ type: 'request', command: 'threads' }, 1],
    [{ type: 'request', seq: 'x', command: 'threads' }, 1],
    [{ type: 'request', seq: 900, command: 5 }, 1],
    [{ type: 'request', seq: 901, command: '__proto__' }, 1],
    [{ type: 'response', seq: 902, request_seq: 1, command: 'x', success: true }, 0],
  ];
  for (const [message, answers] of strange) {
    it(`is survived: ${JSON.stringify(message)}`, async () => {
      session.handleMessage(message as DebugProtocol.ProtocolMessage);
      assert.equal(client.messages.filter(({ type }) => type === 'response').length, answers);
      await client.request('initialize', {});
    });
  }

  it('from the agent that is an event without sense is told, and the session lives', async () => {
    await reach('running');
    agent.send({ event: 'stopped' });
    const { output } = await client.waitFor('output', ({ category }) => category === 'stderr');
    assert.match(String(output), /Pylatch failed inside/);
    await client.request('threads');
  });

  it('from the agent ends the connection, not the bridge', async () => {
    await reach('running');
    agent.send('nonsense');
    await client.waitFor('terminated');
  });
});
