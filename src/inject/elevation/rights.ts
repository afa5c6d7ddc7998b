/** The rights of the helper: whose they are, and how it gets rid of them (credentials(7)). */
import { PylatchError } from '../../common/errors';

/** Which groups the user has is not known: here it is the one that nothing belongs to. */
const NO_GROUP = 65_534;

/** A user and the group that files of his get. */
export interface Identity {
  uid: number;
  gid: number;
}

/**
 * The user who has started us through sudo or pkexec; both tell it in the environment.
 * @throws PylatchError `elevation-failed` when we are not root, or nobody else asked
 */
export function whoAsked(environment: NodeJS.ProcessEnv): number {
  const text = environment['SUDO_UID'] ?? environment['PKEXEC_UID'] ?? '';
  const uid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (process.geteuid?.() === 0 && uid !== 0) return uid;
  throw new PylatchError(
    'elevation-failed',
    'The helper is not started by hand: Pylatch has it run by sudo or pkexec.',
    'Set "elevation" in the launch configuration.',
  );
}

/** Does something with no more rights to files than the user has, and is root again afterwards; without root's groups. */
export function actAs<T>(uid: number, action: () => T): T {
  process.setgroups!([]);
  process.setegid!(NO_GROUP);
  process.seteuid!(uid);
  try {
    return action();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

/**
 * Becomes the user for good: real, effective and saved ids, on all threads.
 * @throws PylatchError `elevation-failed` when root could be had back
 */
export function dropRights({ uid, gid }: Identity): void {
  process.setgroups!([]);
  process.setgid!(gid);
  process.setuid!(uid);
  if (isStillRoot()) {
    throw new PylatchError(
      'elevation-failed',
      'The helper could not give up its rights after the attach, so it has left the program again.',
      'Check what limits processes on this machine (securebits, a container without CAP_SETUID).',
    );
  }
}

function isStillRoot(): boolean {
  const ways = [() => process.setuid!(0), () => process.seteuid!(0), () => process.setgroups!([0])];
  return ways.some((way) => succeeds(way));
}

function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
