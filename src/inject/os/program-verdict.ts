/** What program files, named by their paths, have to do with Python; remembered from one listing to the next. */
import { statSync } from 'node:fs';
import { withImageFile } from '../image/bytes';
import { pythonInFile } from '../python-file';

/**
 * What a program file can have to do with Python. `is`: it is in the file itself; `loads`: one of its processes was
 * seen with a Python library; `perhaps`: none yet.
 */
export interface Verdict {
  python: 'is' | 'loads' | 'perhaps';
  version?: string | undefined;
}

/** By path and time of change: an upgraded file is a new one. */
const verdicts = new Map<string, Verdict>();

/** Reads the file the first time only. */
export function verdictOf(path: string): Verdict {
  const key = `${path}:${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`;
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const python = withImageFile(path, pythonInFile);
  const verdict: Verdict =
    python === undefined ? { python: 'perhaps' } : { python: 'is', version: python.version?.text };
  verdicts.set(key, verdict);
  return verdict;
}
