/** What a thread waits in, and whether an interruption of that wait can be noticed by the program. */
import type { ActivityKind, ThreadActivity } from './types';
import { procText, statFields } from './linux-proc';

type Kind = Extract<ActivityKind, 'waiting' | 'lock' | 'delicate'>;

/** Numbers of [x64, arm64] (asm/unistd.h of each); -1 where the machine has no such call. */
const CALLS: [name: string, kind: Kind, x64: number, arm64: number][] = [
  ['read', 'waiting', 0, 63],
  ['readv', 'waiting', 19, 65],
  ['pread64', 'waiting', 17, 67],
  ['open', 'waiting', 2, -1],
  ['openat', 'waiting', 257, 56],
  ['poll', 'waiting', 7, -1],
  ['ppoll', 'waiting', 271, 73],
  ['select', 'waiting', 23, -1],
  ['pselect6', 'waiting', 270, 72],
  ['epoll_wait', 'waiting', 232, -1],
  ['epoll_pwait', 'waiting', 281, 22],
  ['epoll_pwait2', 'waiting', 441, 441],
  ['accept', 'waiting', 43, 202],
  ['accept4', 'waiting', 288, 242],
  ['connect', 'waiting', 42, 203],
  ['recvfrom', 'waiting', 45, 207],
  ['recvmsg', 'waiting', 47, 212],
  ['wait4', 'waiting', 61, 260],
  ['waitid', 'waiting', 247, 95],
  ['flock', 'waiting', 73, 32],
  ['fcntl', 'waiting', 72, 25],
  ['rt_sigtimedwait', 'waiting', 128, 137],
  ['futex', 'lock', 202, 98],
  // A large write that has begun returns a short count; pause() returns; C code may not restart its own sleep.
  ['write', 'delicate', 1, 64],
  ['writev', 'delicate', 20, 66],
  ['sendto', 'delicate', 44, 206],
  ['sendmsg', 'delicate', 46, 211],
  ['sendfile', 'delicate', 40, 71],
  ['pause', 'delicate', 34, -1],
  ['rt_sigsuspend', 'delicate', 130, 133],
  ['nanosleep', 'delicate', 35, 101],
  ['clock_nanosleep', 'delicate', 230, 115],
];

const CLOCK_MONOTONIC = '0x1';
const TIMER_ABSTIME = '0x1';
const COLUMN = process.arch === 'arm64' ? 3 : 2;
const BY_NUMBER = new Map(CALLS.filter((call) => call[COLUMN] >= 0).map((call) => [call[COLUMN], call]));

/** How the agent names its thread once its session is over (`server.py`): nothing of it is safe to touch. */
const ENDING = 'pylatch-ending';

/** What `/proc/PID/task/TID` shows; undefined when the thread has ended. */
export function threadActivity(pid: number, tid: number): ThreadActivity | undefined {
  const stat = procText(pid, `task/${tid}/stat`);
  if (stat === undefined) return undefined;
  const { name, fields } = statFields(stat);
  const state = fields[0] ?? '';
  if (state === 'Z' || state === 'X' || name === ENDING) return undefined;
  if (state === 'T' || state === 't')
    return { kind: 'stopped', what: 'is stopped, by a signal or another debugger' };
  const call = procText(pid, `task/${tid}/syscall`);
  if (state === 'D')
    return { kind: 'stuck', what: `waits in the kernel (${callName(call)}) and cannot be interrupted` };
  return call === undefined
    ? { kind: 'unknown', what: 'hides what it does' }
    : describeCall(call.trim().split(' '));
}

/** Where the thread will go on after its system call; undefined while it runs. */
export function resumeAddress(pid: number, tid: number): bigint | undefined {
  const fields = procText(pid, `task/${tid}/syscall`)?.trim().split(' ') ?? [];
  return fields.length >= 9 ? BigInt(fields[8] ?? '0') : undefined;
}

function describeCall([number = '', clock, flags]: string[]): ThreadActivity {
  if (number === 'running') return { kind: 'running', what: 'runs code' };
  const call = BY_NUMBER.get(Number(number));
  if (call === undefined) return { kind: 'delicate', what: `waits in system call ${number}` };
  const [name, kind] = call;
  // time.sleep waits for a point on the monotonic clock; the C library's sleep functions wait for a duration.
  if (name === 'clock_nanosleep' && clock === CLOCK_MONOTONIC && flags === TIMER_ABSTIME) {
    return { kind: 'waiting', what: 'sleeps (clock_nanosleep)' };
  }
  return { kind, what: kind === 'lock' ? 'waits for a lock (futex)' : `waits in ${name}` };
}

function callName(call: string | undefined): string {
  const number = call?.trim().split(' ')[0] ?? '';
  return BY_NUMBER.get(Number(number || NaN))?.[0] ?? 'no system call';
}
