// npm run lint [-- --fix]: everything that judges the sources without running them. All checks run, all failures are
// printed, and the exit code is 1 when there was any.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.join(import.meta.dirname, '..');
const bin = (file) => path.join(ROOT, 'node_modules', file);

const CHECKS = [
  { name: 'tsc', args: [bin('typescript/bin/tsc'), '-p', '.'] },
  { name: 'eslint', args: [bin('eslint/bin/eslint.js'), '--max-warnings=0', '.'], fix: ['--fix'] },
  {
    name: 'prettier',
    args: [bin('prettier/bin/prettier.cjs'), '--log-level=warn', '--check', '.'],
    fix: ['--write'],
  },
  // Without a PATH pyright finds no interpreter, and the result is the same on every machine.
  { name: 'pyright', args: [bin('pyright/index.js'), '-p', 'pyrightconfig.json'], env: { PATH: '' } },
  { name: 'ruff', args: ['scripts/ruff.mjs'], fix: ['--fix'] },
  { name: 'manifest', args: ['scripts/manifest.mjs', '--check'] },
];

/**
 * @param {boolean} [fix] also repair what the tools can repair
 * @returns {Promise<{name: string, ok: boolean, output: string}[]>} in the order of the checks
 */
export async function lint(fix = false) {
  const results = [];
  for (const check of CHECKS) results.push(await runCheck(check, fix));
  return results;
}

function runCheck({ name, args, fix: fixArgs = [], env = {} }, fix) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args, ...(fix ? fixArgs : [])], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => keep(`${error.message}\n`));
    child.on('close', (code) => resolve({ name, ok: code === 0, output: output.trim() }));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { name, ok, output } of await lint(process.argv.includes('--fix'))) {
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
    if (!ok) console.log(output);
    if (!ok) process.exitCode = 1;
  }
}
