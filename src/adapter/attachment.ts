import { basename } from 'node:path';
import { PylatchError } from '../common/errors';
import type { Log } from '../common/log';
import { fileLog, silentLog } from '../common/log';
import type { AgentEvent, Residue, Welcome } from '../common/wire';
import type { AttachedAgent, AttachOptions } from '../inject/types';
import { AgentLink } from './agentLink';
import type { AttachArguments } from './arguments';
import { attachArguments, object, optionalBoolean } from './arguments';
import type { Client } from './client';
import { attachWith } from './elevation';
import type { Injector } from './injector';
import type { Lifecycle } from './lifecycle';
import { findProcess } from './processes';
import { AttachProgress } from './progress';
import type { Call } from './requests';
import { isAlive, sendTerm } from './signals';
import { openLog } from './trace';

const DETACH_LIMIT_MS = 2000;
const ALIVE_EVERY_MS = 1000;
/** A process that ends closes its sockets a little before its id is free. */
const ENDING_CHECKS = 15;
const ENDING_CHECK_MS = 20;

/** What the attachment does not know itself: where the agent's news go, and what happens at the turns. */
export interface AttachmentListener {
  configure(args: AttachArguments): void;
  /** The agent is there; breakpoints that have waited are sent before the client goes on. */
  connected(link: AgentLink): Promise<void>;
  event(event: AgentEvent): void;
  /** The agent is there and the client has configured everything. */
  ready(link: AgentLink, args: AttachArguments): void;
}

