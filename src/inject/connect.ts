/** From "the stub was taken" to "the agent has answered". */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrorId, PylatchError } from '../common/errors';
import { FrameSocket } from '../common/frames';
import { WIRE_VERSION } from '../common/wire';
import type { AgentConfig, Hello, Welcome } from '../common/wire';
import type { SessionPlace } from './os/index';

/** Limits and the way out of a wait. */
export interface ConnectOptions {
  config: AgentConfig;
  token: string;
  /** By `performance.now()`. */
  deadline: number;
  /** Throws when the target has ended or the caller has given up. */
  check(): void;
}

const POLL_MS = 1;
/** What goes before the agent's own words, and what to do. */
const REPORTS: Record<string, [what: string, fix: string]> = {
  'audit-refused': [
    'Code of the program refuses the agent',
    'That is an audit hook (sys.addaudithook): let it pass what the agent does, or start the program without it.',
  ],
  'system-refused': [
    'The system refuses the process what the agent needs',
    'Raise the limits of the process (ulimit -n, -u, -v; pids.max of its cgroup), or let its sandbox (seccomp) pass the system calls of threads and sockets.',
  ],
};

/** Another session's agent is in the process. Its owner may have died a moment ago: see `hasOwnerEnded`. */
export class HeldByAnother extends Error {
  constructor(readonly session: string) {
    super(`held by session ${session}`);
  }
}

/**
 * Waits for the agent's socket, connects and shakes hands.
 * @throws HeldByAnother
 * @throws PylatchError what the agent left in its error file, `agent-failed`, `wire-version`, or `attach-timeout`
 */
export async function connectAgent(
  place: SessionPlace,
  options: ConnectOptions,
): Promise<{ link: FrameSocket; welcome: Welcome }> {
  const link = new FrameSocket(await awaitSocket(place, options));
  try {
    const hello: Hello = { version: WIRE_VERSION, token: options.token, config: options.config };
    link.send(hello);
    return { link, welcome: checkWelcome(await firstMessage(link, options)) };
  } catch (error) {
    link.close();
    throw error;
  }
}

async function awaitSocket(place: SessionPlace, options: ConnectOptions): Promise<Socket> {
  for (;;) {
    const socket = await tryConnect(place);
    if (socket !== undefined) return socket;
    reportedError(place);
    options.check();
    if (performance.now() > options.deadline) throw silent('did not open its connection in time');
    await delay(POLL_MS);
  }
}

async function tryConnect(place: SessionPlace): Promise<Socket | undefined> {
  try {
    return await place.connect();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new PylatchError(
      'agent-failed',
      `The agent in the process cannot be reached (${code}).`,
      'Run Pylatch as the same user, outside of a sandbox.',
    );
  }
}

/** The agent says why it cannot work: an id of the catalogue, a line end, and a detail. */
function reportedError(place: SessionPlace): void {
  const report = place.read('error');
  if (report === undefined || !report.includes('\n')) return;
  const end = report.indexOf('\n');
  const [id, text] = [report.slice(0, end).trim(), report.slice(end + 1).trim()];
  if (id === 'already-attached') throw new HeldByAnother(text);
  const [what, fix] = REPORTS[id] ?? [
    'The agent could not start in the process',
    'The program goes on as before.',
  ];
  throw new PylatchError(isErrorId(id) ? id : 'agent-failed', `${what}: ${text}`, fix);
}

function firstMessage(link: FrameSocket, options: ConnectOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const left = Math.max(1, options.deadline - performance.now());
    const timer = setTimeout(() => reject(silent('did not answer in time')), left);
    link.onClose(() => {
      clearTimeout(timer);
      reject(silent('closed the connection before it answered'));
    });
    link.onNextMessage((message) => {
      clearTimeout(timer);
      resolve(message);
    });
  });
}

function checkWelcome(message: unknown): Welcome {
  const welcome = message as Partial<Welcome> | null;
  if (welcome?.version === WIRE_VERSION && typeof welcome.pid === 'number') return welcome as Welcome;
  throw new PylatchError(
    'wire-version',
    `The agent in the process speaks version ${String(welcome?.version)} of the protocol, not ${WIRE_VERSION}.`,
    'Install Pylatch anew: its parts do not belong together.',
  );
}

function silent(what: string): PylatchError {
  return new PylatchError(
    'agent-failed',
    `The agent was started in the process but ${what}: the program hardly lets another thread run (it keeps the global interpreter lock).`,
    'Try again at another moment, or allow more time.',
  );
}
