import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { link, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ScriptRequest } from '../../src/inject/arm';
import { attach } from '../../src/inject/attach';
import { firstPlace } from '../../src/inject/os/first-place';
import { targetOs } from '../../src/inject/os/index';
import type { SessionPlace } from '../../src/inject/os/index';
import { linuxFolders, ownId } from '../../src/inject/os/linux-folder';
import { isAbandonedFile, makeMemoryPlace } from '../../src/inject/os/linux-memfd';
import { linuxNative } from '../../src/inject/os/linux-native';
import { UnixFolder } from '../../src/inject/os/unix-folder';
import { hasOwnerEnded } from '../../src/inject/place';
import { walkInterpreter } from '../../src/inject/runtime';
import { openTarget } from '../../src/inject/target';
import { standin } from '../support/standin';
import { interpreters, startTarget } from '../support/targets';

const CONFIG = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;

const places: SessionPlace[] = [];
after(() => places.forEach((place) => place.remove()));

/** A place in this process's memory, for this very process. */
async function memoryPlace(): Promise<SessionPlace> {
  const status = targetOs().status(process.pid);
  assert.ok(status);
  const place = makeMemoryPlace(await linuxNative(), status, '');
  places.push(place);
  return place;
}

function shell(command: string): string {
  return execFileSync('sh', ['-c', command], { encoding: 'utf8' });
}

async function listen(name: string): Promise<Server> {
  const server = createServer();
  server.listen(`\0${name}`);
  await once(server, 'listening');
  return server;
}

describe('a folder', () => {
  // Who may write to the folder may be less trusted than we are, and a wait here would hold up the whole session.
  test('that its user has put other things in neither harms others nor keeps us waiting', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'parent-'));
    const status = targetOs().status(process.pid);
    assert.ok(status);
    const place = new UnixFolder(linuxFolders, join(parent, 'session'), join(parent, 'session'), status);
    places.push(place);
    const valuable = join(parent, 'valuable');
    await writeFile(valuable, 'kept');
    await link(valuable, place.path('stub.py'));
    shell(`mkfifo ${place.path('script.py')}`);
    await symlink(valuable, place.path('error'));
    for (const name of ['stub.py', 'script.py', 'error'] as const) {
      place.truncate(name);
      assert.equal(place.read(name), undefined);
      assert.equal(place.wasRead(name), true, 'nothing of ours is there any more');
    }
    assert.equal(await readFile(valuable, 'utf8'), 'kept');
    place.remove();
    assert.deepEqual(await readdir(parent), ['valuable']);
    await rm(parent, { recursive: true });
  });
});

test('a folder that somebody has put in the place of ours is left alone', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'parent-'));
  const path = join(parent, 'session');
  const status = targetOs().status(process.pid);
  assert.ok(status);
  const names: typeof linuxFolders.names = (folder, host) => {
    writeFileSync(join(host, 'valuable'), 'kept');
    return linuxFolders.names(folder, host);
  };
  assert.throws(() => new UnixFolder({ ...linuxFolders, names }, path, path, status), /another folder/);
  assert.deepEqual(await readdir(path), ['valuable']);
  await rm(parent, { recursive: true });
});

describe('a place in memory', () => {
  test('another process reads and writes its files, which is noted', async () => {
    const place = await memoryPlace();
    place.write('stub.py', 'some text');
    assert.equal(place.wasRead('stub.py'), false);
    assert.equal(shell(`cat ${place.path('stub.py')}`), 'some text');
    assert.equal(place.wasRead('stub.py'), true);
    assert.equal(place.read('error'), undefined);
    shell(`printf 'id\\ntext' >>${place.path('error')}`);
    assert.equal(place.read('error'), 'id\ntext');
    place.truncate('stub.py');
    assert.equal(shell(`cat ${place.path('stub.py')}`), '');
  });

  test('its address can be connected to as soon as somebody listens', async () => {
    const place = await memoryPlace();
    assert.equal(await place.connect(), undefined);
    const server = await listen(place.address.slice('abstract:'.length));
    const socket = await place.connect();
    assert.ok(socket);
    socket.destroy();
    server.close();
  });

  test('nothing is left of it, and its files are known as abandoned then', async () => {
    const place = await memoryPlace();
    place.write('stub.py', '');
    const script = place.path('stub.py');
    assert.equal(isAbandonedFile('', script), false);
    place.remove();
    assert.equal(existsSync(script), false);
    assert.equal(isAbandonedFile('', script), true);
  });

  test('files of others are not ours to judge', () => {
    for (const path of ['/tmp/pylatch-0123456789abcdef/stub.py', '/proc/1/fd/1', '/etc/passwd', '']) {
      assert.equal(isAbandonedFile('', path), false, path);
    }
  });

  test('the agent of a dead session is met and left, that of a living one is not', async () => {
    const { pid, startId, namespace } = ownId();
    const name = (start: string): string =>
      `pylatch/${namespace.replace(/\D/g, '')}/${pid}/${start}/`.padEnd(107, '0');
    const [dead, living] = await Promise.all([listen(name('1')), listen(name(startId))]);
    let metLiving = 0;
    living.on('connection', () => metLiving++);
    const met = once(dead, 'connection');
    await memoryPlace();
    await met;
    // The two connections would have been made in one go.
    await delay(50);
    assert.equal(metLiving, 0);
    dead.close();
    living.close();
  });
});

