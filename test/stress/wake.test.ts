import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execScript } from '../../src/inject/exec';
import type { ThreadChoice } from '../../src/inject/types';
import { interpreters, startTarget } from '../support/targets';
import type { Target } from '../support/targets';
import { DELICATE, DISTURBED_AFTER_MS, program, WAITS } from './waits';
import type { Reach, Wait } from './waits';

const LIMIT_MS = 20_000;
/** Leaves a trace by which the program can tell that the script ran. */
const MARK = "import sys\nsys.__dict__['ran'] = True\n";
/** So long a thread gets to show that it does not come by. */
const PATIENCE_MS = 400;
const SETTLED_MS = 200;
/** The waits take time but hardly any work. */
const AT_A_TIME = { concurrency: 8 };

describe('waits', AT_A_TIME, async () => {
  for (const { version, path: python } of await interpreters()) {
    for (const [name, wait] of Object.entries(WAITS)) {
      for (const where of ['main', 'worker'] as const) {
        const reach = wait[where];
        if (reach === undefined) continue;
        test(`${version}: ${name}, ${where} thread: ${reach}`, async () => {
          await withTarget(python, program(wait.code, where), (target) => expectReached(target, wait, reach));
        });
      }
    }
  }
});

describe('waits in which the program notices an interruption', AT_A_TIME, async () => {
  for (const { version, path: python } of await interpreters()) {
    for (const [name, { code, result, disturbed, timed }] of Object.entries(DELICATE)) {
      test(`${version}: ${name}: left alone while another thread waits`, async () => {
        const other = 'threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n';
        await withTarget(python, program(other + code, 'main'), (target) => expectSpared(target, result));
      });

      test(`${version}: ${name}: woken where nobody else can serve, and the user is told`, async () => {
        await withTarget(python, program(code, 'main'), async (target) => {
          if (timed === true) await delay(DISTURBED_AFTER_MS);
          const notices = await runIn(target, target.pid);
          assert.match(notices.join(), /^Thread \d+ waits (in|for) .* and was interrupted: .+\.$/);
          await expectResult(target, disturbed);
        });
      });
    }
  }
});

/** Each call takes longer than others that wait would be given, and lets go of the interpreter's lock. */
const IN_C = `
import hashlib
def work():
    while True: hashlib.pbkdf2_hmac('sha256', b'x', b'y', 500_000)
threading.Thread(target=work, daemon=True).start()
`;

describe('a wait in which the program notices an interruption', async () => {
  for (const { version, path: python } of await interpreters()) {
    test(`${version}: left alone while another thread runs in C`, async () => {
      const { code, result } = DELICATE['signal.pause']!;
      await withTarget(python, program(IN_C + code, 'main'), (target) => expectSpared(target, result));
    });
  }
});

/** Another thread takes the script, and the wait goes on as if nothing had been. */
async function expectSpared(target: Target, result: string): Promise<void> {
  assert.deepEqual(await runIn(target, 'any'), []);
  await delay(PATIENCE_MS);
  assert.doesNotMatch(target.output(), /result/);
  await expectResult(target, result);
}

/** Runs a script on the thread. @returns what the user was told that the program may notice */
async function runIn(target: Target, thread: ThreadChoice): Promise<string[]> {
  await delay(SETTLED_MS);
  const notices: string[] = [];
  await execScript({
    pid: target.pid,
    thread,
    timeoutMs: LIMIT_MS,
    script: { text: MARK },
    onNotice: (notice) => notices.push(notice),
  });
  return notices;
}

async function withTarget(
  python: string,
  source: string,
  use: (target: Target) => Promise<void>,
): Promise<void> {
  // The program is killed in the end, and leaves its temporary files.
  const temporary = mkdtempSync(join(tmpdir(), 'wake-'));
  const target = await startTarget({ python, source, env: { TMPDIR: temporary } });
  try {
    await target.waitFor('ready', LIMIT_MS);
    await use(target);
  } finally {
    await target.stop();
    rmSync(temporary, { recursive: true });
  }
}

/** Only the thread in question is asked, as if there were no other. */
async function expectReached(target: Target, wait: Wait, reach: Reach): Promise<void> {
  await delay(wait.timed === true && reach === 'at once' ? DISTURBED_AFTER_MS : SETTLED_MS);
  const ran = execScript({
    pid: target.pid,
    thread: Number(/ready (\d+)/.exec(target.output())?.[1]),
    timeoutMs: LIMIT_MS,
    script: { text: MARK },
  });
  if (reach === 'at once') {
    await ran;
    assert.doesNotMatch(target.output(), /result/);
  } else {
    const early = await Promise.race([ran.then(() => 'taken'), delay(PATIENCE_MS, 'waits')]);
    assert.equal(early, 'waits');
  }
  await expectResult(target, wait.result);
  await ran;
}

/** Lets the wait end, if it does not by itself. The script must have run by then. */
async function expectResult(target: Target, result: string): Promise<void> {
  target.write('typed later\n');
  await target.waitFor('\nresult', LIMIT_MS);
  assert.equal(lastLine(target), `result ${result} True`);
}

function lastLine(target: Target): string | undefined {
  return target.output().trimEnd().split('\n').at(-1);
}
