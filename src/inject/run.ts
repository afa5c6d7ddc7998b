import { runByRemoteExec } from './remote-exec';
import type { OpenTarget, UnknownTarget } from './target';
import { runByMemory } from './wake';
import type { RunOptions } from './wake';

/**
 * Runs the script in the target, by whichever way its Python allows.
 * @returns the thread that took it
 * @throws PylatchError why it could not be run; the request is taken back then
 */
export function runScript(
  target: OpenTarget | UnknownTarget,
  options: RunOptions,
): Promise<{ nativeId: number }> {
  return 'runtime' in target ? runByMemory(target, options) : runByRemoteExec(target, options);
}
