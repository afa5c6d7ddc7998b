/**
 * The helper: attaches as root for a user who may not, hands him the connection and has no rights any more. It
 * reads one request, from a socket in a private folder of the very user who has started it, and writes nothing
 * but its answer; what it does to the target is `attach`.
 */
import { lstatSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { asPylatchError, PylatchError } from '../../common/errors';
import { FrameSocket } from '../../common/frames';
import { attach } from '../attach';
import type { AttachedAgent } from '../types';
import { cancelled } from '../wake';
import type { HelperMessage } from './messages';
import { checkRequest, MAX_REQUEST } from './messages';
import type { Identity } from './rights';
import { actAs, dropRights, whoAsked } from './rights';

const REQUEST_LIMIT_MS = 10_000;
const OTHERS = 0o077;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Serves the one request that waits behind the socket. Returns when the rights are gone and the connection is
 * handed on; the process then lives as long as that does.
 * @throws PylatchError what has been told to the requester as well, where there is one
 */
export async function injectHelper(path: string): Promise<void> {
  const uid = whoAsked(process.env);
  const { socket, gid } = actAs(uid, () => knock(path, uid));
  const requester = new FrameSocket(socket, MAX_REQUEST);
  const say = (message: HelperMessage): void => requester.send(message);
  try {
    const agent = await serve(requester, say);
    giveUp({ uid, gid }, agent);
    const { welcome, timings, notices } = agent;
    say({ connected: welcome, timings, ...(notices ? { notices } : {}) });
    join(requester, agent.link);
  } catch (error) {
    const { id, text, fix } = asPylatchError(error);
    say({ error: { id, text, ...(fix === undefined ? {} : { fix }) } });
    socket.end(() => socket.destroy());
    throw error;
  }
}

/**
 * Connects with the user's rights alone. To be in the folder when it is checked makes sure that nobody exchanges
 * it afterwards; that it is closed to others makes sure that it was the user who has put the socket there.
 */
function knock(path: string, uid: number): { socket: Socket; gid: number } {
  const door = attempt(() => {
    process.chdir(dirname(path));
    const folder = statSync('.');
    const file = lstatSync(basename(path));
    const isPrivate = folder.uid === uid && (folder.mode & OTHERS) === 0;
    return isPrivate && file.isSocket() && file.uid === uid ? file : undefined;
  });
  if (door) return { socket: connect({ path: basename(path), allowHalfOpen: true }), gid: door.gid };
  throw new PylatchError(
    'elevation-failed',
    `Nobody waits for the helper: ${path} is not a socket in a private folder of the user who has started it.`,
    'Attach again: the one who asked for this has given up meanwhile.',
  );
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** Reads the request and attaches. Who goes away, or sends more than was asked for, has cancelled. */
async function serve(requester: FrameSocket, say: (message: HelperMessage) => void): Promise<AttachedAgent> {
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  requester.socket.once('end', cancel);
  requester.onClose(cancel);
  for (const signal of SIGNALS) process.on(signal, cancel);
  try {
    const { pid, thread, timeoutMs, config } = checkRequest(await firstMessage(requester));
    requester.onMessage(() => requester.close());
    const agent = await attach({
      ...{ pid, thread, timeoutMs, config },
      signal: abort.signal,
      onPhase: (phase, detail) => say({ phase, ...(detail === undefined ? {} : { detail }) }),
    });
    if (!abort.signal.aborted) return agent;
    agent.link.close();
    throw cancelled(pid);
  } finally {
    for (const signal of SIGNALS) process.off(signal, cancel);
  }
}

function firstMessage(requester: FrameSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      clearTimeout(timer);
      reject(
        new PylatchError('elevation-failed', `The helper was asked for nothing: ${what}.`, 'Try again.'),
      );
    };
    const timer = setTimeout(() => fail('no request came in time'), REQUEST_LIMIT_MS);
    requester.socket.once('end', () => fail('the connection was closed'));
    requester.onClose((error) => fail(error?.message ?? 'the connection was closed'));
    requester.onNextMessage((message) => {
      clearTimeout(timer);
      resolve(message);
    });
  });
}

function giveUp(identity: Identity, agent: AttachedAgent): void {
  try {
    dropRights(identity);
  } catch (error) {
    agent.link.close();
    throw error;
  }
}

/** From now on each side hears the other; when one goes, so does the other, and this process with them. */
function join(requester: FrameSocket, agent: FrameSocket): void {
  requester.pipe(agent);
  agent.pipe(requester);
  requester.socket.once('end', () => agent.close());
  requester.onClose(() => agent.close());
  agent.onClose(() => requester.socket.end(() => requester.close()));
}
