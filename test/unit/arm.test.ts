import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestOf, ScriptRequest } from '../../src/inject/arm';
import type { DebugOffsets } from '../../src/inject/offsets';
import { MemoryError } from '../../src/inject/os/index';
import type { ProcessMemory } from '../../src/inject/os/index';

const SCRIPT = '/tmp/pylatch-0/stub.py';
const THREAD = { address: 64, interpreter: 0x1000, nativeId: 71, ident: 1n, away: false };
const AT = {
  evalBreaker: 8,
  pendingCall: 16,
  scriptPath: 20,
  scriptPathSize: 512,
  interpreter: 536,
  status: 544,
  nativeId: 552,
  idSize: 8,
};
const [BOUND, UNBOUND] = [0b1011, 0b111];
const OFFSETS = { thread: AT } as DebugOffsets;

/** A piece of memory that stands for a target's, with the state of that thread. */
function piece(status = BOUND): { bytes: Buffer; memory: ProcessMemory } {
  const bytes = Buffer.alloc(1024);
  bytes.writeBigUInt64LE(BigInt(THREAD.interpreter), THREAD.address + AT.interpreter);
  bytes.writeBigUInt64LE(BigInt(THREAD.nativeId), THREAD.address + AT.nativeId);
  bytes.writeUInt32LE(status, THREAD.address + AT.status);
  const memory: ProcessMemory = {
    read: (address, length) => Buffer.from(bytes.subarray(address, address + length)),
    write: (address, data) => void bytes.set(data, address),
    close: () => undefined,
  };
  return { bytes, memory };
}

test('a request is pending until the thread clears the flag', () => {
  const { bytes, memory } = piece();
  const request = new ScriptRequest(memory, OFFSETS, SCRIPT);
  request.arm(THREAD);
  assert.deepEqual(requestOf(memory, OFFSETS, THREAD), { pending: true, path: SCRIPT });
  assert.equal(request.taken(), undefined);
  bytes.fill(0, THREAD.address + AT.pendingCall, THREAD.address + AT.scriptPath);
  assert.equal(request.taken(), THREAD);
});

test('a request is taken back unless the thread is quicker', () => {
  const { bytes, memory } = piece();
  const request = new ScriptRequest(memory, OFFSETS, SCRIPT);
  request.arm(THREAD);
  assert.equal(request.disarm([THREAD]), undefined);
  assert.deepEqual(requestOf(memory, OFFSETS, THREAD), { pending: false, path: '' });
  request.arm(THREAD);
  const read = memory.read.bind(memory);
  // The thread comes by after we have looked, and before we have written.
  memory.read = (address, length) => {
    const seen = read(address, length);
    bytes.fill(0, THREAD.address + AT.pendingCall, THREAD.address + AT.scriptPath);
    return seen;
  };
  assert.equal(request.disarm([THREAD]), THREAD);
});

test('memory that a new thread has got is no request taken', () => {
  const { bytes, memory } = piece();
  const request = new ScriptRequest(memory, OFFSETS, SCRIPT);
  request.arm(THREAD);
  bytes.fill(0);
  assert.equal(request.taken(), undefined);
  assert.equal(request.isArmed(THREAD), false, 'a living thread is to be asked again');
});

test('a request that a new thread has got in the place of an ended one is taken back from it', () => {
  const { memory } = piece();
  const request = new ScriptRequest(memory, OFFSETS, SCRIPT);
  request.arm(THREAD);
  const successor = { ...THREAD, nativeId: 72 };
  request.forgetEnded([successor]);
  assert.equal(request.isArmed(successor), true);
  assert.equal(request.disarm([successor]), undefined);
  assert.deepEqual(requestOf(memory, OFFSETS, successor), { pending: false, path: '' });
});

test('nothing is written to a thread that has ended since it was found', () => {
  for (const [changed, { bytes, memory }] of Object.entries({
    'its state is given up': piece(UNBOUND),
    'its memory is another thread’s': piece(),
    'its memory is gone': piece(),
  })) {
    if (changed.includes('another')) bytes.writeBigUInt64LE(72n, THREAD.address + AT.nativeId);
    if (changed.includes('gone'))
      memory.read = () => {
        throw new MemoryError('EFAULT', 'nothing there');
      };
    const before = Buffer.from(bytes);
    const request = new ScriptRequest(memory, OFFSETS, SCRIPT);
    request.arm(THREAD);
    assert.deepEqual(bytes, before, changed);
    assert.equal(request.isArmed(THREAD), false, changed);
  }
});

test('memory that is unmapped under a request is a request lost', () => {
  const { memory } = piece();
  const request = new ScriptRequest(memory, OFFSETS, SCRIPT);
  request.arm(THREAD);
  memory.read = () => {
    throw new MemoryError('EFAULT', 'nothing there');
  };
  assert.equal(request.taken(), undefined);
  assert.equal(request.isArmed(THREAD), false);
});

test('memory that goes away while requests are taken back leaves none behind', () => {
  const { bytes, memory } = piece();
  const gone = { ...THREAD, address: 2048 };
  const two = Buffer.concat([bytes, Buffer.alloc(bytes.length), bytes.subarray(THREAD.address)]);
  let unmapped = false;
  memory.read = (address, length) => {
    if (unmapped && address >= gone.address) throw new MemoryError('EFAULT', 'nothing there');
    return Buffer.from(two.subarray(address, address + length));
  };
  memory.write = (address, data) => void two.set(data, address);
  const request = new ScriptRequest(memory, OFFSETS, SCRIPT);
  for (const thread of [gone, THREAD]) request.arm(thread);
  unmapped = true;
  assert.equal(request.disarm([gone, THREAD]), undefined);
  assert.deepEqual(requestOf(memory, OFFSETS, THREAD), { pending: false, path: '' });
});

test('what another debugger has put in the place of ours is neither taken for ours nor taken back', () => {
  const { memory } = piece();
  const [ours, other] = [SCRIPT, '/tmp/other.py'].map((path) => new ScriptRequest(memory, OFFSETS, path));
  ours!.arm(THREAD);
  other!.arm(THREAD);
  assert.equal(ours!.taken(), undefined);
  ours!.disarm([THREAD]);
  assert.deepEqual(requestOf(memory, OFFSETS, THREAD), { pending: true, path: '/tmp/other.py' });
});
