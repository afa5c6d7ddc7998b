import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { requestOf, withdraw } from './arm';
import type { AgentAssets } from './assets';
import type { SessionFolder } from './os/index';
import { walkInterpreter } from './runtime';
import type { OpenTarget } from './target';

/** The files of one attach, ready for the target. */
export interface Placed {
  folder: SessionFolder;
  /** The stub, as the target names it. */
  script: string;
  /** The 256-bit secret that the agent expects, 64 hex digits. */
  token: string;
}

const STUB = 'stub.py';
const SCRIPT = 'script.py';
const SESSION_SCRIPT = /^(.*\/pylatch-[0-9a-f]{16})\/(?:stub|script)\.py$/;
const GRACE_MS = 1000;
const POLL_MS = 5;

/**
 * A session that was killed may have left a request to a thread that has not come by yet. The sweep takes away its
 * script, which the target would then complain about: so the request goes first.
 */
function makeFolder(target: OpenTarget): SessionFolder {
  const { os, process, status, runtime } = target;
  for (const thread of walkInterpreter(process, runtime).threads) {
    const { pending, path } = requestOf(process, runtime.offsets, thread);
    const folder = pending ? SESSION_SCRIPT.exec(path)?.[1] : undefined;
    if (folder !== undefined && os.isAbandoned(status, folder)) withdraw(process, runtime.offsets, thread);
  }
  return os.makeFolder(status);
}

/** Makes the session folder and writes the agent into it. */
export function placeAgent(target: OpenTarget, assets: AgentAssets): Placed {
  const folder = makeFolder(target);
  const token = randomBytes(32).toString('hex');
  const values: Record<string, string> = {
    '@DIR@': folder.target.replace(/[\\']/g, '\\$&'),
    '@TOKEN@': token,
    '@SESSION@': randomBytes(8).toString('hex'),
  };
  try {
    folder.write('agent.src', assets.source);
    if (assets.code) folder.write('agent.bin', assets.code);
    folder.write(
      STUB,
      assets.stub.replace(/@(?:DIR|TOKEN|SESSION)@/g, (name) => values[name] ?? name),
    );
  } catch (error) {
    folder.remove();
    throw error;
  }
  return { folder, token, script: `${folder.target}/${STUB}` };
}

/** Makes the session folder with a user's own script in it. */
export function placeScript(
  target: OpenTarget,
  text: string | Uint8Array,
): { folder: SessionFolder; script: string } {
  const folder = makeFolder(target);
  try {
    folder.write(SCRIPT, text);
  } catch (error) {
    folder.remove();
    throw error;
  }
  return { folder, script: `${folder.target}/${SCRIPT}` };
}

/**
 * Removes the folder once the script in it was read. The interpreter clears the flag first and opens the file
 * then; a file that is gone at that moment makes it print a complaint.
 */
export async function removeWhenRead(folder: SessionFolder): Promise<void> {
  const deadline = performance.now() + GRACE_MS;
  while (!folder.wasRead(SCRIPT) && performance.now() < deadline) await delay(POLL_MS);
  folder.remove();
}

/** What the target may still read becomes an empty program: reading it does nothing and prints nothing. */
export function defuse(folder: SessionFolder): void {
  folder.truncate(STUB);
  folder.truncate(SCRIPT);
}
