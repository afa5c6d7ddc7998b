/** Explains why the kernel refuses to let us debug a process (ptrace(2), "Ptrace access mode checking"). */
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { PylatchError } from '../../common/errors';
import type { ProcessStatus } from './types';
import { userName } from './linux-users';
import { procText, statusField } from './linux-proc';

const CAP_SYS_PTRACE = 19n;

/** Opening the memory file makes the kernel do the very check that an attach does, and has no effect. */
export function mayAccess(pid: number): boolean {
  try {
    closeSync(openSync(`/proc/${pid}/mem`, 'r'));
    return true;
  } catch {
    return false;
  }
}

/** The right that is missing, and how to get it. */
export function accessRefusal({ pid, uid, effectiveUid }: ProcessStatus): PylatchError {
  const refuse = (why: string, fix: string): PylatchError =>
    new PylatchError('no-permission', `You may not debug process ${pid}: ${why}.`, fix);
  const own = process.geteuid?.() ?? -1;
  if (own === 0 && !hasPtraceCapability()) {
    return refuse(
      'this container or sandbox runs without the capability CAP_SYS_PTRACE',
      'Start the container with --cap-add=SYS_PTRACE.',
    );
  }
  if (own !== 0 && (own !== uid || own !== effectiveUid)) {
    const user = userName(own === uid ? effectiveUid : uid);
    return refuse(
      `it belongs to user ${user}, and you are ${userName(own)}`,
      user === 'root'
        ? 'Run Pylatch as root (sudo).'
        : `Run Pylatch as ${user} (sudo -u ${user}) or as root (sudo).`,
    );
  }
  return sameUserRefusal(pid, uid, refuse);
}

function sameUserRefusal(
  pid: number,
  uid: number,
  refuse: (why: string, fix: string) => PylatchError,
): PylatchError {
  const scope = yamaScope();
  if (scope === 3) {
    return refuse(
      'kernel.yama.ptrace_scope is 3, which switches debugging off until the machine restarts',
      'Set kernel.yama.ptrace_scope to 0 or 1 in /etc/sysctl.d and restart.',
    );
  }
  if (!isDumpable(pid, uid)) {
    return refuse(
      'it has protected itself (it is set-uid, has file capabilities or called prctl(PR_SET_DUMPABLE, 0))',
      'Run Pylatch as root (sudo).',
    );
  }
  if (scope === 1 || scope === 2) {
    return refuse(
      `kernel.yama.ptrace_scope is ${scope}, which lets ${scope === 1 ? 'only a parent debug its children' : 'only root debug'}`,
      'Run "sudo sysctl kernel.yama.ptrace_scope=0", or run Pylatch as root (it needs CAP_SYS_PTRACE).',
    );
  }
  return refuse(
    'a security policy of this machine (SELinux, AppArmor, seccomp or a user namespace) forbids it',
    'Run Pylatch as root on the same side of the container border, or allow ptrace in that policy.',
  );
}

/** The kernel gives the files of a process that is not dumpable to root. */
function isDumpable(pid: number, uid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === uid;
  } catch {
    return true;
  }
}

function yamaScope(): number {
  try {
    return Number(readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'latin1'));
  } catch {
    return 0;
  }
}

function hasPtraceCapability(): boolean {
  const mask = statusField(procText('self', 'status') ?? '', 'CapEff') ?? '0';
  return ((BigInt(`0x${mask}`) >> CAP_SYS_PTRACE) & 1n) === 1n;
}
