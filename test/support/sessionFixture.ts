import { PylatchSession } from '../../src/adapter/index';
import type { State } from '../../src/adapter/lifecycle';
import { DapClient } from './dapClient';
import { FakeAgent, FakeInjector } from './fakeAgent';

/** A session in this process, with a client at one end and an agent of the test at the other. */
export class SessionFixture {
  readonly injector: FakeInjector;
  readonly session: PylatchSession;
  readonly client: DapClient;

  private constructor(readonly agent: FakeAgent) {
    this.injector = new FakeInjector(agent);
    this.session = new PylatchSession(this.injector);
    this.client = DapClient.inProcess(this.session);
  }

  static async start(): Promise<SessionFixture> {
    return new SessionFixture(await FakeAgent.start());
  }

  async dispose(): Promise<void> {
    await this.session.end();
    await this.agent.stopServing();
  }

  /** Brings a new session into a state. The process it attaches to is this one. */
  async reach(state: State): Promise<void> {
    const { client } = this;
    if (state === 'uninitialized') return;
    await client.request('initialize', { adapterID: 'pylatch', supportsInvalidatedEvent: true });
    if (state === 'initialized') return;
    await client.request('attach', { pid: process.pid });
    if (state === 'attaching') return;
    await client.request('configurationDone');
    if (state === 'stopped') await this.stop();
    if (state === 'ended') await client.request('disconnect');
  }

  async stop(): Promise<void> {
    const after = this.client.messages.length;
    this.agent.stop();
    await this.client.waitFor('stopped', undefined, { after });
  }
}
