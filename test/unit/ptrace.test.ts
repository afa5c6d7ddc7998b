import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { linuxNative } from '../../src/inject/os/linux-native';
import { interruptThread } from '../../src/inject/os/linux-ptrace';

const LIMIT_MS = 5000;
/** Longer than a thread mostly takes to stop. */
const LATE_MS = 400;
const skip = process.platform === 'linux' ? false : 'ptrace is tested on Linux';

test('the parent of a program that is killed while we hold it hears of its end', { skip }, async () => {
  const native = await linuxNative();
  const shell = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait $!; echo ended'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [answer] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(answer.toString());
  const exited = once(shell, 'exit');
  try {
    interruptThread(native, pid, pid, () => process.kill(pid, 'SIGKILL'));
    assert.equal(
      await Promise.race([exited.then(() => 'heard'), delay(LIMIT_MS, 'waits', { ref: false })]),
      'heard',
    );
  } finally {
    shell.kill('SIGKILL');
  }
});

test('a child of ours that takes its time to stop is not thought to have ended', { skip }, async () => {
  const native = await linuxNative();
  const child = spawn('sleep', ['1000']);
  const exited = once(child, 'exit');
  try {
    await once(child, 'spawn');
    await delay(50);
    const shown = performance.now() + LATE_MS;
    const stopInfo: typeof native.stopInfo = (tid) =>
      performance.now() < shown ? { errno: 0 } : native.stopInfo(tid);
    interruptThread({ ...native, stopInfo }, child.pid!, child.pid!, () => undefined);
    await delay(LATE_MS);
    assert.equal(child.exitCode, null);
  } finally {
    child.kill('SIGKILL');
  }
  assert.deepEqual(await exited, [null, 'SIGKILL']);
});
