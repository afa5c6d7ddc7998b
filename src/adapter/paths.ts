import system from 'node:path';
import type { PlatformPath } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PylatchError } from '../common/errors';

/** One pair of folders that are the same: `localRoot` on the client's side, `remoteRoot` in the target. */
export interface PathMapping {
  localRoot: string;
  remoteRoot: string;
}

type Side = keyof PathMapping;

/**
 * Translates paths between the client and the target. The longest matching root wins, so that a mapping of a
 * folder inside a mapped folder is an exception to it.
 */
export class Paths {
  private mappings: PathMapping[] = [];
  private uris = false;

  /** @param style how paths are written where the target runs, which is here */
  constructor(private readonly style: PlatformPath = system) {}

  /** Sets the mappings of the session; roots may end with a slash or not. */
  configure(mappings: readonly PathMapping[]): void {
    this.mappings = mappings.map(({ localRoot, remoteRoot }) => ({
      localRoot: this.trimSlash(localRoot),
      remoteRoot: this.trimSlash(remoteRoot),
    }));
  }

  /** For a client that said `pathFormat: 'uri'` in its initialize request. */
  useUris(): void {
    this.uris = true;
  }

  /** The target's path of a file that the client names. @throws PylatchError `bad-arguments` for a broken URI */
  toRemote(path: string): string {
    const local = path.startsWith('file://') ? fromUri(path) : path;
    return this.replaceRoot(local, 'localRoot', 'remoteRoot');
  }

  /** This side's path of a file that the target names: a plain path, to look at the disk with. */
  toLocal(path: string): string {
    return this.replaceRoot(path, 'remoteRoot', 'localRoot');
  }

  /** A plain path of this side in the format that the client asked for. */
  toClient(path: string): string {
    return this.uris && this.style.isAbsolute(path) ? pathToFileURL(path).href : path;
  }

  private replaceRoot(path: string, from: Side, to: Side): string {
    const clean = this.normal(path);
    const fitting = this.mappings.filter((mapping) => this.isInside(clean, mapping[from]));
    if (fitting.length === 0) return clean;
    const best = fitting.reduce((a, b) => (b[from].length > a[from].length ? b : a));
    return best[to] + clean.slice(best[from].length) || this.style.sep;
  }

  private isInside(path: string, root: string): boolean {
    const [inner, outer] = [this.comparable(path), this.comparable(root)];
    return inner === outer || inner.startsWith(outer + this.style.sep);
  }

  /** Windows takes names in capital letters for the same; editors write its drives in small ones, Python does not. */
  private comparable(path: string): string {
    return this.style.sep === '\\' ? path.toLowerCase() : path;
  }

  /** The root `/` becomes the empty text, so that what follows always begins with a slash. */
  private trimSlash(root: string): string {
    return this.normal(root).replace(/[/\\]+$/, '');
  }

  private normal(path: string): string {
    return this.style.isAbsolute(path) ? this.style.normalize(path) : path;
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
