/**
 * A main thread that waits for a lock answers an interruption by running its queue of pending calls
 * (`_pending_calls` of CPython's pycore_interp_structs.h), which does not look at the script request.
 * One entry that calls `PyErr_CheckSignals` makes it look. The queue is not in the table of offsets, so it is
 * found by its pattern, and left alone unless that pattern is there exactly once.
 */
import type { ProcessMemory } from './os/index';
import { walkInterpreter } from './runtime';
import type { Runtime } from './runtime';

const SLOTS = 300;
const SLOT_SIZE = 24;
const AT = { handler: 0, mutex: 8, count: 12, max: 16, maxLoop: 20, entries: 24 };
const FIRST = AT.entries + SLOTS * SLOT_SIZE;
const NEXT = FIRST + 4;
const MAX_CALLS = 32;
/** `_PY_CALLS_TO_DO_BIT` of pycore_ceval.h. */
const CALLS_BIT = 4;
const MAIN_THREAD_ONLY = 1;

/**
 * Address of the main thread's queue; undefined when the pattern is not there exactly once, or is in use. It may hold
 * calls, also one of a former session: the main thread may have come by before it, and then waits with it.
 */
export function findPendingQueue(memory: ProcessMemory, runtime: Runtime): number | undefined {
  // The main interpreter is the last part of the runtime's state, and large: the main thread's queue is not its own.
  const interpreter = walkInterpreter(memory, runtime).address - runtime.address;
  const { size } = runtime.offsets.runtime;
  const state = memory.read(runtime.address, interpreter > 0 && interpreter < size ? interpreter : size);
  let found: number | undefined;
  for (let at = 0; at + NEXT + 4 <= state.length; at += 8) {
    if (state.readInt32LE(at + AT.max) !== MAX_CALLS || !isQueue(state.subarray(at, at + NEXT + 4))) continue;
    if (found !== undefined) return undefined;
    found = at;
  }
  return found === undefined ? undefined : runtime.address + found;
}

function isQueue(queue: Buffer): boolean {
  const [first, next] = [queue.readInt32LE(FIRST), queue.readInt32LE(NEXT)];
  return (
    queue.readInt32LE(AT.max) === MAX_CALLS &&
    queue.readInt32LE(AT.maxLoop) === 0 &&
    queue.readBigUInt64LE(AT.handler) === 0n &&
    queue[AT.mutex] === 0 &&
    [first, next].every((slot) => slot >= 0 && slot < SLOTS) &&
    queue.readInt32LE(AT.count) === (next - first + SLOTS) % SLOTS
  );
}

/**
 * Adds the call. Only while the main thread is stopped in its wait: it alone takes entries out, so it never sees a part
 * of the writes. Another thread that adds one holds the mutex for a moment; one that comes between our look and our
 * writes could lose its entry, and no order or number of writes would change that, since the look comes first.
 * @param evalBreaker address of the main thread's word of flags
 * @returns false when the queue is in use at this moment or holds calls, and nothing was changed
 */
export function addPendingCall(
  memory: ProcessMemory,
  queue: number,
  checkSignals: number,
  evalBreaker: number,
): boolean {
  const now = memory.read(queue, NEXT + 4);
  if (!isQueue(now) || now.readInt32LE(AT.count) !== 0) return false;
  const slot = now.readInt32LE(NEXT);
  const entry = Buffer.alloc(SLOT_SIZE);
  entry.writeBigUInt64LE(BigInt(checkSignals), 0);
  entry.writeInt32LE(MAIN_THREAD_ONLY, 16);
  memory.write(queue + AT.entries + slot * SLOT_SIZE, entry);
  memory.write(queue + NEXT, int32((slot + 1) % SLOTS));
  memory.write(queue + AT.count, int32(1));
  const flags = memory.read(evalBreaker, 1)[0] ?? 0;
  memory.write(evalBreaker, Buffer.from([flags | CALLS_BIT]));
  return true;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}
