import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fails } from '../support/fails';
import type { FakeAgent } from '../support/fakeAgent';
import { SessionFixture } from '../support/sessionFixture';

let fixture: SessionFixture;
let agent: FakeAgent;

beforeEach(async () => {
  fixture = await SessionFixture.start();
  ({ agent } = fixture);
});

afterEach(() => fixture.dispose());

const FILTERS = {
  filters: ['uncaught'],
  filterOptions: [
    { filterId: 'raised', condition: ' KeyError ' },
    { filterId: 'raised', condition: '' },
  ],
};
const SENT = [
  { filterId: 'uncaught' },
  { filterId: 'raised', condition: 'KeyError' },
  { filterId: 'raised' },
];

/** The arguments of the last request to the agent. */
function lastSent(): unknown {
  return agent.requests.filter(({ command }) => command === 'setExceptionBreakpoints').at(-1)?.arguments;
}

describe('exception breakpoints', () => {
  it('go to the agent: the filters, then those with options', async () => {
    await fixture.reach('running');
    const { breakpoints } = await fixture.client.request('setExceptionBreakpoints', FILTERS);
    assert.deepEqual(breakpoints, [{ verified: true }, { verified: true }, { verified: true }]);
    assert.deepEqual(lastSent(), { filters: SENT });
  });

  it('wait for the agent, and are sent when it is there', async () => {
    await fixture.reach('initialized');
    const { breakpoints } = await fixture.client.request('setExceptionBreakpoints', FILTERS);
    assert.deepEqual(
      breakpoints.map(({ verified }: { verified: boolean }) => verified),
      [false, false, false],
    );
    await fixture.client.request('attach', { pid: process.pid });
    assert.deepEqual(lastSent(), { filters: SENT });
  });

  it('that cannot work are told when the agent is there', async () => {
    agent.answer('setExceptionBreakpoints', () => ({
      breakpoints: [{ verified: false, message: 'No such type.' }],
    }));
    await fixture.reach('initialized');
    await fixture.client.request('setExceptionBreakpoints', { filters: ['raised'] });
    await fixture.client.request('attach', { pid: process.pid });
    const told = fixture.client.events('output').map((body) => (body as { output: string }).output);
    assert.ok(told.includes('No such type.\n'), told.join(''));
  });

  it('of an unknown filter, or with exceptionOptions, are refused', async () => {
    await fixture.reach('running');
    const { client } = fixture;
    await assert.rejects(
      client.request('setExceptionBreakpoints', { filters: ['all'] }),
      fails('bad-arguments'),
    );
    const exceptionOptions = [{ breakMode: 'always' }];
    await assert.rejects(
      client.request('setExceptionBreakpoints', { filters: [], exceptionOptions }),
      fails('not-supported'),
    );
  });

  it('are told about at a stop alone', async () => {
    await fixture.reach('running');
    await assert.rejects(fixture.client.request('exceptionInfo', { threadId: 7 }), fails('wrong-state'));
    await fixture.stop();
    const info = await fixture.client.request('exceptionInfo', { threadId: 7 });
    assert.equal(info.exceptionId, 'ValueError');
  });
});
