import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import type { ErrorId } from '../../src/common/errors';
import { asPylatchError, PylatchError } from '../../src/common/errors';
import { FrameSocket } from '../../src/common/frames';
import { shellLine } from '../../src/common/shell';
import { WIRE_VERSION } from '../../src/common/wire';
import { helperCommand, helperSocket } from '../../src/inject/elevation/command';
import { attachElevated } from '../../src/inject/elevation/elevated';
import type { ElevatedOptions } from '../../src/inject/elevation/elevated';
import { checkMessage, checkRequest, HELPER_VERSION, MAX_REQUEST } from '../../src/inject/elevation/messages';
import { startPkexec } from '../../src/inject/elevation/pkexec';
import type { AttachedAgent } from '../../src/inject/types';

const REQUEST = {
  version: HELPER_VERSION,
  pid: 4711,
  thread: 'any',
  timeoutMs: 20_000,
  config: { justMyCode: true, stopThreads: 'all', showReturnValue: false },
};
const WELCOME = {
  version: WIRE_VERSION,
  pid: 7,
  python: '3.14.0',
  executable: '/p',
  argv: ['a.py'],
  cwd: '/',
};
const MESSAGES = [
  { phase: 'arm' },
  { phase: 'wake', detail: 'thread 71 waits in read' },
  { error: { id: 'no-permission', text: 'No.' } },
  { error: { id: 'no-permission', text: 'No.', fix: 'Ask.' } },
  { connected: WELCOME, timings: { arm: 0.5 } },
  { connected: WELCOME, timings: { arm: 0.5 }, notices: ['A sleep was ended.'] },
];

/** All ways to spoil one place of a value: to take it away, to add one, to put anything there. */
function spoilt(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fc.jsonValue();
  const keys = fc.constantFrom(...Object.keys(value));
  return fc.oneof(
    keys.map((key) => without(value, key)),
    fc.tuple(fc.string(), fc.jsonValue()).map(([key, extra]) => ({ ...value, [key]: extra })),
    keys.chain((key) =>
      spoilt(value[key as keyof typeof value]).map((inner) => ({ ...value, [key]: inner })),
    ),
  );
}

function without(value: object, key: string): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

/** The checked value, or the error, which is one of ours whatever came. */
function outcome(check: (raw: unknown) => unknown, raw: unknown): unknown {
  try {
    return check(raw);
  } catch (error) {
    assert.ok(error instanceof PylatchError, String(error));
    return error;
  }
}

