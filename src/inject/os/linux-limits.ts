/** Limits of a process (getrlimit(2)) that leave no room for an agent. */
import { readdirSync } from 'node:fs';
import { PylatchError } from '../../common/errors';
import { procText } from './linux-proc';

/** The stub reads a file, and the agent keeps a connection and two ends of a pipe. */
const NEEDED = 8;

/**
 * The refusal of a process that has no descriptors left. Python would open the script in vain, and complain about
 * that on the program's error output.
 */
export function descriptorShortage(pid: number): PylatchError | undefined {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(procText(pid, 'limits') ?? '')?.[1] ?? Infinity);
  const used = openFiles(pid);
  if (limit - used >= NEEDED) return undefined;
  return new PylatchError(
    'system-refused',
    `Process ${pid} has ${used} of ${limit} file descriptors in use, and the agent needs ${NEEDED}.`,
    `Raise its limit: prlimit --pid ${pid} --nofile=${limit + 1024}`,
  );
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
