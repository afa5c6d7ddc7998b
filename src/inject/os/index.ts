import { PylatchError } from '../../common/errors';
import { darwin } from './darwin';
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
    case 'darwin':
      return darwin;
    case 'win32':
      return windows;
    default:
      throw new PylatchError(
        'unsupported-system',
        `Pylatch cannot attach to processes on ${process.platform}.`,
        'Run it on Linux, macOS or Windows, on the machine where the program runs.',
      );
  }
}
