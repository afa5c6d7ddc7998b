/** What an attach to a Linux process may meet, found without touching it. */
import { readdirSync } from 'node:fs';
import { toFinding } from '../findings';
import type { Finding } from '../types';
import { descriptorShortage } from './linux-limits';
import { decoded, innermost, procLink, procText, statusField } from './linux-proc';

/** A socket that an agent of ours listens on, or has accepted: it keeps the listener's name (proc(5), net/unix). */
const SESSION_SOCKET = /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) .*(?:pylatch-[0-9a-f]{16}|@pylatch\/)/gm;
/** The compiled parts of debugpy, and how it is started. */
const PYDEVD_FILE = /\/(?:_?pydevd)[^/\n]*\.so$/m;
const PYDEVD_COMMAND = /(?:^|\/)(?:debugpy|pydevd)(?:\.py|\/|$)/;
const NAMESPACES = ['pid', 'mnt', 'net', 'user'] as const;

/**
 * Findings that need nothing but what was read already.
 * @param status the text of `/proc/PID/status`
 */
export function statusFindings(status: string): Finding[] {
  return [tracerFinding(status), seccompFinding(status)].filter((found) => found !== undefined);
}

function tracerFinding(status: string): Finding | undefined {
  const tracer = Number(statusField(status, 'TracerPid') ?? 0);
  if (tracer === 0) return undefined;
  const name = decoded(procText(tracer, 'comm') ?? 'another tool').trim();
  return {
    id: 'traced',
    severity: 'warning',
    what: `It is traced by ${name} (process ${tracer}).`,
    why: 'Only one tool can trace a thread, so Pylatch cannot wake one that waits: the attach succeeds when a thread comes by on its own.',
    fix: `Let ${name} go first.`,
  };
}

/** Mode 1 leaves a process read, write, exit and sigreturn; mode 2 is a filter (seccomp(2)). */
function seccompFinding(status: string): Finding | undefined {
  const mode = Number(statusField(status, 'Seccomp') ?? 0);
  if (mode === 0) return undefined;
  if (mode === 1) {
    return {
      id: 'seccomp',
      severity: 'warning',
      what: 'It runs in strict seccomp mode.',
      why: 'The kernel kills it when it opens a file.',
      fix: 'Attach before the program enters that mode.',
    };
  }
  return {
    id: 'seccomp',
    severity: 'note',
    what: 'A seccomp filter limits its system calls.',
    why: 'If the filter forbids sockets or threads, the attach is refused and says so.',
  };
}

/** Findings that take more reading: for one process, not for a list. */
export function surroundingFindings(pid: number, commandLine: string[]): Finding[] {
  return [
    descriptorFinding(pid),
    namespaceFinding(pid),
    rootFinding(pid),
    debuggerFinding(pid, commandLine),
  ].filter((found) => found !== undefined);
}

function descriptorFinding(pid: number): Finding | undefined {
  const shortage = descriptorShortage(pid);
  return shortage && toFinding(shortage);
}

function namespaceFinding(pid: number): Finding | undefined {
  const foreign = NAMESPACES.filter((name) => {
    const theirs = procLink(pid, `ns/${name}`);
    return theirs !== undefined && theirs !== procLink('self', `ns/${name}`);
  });
  if (foreign.length === 0) return undefined;
  const own = innermost(procText(pid, 'status') ?? '');
  const inside = own === undefined || own === pid ? '' : `, and is process ${own} there`;
  return {
    id: 'namespaces',
    severity: 'note',
    what: `It lives in ${foreign.length > 1 ? 'namespaces' : 'a namespace'} of its own (${foreign.join(', ')})${inside}.`,
    ...(foreign.includes('mnt')
      ? {
          why: 'Its files may have other paths than here.',
          fix: 'If breakpoints stay unverified, map the folders with "pathMappings".',
        }
      : {}),
  };
}

function rootFinding(pid: number): Finding | undefined {
  const root = procLink(pid, 'root');
  if (root === undefined || root === '/' || root === procLink('self', 'root')) return undefined;
  return {
    id: 'root-folder',
    severity: 'note',
    what: `Its root folder is ${root}.`,
    why: 'Its files have other paths than here.',
    fix: `Map "remoteRoot": "/" to "localRoot": "${root}" in "pathMappings".`,
  };
}

/** Which tool of `sys.monitoring` is in use stands in the program's own objects; what is loaded can be seen. */
function debuggerFinding(pid: number, commandLine: string[]): Finding | undefined {
  const loaded = PYDEVD_FILE.test(procText(pid, 'maps') ?? '');
  if (!loaded && !commandLine.some((argument) => PYDEVD_COMMAND.test(argument))) return undefined;
  return {
    id: 'other-debugger',
    severity: 'warning',
    what: 'Another debugger (debugpy) is loaded in it.',
    why: 'Both would stop the same threads, and one cannot let go what the other holds.',
    fix: 'End the other debug session, or set breakpoints in one of the two only.',
  };
}

/** True where an agent of ours serves a session in the process, as far as its descriptors can be seen. */
export function servesSession(pid: number): boolean {
  const inodes = [...(procText(pid, 'net/unix') ?? '').matchAll(SESSION_SOCKET)].map(([, inode]) => inode);
  if (inodes.length === 0) return false;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  return descriptors(pid).some((fd) => sockets.has(procLink(pid, `fd/${fd}`) ?? ''));
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}
