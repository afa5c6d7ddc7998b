/** Targets with a root folder of their own, as in a container: built of what the interpreter needs, in tmpfs. */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interpreter } from '../support/targets';
import type { Kind, Running } from './kind';
import { ask, launch, LOOP, makeFolder, ready, Unavailable } from './kind';

/** How a target of its own root differs from others. */
export interface Rooted {
  name: string;
  expect?: Kind['expect'];
  /** Namespaces besides that of its mounts: options of unshare(1). */
  namespaces?: string[];
  /** Shell commands that finish the root folder `$root`, before it is the root. */
  furnish: string;
  env?: NodeJS.ProcessEnv;
}

/** Folders of the files that an interpreter has mapped, and that of its standard library. */
const NEEDS = `
import os
maps = [line.split(None, 5)[5:] for line in open('/proc/self/maps')]
files = {path[0].strip() for path in maps if path} | {os.__file__}
print('\\n'.join(sorted({os.path.dirname(file) for file in files if file.startswith('/')})))
`;

const BUILD = `
root="$1/root"
mkdir "$root"
mount -t tmpfs none "$root"
mkdir "$root/proc"
for link in /lib /lib64; do
  if [ -L $link ]; then cp -P $link "$root$link"; fi
done
`;
const ENTER = `
cp "$1/target.py" "$root/target.py"
for mount in $sealed; do mount -o remount,ro "$mount"; done
shift
exec chroot "$root" "$@"
`;

/** For {@link Rooted.furnish}: nothing in the root folder can be written to. */
export const CLOSED = 'sealed="$root"\n';
/** For {@link Rooted.furnish}: `/proc` as the target's pid namespace shows it. */
export const PROC = 'mount -t proc none "$root/proc"\n';
export const TMP = 'mkdir -m 1777 "$root/tmp"\n';

/** Makes the kind of a target with a root folder of its own. */
export function rooted(spec: Rooted): Kind {
  return { name: spec.name, expect: spec.expect ?? 'attached', start: (python) => startRooted(spec, python) };
}

async function startRooted({ namespaces = [], furnish, env }: Rooted, python: Interpreter): Promise<Running> {
  if (process.getuid?.() !== 0) throw new Unavailable('only root may give a process another root folder');
  const folders = ['/usr/lib64', ...(await ask(python.path, NEEDS)).split('\n')];
  const bind = folders.map(
    (folder) => `
if [ -d "${folder}" ]; then
  mkdir -p "$root${folder}"
  mount --bind "${folder}" "$root${folder}"
  mount -o remount,bind,ro "$root${folder}"
fi`,
  );
  const folder = await makeFolder();
  writeFileSync(join(folder, 'target.py'), LOOP);
  const script = ['set -e', BUILD, furnish, ...bind, ENTER].join('\n');
  const unshare = ['unshare', '--mount', '--propagation', 'private', ...namespaces];
  const shell = ['sh', '-c', script, 'sh', folder];
  const target = await launch([...unshare, ...shell, realpathSync(python.path), '-u', '/target.py'], folder, {
    env,
  });
  try {
    await target.waitFor('ready\n');
  } catch (error) {
    await target.stop();
    throw error;
  }
  const forks = namespaces.includes('--fork');
  return forks ? { ...ready(target), pid: onlyChild(target.pid) } : ready(target);
}

function onlyChild(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'));
}
