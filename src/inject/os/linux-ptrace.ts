/**
 * Ends a thread's wait by ptrace(2), as a signal would, but without one. The thread is seized (never stopped by
 * a signal), and its system call made to return EINTR; if this process dies meanwhile the kernel lets it go.
 * Nothing here may wait for anything but the deadline: the thread belongs to a running program.
 */
import type { InterruptOutcome } from './types';
import { resumeAddress } from './linux-activity';
import { procText, statFields, statusField } from './linux-proc';
import { machine } from './linux-registers';
import type { LinuxNative } from './linux-native';

const PTRACE_DETACH = 17;
const PTRACE_GETREGSET = 0x4204;
const PTRACE_SETREGSET = 0x4205;
const PTRACE_SEIZE = 0x4206;
const PTRACE_INTERRUPT = 0x4207;
const PTRACE_EVENT_STOP = 128;
/** A waiting thread stops as soon as it gets a processor; on a busy machine that takes its time. */
const STOP_DEADLINE_MS = 150;
/** Node takes a stop of its own child that comes later, while its loop runs, for the child's end (see `awaitStop`). */
const CHILD_DEADLINE_MS = 3000;
const SPIN_MS = 0.5;
const LINGER_MS = 2;

/**
 * See `TargetProcess.interrupt`.
 * @param whileStopped runs while the thread stands still; what it throws is thrown on after the thread was let go
 */
export function interruptThread(
  native: LinuxNative,
  pid: number,
  tid: number,
  whileStopped: () => void,
): InterruptOutcome {
  const resumeAt = resumeAddress(pid, tid);
  if ('errno' in native.ptrace(PTRACE_SEIZE, tid, 0)) return isTraced(pid, tid) ? 'traced' : 'refused';
  native.ptrace(PTRACE_INTERRUPT, tid, 0);
  const signal =
    awaitStop(native, pid, tid, STOP_DEADLINE_MS) ??
    (isOwnChild(pid, tid) ? awaitStop(native, pid, tid, CHILD_DEADLINE_MS) : undefined);
  if (signal === undefined) {
    letGoLater(native, pid, tid);
    return 'busy';
  }
  try {
    whileStopped();
    if (signal !== 0) return 'interrupted';
    return endWait(native, tid, resumeAt);
  } finally {
    // A thread that was killed in its stop cannot be let go, but has to be buried.
    if ('errno' in native.ptrace(PTRACE_DETACH, tid, signal)) letGoLater(native, pid, tid);
  }
}

function isTraced(pid: number, tid: number): boolean {
  return statusField(procText(pid, `task/${tid}/status`) ?? '', 'TracerPid') !== '0';
}

/**
 * Waits for the stop without waitpid: where the target is our own child, Node waits for it too, and either
 * would take what the other needs. libuv asks for each child by its pid and does not tell a stop from an end.
 * @returns the signal that the thread has to be handed when it goes on, 0 for none; undefined if it did not stop
 */
function awaitStop(native: LinuxNative, pid: number, tid: number, limitMs: number): number | undefined {
  const started = performance.now();
  for (let spent = 0; spent < limitMs; spent = performance.now() - started) {
    const signal = heldSignal(native, tid);
    if (signal !== undefined) return signal;
    if (spent < SPIN_MS) continue;
    if (hasEnded(pid, tid)) return undefined;
    pauseBriefly();
  }
  return undefined;
}

/** A stop that is not our own is a signal on its way: it has to be handed on, or the program loses it. */
function heldSignal(native: LinuxNative, tid: number): number | undefined {
  const info = native.stopInfo(tid);
  if ('errno' in info) return undefined;
  return info.value.code >> 8 === PTRACE_EVENT_STOP ? 0 : info.value.signal;
}

function pauseBriefly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2);
}

/** A thread that was too busy to stop still will: it is let go as soon as it does. Only a stopped one can be. */
function letGoLater(native: LinuxNative, pid: number, tid: number): void {
  const timer = setInterval(() => {
    if (isLetGo(native, pid, tid)) clearInterval(timer);
  }, LINGER_MS);
  timer.unref();
}

function isLetGo(native: LinuxNative, pid: number, tid: number): boolean {
  const signal = heldSignal(native, tid);
  if (signal !== undefined) return 'value' in native.ptrace(PTRACE_DETACH, tid, signal);
  // A parent hears of an end only when the tracer has taken note of it; of our own child's, Node does.
  if (hasEnded(pid, tid) && !isOwnChild(pid, tid)) native.reap(tid);
  return stateOf(pid, tid) === undefined;
}

function hasEnded(pid: number, tid: number): boolean {
  const state = stateOf(pid, tid);
  return state === undefined || state === 'Z';
}

function stateOf(pid: number, tid: number): string | undefined {
  const stat = procText(pid, `task/${tid}/stat`);
  return stat === undefined ? undefined : statFields(stat).fields[0];
}

/** Only the first thread of a child has the number that its parent waits for. */
function isOwnChild(pid: number, tid: number): boolean {
  const stat = tid === pid ? procText(pid, 'stat') : undefined;
  return stat !== undefined && Number(statFields(stat).fields[1]) === process.pid;
}

function endWait(native: LinuxNative, tid: number, resumeAt: bigint | undefined): InterruptOutcome {
  const registers = Buffer.alloc(machine.registersSize);
  if ('errno' in native.registers(PTRACE_GETREGSET, tid, registers)) return 'refused';
  const end = machine.endWait(registers, resumeAt);
  if (end !== 'written') return end;
  return 'errno' in native.registers(PTRACE_SETREGSET, tid, registers) ? 'refused' : 'interrupted';
}
