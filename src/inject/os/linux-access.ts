/** Explains why the kernel refuses to let us debug a process (ptrace(2), "Ptrace access mode checking"). */
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { PylatchError } from '../../common/errors';
import type { ProcessStatus } from './types';
import { capabilityFix, ownContainer } from './linux-container';
import { userName } from './linux-users';
import { procText, statusField } from './linux-proc';

const CAP_SYS_PTRACE = 19n;
/** A user namespace that is no real one maps all numbers to themselves (user_namespaces(7)). */
const ALL_USERS = /^\s*0\s+0\s+4294967295\s*$/;

/** What decides about the right to debug, as it is on this side. */
export interface AccessFacts {
  /** Our effective user. */
  own: number;
  /** We have CAP_SYS_PTRACE. */
  capable: boolean;
  /** Our user namespace is one of a container or sandbox: its root is no root outside of it. */
  confined: boolean;
  /** `kernel.yama.ptrace_scope`; 0 where the kernel has no Yama. */
  scope: number;
  /** The process lets others of its user look into it. */
  dumpable: boolean;
  /** The kind of the container that we run in. */
  container?: string | undefined;
}

/**
 * Opening the memory file makes the kernel do the very check that an attach does, and has no effect. A process that
 * has just ended refuses nothing.
 */
export function mayAccess(pid: number): boolean {
  try {
    closeSync(openSync(`/proc/${pid}/mem`, 'r'));
    return true;
  } catch (error) {
    return !['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

/** The right that is missing, and how to get it. */
export function accessRefusal(
  status: Pick<ProcessStatus, 'pid' | 'uid' | 'effectiveUid'>,
  facts: AccessFacts = accessFacts(status),
): PylatchError {
  if (facts.scope === 3) return locked(status.pid);
  const [why, fix] = explain(status, facts);
  return new PylatchError('no-permission', `You may not debug process ${status.pid}: ${why}.`, fix);
}

/** Root is refused as well. */
function locked(pid: number): PylatchError {
  return new PylatchError(
    'debugging-locked',
    `Nobody may debug process ${pid}: kernel.yama.ptrace_scope is 3, which switches debugging off until the machine restarts.`,
    'Set kernel.yama.ptrace_scope to 0 or 1 in /etc/sysctl.d and restart.',
  );
}

let ours: Pick<AccessFacts, 'own' | 'capable' | 'confined' | 'container'> | undefined;

function accessFacts({ pid, uid }: Pick<ProcessStatus, 'pid' | 'uid'>): AccessFacts {
  ours ??= {
    own: process.geteuid?.() ?? -1,
    capable: hasPtraceCapability(),
    confined: !ALL_USERS.test(procText('self', 'uid_map') ?? ''),
    container: ownContainer()?.kind,
  };
  return { ...ours, scope: yamaScope(), dumpable: isDumpable(pid, uid) };
}

/** In the order in which the kernel asks. */
function explain(
  { uid, effectiveUid }: Pick<ProcessStatus, 'uid' | 'effectiveUid'>,
  facts: AccessFacts,
): [why: string, fix: string] {
  const { own, capable, confined, container } = facts;
  if (own === 0 && !capable) {
    return [
      `this ${container ?? 'container or sandbox'}${container ? ' container' : ''} runs without the capability CAP_SYS_PTRACE`,
      capabilityFix(container ?? 'container'),
    ];
  }
  if (own === 0 && confined) {
    return [
      'you are root only inside a user namespace (a rootless container or sandbox), and it belongs outside',
      'Run Pylatch outside of that container or sandbox.',
    ];
  }
  if (own !== 0 && (own !== uid || own !== effectiveUid)) {
    return otherUser(own, userName(own === uid ? effectiveUid : uid));
  }
  return sameUser(facts);
}

function otherUser(own: number, user: string): [why: string, fix: string] {
  return [
    `it belongs to user ${user}, and you are ${userName(own)}`,
    user === 'root'
      ? 'Run Pylatch as root (sudo).'
      : `Run Pylatch as ${user} (sudo -u ${user}) or as root (sudo).`,
  ];
}

function sameUser({ scope, dumpable, container }: AccessFacts): [why: string, fix: string] {
  if (!dumpable) {
    return [
      'it has protected itself (it is set-uid, has file capabilities or called prctl(PR_SET_DUMPABLE, 0))',
      'Run Pylatch as root (sudo).',
    ];
  }
  if (scope === 1 || scope === 2) {
    const where = container === undefined ? '' : ' on the machine that runs the container';
    return [
      `kernel.yama.ptrace_scope is ${scope}, which lets ${scope === 1 ? 'only a parent debug its children' : 'only root debug'}`,
      `Run "sudo sysctl kernel.yama.ptrace_scope=0"${where}, or run Pylatch as root (it needs CAP_SYS_PTRACE).`,
    ];
  }
  return [
    'a security policy of this machine (SELinux, AppArmor, seccomp or a user namespace) forbids it',
    'Run Pylatch as root on the same side of the container border, or allow ptrace in that policy.',
  ];
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
