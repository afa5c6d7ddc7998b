// The browser fetches the workbench's own dependencies (oniguruma, xterm, ...) from lib/vscode/node_modules;
// npm put them one level higher, and `npm ci` removes the link again, hence this script runs as `prepare`.
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const top = join(import.meta.dirname, 'node_modules');
const link = join(top, 'code-server', 'lib', 'vscode', 'node_modules');
rmSync(link, { recursive: true, force: true });
if (process.platform === 'win32') symlinkSync(top, link, 'junction');
else symlinkSync('../../..', link);
