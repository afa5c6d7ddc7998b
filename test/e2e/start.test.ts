import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const ROOT = path.join(__dirname, '..', '..');
/** The first run installs the VS Code server. */
const LIMIT_MS = 300_000;

describe('npm start', () => {
  it('ends with VS Code that answers and a sample that runs, and leaves neither behind', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['scripts/start.mjs', '--check'], {
      cwd: ROOT,
      timeout: LIMIT_MS,
    });
    const sample = /answers with 200 and the sample runs as process (\d+)\.\s*$/.exec(stdout)?.[1];
    assert.ok(sample, stdout);
    assert.throws(() => process.kill(Number(sample), 0), { code: 'ESRCH' });
  });
});
