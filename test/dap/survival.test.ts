import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { DapClient, spawnAdapter } from '../support/dapClient';
import { ADAPTER, assertTicks, DebugRun } from '../support/debugRun';
import { interpreters } from '../support/targets';

describe('the adapter process', () => {
  const garbage: [name: string, bytes: string][] = [
    ['a malformed header', 'Content-Lenght: 5\r\n\r\nhello'],
    ['a length that is no number', 'Content-Length: five\r\n\r\nhello'],
    ['a body that is not JSON', 'Content-Length: 5\r\n\r\n{"a":'],
    ['a message that is no object', 'Content-Length: 2\r\n\r\n[]'],
    ['a length over the limit', 'Content-Length: 99999999999\r\n\r\n{}'],
    ['noise', '\0\x01\x02GET / HTTP/1.1\r\n\r\n'],
  ];
  for (const [name, bytes] of garbage) {
    it(`survives ${name} and says so`, async () => {
      const adapter = spawnAdapter(ADAPTER);
      adapter.child.stdin!.write(bytes);
      await adapter.client.request('initialize', {});
      const output = await adapter.client.waitFor('output', ({ category }) => category === 'stderr');
      assert.match(String(output['output']), /The client sent/);
      assert.equal(await adapter.close(), 0);
    });
  }

  it('answers a request without a number', async () => {
    const adapter = spawnAdapter(ADAPTER);
    const body = '{"type":"request","command":"threads"}';
    adapter.child.stdin!.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    await adapter.client.request('initialize', {});
    assert.equal(adapter.client.responses(0).length, 1);
    await adapter.close();
  });

  it('refuses to launch, and lives', async () => {
    const adapter = spawnAdapter(ADAPTER);
    await adapter.client.request('initialize', {});
    const response = await adapter.client.raw('launch', { program: 'x.py' });
    assert.match(response.message ?? '', /launch.*attaches only/s);
    assert.equal((await adapter.client.raw('threads')).success, false);
    assert.equal(await adapter.close(), 0);
  });

  for (const [name, args] of [
    [ADAPTER, []],
    [join(dirname(ADAPTER), 'cli.js'), ['dap']],
  ] as const) {
    it(`ends at SIGTERM and when its input ends: ${basename(name)} ${args.join(' ')}`, async () => {
      const killed = spawnAdapter(name, [...args]);
      await killed.client.request('initialize', {});
      killed.child.kill('SIGTERM');
      assert.deepEqual(await once(killed.child, 'exit'), [0, null]);
      const closed = spawnAdapter(name, [...args]);
      await closed.client.request('initialize', {});
      assert.equal(await closed.close(), 0);
    });
  }

  it('refuses options that it does not know', async () => {
    for (const args of [['--prot', '1'], ['--port', 'x'], ['--port', '1', '--socket', 'y'], ['extra']]) {
      const child = spawn(process.execPath, [ADAPTER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      const text = once(child.stderr, 'data');
      assert.deepEqual(await once(child, 'exit'), [2, null]);
      assert.match(String(await text), /^pylatch: .*\n\nusage: /);
    }
  });

  it('serves several clients on a port of this machine', async () => {
    const child = spawn(process.execPath, [ADAPTER, '--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [line] = (await once(child.stderr, 'data')) as [Buffer];
    const [, host, port] = /listening on (127\.0\.0\.1):(\d+)/.exec(String(line))!;
    const sockets = [0, 1].map(() => connect(Number(port), host));
    const clients = sockets.map((socket) => DapClient.overStreams(socket, socket));
    await Promise.all(clients.map((client) => client.request('initialize', {})));
    sockets[0]!.destroy();
    assert.equal((await clients[1]!.raw('launch')).success, false);
    sockets[1]!.destroy();
    child.kill();
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  it('serves a socket that is for its owner only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'adapter-'));
    const path = join(folder, 'socket');
    const child = spawn(process.execPath, [ADAPTER, '--socket', path], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(child.stderr, 'data');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const socket = connect(path);
    await DapClient.overStreams(socket, socket).request('initialize', {});
    socket.destroy();
    child.kill();
    await once(child, 'exit');
    await rm(folder, { recursive: true });
  });
});

function survivalOf(python: string): void {
  const stoppedRun = async (): Promise<DebugRun> => {
    const run = await DebugRun.start({ python, breakpoints: ['work'] });
    await run.nextStop();
    return run;
  };

  it('lets the stopped target go on when the adapter is killed', async () => {
    const run = await stoppedRun();
    run.adapter.child.kill('SIGKILL');
    await assertTicks(run.target);
    await run.target.stop();
  });

  it('lets the stopped target go on when its client goes without a word', async () => {
    const run = await stoppedRun();
    assert.equal(await run.adapter.close(), 0);
    await assertTicks(run.target);
    await run.target.stop();
  });

  it('can be attached to again after each', async () => {
    const run = await stoppedRun();
    run.adapter.child.kill('SIGKILL');
    await assertTicks(run.target);
    const second = spawnAdapter(ADAPTER);
    await second.client.request('initialize', {});
    await second.client.request('attach', { pid: run.target.pid });
    await second.close();
    await run.target.stop();
  });

  it('tells when the target ends', async () => {
    const run = await stoppedRun();
    await run.target.stop();
    await run.client.waitFor('terminated');
    const said = run.client.events('output').map(({ output }) => String(output));
    assert.match(said.join(''), new RegExp(`Process ${run.target.pid} has ended`));
    await run.dispose();
  });

  it('ends the target when a disconnect says so', async () => {
    const run = await stoppedRun();
    await run.client.request('disconnect', { terminateDebuggee: true });
    await run.target.waitForExit();
    assert.equal(run.target.exit, 'SIGTERM');
    await run.dispose();
  });

  it('refuses malformed requests while stopped, and the session goes on', async () => {
    const run = await stoppedRun();
    for (const args of [{}, { threadId: 'one' }, { threadId: 4_000_000 }, null, [], 7]) {
      assert.equal((await run.client.raw('next', args)).success, false, JSON.stringify(args));
    }
    const { threadId } = await run.nextStop();
    await run.until('next', { threadId });
    await run.dispose();
  });

  it('does not verify a breakpoint in a file that does not exist', async () => {
    const run = await DebugRun.start({ python });
    const args = { source: { path: '/no/such/folder/file.py' }, breakpoints: [{ line: 3 }] };
    const { breakpoints } = await run.client.request('setBreakpoints', args);
    assert.equal(breakpoints[0].verified, false);
    assert.ok(breakpoints[0].message.length > 10, JSON.stringify(breakpoints));
    await assertTicks(run.target);
    await run.dispose();
  });

  it('stops on entry when asked to', async () => {
    const run = await DebugRun.start({ python, attach: { stopOnEntry: true } });
    assert.equal((await run.nextStop()).reason, 'entry');
    await run.dispose();
  });

  it('refuses two quick resumes but one', async () => {
    const run = await stoppedRun();
    const { threadId } = await run.nextStop();
    const both = await Promise.all([0, 1].map(() => run.client.raw('continue', { threadId })));
    assert.deepEqual(
      both.map(({ success }) => success),
      [true, false],
    );
    await run.dispose();
  });
}

void (async () => {
  for (const { version, path } of await interpreters())
    describe(`CPython ${version}`, () => survivalOf(path));
})();
