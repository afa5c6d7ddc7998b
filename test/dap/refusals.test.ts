import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ErrorId } from '../../src/common/errors';
import { ERRORS } from '../../src/common/errors';
import type { SpawnedAdapter } from '../support/dapClient';
import { spawnAdapter } from '../support/dapClient';
import { ADAPTER, assertTicks, DebugRun, TICKER } from '../support/debugRun';
import type { Target, TargetOptions } from '../support/targets';
import { interpreters, startTarget } from '../support/targets';

const LIMIT_MS = 3000;
const NOBODY = 65_534;

/** Tries to attach with an adapter of its own. @returns the error that the client is shown */
async function refusal(args: object, id: ErrorId, options: object = {}): Promise<DebugProtocol.Message> {
  const adapter = spawnAdapter(ADAPTER, [], options);
  try {
    await adapter.client.request('initialize', {});
    return await failedAttach(adapter, args, id);
  } finally {
    await adapter.close();
  }
}

async function failedAttach(
  adapter: SpawnedAdapter,
  args: object,
  id: ErrorId,
): Promise<DebugProtocol.Message> {
  const response = await adapter.client.raw('attach', args, LIMIT_MS);
  assert.equal(response.success, false);
  const { error } = response.body as { error: DebugProtocol.Message };
  assert.equal(error.id, ERRORS[id].code, error.format);
  assert.equal(error.showUser, true);
  return error;
}

async function withTarget(options: TargetOptions, action: (target: Target) => Promise<void>): Promise<void> {
  const target = await startTarget(options);
  try {
    await target.waitFor('tick');
    await action(target);
  } finally {
    await target.stop();
  }
}

/** A Python that is too old, or undefined where this machine has none. */
function oldPython(): string | undefined {
  const found = ['python3.11', 'python3.12', 'python3.13', 'python3.10', 'python3'].find((name) => {
    try {
      execFileSync(name, ['-c', 'import sys; sys.exit(sys.version_info >= (3, 14))'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  return found;
}

const old = oldPython();

describe('an attach is refused', () => {
  it('when there is no such process', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    const { format } = await refusal({ pid: child.pid }, 'no-such-process');
    assert.match(format, new RegExp(`${child.pid}`));
  });

  it('when no process has the name', async () => {
    await refusal({ pid: 'surely-nobody-is-called-this' }, 'no-such-process');
  });

  it('when the process is not Python', async () => {
    const child = spawn('sleep', ['30']);
    await refusal({ pid: child.pid }, 'not-python');
    assert.equal(child.exitCode, null);
    child.kill();
  });

  it('when the Python is too old', { skip: old === undefined && 'no Python older than 3.14 here' }, () =>
    withTarget({ python: old!, source: TICKER }, async (target) => {
      const { format } = await refusal({ pid: target.pid }, 'python-too-old');
      assert.match(format, /3\.14/);
      await assertTicks(target);
    }),
  );

  it('when its arguments are wrong', async () => {
    const { format } = await refusal({ pid: process.pid, timeout: 'long' }, 'bad-arguments');
    assert.match(format, /"timeout" must be a number of seconds/);
  });
});

function refusalsOf(python: string): void {
  it('refuses when remote debugging is disabled in the target', () =>
    withTarget({ python, source: TICKER, pythonArgs: ['-X', 'disable-remote-debug'] }, async (target) => {
      await refusal({ pid: target.pid }, 'remote-debug-disabled');
      await assertTicks(target);
    }));

  it(
    'refuses without permission',
    { skip: process.getuid?.() !== 0 && 'only root can start the adapter as another user' },
    () =>
      withTarget({ python, source: TICKER }, async (target) => {
        const { format } = await refusal({ pid: target.pid }, 'no-permission', { uid: NOBODY, gid: NOBODY });
        assert.match(format, new RegExp(`${target.pid}`));
        await assertTicks(target);
      }),
  );

  it('refuses a second debugger, and the first goes on', async () => {
    const run = await DebugRun.start({ python });
    try {
      await refusal({ pid: run.target.pid }, 'already-attached');
      await run.client.request('threads');
      await assertTicks(run.target);
    } finally {
      await run.dispose();
    }
  });

  it('gives up after its time when the target runs C code, and says so', () => {
    const source = "print('tick', flush=True)\nsum(range(10**12))\n";
    return withTarget({ python, source }, async (target) => {
      const { format } = await refusal({ pid: target.pid, timeout: 0.5 }, 'attach-timeout');
      assert.ok(format.length > 40, format);
      assert.ok(target.alive());
    });
  });

  it('can be cancelled while it waits, and nothing runs in the target later', () => {
    const source =
      "print('tick', flush=True)\nn = sum(range(10**8))\nwhile True: print('tick', n, flush=True)\n";
    return withTarget({ python, source }, async (target) => {
      const adapter = spawnAdapter(ADAPTER);
      await adapter.client.request('initialize', { supportsProgressReporting: true });
      const failed = failedCancelled(adapter, target.pid);
      const { progressId } = await adapter.client.waitFor('progressStart');
      await adapter.client.request('cancel', { progressId });
      await failed;
      await adapter.close();
      await target.waitFor('tick 4999999950000000');
      await assertTicks(target);
      assert.doesNotMatch(target.output(), /pylatch|Error|Traceback/i);
    });
  });
}

async function failedCancelled(adapter: SpawnedAdapter, pid: number): Promise<void> {
  const response = await adapter.client.raw('attach', { pid });
  assert.equal((response.body as { error: DebugProtocol.Message }).error.id, ERRORS['attach-cancelled'].code);
}

void (async () => {
  for (const { version, path } of await interpreters())
    describe(`CPython ${version}`, () => refusalsOf(path));
})();
