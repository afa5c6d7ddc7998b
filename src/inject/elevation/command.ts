/** The command that runs the helper as root, known before it runs: it is shown to the user first. */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** How the helper gets its rights: pkexec asks for the password in a window, sudo in a terminal. */
export const MEANS = ['pkexec', 'sudo'] as const;
export type Means = (typeof MEANS)[number];

/** The hidden subcommand of the command line that is the helper. */
export const HELPER = 'inject-helper';

const TELLTALE = randomBytes(8).toString('hex');

/** True where this process may lack a right that the helper would have. */
export function canElevate(): boolean {
  return process.platform !== 'win32' && process.geteuid?.() !== 0;
}

/** True for a program that the shell would find. */
export function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => isAllowed(join(folder, program), constants.X_OK));
}

/**
 * The socket at which we wait for the helper that attaches to this process. It is the same for the whole life of
 * this process, so that the command shown is the very one that runs, and nobody else can know it before.
 */
export function helperSocket(pid: number): string {
  return join(privateParent(), `pylatch-${TELLTALE}-${pid}`, 'socket');
}

/** The words of the command. */
export function helperCommand(means: Means, pid: number): string[] {
  // Without its own agent pkexec never writes to the terminal of an editor.
  const asRoot = means === 'pkexec' ? ['pkexec', '--disable-internal-agent'] : ['sudo'];
  // Both clean the environment, in which an editor's Electron is told to be Node.
  const asNode = process.versions['electron'] === undefined ? [] : ['env', 'ELECTRON_RUN_AS_NODE=1'];
  return [...asRoot, ...asNode, process.execPath, commandLineFile(), HELPER, helperSocket(pid)];
}

/** Beside the bundle, or in `dist` when run from source. */
function commandLineFile(): string {
  const bundled = join(__dirname, 'cli.js');
  return existsSync(bundled) ? bundled : join(__dirname, '..', '..', '..', 'dist', 'cli.js');
}

/** The folder of the user's login session belongs to him alone; a temporary folder is where there is none. */
function privateParent(): string {
  const own = process.env['XDG_RUNTIME_DIR'];
  return own && isAllowed(own, constants.W_OK) ? own : tmpdir();
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
