/** From a process id to an agent that answers, by a helper that runs as root; see `attach` for the way without. */
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import { PylatchError } from '../../common/errors';
import { FrameSocket } from '../../common/frames';
import type { AttachedAgent, AttachOptions } from '../types';
import { cancelled } from '../wake';
import type { Means } from './command';
import { helperCommand, helperSocket } from './command';
import { checkMessage, HELPER_VERSION } from './messages';
import type { HelperMessage, HelperRequest } from './messages';

/** A helper that was asked to run, maybe still before the password. */
export interface HelperRun {
  /** Resolves with the reason, in words, when it ends too early; never where that cannot be seen. */
  readonly ended: Promise<string>;
  /** It has come: its end need not be watched for any more. */
  forget(): void;
  /** Takes the prompt away, where that can be done. */
  stop(): void;
}

/** Has the command run by somebody else: that is where the password is asked for. */
export type StartHelper = (command: readonly string[]) => Promise<HelperRun>;

export interface ElevatedOptions extends AttachOptions {
  means: Means;
  start: StartHelper;
}

/** Who looks up a password is given this long; it does not count as time of the attach. */
const PASSWORD_LIMIT_MS = 180_000;
/** More than the attach itself may take: the helper tells its own limit better. */
const MARGIN_MS = 5_000;
const DISARM_LIMIT_MS = 2_000;

/**
 * Attaches by a helper.
 * @throws PylatchError `elevation-failed` when the helper did not come to run, and whatever `attach` throws
 */
export async function attachElevated(options: ElevatedOptions): Promise<AttachedAgent> {
  const link = new FrameSocket(await admit(options));
  try {
    return await ask(link, options);
  } catch (error) {
    link.close();
    throw error;
  }
}

/** Starts the helper and waits until it knocks at the private door that is open for it meanwhile. */
async function admit(options: ElevatedOptions): Promise<Socket> {
  const { pid, means, signal } = options;
  const door = await Door.open(helperSocket(pid));
  const over = AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(PASSWORD_LIMIT_MS)]);
  const run = Promise.resolve(helperCommand(means, pid)).then(options.start);
  const ended = run.then((helper) => helper.ended).then((why) => Promise.reject(failed(why)));
  const told = (tell: (helper: HelperRun) => void): void => void run.then(tell, () => undefined);
  try {
    const visitor = await Promise.race([door.visitor, ended, aborted(over, options)]);
    told((helper) => helper.forget());
    return visitor;
  } catch (error) {
    told((helper) => helper.stop());
    // The helper may have knocked in the same moment.
    void door.visitor.then((visitor) => visitor.destroy());
    throw error;
  } finally {
    door.close();
  }
}

function aborted(over: AbortSignal, options: ElevatedOptions): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void =>
      reject(
        options.signal?.aborted === true
          ? cancelled(options.pid)
          : failed(`nobody has entered the password within ${PASSWORD_LIMIT_MS / 60_000} minutes`),
      );
    if (over.aborted) end();
    else over.addEventListener('abort', end, { once: true });
  });
}

/** A socket that lets one visitor in. Its folder is ours alone, so that is somebody with our rights, or root. */
class Door {
  readonly visitor: Promise<Socket>;
  /** An editor's extension host ends without asking anybody. */
  private readonly leave = (): void => rmSync(this.folder, { recursive: true, force: true });

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
  ) {
    server.maxConnections = 1;
    process.once('exit', this.leave);
    this.visitor = new Promise((resolve) => server.once('connection', resolve));
  }

  static async open(path: string): Promise<Door> {
    const folder = dirname(path);
    makeFolder(folder);
    const door = new Door(createServer(), folder);
    try {
      await new Promise<void>((resolve, reject) => {
        door.server.once('error', reject).listen(path, resolve);
      });
      // The helper becomes what the socket's owner is; some systems give it the group of the folder.
      chownSync(path, process.geteuid!(), process.getegid!());
      return door;
    } catch (error) {
      door.close();
      throw failed(`no socket can be made in ${folder} (${(error as Error).message})`);
    }
  }

  close(): void {
    this.server.close();
    process.off('exit', this.leave);
    this.leave();
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw failed('another attach to the same process is already waiting for it');
    throw failed(`${folder} cannot be made (${code})`);
  }
}

/** Has the helper attach. Its news are passed on; a cancel waits until it has taken everything back. */
async function ask(link: FrameSocket, options: ElevatedOptions): Promise<AttachedAgent> {
  const { pid, thread, timeoutMs, config, signal, onPhase } = options;
  const request: HelperRequest = { version: HELPER_VERSION, pid, thread, timeoutMs, config };
  const limit = setTimeout(() => link.close(), timeoutMs + MARGIN_MS);
  const cancel = (): void => {
    link.socket.end();
    setTimeout(() => link.close(), DISARM_LIMIT_MS).unref();
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const receive = receiver(link);
    link.send(request);
    for (;;) {
      const message = await receive();
      if ('error' in message) throw new PylatchError(message.error.id, message.error.text, message.error.fix);
      if ('connected' in message) {
        const { connected: welcome, ...rest } = message;
        return { link, welcome, ...rest };
      }
      onPhase?.(message.phase, message.detail);
    }
  } catch (error) {
    throw signal?.aborted === true ? cancelled(pid) : error;
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener('abort', cancel);
  }
}

/** Gives the helper's messages one by one, and leaves those of the agent behind them to the next listener. */
function receiver(link: FrameSocket): () => Promise<HelperMessage> {
  const gone = new Promise<never>((_, reject) => {
    link.onClose(() => reject(failed('it ended, or fell silent, before it had attached')));
  });
  gone.catch(() => undefined);
  return async () => {
    const message = new Promise<unknown>((resolve) => link.onNextMessage(resolve));
    return checkMessage(await Promise.race([message, gone]));
  };
}

function failed(why: string): PylatchError {
  return new PylatchError(
    'elevation-failed',
    `The helper that attaches as administrator did not come to its end: ${why}.`,
    'Try again, or run Pylatch itself with the rights that are missing.',
  );
}
