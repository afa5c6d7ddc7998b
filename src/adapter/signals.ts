import { readFileSync } from 'node:fs';
import { PylatchError } from '../common/errors';

/** EPERM means that the process is there but somebody else's; a zombie has ended and only waits for its parent. */
export function isAlive(pid: number): boolean {
  // In this order: one that ends in between is not there for the signal.
  if (isZombie(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Only Linux has the file; elsewhere nothing is known of zombies. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Asks the process to end. @throws PylatchError `no-permission` */
export function sendTerm(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    const text = `Process ${pid} could not be ended: ${(error as Error).message}.`;
    throw new PylatchError('no-permission', text, 'End it by other means.');
  }
}
