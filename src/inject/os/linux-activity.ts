/** What a thread waits in, and whether an interruption of that wait can be noticed by the program. */
import type { ActivityKind, ThreadActivity } from './types';
import { procText, statFields, statusField } from './linux-proc';

type Kind = Extract<ActivityKind, 'waiting' | 'lock' | 'delicate'>;

/** What the arguments of a system call do not show by themselves. Asked only where the answer matters. */
export interface Witness {
  /** True for a socket that has a timeout of its own, or does not let us see whether it has. */
  hasTimeout(fd: number): boolean;
  /** True for a socket between processes of this machine (AF_UNIX). */
  isLocal(fd: number): boolean;
  /** Name of the library, other than Python's and the C library, that seems to have made the call. */
  foreignCaller(stack: number): string | undefined;
}

const SHORT_COUNT = 'a write that has begun may end early, with a short count';
const NO_SIGNAL = 'it returns although no signal has come';
const SHORT_SLEEP = 'its sleep may end early';
const TIMEOUT_AGAIN = 'the timeout of its socket begins again';
const HALF_CONNECTED = 'Python may take the connection for made although it is not';
const FAILED_CALL = 'code that does not expect it sees the call fail with EINTR';

/** Numbers of [x64, arm64] (asm/unistd.h of each); -1 where the machine has no such call. */
const CALLS: [name: string, kind: Kind, x64: number, arm64: number, effect?: string][] = [
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
  ['write', 'delicate', 1, 64, SHORT_COUNT],
  ['writev', 'delicate', 20, 66, SHORT_COUNT],
  ['sendto', 'delicate', 44, 206, SHORT_COUNT],
  ['sendmsg', 'delicate', 46, 211, SHORT_COUNT],
  ['sendfile', 'delicate', 40, 71, SHORT_COUNT],
  ['pause', 'delicate', 34, -1, NO_SIGNAL],
  ['rt_sigsuspend', 'delicate', 130, 133, NO_SIGNAL],
  ['nanosleep', 'delicate', 35, 101, SHORT_SLEEP],
  ['clock_nanosleep', 'delicate', 230, 115, SHORT_SLEEP],
];

/** Those that may wait for a socket, which is their first argument. */
const SOCKET_CALLS = new Set(['read', 'readv', 'accept', 'accept4', 'connect', 'recvfrom', 'recvmsg']);

const CLOCK_MONOTONIC = '0x1';
const TIMER_ABSTIME = '0x1';
const COLUMN = process.arch === 'arm64' ? 3 : 2;
const BY_NUMBER = new Map(CALLS.filter((call) => call[COLUMN] >= 0).map((call) => [call[COLUMN], call]));

/** How the agent names its thread once its session is over (`server.py`): nothing of it is safe to touch. */
const ENDING = 'pylatch-ending';

/** What `/proc/PID/task/TID` shows; undefined when the thread has ended. */
export function threadActivity(pid: number, tid: number, witness: Witness): ThreadActivity | undefined {
  const stat = procText(pid, `task/${tid}/stat`);
  if (stat === undefined) return undefined;
  const { name, fields } = statFields(stat);
  const state = fields[0] ?? '';
  if (state === 'Z' || state === 'X' || name === ENDING) return undefined;
  if (state === 'T') return { kind: 'stopped', what: 'is stopped by a signal' };
  const tracer = tracerOf(pid, tid);
  if (state === 't') return { kind: 'stopped', what: `is stopped by ${tracer ?? 'a debugger'}` };
  const call = procText(pid, `task/${tid}/syscall`);
  if (state === 'D')
    return { kind: 'stuck', what: `waits in the kernel (${callName(call)}) and cannot be interrupted` };
  if (call === undefined) return { kind: 'unknown', what: 'hides what it does' };
  const activity = describeCall(call.trim().split(' '), witness);
  return tracer === undefined || activity.kind === 'running' ? activity : outOfReach(activity, tracer);
}

/** A thread has one tracer at a time (ptrace(2)). */
function outOfReach({ what }: ThreadActivity, tracer: string): ThreadActivity {
  return { kind: 'stuck', what: `${what} and cannot be woken, because ${tracer} traces it` };
}

/** The other debugger that holds the thread: "strace (process 71)". */
function tracerOf(pid: number, tid: number): string | undefined {
  const tracer = Number(statusField(procText(pid, `task/${tid}/status`) ?? '', 'TracerPid') ?? 0);
  if (tracer === 0 || tracer === process.pid) return undefined;
  const name = procText(tracer, 'comm')?.trim();
  return name === undefined ? `process ${tracer}` : `${name} (process ${tracer})`;
}

/** Where the thread will go on after its system call; undefined while it runs. */
export function resumeAddress(pid: number, tid: number): bigint | undefined {
  const fields = procText(pid, `task/${tid}/syscall`)?.trim().split(' ') ?? [];
  return fields.length >= 9 ? BigInt(fields[8] ?? '0') : undefined;
}

function describeCall(fields: string[], witness: Witness): ThreadActivity {
  const [number = '', first = '0', flags] = fields;
  if (number === 'running') return { kind: 'running', what: 'runs code' };
  const call = BY_NUMBER.get(Number(number));
  if (call === undefined)
    return { kind: 'delicate', what: `waits in system call ${number}`, effect: FAILED_CALL };
  const [name, kind, , , effect] = call;
  const what = kind === 'lock' ? 'waits for a lock (futex)' : `waits in ${name}`;
  if (effect !== undefined) return isPythonSleep(name, first, flags) ? SLEEP : { kind, what, effect };
  // The stack pointer is the last field but one.
  const library = witness.foreignCaller(Number(fields.at(-2)));
  if (library !== undefined)
    return { kind: 'delicate', what: `${what}, called by ${library}`, effect: FAILED_CALL };
  if (SOCKET_CALLS.has(name) && witness.hasTimeout(Number(first)))
    return { kind: 'delicate', what, effect: TIMEOUT_AGAIN };
  // One to another machine goes on being made, and Python waits for that; a local one is given up.
  if (name === 'connect' && witness.isLocal(Number(first)))
    return { kind: 'delicate', what, effect: HALF_CONNECTED };
  return { kind, what };
}

const SLEEP: ThreadActivity = { kind: 'waiting', what: 'sleeps (clock_nanosleep)' };

/** time.sleep waits for a point on the monotonic clock; the C library's sleep functions wait for a duration. */
function isPythonSleep(name: string, clock: string, flags: string | undefined): boolean {
  return name === 'clock_nanosleep' && clock === CLOCK_MONOTONIC && flags === TIMER_ABSTIME;
}

function callName(call: string | undefined): string {
  const number = call?.trim().split(' ')[0] ?? '';
  return BY_NUMBER.get(Number(number || NaN))?.[0] ?? 'no system call';
}
