/** How session folders are reached on Linux, and how their owners are known. */
import { openSync, readdirSync, unlinkSync } from 'node:fs';
import { procLink, processStatus } from './linux-proc';
import { SOCKET } from './unix-sweep';
import type { FolderSystem } from './unix-sweep';

/** Who keeps a session: told by pid, start time and the namespace in which the pid counts. */
export interface Owner {
  pid: string;
  startId: string;
  namespace: string;
}

/** This process. */
export function ownId(): Owner {
  const startId = processStatus(process.pid)?.startId ?? '';
  return { pid: String(process.pid), startId, namespace: procLink('self', 'ns/pid') ?? '' };
}

/** False also for an owner whom we could not see. */
export function ownerHasEnded({ pid, startId, namespace }: Owner): boolean {
  return namespace === procLink('self', 'ns/pid') && processStatus(Number(pid))?.startId !== startId;
}

/** Through the descriptor a path is short enough for a socket, and leads surely into that very folder. */
function inside(folder: number, name = ''): string {
  return `/proc/self/fd/${folder}/${name}`;
}

/** See `FolderSystem`. */
export const linuxFolders: FolderSystem = {
  open: (folder, name, flags, mode) => openSync(inside(folder, name), flags, mode),
  unlink: (folder, name) => unlinkSync(inside(folder, name)),
  names: (folder) => readdirSync(inside(folder)),
  socketPath: (folder) => inside(folder, SOCKET),
  startId: (pid) => processStatus(pid)?.startId,
  ownerLine: () => {
    const { pid, startId, namespace } = ownId();
    return `${pid} ${startId} ${namespace}\n`;
  },
  ownerHasEnded: (line) => {
    const [pid = '', startId = '', namespace] = line.trim().split(/\s/);
    return namespace === undefined ? undefined : ownerHasEnded({ pid, startId, namespace });
  },
};
