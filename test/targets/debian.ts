import { execFile } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Unavailable } from './kind';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');

let otherBuilds: Promise<string> | undefined;

/** The root folder of Debian's other builds of Python. */
export function debianBuilds(): Promise<string> {
  otherBuilds ??= run(process.execPath, [join(ROOT, 'scripts', 'interpreters.mjs'), '--json', 'builds']).then(
    ({ stdout }) => (JSON.parse(stdout) as [{ path: string }])[0].path,
    (error: { stderr: string }) => {
      throw new Unavailable(error.stderr.trim().split('\n').at(-1));
    },
  );
  return otherBuilds;
}

export async function debianProgram(name: string): Promise<string> {
  return join(await debianBuilds(), 'usr', 'bin', name);
}

/** Prints the path of the dynamic loader. */
export const LOADER = String.raw`
import re
print(re.search(r'/\S*/ld[-.]\S*', open('/proc/self/maps').read())[0])
`;

/** An upgrade puts new files in the place of old ones that still run. */
export async function replace(file: string): Promise<void> {
  await writeFile(`${file}.new`, 'another program');
  await rename(`${file}.new`, file);
}
