import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ERRORS } from '../../src/common/errors';
import type { ErrorId } from '../../src/common/errors';
import type { SpawnedAdapter } from '../support/dapClient';
import { spawnAdapter } from '../support/dapClient';
import { ADAPTER, assertTicks, TICKER } from '../support/debugRun';
import { Elevator } from '../support/elevator';
import type { Target } from '../support/targets';
import { interpreters, startTarget } from '../support/targets';

const NOBODY = 65_534;
const AS_NOBODY = { uid: NOBODY, gid: NOBODY };
const CLI = join(dirname(ADAPTER), 'cli.js');
const skip = process.getuid?.() !== 0 && 'only root can make the stand-ins for sudo and pkexec';
/** Long in C code, so that an attach waits; then it ticks. */
const BUSY =
  "print('tick', flush=True)\nn = sum(range(3 * 10**8))\nwhile True: print('tick', n, flush=True)\n";

let elevator: Elevator;

interface Circumstances {
  /** What happens at the password, see `Elevator`. */
  mood?: string;
  source?: string;
  /** The client can run commands in a terminal. */
  terminal?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** An adapter of a user who may not debug the target, and his client, which has terminals. */
class Stranger {
  private readonly inTerminal: ChildProcess[] = [];

  private constructor(
    readonly adapter: SpawnedAdapter,
    readonly target: Target,
    private readonly mood: string,
  ) {}

  static async start(
    python: string,
    { mood = '', source = TICKER, terminal = true, env = {} }: Circumstances = {},
  ): Promise<Stranger> {
    const target = await startTarget({ python, source });
    await target.waitFor('tick');
    const options = { ...AS_NOBODY, env: { ...elevator.environment(mood), ...env } };
    const adapter = spawnAdapter(ADAPTER, [], options);
    const stranger = new Stranger(adapter, target, mood);
    adapter.client.onReverseRequest = (request) => {
      const [program, ...args] = (request.arguments as { args: string[] }).args;
      const child = spawn(program!, args, { ...options, stdio: 'ignore' });
      stranger.inTerminal.push(child);
      return { processId: child.pid };
    };
    const supports = { supportsRunInTerminalRequest: terminal, supportsProgressReporting: true };
    await adapter.client.request('initialize', supports);
    return stranger;
  }

  get client(): SpawnedAdapter['client'] {
    return this.adapter.client;
  }

  /** Attaches and gives the error. */
  async refused(elevation: string, id: ErrorId): Promise<string> {
    return failure(await this.client.raw('attach', { pid: this.target.pid, elevation }), id);
  }

  /** Waits until what the progress shows fits. */
  async shows(pattern: RegExp): Promise<void> {
    await this.client.waitFor('progressUpdate', ({ message }) => pattern.test(String(message)));
  }

  async cancel(): Promise<void> {
    const { progressId } = await this.client.waitFor('progressStart');
    await this.client.request('cancel', { progressId });
  }

  /** Ends everything, and sees that nothing is left. */
  async dispose(): Promise<void> {
    await this.adapter.close();
    if (this.mood === 'wait') for (const child of this.inTerminal) child.kill();
    await settled(() => helpers(this.target.pid).length === 0, 'the helper has gone');
    assert.deepEqual(doors(this.target.pid), []);
    await this.target.stop();
  }
}

function failure(response: DebugProtocol.Response, id: ErrorId): string {
  const { error } = response.body as { error: DebugProtocol.Message };
  assert.equal(error.id, ERRORS[id].code, error.format);
  return error.format;
}

async function settled(check: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 3000;
  while (!check()) {
    assert.ok(Date.now() < deadline, `not so within 3 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Numbers of the processes that are helpers for this target: node itself, not who has started it. */
function helpers(target: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const words = text(`/proc/${name}/cmdline`).split('\0');
      return words[2] === 'inject-helper' && words[3]?.endsWith(`-${target}/socket`) === true;
    })
    .map(Number);
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The folders that wait for a helper for this target. */
function doors(target: number): string[] {
  return readdirSync(tmpdir()).filter((name) => new RegExp(`^pylatch-[0-9a-f]{16}-${target}$`).test(name));
}

function statusOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]));
}

/** What a process with no right but those of nobody looks like. */
function assertPowerless(pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) assertNobody(Number(thread));
  const open = readdirSync(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
  assert.deepEqual(
    open.filter((file) => /^\/(proc|tmp|root)/.test(file)),
    [],
  );
}

function assertNobody(thread: number): void {
  const { Uid, Gid, Groups, CapPrm, CapEff } = statusOf(thread);
  const four = [NOBODY, NOBODY, NOBODY, NOBODY].join('\t');
  assert.deepEqual([Uid, Gid, Groups?.trim()], [four, four, '']);
  assert.deepEqual([Number(`0x${CapPrm}`), Number(`0x${CapEff}`)], [0, 0]);
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function elevationIn(python: string): void {
  for (const means of ['sudo', 'pkexec']) {
    it(`by ${means} debugs another user's program; the connection has no rights`, async () => {
      const stranger = await Stranger.start(python);
      const { client, target } = stranger;
      await client.request('attach', { pid: target.pid, elevation: means });
      const said = client.events('output').map(({ output }) => String(output));
      assert.match(
        said[0]!,
        new RegExp(`^This attach runs as administrator: ${means} .*inject-helper /\\S+\n$`),
      );
      const [helper] = helpers(target.pid);
      assert.ok(helper, 'the helper passes the bytes on');
      assertPowerless(helper);
      assert.deepEqual(doors(target.pid), []);
      const line = target.line('helper');
      const source = { path: target.file };
      await client.request('setBreakpoints', { source, breakpoints: [{ line }] });
      await client.request('configurationDone');
      const { threadId } = await client.waitFor('stopped');
      const { stackFrames } = await client.request('stackTrace', { threadId });
      assert.equal(stackFrames[0].line, line);
      await client.request('disconnect');
      await assertTicks(target);
      await stranger.dispose();
    });
  }

