import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AgentLink } from '../../src/adapter/agentLink';
import { PylatchError } from '../../src/common/errors';
import { silentLog } from '../../src/common/log';
import type { AgentEvent } from '../../src/common/wire';
import { FakeAgent } from '../support/fakeAgent';

let agent: FakeAgent;
let link: AgentLink;
let events: AgentEvent[];

beforeEach(async () => {
  agent = await FakeAgent.start();
  link = new AgentLink(agent.near, silentLog);
  events = [];
  link.onEvent((event) => events.push(event));
});

afterEach(() => agent.stopServing());

describe('the link to the agent', () => {
  it('matches answers that come out of order', async () => {
    agent.answer('evaluate', () => undefined);
    const [a, b] = [
      link.request('evaluate', { expression: 'a' }),
      link.request('evaluate', { expression: 'b' }),
    ];
    await link.request('threads', {});
    agent.send({ re: 2, body: { result: 'B', variablesReference: 0 } });
    agent.send({ re: 1, body: { result: 'A', variablesReference: 0 } });
    assert.deepEqual([(await a).result, (await b).result], ['A', 'B']);
  });

  it('turns a refusal into an error of the catalogue', async () => {
    agent.answer('scopes', () => {
      throw { id: 'stale-reference', text: 'Frame 3 is gone.' };
    });
    await assert.rejects(link.request('scopes', { frameId: 3 }), {
      id: 'stale-reference',
      message: 'Frame 3 is gone.',
    });
  });

  it('takes a refusal with an unknown id for a fault inside', async () => {
    agent.answer('scopes', () => {
      throw { id: 'odd', text: 'strange' };
    });
    await assert.rejects(link.request('scopes', { frameId: 3 }), { id: 'internal', message: /odd: strange/ });
  });

  it('hands events on in order, and ignores answers to nothing', async () => {
    agent.send({ re: 99, body: {} });
    for (const reason of ['first', 'second']) agent.event({ event: 'detached', body: { reason } });
    await link.request('threads', {});
    assert.deepEqual(
      events.map(({ body }) => (body as { reason: string }).reason),
      ['first', 'second'],
    );
  });

  it('rejects what is open, and what comes later, with the reason of the end', async () => {
    agent.answer('evaluate', () => undefined);
    const closed = new Promise<void>((resolve) => link.onClose(resolve));
    const open = assert.rejects(link.request('evaluate', { expression: '1' }), { id: 'target-ended' });
    await link.request('threads', {});
    agent.vanish();
    await closed;
    link.fail(new PylatchError('target-ended', 'Process 5 has ended.'));
    await open;
    await assert.rejects(link.request('threads', {}), { id: 'target-ended' });
  });
});