/** The one connection of a session to a process: from the attach request to the detach, or the process's end. */
export class Attachment {
  log: Log = silentLog;
  private progress: AttachProgress | undefined;
  private abort: AbortController | undefined;
  private attaching: Promise<void> | undefined;
  private args: AttachArguments | undefined;
  private current: AgentLink | undefined;
  private pid = 0;
  private configured = false;
  private watch: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Client,
    private readonly lifecycle: Lifecycle,
    private readonly injector: Injector,
    private readonly listener: AttachmentListener,
  ) {}

  /** The link to the agent. @throws PylatchError `wrong-state` before the agent is there */
  get link(): AgentLink {
    if (this.current) return this.current;
    throw new PylatchError(
      'wrong-state',
      'The session is still attaching.',
      'Wait for the answer of the attach request.',
    );
  }

  /** Answers `attach`. A failure leaves the session as it was before, so that the client may try again. */
  async attach(raw: unknown, call: Call): Promise<void> {
    const args = attachArguments(raw);
    this.log = openLog(args.logFile, fileLog);
    this.listener.configure(args);
    this.lifecycle.state = 'attaching';
    try {
      await (this.attaching = this.connect(args, call));
    } catch (error) {
      if (this.lifecycle.state === 'attaching') this.lifecycle.state = 'initialized';
      throw error;
    } finally {
      this.progress?.end();
      this.abort = undefined;
    }
    call.afterAnswer(() => this.goOnIfReady());
  }

  /** Answers `configurationDone`, which may come before the agent is there. */
  configurationDone(call: Call): void {
    this.configured = true;
    call.afterAnswer(() => this.goOnIfReady());
  }

  /** Cancels the attach under way. @returns false when the id is not that of its progress */
  cancelProgress(id: string): boolean {
    if (id !== this.progress?.id || !this.abort) return false;
    this.abort.abort();
    return true;
  }

  /** Answers `disconnect`, in any state. */
  async disconnect(raw: unknown, call: Call): Promise<void> {
    const args = object(raw ?? {}, 'arguments of the disconnect request');
    const terminate = optionalBoolean(args, 'terminateDebuggee') === true;
    const { attached } = this.lifecycle;
    const owned = this.current !== undefined;
    if (attached) call.afterAnswer(() => this.client.event('terminated', undefined));
    // While the program is stopped: it is to end where it stands.
    if (terminate && owned) sendTerm(this.pid);
    await this.detach();
  }

  /** Detaches, or stops attaching. Ends the session; harmless when it has ended already. */
  async detach(): Promise<void> {
    this.lifecycle.state = 'ended';
    clearInterval(this.watch);
    await this.stopAttaching();
    const link = this.current;
    this.current = undefined;
    if (!link) return;
    const late = expiry();
    // A program that ends as soon as it is let go on may take the answer with it.
    const gone = link.gone.then(() => 'gone' as const);
    const residue = await Promise.race([link.request('detach', {}).catch(() => gone), gone, late]);
    await Promise.race([link.gone, late]);
    link.fail(new PylatchError('agent-lost', 'The session was disconnected.'));
    this.tellResidue(residue);
  }

  /** A client may end this process after the disconnect: the target has to be disarmed before. */
  private async stopAttaching(): Promise<void> {
    if (!this.abort || !this.attaching) return;
    this.abort.abort();
    await Promise.race([this.attaching.catch(() => undefined), expiry()]);
  }

  /** The agent has detached of its own accord. */
  detached(reason: string): void {
    this.end(new PylatchError('agent-lost', `Pylatch has left process ${this.pid}: ${reason}`));
  }

  private async connect(args: AttachArguments, call: Call): Promise<void> {
    const started = performance.now();
    const abort = (this.abort = new AbortController());
    call.onCancel(() => abort.abort());
    this.pid = await this.resolve(args.pid);
    const progress = (this.progress = new AttachProgress(this.client));
    progress.start(this.pid, call.seq);
    const options: AttachOptions = {
      pid: this.pid,
      thread: args.thread,
      timeoutMs: args.timeoutMs,
      config: args.config,
      signal: abort.signal,
      onPhase: (phase, detail) => {
        this.log.write('attach', detail === undefined ? phase : `${phase}: ${detail}`);
        progress.phase(phase, detail);
      },
    };
    const { injector, client } = this;
    const onWait = (what: string): void => progress.note(what);
    const agent = await attachWith(args.elevation, options, { injector, client, onWait });
    await this.adopt(agent, args, abort.signal);
    this.tellAttached(agent.welcome, performance.now() - started);
    for (const notice of agent.notices ?? []) this.client.say(notice);
  }

  private async resolve(target: number | string): Promise<number> {
    if (typeof target === 'number') return target;
    return findProcess(target, await this.injector.listPythonProcesses());
  }

  private async adopt(agent: AttachedAgent, args: AttachArguments, signal: AbortSignal): Promise<void> {
    const link = new AgentLink(agent.link, this.log);
    if (signal.aborted) {
      link.fail(new PylatchError('attach-cancelled', 'The attach was cancelled.'));
      throw new PylatchError('attach-cancelled', 'The attach was cancelled.');
    }
    this.log.write('attach', `connected: ${JSON.stringify(agent.welcome)} ${JSON.stringify(agent.timings)}`);
    this.args = args;
    this.current = link;
    link.onClose(() => void this.closed(link));
    link.onEvent((event) => this.listener.event(event));
    this.tellProcess(agent);
    this.watchProcess();
    await this.listener.connected(link);
    this.client.event('initialized', undefined);
  }

  private goOnIfReady(): void {
    if (!this.configured || !this.current || !this.args || this.lifecycle.state !== 'attaching') return;
    this.lifecycle.state = 'running';
    this.listener.ready(this.current, this.args);
  }

  private tellProcess({ welcome }: AttachedAgent): void {
    this.client.event('process', {
      name: program(welcome),
      systemProcessId: this.pid,
      isLocalProcess: true,
      startMethod: 'attach',
    });
  }

  private tellAttached(welcome: Welcome, ms: number): void {
    const what = `${basename(program(welcome))} (pid ${this.pid}, Python ${welcome.python})`;
    this.client.say(`Attached to ${what} in ${Math.round(ms)} ms.`);
  }

  /** A forked child may hold the socket open after the process has gone, so closing alone is not enough. */
  private watchProcess(): void {
    this.watch = setInterval(() => {
      if (!isAlive(this.pid)) this.end(endedError(this.pid));
    }, ALIVE_EVERY_MS);
    this.watch.unref();
  }

  private async closed(link: AgentLink): Promise<void> {
    if (this.current !== link) return;
    for (let check = 0; check < ENDING_CHECKS && isAlive(this.pid); check++) await pause(ENDING_CHECK_MS);
    if (this.current === link) this.end(isAlive(this.pid) ? lostError(this.pid) : endedError(this.pid));
  }

  private end(reason: PylatchError): void {
    const link = this.current;
    if (!link) return;
    this.current = undefined;
    clearInterval(this.watch);
    this.lifecycle.state = 'ended';
    link.fail(reason);
    this.client.say(reason.message, reason.id === 'target-ended' ? 'console' : 'important');
    this.client.event('terminated', undefined);
  }

  private tellResidue(residue: Residue | 'gone' | 'late'): void {
    if (residue === 'gone') return;
    if (residue === 'late') {
      this.client.say(
        `The agent in process ${this.pid} did not confirm within ${DETACH_LIMIT_MS / 1000} s that it has gone. ` +
          'The connection was closed, which makes it leave by itself.',
      );
    } else if (isLeft(residue)) {
      this.client.say(`Pylatch has detached but could not take everything back: ${JSON.stringify(residue)}.`);
    }
  }
}

function isLeft({ tools, modules, threads, files, failed }: Residue): boolean {
  return tools.length + modules.length + files.length + failed.length + threads > 0;
}

/** What runs: the script, or the interpreter where there is none (`-c`, stdin). */
function program({ argv, executable }: Welcome): string {
  const script = argv[0] ?? '';
  return script === '' || script.startsWith('-') ? executable : script;
}

function expiry(): Promise<'late'> {
  return new Promise((resolve) => setTimeout(resolve, DETACH_LIMIT_MS, 'late' as const).unref());
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function endedError(pid: number): PylatchError {
  return new PylatchError('target-ended', `Process ${pid} has ended.`);
}

function lostError(pid: number): PylatchError {
  return new PylatchError(
    'agent-lost',
    `The connection to the agent in process ${pid} is lost; the process runs on without a debugger.`,
    'Attach again.',
  );
}
