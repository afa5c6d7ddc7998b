/**
 * The way from a process id to an answering agent through the implementation for macOS. Only the system's own calls
 * are faked, by those of Linux: the memory and the program behind them are those of a real Python process.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, openSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { agentAssets } from '../../src/inject/assets';
import { connectAgent } from '../../src/inject/connect';
import { darwinOs } from '../../src/inject/os/darwin';
import type { DarwinNative } from '../../src/inject/os/darwin-native';
import { FileMemory } from '../../src/inject/os/linux-memory';
import { processStatus } from '../../src/inject/os/linux-proc';
import { placeAgent } from '../../src/inject/place';
import { runScript } from '../../src/inject/run';
import { findPython } from '../../src/inject/runtime';
import { openTarget, preflight } from '../../src/inject/target';
import type { OpenTarget } from '../../src/inject/target';
import { DATA, SIZE, TEXT, universalFile } from '../support/macho';
import { interpreters, startTarget } from '../support/targets';

const folder = mkdtempSync(path.join(tmpdir(), 'darwin-live-'));
after(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'Python');
const universal = universalFile(false);
writeFileSync(file, universal);
/** From the header to the runtime's section in the file above. */
const SECTION = DATA + 0x80 - TEXT;
const LIMIT_MS = 5000;
const TASK = 77;

const BUSY = `
import time
print('ready', flush=True)
while True:
    time.sleep(0.001)
`;

/** A Mac on which the process runs, with an image whose section lies where the runtime is in truth. */
function macBehind(pid: number, runtime: number): DarwinNative {
  const memory = new FileMemory(pid);
  const header = runtime - SECTION;
  const own = (thread: number): number => thread - 1000;
  const parts: Partial<DarwinNative> = {
    path: () => file,
    task: () => ({ value: TASK }),
    release: () => undefined,
    signing: () => 0,
    startBytes: () => Buffer.from(`\x01\0\0\0${file}\0\0${file}\0TMPDIR=${folder}\0\0`),
    info: (asked, flavor, argument, size) => {
      const bytes = Buffer.alloc(size);
      if (flavor === 3) return describe(asked, bytes);
      if (flavor !== 22 || argument > header) return undefined;
      bytes.writeUInt32LE(5, 0);
      bytes.writeBigUInt64LE(BigInt(SIZE), 16);
      bytes.writeBigUInt64LE(BigInt(header), 80);
      bytes.writeBigUInt64LE(BigInt(SIZE), 88);
      bytes.write(file, 248);
      return bytes;
    },
    readMemory: (_, address, into) => {
      if (address === header) universal.copy(into, 0, SIZE);
      else memory.read(address, into.length).copy(into);
      return { value: into.length };
    },
    writeMemory: (_, address, from) => {
      memory.write(address, from);
      return { value: from.length };
    },
    threads: () => readdirSync(`/proc/${pid}/task`).map((tid) => Number(tid) + 1000),
    threadInfo: (thread, flavor, into) => {
      if (flavor === 4) into.writeBigUInt64LE(BigInt(own(thread)), 0);
      if (flavor === 3) into.writeInt32LE(1, 24);
      return true;
    },
    openAt: (fd, name, flags, mode) => {
      try {
        return { value: openSync(`/proc/self/fd/${fd}/${name}`, flags, mode) };
      } catch (error) {
        return { errno: -((error as NodeJS.ErrnoException).errno ?? 0) };
      }
    },
    unlinkAt: (fd, name) => {
      unlinkSync(`/proc/self/fd/${fd}/${name}`);
      return true;
    },
  };
  return parts as DarwinNative;
}

/** A `proc_bsdinfo`. */
function describe(pid: number, bytes: Buffer): Buffer | undefined {
  const status = processStatus(pid);
  if (status === undefined || status.state === 'ended') return undefined;
  for (const [at, value] of [
    [4, 2],
    [16, status.parentPid],
    [20, status.effectiveUid],
    [24, status.effectiveGid],
    [28, status.uid],
  ] as const)
    bytes.writeUInt32LE(value, at);
  bytes.writeBigUInt64LE(BigInt(status.startId), 120);
  return bytes;
}

async function openAsMac(pid: number): Promise<OpenTarget> {
  const known = await openTarget(pid);
  known.process.close();
  const os = darwinOs(() => macBehind(pid, known.runtime.address));
  const status = os.status(pid);
  assert.ok(status);
  os.checkAccess(status);
  const process = await os.open(pid);
  const found = findPython(process);
  assert.ok(found && 'runtime' in found, 'the section of the universal file leads to the runtime');
  assert.equal(found.runtime.address, known.runtime.address);
  return { os, status, process, runtime: found.runtime };
}

async function attachTo(target: OpenTarget) {
  const deadline = performance.now() + LIMIT_MS;
  preflight(target, 'any');
  const { place, script, token } = await placeAgent(
    target,
    agentAssets(target.runtime.offsets.version.minor),
  );
  try {
    await runScript(target, {
      choice: 'any',
      path: script,
      wasRead: () => place.wasRead('stub.py'),
      deadline,
      timeoutMs: LIMIT_MS,
      onNews: () => undefined,
    });
    const config = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;
    return await connectAgent(place, { config, token, deadline, check: () => undefined });
  } finally {
    place.remove();
  }
}

test('an agent comes up and answers', async () => {
  for (const { path: python } of await interpreters()) {
    const program = await startTarget({ python, source: BUSY });
    try {
      await program.waitFor('ready');
      const target = await openAsMac(program.pid);
      const { link, welcome } = await attachTo(target);
      assert.equal(welcome.pid, program.pid);
      assert.deepEqual(readdirSync(folder), ['Python'], 'the session folder is gone');
      link.close();
      target.process.close();
      assert.ok(program.alive());
    } finally {
      await program.stop();
    }
  }
});
