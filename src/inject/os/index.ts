import { PylatchError } from '../../common/errors';
import { linux } from './linux';
import type { TargetOs } from './types';
import { windows } from './windows';

export * from './types';

/**
 * The system this process runs on.
 * @throws PylatchError `unsupported-system`
 */
export function targetOs(): TargetOs {
  switch (process.platform) {
    case 'linux':
      return linux;
    case 'win32':
      return windows;
    default:
      throw new PylatchError(
        'unsupported-system',
        `Pylatch cannot attach to processes on ${process.platform} yet.`,
        'Run it on the Linux machine, container or WSL where the program runs.',
      );
  }
}