describe('messages of the helper', () => {
  it('pass the check when they are right', () => {
    for (const thread of ['any', 'main', 12]) checkRequest({ ...REQUEST, thread });
    for (const message of MESSAGES) assert.equal(checkMessage(message), message);
  });

  it('are refused with the reason when they are not', () => {
    const wrong: [unknown, RegExp][] = [
      [null, /not an object/],
      [{ ...REQUEST, version: HELPER_VERSION + 1 }, /"version" is missing or wrong/],
      [{ ...REQUEST, pid: -1 }, /"pid"/],
      [{ ...REQUEST, timeoutMs: Infinity }, /"timeoutMs"/],
      [{ ...REQUEST, script: '/tmp/x.py' }, /"script" is unknown/],
      [{ ...REQUEST, config: { ...REQUEST.config, extra: 1 } }, /"config"/],
      [JSON.parse('{"__proto__": {"version": 1}}'), /"__proto__" is unknown/],
    ];
    for (const [raw, pattern] of wrong) assert.throws(() => checkRequest(raw), pattern);
    assert.throws(
      () => checkMessage({ error: { id: 'constructor', text: '' } }),
      /"error" is missing or wrong/,
    );
    assert.throws(() => checkMessage({ connected: { ...WELCOME, argv: [1] }, timings: {} }), /"connected"/);
  });

  it('are taken as they are or refused, whatever comes', () => {
    const request = fc.oneof(fc.jsonValue(), spoilt(REQUEST));
    const message = fc.oneof(fc.jsonValue(), ...MESSAGES.map(spoilt));
    fc.assert(
      fc.property(request, message, (first, second) => {
        for (const [check, raw] of [
          [checkRequest, first],
          [checkMessage, second],
        ] as const) {
          const result = outcome(check, raw);
          if (!(result instanceof PylatchError)) assert.equal(result, raw);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the command', () => {
  it('runs the same node with the command line by full paths, and waits in a private place', () => {
    const [sudo, node, cli, helper, socket, ...rest] = helperCommand('sudo', 4711);
    assert.deepEqual([sudo, node, helper, rest], ['sudo', process.execPath, 'inject-helper', []]);
    assert.match(cli!, /^\/.*\/dist\/cli\.js$/);
    assert.equal(socket, helperSocket(4711));
    assert.match(socket!, /^\/.*\/pylatch-[0-9a-f]{16}-4711\/socket$/);
    assert.deepEqual(
      helperCommand('sudo', 4711),
      helperCommand('sudo', 4711),
      'it can be shown before it runs',
    );
    assert.deepEqual(helperCommand('pkexec', 1).slice(0, 3), [
      'pkexec',
      '--disable-internal-agent',
      process.execPath,
    ]);
  });

  it('tells an Electron to be Node, for its environment is taken from it', () => {
    Object.defineProperty(process.versions, 'electron', { value: '30.0.0', configurable: true });
    try {
      assert.deepEqual(helperCommand('sudo', 1).slice(0, 4), [
        'sudo',
        'env',
        'ELECTRON_RUN_AS_NODE=1',
        process.execPath,
      ]);
    } finally {
      Reflect.deleteProperty(process.versions, 'electron');
    }
  });

  it('is shown as one would type it', () => {
    assert.equal(
      shellLine(['sudo', '/a b/node', "it's", '', '$HOME']),
      `sudo '/a b/node' 'it'\\''s' '' '$HOME'`,
    );
  });
});

/** Of the folder in which the helper was last waited for. */
let doorMode = 0;

type Behave = (link: FrameSocket, request: unknown) => void;

/** Attaches by a helper that the test plays. */
async function attachBy(behave: Behave, options: Partial<ElevatedOptions> = {}): Promise<AttachedAgent> {
  const { pid, timeoutMs } = REQUEST;
  return attachElevated({
    ...{ pid, timeoutMs, thread: 'any', means: 'sudo', config: { ...REQUEST.config, stopThreads: 'all' } },
    start: (command) => {
      doorMode = statSync(dirname(command.at(-1)!)).mode & 0o777;
      const link = new FrameSocket(connect(command.at(-1)!));
      link.onClose(() => undefined);
      link.onNextMessage((request) => behave(link, request));
      return Promise.resolve({
        ended: new Promise<string>(() => undefined),
        forget: () => undefined,
        stop: () => undefined,
      });
    },
    ...options,
  });
}

function rejects(attach: Promise<unknown>, id: ErrorId, pattern = /./): Promise<void> {
  return assert.rejects(attach, (error: unknown) => {
    assert.ok(error instanceof PylatchError, String(error));
    assert.equal(error.id, id, error.message);
    assert.match(error.message, pattern);
    return true;
  });
}

function raw(socket: Socket, body: Uint8Array, length = body.length): void {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(length >>> 0);
  socket.write(Buffer.concat([header, body]));
}

describe('who asks the helper', () => {
  it('hears the phases, and then the agent through the same socket', async () => {
    const phases: unknown[] = [];
    const agent = await attachBy(
      (link, request) => {
        assert.deepEqual(request, REQUEST);
        const messages = [...MESSAGES.slice(0, 2), MESSAGES.at(-1), { event: 'first' }, { event: 'second' }];
        for (const message of messages) link.send(message);
      },
      { onPhase: (...news) => phases.push(news) },
    );
    assert.deepEqual(phases, [
      ['arm', undefined],
      ['wake', 'thread 71 waits in read'],
    ]);
    const { welcome, timings, notices } = agent;
    assert.deepEqual([welcome, timings, notices], [WELCOME, { arm: 0.5 }, ['A sleep was ended.']]);
    const events: unknown[] = [];
    await new Promise<void>((resolve) =>
      agent.link.onMessage((event) => events.push(event) === 2 && resolve()),
    );
    assert.deepEqual(events, [{ event: 'first' }, { event: 'second' }]);
    agent.link.close();
  });

  it("passes the helper's error on", () =>
    rejects(
      attachBy((link) =>
        link.send({ error: { id: 'not-python', text: 'It is Ruby.', fix: 'Choose another.' } }),
      ),
      'not-python',
      /^It is Ruby\. Choose another\.$/,
    ));

  it('says when the helper goes away, or never answers', async () => {
    await rejects(
      attachBy((link) => link.close()),
      'elevation-failed',
      /ended, or fell silent/,
    );
  });

  it('opens its door to nobody else, and closes it behind the helper', async () => {
    const folder = dirname(helperSocket(REQUEST.pid));
    const agent = await attachBy((link) => {
      assert.equal(existsSync(folder), false);
      link.send(MESSAGES.at(-1));
    });
    assert.equal(doorMode, 0o700);
    agent.link.close();
  });

  it('takes its door along when the process ends meanwhile', async () => {
    const program = `
      const { attachElevated } = require('${join(__dirname, '../../src/inject/elevation/elevated')}');
      const start = ([...words]) => {
        console.log(words.at(-1));
        setTimeout(() => process.exit(), 10);
        return new Promise(() => undefined);
      };
      void attachElevated({ pid: 1, means: 'sudo', start });
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '-e', program]);
    assert.match(stdout, /-1\/socket\n$/);
    assert.equal(existsSync(dirname(stdout.trim())), false);
  });

  it('waits for one helper for each process, and tells the second', async () => {
    const abort = new AbortController();
    const start = startPkexec(['sleep', '60']);
    const first = attachBy(() => undefined, { signal: abort.signal, start: () => start });
    await rejects(
      attachBy(() => undefined),
      'elevation-failed',
      /already waiting/,
    );
    abort.abort();
    await rejects(first, 'attach-cancelled');
    assert.match(await (await start).ended, /^pkexec ended with/);
  });

  it('survives everything that a helper can send', async () => {
    const bytes = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.option(fc.nat(2 ** 32 - 1)));
    const message = fc.oneof(fc.jsonValue(), ...MESSAGES.slice(0, -1).map(spoilt));
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 5 }), bytes, async (messages, [body, length]) => {
        const attach = attachBy((link) => {
          for (const one of messages) link.send(one);
          raw(link.socket, body, length ?? body.length);
          link.socket.end();
        });
        const error = asPylatchError(
          await attach.then(
            ({ link }) => link.close(),
            (thrown: unknown) => thrown,
          ),
        );
        assert.notEqual(error.text, undefined);
        assert.equal(existsSync(dirname(helperSocket(REQUEST.pid))), false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('pkexec', () => {
  it('is explained by what it said and by its number', async () => {
    const says = async (script: string): Promise<string> => (await startPkexec(['sh', '-c', script])).ended;
    assert.equal(await says('exit 126'), 'the window that asked for the password was closed');
    assert.equal(
      await says('echo Not; echo authorized >&2; exit 127'),
      'pkexec ended with 127 and said: authorized',
    );
    const missing = await startPkexec(['/no/such/pkexec']);
    assert.match(await missing.ended, /cannot be started/);
  });
});

describe('a frame socket', () => {
  let server: Server;
  before(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server.close());

  /** Both ends of a connection. */
  async function pair(limit?: number): Promise<[FrameSocket, FrameSocket]> {
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const near = new FrameSocket(connect((server.address() as AddressInfo).port, '127.0.0.1'), limit);
    const far = new FrameSocket(await accepted);
    for (const end of [near, far]) end.onClose(() => undefined);
    return [near, far];
  }

  const closed = (link: FrameSocket): Promise<Error | undefined> =>
    new Promise((resolve) => link.onClose(resolve));

  it('closes at a frame over its limit, and at what is no JSON', async () => {
    const [limited, far] = await pair(MAX_REQUEST);
    raw(far.socket, Buffer.alloc(8), MAX_REQUEST + 1);
    assert.match(String(await closed(limited)), /over the limit of 16384/);
    const [near, other] = await pair();
    raw(other.socket, Buffer.from('{'));
    assert.match(String(await closed(near)), /SyntaxError/);
  });

  it('takes any bytes in any pieces: it hands messages over, or closes', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pieces, async (all) => {
        const [near, far] = await pair(MAX_REQUEST);
        const end = closed(near);
        near.onMessage(() => undefined);
        for (const piece of all) far.socket.write(piece);
        far.socket.end();
        await end;
      }),
      { numRuns: 200 },
    );
  });

  it('passes on what has come, and what comes, in order', async () => {
    const [agentEnd, agent] = await pair();
    const [requesterEnd, requester] = await pair();
    for (let n = 0; n < 3; n++) agent.send({ n });
    await new Promise<void>((resolve) => agentEnd.onNextMessage(() => resolve()));
    agentEnd.pipe(requesterEnd);
    for (let n = 3; n < 200; n++) agent.send({ n, text: 'x'.repeat(n * 10) });
    const got: unknown[] = [];
    await new Promise<void>((resolve) => {
      requester.onMessage((message) => got.push((message as { n: number }).n) === 199 && resolve());
    });
    assert.deepEqual(
      got,
      Array.from({ length: 199 }, (_, index) => index + 1),
    );
    for (const end of [agent, requester]) end.close();
  });
});
