import { spawn } from 'node:child_process';
import type { HelperRun } from './elevated';

/** What pkexec(1) ends with when the user has closed its window. */
const DISMISSED = 126;
const MAX_COMPLAINT = 2000;

/** Starts the helper by pkexec, which has the desktop ask for the password. See `StartHelper`. */
export function startPkexec([program, ...args]: readonly string[]): Promise<HelperRun> {
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on(
    'data',
    (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-MAX_COMPLAINT)),
  );
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`pkexec cannot be started (${error.message})`));
    child.once('close', (code) => resolve(reason(code, complaint)));
  });
  return Promise.resolve({ ended, forget: () => undefined, stop: () => child.kill() });
}

function reason(code: number | null, complaint: string): string {
  if (code === DISMISSED) return 'the window that asked for the password was closed';
  const words = complaint
    .trim()
    .split(/\s*\n\s*/)
    .join(' ');
  return `pkexec ended with ${code}${words === '' ? '' : ` and said: ${words}`}`;
}
