import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { requestOf, withdraw } from './arm';
import type { AgentAssets } from './assets';
import type { SessionPlace, TargetOs } from './os/index';
import { walkInterpreter } from './runtime';
import type { OpenTarget, UnknownTarget } from './target';

/** The files of one attach, ready for the target. */
export interface Placed {
  place: SessionPlace;
  /** What it runs, as it names it. */
  script: string;
  /** The 256-bit secret that the agent expects, 64 hex digits. */
  token: string;
}

/** A user's own script, ready for the target. */
export type PlacedScript = Pick<Placed, 'place' | 'script'>;

const STUB = 'stub.py';
const SCRIPT = 'script.py';
const GRACE_MS = 1000;
/** Where it cannot be seen whether a file was read: opening it is the next thing that the interpreter does. */
const BLIND_GRACE_MS = 500;
const POLL_MS = 5;

/**
 * A session that was killed may have left a request to a thread that has not come by yet. The sweep takes away its
 * script, which the target would then complain about: so the request goes first.
 */
function withdrawAbandoned({ os, process, status, runtime }: OpenTarget): void {
  for (const thread of walkInterpreter(process, runtime).threads) {
    const { pending, path } = requestOf(process, runtime.offsets, thread);
    if (pending && os.isAbandoned(status, path)) withdraw(process, runtime.offsets, thread);
  }
}

function makePlace(
  target: OpenTarget | UnknownTarget,
  fill: (place: SessionPlace) => void,
): Promise<SessionPlace> {
  // In one of unknown structure our own request will take the place of the abandoned one.
  if ('runtime' in target) withdrawAbandoned(target);
  return target.os.makePlace(target.status, fill);
}

/** Makes the session's place and writes the agent into it. */
export async function placeAgent(target: OpenTarget | UnknownTarget, assets: AgentAssets): Promise<Placed> {
  const token = randomBytes(32).toString('hex');
  const place = await makePlace(target, (made) => {
    made.write('agent.src', assets.source);
    if (assets.code) made.write('agent.bin', assets.code);
    made.write(STUB, filledStub(assets.stub, made, token, sessionOwner(target.os)));
  });
  return { place, token, script: place.path(STUB) };
}

/** Tells this process from all others, now and later. */
function sessionOwner(os: TargetOs): string {
  return `${process.pid} ${os.status(process.pid)?.startId}`;
}

/**
 * True where the session that holds a target has died, so that its agent will soon let go.
 * @param session as the stub was told it
 */
export function hasOwnerEnded(os: TargetOs, session: string): boolean {
  const [, pid, startId] = /^\S+ (\d+) (.*)$/.exec(session) ?? [];
  return pid !== undefined && os.status(Number(pid))?.startId !== startId;
}

function filledStub(stub: string, place: SessionPlace, token: string, owner: string): string {
  const values: Record<string, string> = {
    FOLDER: place.folder,
    ADDRESS: place.address,
    BINARY: place.path('agent.bin'),
    SOURCE: place.path('agent.src'),
    ERROR: place.path('error'),
    PORT: place.path('port'),
    TOKEN: token,
    SESSION: `${randomBytes(8).toString('hex')} ${owner}`,
  };
  return stub.replace(
    /@([A-Z]+)@/g,
    (whole, name: string) => values[name]?.replace(/[\\']/g, '\\$&') ?? whole,
  );
}

/** Makes the session's place with a user's own script in it. */
export async function placeScript(
  target: OpenTarget | UnknownTarget,
  text: string | Uint8Array,
): Promise<PlacedScript> {
  const place = await makePlace(target, (made) => made.write(SCRIPT, text));
  return { place, script: place.path(SCRIPT) };
}

/**
 * Removes the place once the script in it was read. The interpreter clears the flag first and opens the file
 * then; a file that is gone at that moment makes it print a complaint.
 */
export async function removeWhenRead(place: SessionPlace): Promise<void> {
  const grace = place.wasRead(SCRIPT) === undefined ? BLIND_GRACE_MS : GRACE_MS;
  const deadline = performance.now() + grace;
  while (!place.wasRead(SCRIPT) && performance.now() < deadline) await delay(POLL_MS);
  place.remove();
}

/** What the target may still read becomes an empty program: reading it does nothing and prints nothing. */
export function defuse(place: SessionPlace): void {
  place.truncate(STUB);
  place.truncate(SCRIPT);
}
