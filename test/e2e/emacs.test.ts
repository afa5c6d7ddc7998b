import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { interpreters, startTarget } from '../support/targets';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');
const ADAPTER = join(ROOT, 'dist', 'adapter.js');
const TOUR_LIMIT_MS = 60_000;

const PROGRAM = `
import time

def bill(count):
    price = 2.5
    amount = price * count  #@stop
    return amount

count = 0
while True:
    count += 1
    bill(count)
    print("round", count)
    time.sleep(0.05)
`;

interface Seen {
  line: number;
  function: string;
  locals: Record<string, string>;
  answer: string;
  next: number;
}

/** The root of Debian's Emacs with its DAP client; undefined, with the reason printed, where it cannot be had. */
async function findEmacs(): Promise<string | undefined> {
  try {
    const script = join(ROOT, 'scripts', 'interpreters.mjs');
    const { stdout } = await run(process.execPath, [script, '--json', 'emacs']);
    return (JSON.parse(stdout) as { path: string }[])[0]!.path;
  } catch (error) {
    console.log(`no Emacs, so no foreign client is tested: ${(error as Error).message}`);
    return undefined;
  }
}

/** This Emacs lies in a root that is not its own, so it has to be told where its parts are. */
async function emacsPlaces(root: string): Promise<NodeJS.ProcessEnv> {
  const share = join(root, 'usr', 'share', 'emacs');
  const version = (await readdir(share)).find((name) => /^\d/.test(name))!;
  const lisp = join(share, version, 'lisp');
  const packages = await foldersIn(join(share, 'site-lisp', 'elpa-src'));
  return {
    EMACSDATA: join(share, version, 'etc'),
    EMACSPATH: join(root, 'usr', 'libexec', 'emacs', version),
    EMACSLOADPATH: [...packages, lisp, ...(await foldersIn(lisp))].join(':'),
  };
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
}

async function dumpFile(root: string): Promise<string> {
  const base = join(root, 'usr', 'libexec', 'emacs');
  const files = await readdir(base, { recursive: true });
  return join(
    base,
    files.find((name) => name.endsWith('.pdmp'))!,
  );
}

async function tour(root: string, task: Record<string, unknown>): Promise<Seen> {
  const args = [`--dump-file=${await dumpFile(root)}`, '-Q', '--batch', '-l', join(__dirname, 'dape.el')];
  const { stdout, stderr } = await run(join(root, 'usr', 'bin', 'emacs-nox'), args, {
    env: { ...process.env, ...(await emacsPlaces(root)), TOUR: JSON.stringify(task) },
    timeout: TOUR_LIMIT_MS,
  });
  const line = stdout.split('\n').find((text) => text.startsWith('RESULT '));
  assert.ok(line, `Emacs gave no result:\n${stdout}\n${stderr}`);
  return JSON.parse(line.slice('RESULT '.length)) as Seen;
}

describe("Emacs's DAP client drives the stand-alone adapter", async () => {
  for (const { version, path } of await interpreters()) {
    it(`attaches to Python ${version}, stops, reads, evaluates, steps and leaves it running`, async (t) => {
      const root = await findEmacs();
      if (!root) return t.skip('no Emacs (the reason is printed above)');
      const target = await startTarget({ python: path, source: PROGRAM });
      try {
        await target.waitFor('round 2');
        const seen = await tour(root, {
          command: [process.execPath, ADAPTER],
          attach: { pid: target.pid },
          file: target.file,
          line: target.line('stop'),
          expression: 'price * 4',
        });
        assert.equal(seen.line, target.line('stop'));
        assert.equal(seen.function, 'bill');
        assert.equal(seen.locals['price'], '2.5');
        assert.match(seen.locals['count'] ?? '', /^\d+$/);
        assert.equal(seen.answer, '10.0');
        assert.equal(seen.next, target.line('stop') + 1);
        const rounds = target.output().split('\n').length;
        await target.waitFor(`round ${rounds + 3}`);
      } finally {
        await target.stop();
      }
    });
  }
});