describe('the first place that serves', () => {
  const place = (): SessionPlace & { removed: boolean } => {
    const made = { removed: false, remove: () => (made.removed = true) };
    return made as unknown as SessionPlace & { removed: boolean };
  };
  const full = (): never => {
    throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });
  };

  test('one that cannot be filled is removed, and the next one taken', () => {
    const [first, second] = [place(), place()];
    const made = firstPlace(
      7,
      [
        { where: '/a', make: () => first },
        { where: '/b', make: () => second },
      ],
      (one) => one === first && full(),
      '',
    );
    assert.equal(made, second);
    assert.deepEqual([first.removed, second.removed], [true, false]);
  });

  test('where none serves, each reason is told', () => {
    const missing = (): never => {
      throw new Error('it does not exist');
    };
    const tried = [
      { where: '/a', make: full },
      { where: '/b', make: missing },
    ];
    assert.throws(() => firstPlace(7, tried, () => undefined, 'Do this.'), {
      id: 'place-failed',
      text: 'Pylatch found no place for its files that process 7 can use (/a: it is full; /b: it does not exist).',
      fix: 'Do this.',
    });
  });
});

describe('what a session in memory has left', async () => {
  for (const { version, path: python } of await interpreters()) {
    test(`a request to a thread of ${version} is taken back before the thread misses the script`, async () => {
      const source = `
import sys, threading
lock = threading.Lock()
lock.acquire()
worker = threading.Thread(target=lock.acquire)
worker.start()
print('ready')
sys.stdin.readline()
lock.release()
worker.join()
print('over')
`;
      const target = await startTarget({ python, source });
      try {
        await target.waitFor('ready\n');
        const { process: memory, runtime } = await openTarget(target.pid);
        const worker = walkInterpreter(memory, runtime).threads[1];
        assert.ok(worker);
        new ScriptRequest(memory, runtime.offsets, await pathOfTheDead()).arm(worker);
        memory.close();
        const options = { pid: target.pid, thread: 'main', timeoutMs: 10_000, config: CONFIG } as const;
        (await attach(options, standin)).link.close();
        target.write('\n');
        await target.waitForExit();
        assert.equal(target.output(), 'ready\nover\n');
      } finally {
        await target.stop();
      }
    });
  }
});

describe('what a session has left that died before it met its agent', async () => {
  for (const { version, path: python } of await interpreters()) {
    test(`an attach to ${version} waits until the agent has let go`, async () => {
      const source = `
import sys, time
sys.__dict__['__pylatch__'] = ['0123456789abcdef ${await pidOfTheDead()} 1']
print('ready')
time.sleep(0.7)
del sys.__dict__['__pylatch__']
time.sleep(1000)
`;
      const target = await startTarget({ python, source });
      try {
        await target.waitFor('ready\n');
        const { link } = await attach({ pid: target.pid, thread: 'any', timeoutMs: 10_000, config: CONFIG });
        link.close();
        assert.equal(target.output(), 'ready\n');
      } finally {
        await target.stop();
      }
    });
  }

  test('a living session is known as such', () => {
    const os = targetOs();
    const startId = os.status(process.pid)?.startId;
    assert.equal(hasOwnerEnded(os, `0123456789abcdef ${process.pid} ${startId}`), false);
    assert.equal(hasOwnerEnded(os, `0123456789abcdef ${process.pid} 1`), true);
    assert.equal(hasOwnerEnded(os, 'what an older release says'), false);
  });
});

/** A file as a session in memory names it, of a process that has ended. */
async function pathOfTheDead(): Promise<string> {
  const pid = await pidOfTheDead();
  return `/proc/${pid}/task/${pid}/fd/20`;
}

async function pidOfTheDead(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}
