/** Chooses where the files of an attach go on Windows: the first folder that both sides can use. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstPlace } from './first-place';
import { SESSION_PREFIX } from './session-folder';
import { debugging } from './windows-access';
import { startParameters } from './windows-block';
import { WindowsFolder } from './windows-folder';
import type { WindowsNative } from './windows-native';
import { isDead, sweep } from './windows-sweep';
import type { ProcessStatus, SessionPlace } from './types';

const SESSION_SCRIPT = /^(.*[\\/]pylatch-[0-9a-f]{16})[\\/](?:stub|script)\.py$/;

/** See `TargetOs.makePlace`. */
export function makeWindowsPlace(
  native: WindowsNative,
  status: ProcessStatus,
  fill: (place: SessionPlace) => void,
): SessionPlace {
  return firstPlace(
    status.pid,
    temporaryFolders(native, status.pid).map((parent) => ({
      where: parent,
      make: () => {
        sweep(parent, status);
        return new WindowsFolder(native, join(parent, newName()), status);
      },
    })),
    fill,
    'Give the process a folder that it can write to: set TEMP, or free space on its drive.',
  );
}

/** See `TargetOs.isAbandoned`. */
export function isAbandonedScript(script: string): boolean {
  const folder = SESSION_SCRIPT.exec(script)?.[1];
  return folder !== undefined && (!existsSync(folder) || isDead(folder));
}

function newName(): string {
  return `${SESSION_PREFIX}${randomBytes(8).toString('hex')}`;
}

function temporaryFolders(native: WindowsNative, pid: number): string[] {
  const opened = debugging(native, pid, (process) => startParameters(native, process));
  const own = 'value' in opened ? opened.value?.environment : undefined;
  const system = process.env['SystemRoot'];
  const folders = [own?.get('TEMP'), own?.get('TMP'), tmpdir(), system && join(system, 'Temp')];
  return [...new Set(folders.filter((path) => path !== undefined && path !== ''))] as string[];
}