  it('asks for no password where the own rights suffice', async () => {
    const target = await startTarget({ python, source: TICKER, uid: NOBODY });
    await target.waitFor('tick');
    const adapter = spawnAdapter(ADAPTER, [], { ...AS_NOBODY, env: elevator.environment('refuse') });
    await adapter.client.request('initialize', {});
    await adapter.client.request('attach', { pid: target.pid, elevation: 'sudo' });
    await adapter.close();
    await target.stop();
  });
}

function failuresIn(python: string): void {
  it('says at once when the password was wrong', async () => {
    const stranger = await Stranger.start(python, { mood: 'refuse' });
    assert.match(await stranger.refused('sudo', 'elevation-failed'), /the command in the terminal has ended/);
    assert.match(
      await stranger.refused('pkexec', 'elevation-failed'),
      /pkexec ended with 127.*Sorry, try again/,
    );
    await assertTicks(stranger.target);
    await stranger.dispose();
  });

  it('says when sudo or pkexec is not installed', async () => {
    const stranger = await Stranger.start(python, { env: { PATH: '/nowhere' } });
    for (const means of ['sudo', 'pkexec']) {
      const text = await stranger.refused(means, 'elevation-failed');
      assert.match(text, new RegExp(`${means}, with which to attach .* is not installed`));
    }
    await stranger.dispose();
  });

  it('says when the client has no terminal', async () => {
    const stranger = await Stranger.start(python, { terminal: false });
    assert.match(await stranger.refused('sudo', 'elevation-failed'), /opened no terminal/);
    await stranger.dispose();
  });

  it('of the command line comes with the command that works', async () => {
    const stranger = await Stranger.start(python);
    const script = join(elevator.folder, "it's a script.py");
    await writeFile(script, "print('tick from the script')\n", { mode: 0o644 });
    const args = [CLI, 'exec', String(stranger.target.pid), script];
    const options = { ...AS_NOBODY, env: elevator.environment() };
    const complaint = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, options, (_, __, words) => resolve(words));
    });
    const [command] = /sudo \/.*$/m.exec(complaint) ?? [];
    assert.ok(command, complaint);
    await promisify(execFile)('sh', ['-c', command], options);
    await stranger.target.waitFor('tick from the script');
    await stranger.dispose();
  });

  it('is not tried unless it is asked for', async () => {
    const stranger = await Stranger.start(python);
    await stranger.refused('none', 'no-permission');
    await stranger.dispose();
  });

  for (const means of ['sudo', 'pkexec']) {
    it(`can be cancelled while ${means} waits for the password`, async () => {
      const stranger = await Stranger.start(python, { mood: 'wait' });
      const refused = stranger.refused(means, 'attach-cancelled');
      await stranger.shows(/^Waiting for the password/);
      await stranger.cancel();
      await refused;
      await stranger.dispose();
    });
  }

  it('can be cancelled while the helper attaches: it takes the request back', async () => {
    const stranger = await Stranger.start(python, { source: BUSY });
    const refused = stranger.refused('pkexec', 'attach-cancelled');
    await stranger.shows(/^Waiting until Python takes the request/);
    await stranger.cancel();
    await refused;
    await stranger.target.waitFor('tick 4');
    assert.doesNotMatch(stranger.target.output(), /pylatch|Error|Traceback/i);
    await stranger.dispose();
  });

  it('says when the helper is killed, and the program goes on', async () => {
    const stranger = await Stranger.start(python, { source: BUSY });
    const refused = stranger.refused('sudo', 'elevation-failed');
    await stranger.shows(/^Waiting until Python takes the request/);
    for (const pid of helpers(stranger.target.pid)) process.kill(pid, 'SIGKILL');
    assert.match(await refused, /ended, or fell silent/);
    await stranger.target.waitFor('tick 4');
    await assertTicks(stranger.target);
    await stranger.dispose();
  });

  it('ends with the helper, as when its terminal is closed: the program goes on', async () => {
    const stranger = await Stranger.start(python);
    const { client, target } = stranger;
    await client.request('attach', { pid: target.pid, elevation: 'sudo' });
    await client.request('configurationDone');
    for (const pid of helpers(target.pid)) process.kill(pid, 'SIGHUP');
    await client.waitFor('terminated');
    await client.waitFor('output', ({ output }) => /runs on without a debugger/.test(String(output)));
    await assertTicks(target);
    await stranger.dispose();
  });

  it('ends with the adapter: a killed one leaves a program without a debugger', async () => {
    const stranger = await Stranger.start(python);
    await stranger.client.request('attach', { pid: stranger.target.pid, elevation: 'sudo' });
    stranger.adapter.child.kill('SIGKILL');
    await settled(() => helpers(stranger.target.pid).length === 0, 'the helper has gone');
    await assertTicks(stranger.target);
    await stranger.target.stop();
  });
}

