import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestOf, ScriptRequest } from '../../src/inject/arm';
import type { DebugOffsets } from '../../src/inject/offsets';
import type { ProcessMemory } from '../../src/inject/os/index';

const SCRIPT = '/tmp/pylatch-0/stub.py';
const THREAD = { address: 64, nativeId: 71, ident: 1n, away: false };
const AT = { evalBreaker: 8, pendingCall: 16, scriptPath: 20, scriptPathSize: 512 };
const OFFSETS = { thread: AT } as DebugOffsets;

/** A piece of memory that stands for a target's. */
function piece(): { bytes: Buffer; memory: ProcessMemory } {
  const bytes = Buffer.alloc(1024);
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

test('what another debugger has put in the place of ours is neither taken for ours nor taken back', () => {
  const { memory } = piece();
  const [ours, other] = [SCRIPT, '/tmp/other.py'].map((path) => new ScriptRequest(memory, OFFSETS, path));
  ours!.arm(THREAD);
  other!.arm(THREAD);
  assert.equal(ours!.taken(), undefined);
  ours!.disarm([THREAD]);
  assert.deepEqual(requestOf(memory, OFFSETS, THREAD), { pending: true, path: '/tmp/other.py' });
});
