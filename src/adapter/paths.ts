import { posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PylatchError } from '../common/errors';

/** One pair of folders that are the same: `localRoot` on the client's side, `remoteRoot` in the target. */
export interface PathMapping {
  localRoot: string;
  remoteRoot: string;
}

/**
 * Translates paths between the client and the target. The longest matching root wins, so that a mapping of a
 * folder inside a mapped folder is an exception to it.
 */
export class Paths {
  private mappings: PathMapping[] = [];
  private uris = false;

  /** Sets the mappings of the session; roots may end with a slash or not. */
  configure(mappings: readonly PathMapping[]): void {
    this.mappings = mappings.map(({ localRoot, remoteRoot }) => ({
      localRoot: trimSlash(localRoot),
      remoteRoot: trimSlash(remoteRoot),
    }));
  }

  /** For a client that said `pathFormat: 'uri'` in its initialize request. */
  useUris(): void {
    this.uris = true;
  }

  /** The target's path of a file that the client names. @throws PylatchError `bad-arguments` for a broken URI */
  toRemote(path: string): string {
    const local = path.startsWith('file://') ? fromUri(path) : path;
    return replaceRoot(local, this.mappings, 'localRoot', 'remoteRoot');
  }

  /** This side's path of a file that the target names: a plain path, to look at the disk with. */
  toLocal(path: string): string {
    return replaceRoot(path, this.mappings, 'remoteRoot', 'localRoot');
  }

  /** A plain path of this side in the format that the client asked for. */
  toClient(path: string): string {
    return this.uris && path.startsWith('/') ? pathToFileURL(path).href : path;
  }
}

function fromUri(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (error) {
    const text = `${JSON.stringify(uri)} names no file: ${(error as Error).message}.`;
    throw new PylatchError('bad-arguments', text, 'Send the path of the file, or a correct file URI.');
  }
}

type Side = keyof PathMapping;

function replaceRoot(path: string, mappings: readonly PathMapping[], from: Side, to: Side): string {
  const clean = path.startsWith('/') ? posix.normalize(path) : path;
  const fitting = mappings.filter((mapping) => isInside(clean, mapping[from]));
  if (fitting.length === 0) return clean;
  const best = fitting.reduce((a, b) => (b[from].length > a[from].length ? b : a));
  return best[to] + clean.slice(best[from].length) || '/';
}

function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/** The root `/` becomes the empty text, so that what follows always begins with a slash. */
function trimSlash(root: string): string {
  return (root.startsWith('/') ? posix.normalize(root) : root).replace(/[/\\]+$/, '');
}