/** Runs the helper on a path, by the stand-in for sudo, as nobody. @returns what it complains about */
function helperOn(path: string): Promise<string> {
  return new Promise((resolve) => {
    const args = [process.execPath, CLI, 'inject-helper', path];
    const options = { ...AS_NOBODY, env: elevator.environment(), timeout: 5000 };
    execFile('sudo', args, options, (error, _, complaint) => resolve(error ? complaint : 'nothing'));
  });
}

function refusals(): void {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doors-'));
    await chmod(folder, 0o755);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** A folder with a socket in it that says this to whoever connects, and closes. */
  async function doorOf(
    name: string,
    uid: number,
    mode: number,
    words: Uint8Array = Buffer.alloc(0),
  ): Promise<string> {
    const place = join(folder, name);
    await mkdir(place);
    const server = createServer((socket) => socket.on('error', () => undefined).end(words));
    after(() => server.close());
    await new Promise<void>((resolve) => server.listen(join(place, 'socket'), resolve));
    for (const path of [place, join(place, 'socket')]) await chown(path, uid, uid);
    await chmod(place, mode);
    return join(place, 'socket');
  }

  it('a folder that others can enter', async () => {
    assert.match(await helperOn(await doorOf('open', NOBODY, 0o755)), /is not a socket in a private folder/);
  });

  it('a folder of somebody else', async () => {
    assert.match(await helperOn(await doorOf('foreign', 1234, 0o700)), /is not a socket in a private folder/);
    assert.match(await helperOn(await doorOf('root', 0, 0o700)), /is not a socket in a private folder/);
  });

  it("a link to somebody else's socket, or to anything else", async () => {
    const place = join(folder, 'links');
    await mkdir(place, { mode: 0o700 });
    await chown(place, NOBODY, NOBODY);
    await symlink(await doorOf('linked', 1234, 0o755), join(place, 'socket'));
    await writeFile(join(place, 'file'), '');
    for (const name of ['socket', 'file', 'missing']) {
      assert.match(await helperOn(join(place, name)), /is not a socket in a private folder/, name);
    }
  });

  it('a socket behind which nobody asks', async () => {
    assert.match(await helperOn(await doorOf('silent', NOBODY, 0o700)), /was asked for nothing/);
  });

  it('requests that make no sense, and says why', async () => {
    const frame = (text: string, length = text.length): Buffer => {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    const senseless: [Buffer, RegExp][] = [
      [frame('', 2 ** 30), /over the limit of 16384/],
      [frame('{'), /was asked for nothing: .*JSON/],
      [frame('['.repeat(8000) + ']'.repeat(8000)), /it is not an object/],
      [frame('{"version": 1, "script": "/tmp/x"}'), /"script" is unknown/],
      [frame('{"version": 2}'), /"version" is missing or wrong/],
    ];
    for (const [index, [words, pattern]] of senseless.entries()) {
      const complaint = await helperOn(await doorOf(`senseless-${index}`, NOBODY, 0o700, words));
      assert.match(complaint, pattern);
      assert.doesNotMatch(complaint, /^ +at /m, 'it was a crash');
    }
  });

  it('to work by hand, for anybody', async () => {
    for (const options of [{}, AS_NOBODY]) {
      const env = { ...process.env, SUDO_UID: '0', PKEXEC_UID: '0' };
      const complaint = await new Promise<string>((resolve) => {
        execFile(process.execPath, [CLI, 'inject-helper', '/x/y'], { ...options, env }, (_, __, text) =>
          resolve(text),
        );
      });
      assert.match(complaint, /is not started by hand/);
    }
  });
}

describe('elevation', { skip }, async () => {
  before(async () => {
    elevator = await Elevator.make();
  });
  after(() => elevator.remove());

  const all = await interpreters();
  for (const { version, path } of all) describe(`CPython ${version}`, () => elevationIn(path));
  describe('fails in words', () => failuresIn(all[0]!.path));
  describe('has a helper that refuses', refusals);
});
