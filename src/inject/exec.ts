import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { PylatchError } from '../common/errors';
import { defuse, placeScript, removeWhenRead } from './place';
import type { PlacedScript } from './place';
import { LAYOUTS } from './offsets';
import { RefusalWatch } from './refusal-watch';
import { runScript } from './run';
import { awaitStart, hasEnded, openAnyTarget, preflight } from './target';
import type { OpenTarget, UnknownTarget } from './target';
import type { ThreadChoice } from './types';

const POLL_MS = 2;

/** A user's script for a running process. */
export interface ExecOptions {
  pid: number;
  thread: ThreadChoice;
  timeoutMs: number;
  /** The program, or the file that holds it on this side. */
  script: { text: string } | { path: string };
  signal?: AbortSignal;
  /** Told which threads are waited for, and what they do. */
  onNews?: (detail: string) => void;
  /** Told what had to be done that the program may notice. */
  onNotice?: (notice: string) => void;
}

/**
 * Runs a script once in a running process, as `sys.remote_exec` would: in a namespace of its own, on the chosen
 * thread, between two steps of the program. Resolves when the interpreter has taken the script; what the script
 * raises goes to the target's `sys.unraisablehook`, which by default prints it to the target's stderr.
 * @throws PylatchError as `attach` does; `bad-arguments` for a script that cannot be read
 */
export async function execScript(options: ExecOptions, layouts = LAYOUTS): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  const text = await scriptText(options.script);
  const target = await openAnyTarget(options.pid, layouts);
  try {
    await awaitStart(target, deadline);
    preflight(target, options.thread);
    const placed = await placeScript(target, text);
    try {
      await runPlaced(target, placed, options, deadline);
    } catch (error) {
      defuse(placed.place);
      throw error;
    } finally {
      await removeWhenRead(placed.place);
    }
  } finally {
    target.process.close();
  }
}

/** Until the interpreter has opened the script. */
async function runPlaced(
  target: OpenTarget | UnknownTarget,
  { place, script }: PlacedScript,
  options: ExecOptions,
  deadline: number,
): Promise<void> {
  const watch = 'runtime' in target ? new RefusalWatch(target) : undefined;
  const taker = await runScript(target, {
    choice: options.thread,
    once: true,
    path: script,
    wasRead: () => place.wasRead('script.py'),
    deadline,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    onNews: (phase, detail) => {
      const tell = phase === 'notice' ? options.onNotice : options.onNews;
      if (detail !== undefined) tell?.(detail);
    },
  });
  watch?.start();
  const unread = (): boolean => place.wasRead('script.py') === false;
  while (unread() && !hasEnded(target) && performance.now() < deadline) {
    watch?.look(taker.nativeId, place, 'script.py');
    await delay(POLL_MS);
  }
}

async function scriptText(script: ExecOptions['script']): Promise<string | Buffer> {
  if ('text' in script) return script.text;
  try {
    return await readFile(script.path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PylatchError(
      'bad-arguments',
      `The script ${script.path} cannot be read (${code}).`,
      'Check the path.',
    );
  }
}
