import { environment, procLink } from './linux-proc';
import type { OwnProgram, ProcessStatus } from './types';

/** What a second copy has to share with the process for `sys.remote_exec` to find it, and both the same files. */
const VIEWS = ['root', 'ns/mnt', 'ns/pid'];

/**
 * See `TargetOs.ownProgram`. The program is the target user's: he may have put anything there, so it must run with
 * his rights only, even where we are root.
 */
export function linuxOwnProgram(status: ProcessStatus): OwnProgram | string {
  const { pid, effectiveUid: uid, effectiveGid: gid } = status;
  const path = (procLink(pid, 'exe') ?? '').replace(/ \(deleted\)$/, '');
  const own = process.geteuid?.();
  if (own !== 0 && own !== uid) return 'it would have to be started as another user';
  if (VIEWS.every((view) => procLink(pid, view) === procLink('self', view))) {
    const libraries = environment(pid).get('LD_LIBRARY_PATH');
    const env = {
      PATH: process.env['PATH'],
      ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
    };
    // The link leads to the program itself also when its file was replaced or removed.
    return { path, file: `/proc/${pid}/exe`, args: [], env, ...(own === uid ? {} : { uid, gid }) };
  }
  if (procLink(pid, 'ns/user') !== procLink('self', 'ns/user'))
    return 'it lives in a user namespace of its own';
  if (own !== 0) return 'only root can start a program in its container';
  const enter = [`--target=${pid}`, '--mount', '--pid', '--root', `--setuid=${uid}`, `--setgid=${gid}`];
  // No library path of the target's: nsenter itself runs with our rights.
  return { path, file: 'nsenter', args: [...enter, '--', path], env: { PATH: process.env['PATH'] } };
}
