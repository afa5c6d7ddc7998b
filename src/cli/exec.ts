import { PylatchError } from '../common/errors';
import { printable } from '../common/printable';
import { shellLine } from '../common/shell';
import { canElevate } from '../inject/elevation/command';
import { execScript } from '../inject/exec';
import type { ThreadChoice } from '../inject/types';
import { parseOrComplain, UsageError, wholeNumber } from './usage';

const DEFAULT_TIMEOUT_S = 10;
/** Whoever waits longer is told what for. */
const SILENCE_MS = 1000;

/** `pylatch exec`: runs a script once in a process. Ctrl+C takes the request back. */
export async function exec(args: string[]): Promise<number> {
  const { values, positionals } = parseOrComplain({
    args,
    allowPositionals: true,
    options: { thread: { type: 'string', default: 'any' }, timeout: { type: 'string' } },
  });
  const [pid, path] = positionals;
  if (pid === undefined || path === undefined || positionals.length > 2) {
    throw new UsageError('exec takes a process id and a script');
  }
  const options = { pid: wholeNumber('the process id', pid), thread: threadChoice(values.thread) };
  const timeoutMs = seconds(values.timeout) * 1000;
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  let waitsFor = 'Python does not come by';
  const notice = setTimeout(
    () => process.stderr.write(printable(`Still waiting: ${waitsFor}.\n`)),
    SILENCE_MS,
  );
  await execScript({
    ...options,
    timeoutMs,
    script: { path },
    signal: abort.signal,
    onNews: (detail) => (waitsFor = detail),
    onNotice: (notice) => process.stderr.write(printable(`${notice}\n`)),
  })
    .catch((error: unknown) => Promise.reject(withCommand(error)))
    .finally(() => clearTimeout(notice));
  process.stdout.write(
    `Process ${pid} has taken the script. What it prints or raises appears where that process writes.\n`,
  );
  return 0;
}

/** Where the rights of root would do, adds what root would have to type. */
function withCommand(error: unknown): unknown {
  if (!(error instanceof PylatchError) || error.id !== 'no-permission' || !canElevate()) return error;
  const command = shellLine(['sudo', process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
  return new PylatchError(error.id, error.text, `${error.fix ?? ''}\nThe same as root:\n  ${command}`.trim());
}

function threadChoice(text: string): ThreadChoice {
  return text === 'any' || text === 'main'
    ? text
    : wholeNumber('--thread (main, any or a native thread id)', text);
}

function seconds(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TIMEOUT_S;
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new UsageError(`"${text}" does not fit --timeout (seconds)`);
  return value;
}
