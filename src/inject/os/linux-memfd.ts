/**
 * A place for a target that has no folder to write to: each file is a memfd (memfd_create(2)) of this process, which
 * the target opens by its name below `/proc`, and the agent's address is a name without a file. When this process
 * dies, all that is left is the agent and a request to a thread that has not come by; the next attach takes care of
 * both (`isAbandonedFile`, `dismissAbandoned`).
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { connectTo } from './socket';
import type { LinuxNative } from './linux-native';
import { procLink, procText, statusField } from './linux-proc';
import { ownerHasEnded, ownId } from './linux-folder';
import { attempt } from './session-folder';
import { meetAndLeave } from './unix-sweep';
import type { ProcessStatus, SessionFile, SessionPlace } from './types';

const MEMFD = 'pylatch';
const FILE = /^\/proc\/\d+\/task\/\d+\/fd\/\d+$/;
/** A line of `/proc/net/unix`; 00010000 stands for a socket that listens. */
const LISTENER = /^\S+ \S+ \S+ 00010000 .*@(pylatch\/(\d+)\/(\d+)\/(\d+)\/[0-9a-f]+)$/gm;
/**
 * Exactly as long as sun_path of unix(7) behind its first NUL: some versions of Node fill shorter names up with NULs,
 * which makes other names of them.
 */
const NAME_LENGTH = 107;
const CAP_SYS_PTRACE = 1n << 19n;
const MAX_READ = 64 * 1024;

/**
 * A place in our memory.
 * @param root what to put before a path of the target to make it one of ours
 * @throws Error saying why the target cannot use it
 */
export function makeMemoryPlace(native: LinuxNative, status: ProcessStatus, root: string): SessionPlace {
  const here = (name: string): boolean => procLink('self', name) === procLink(status.pid, name);
  if (!here('ns/net')) throw new Error('it is in a network namespace of its own');
  if (!mayOpen(status, here('ns/user'))) throw new Error('it has not the right to open files of Pylatch');
  dismissAbandoned();
  const place = new MemoryPlace(native);
  if (place.isSeenFrom(root)) return place;
  place.remove();
  throw new Error('it does not see Pylatch in its /proc');
}

/** True for a file of a session's memory, as the target names it, that is gone: so is the session. */
export function isAbandonedFile(root: string, path: string): boolean {
  if (!FILE.test(path)) return false;
  try {
    return !readlinkSync(root + path).startsWith(`/memfd:${MEMFD}`);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/**
 * The kernel's question for a file below `/proc/PID/fd`, asked of the target about us: the same user and group and
 * no fewer capabilities than ours, or the right to trace anybody (`ptrace_may_access`; see ptrace(2)).
 */
function mayOpen({ pid, effectiveUid, effectiveGid }: ProcessStatus, sameUsers: boolean): boolean {
  const theirs = capabilities(pid, 'CapEff');
  if (sameUsers && (theirs & CAP_SYS_PTRACE) !== 0n) return true;
  const [uids, gids] = [
    [process.getuid?.(), process.geteuid?.()],
    [process.getgid?.(), process.getegid?.()],
  ];
  if (!uids.every((uid) => uid === effectiveUid) || !gids.every((gid) => gid === effectiveGid)) return false;
  return sameUsers && (capabilities('self', 'CapPrm') & ~theirs) === 0n;
}

function capabilities(pid: number | 'self', set: 'CapEff' | 'CapPrm'): bigint {
  return BigInt(`0x${statusField(procText(pid, 'status') ?? '', set) ?? '0'}`);
}

/** See `meetAndLeave`: here for the agents whose address is a name without a file. */
function dismissAbandoned(): void {
  const sockets = attempt(() => readFileSync('/proc/net/unix', 'latin1')) ?? '';
  for (const [, name, namespace = '', pid = '', startId = ''] of sockets.matchAll(LISTENER)) {
    if (ownerHasEnded({ pid, startId, namespace: `pid:[${namespace}]` })) meetAndLeave(`\0${name}`);
  }
}

class MemoryPlace implements SessionPlace {
  readonly folder = '';
  readonly address: string;
  private readonly files = new Map<SessionFile, number>();
  private readonly listing: string;
  private removed = false;

  constructor(private readonly native: LinuxNative) {
    const { pid, startId, namespace } = ownId();
    const name = `pylatch/${namespace.replace(/\D/g, '')}/${pid}/${startId}/`;
    this.address = `abstract:${name}${randomBytes(NAME_LENGTH).toString('hex')}`.slice(
      0,
      'abstract:'.length + NAME_LENGTH,
    );
    // Not /proc/PID alone: if we were killed, a late thread must not find another process's file under the name.
    const thread = readdirSync('/proc/self/task').find((tid) => tid !== pid) ?? pid;
    this.listing = `/proc/${pid}/task/${thread}/fd`;
  }

  /** The target may have another /proc than we, or none. */
  isSeenFrom(root: string): boolean {
    const seen = attempt(() => statSync(root + this.path('stub.py')));
    const { dev, ino } = fstatSync(this.file('stub.py'));
    return seen?.dev === dev && seen.ino === ino;
  }

  path(name: SessionFile): string {
    return `${this.listing}/${this.file(name)}`;
  }

  write(name: SessionFile, content: string | Uint8Array): void {
    const fd = this.file(name);
    writeFileSync(fd, content);
    futimesSync(fd, 0, Date.now() / 1000);
  }

  read(name: SessionFile): string | undefined {
    const fd = this.files.get(name);
    if (fd === undefined || fstatSync(fd).size === 0) return undefined;
    const bytes = Buffer.alloc(MAX_READ);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, MAX_READ, 0));
  }

  truncate(name: SessionFile): void {
    const fd = this.files.get(name);
    if (fd !== undefined) ftruncateSync(fd);
  }

  wasRead(name: SessionFile): boolean {
    const fd = this.files.get(name);
    return fd === undefined || fstatSync(fd).atimeMs > 0;
  }

  connect(): Promise<Socket | undefined> {
    if (this.removed) return Promise.resolve(undefined);
    return connectTo({ path: this.address.replace('abstract:', '\0') });
  }

  remove(): void {
    this.removed = true;
    for (const fd of this.files.values()) closeSync(fd);
    this.files.clear();
  }

  /** Made when it is first named: the target may write to those that we do not. */
  private file(name: SessionFile): number {
    const known = this.files.get(name);
    if (known !== undefined) return known;
    const made = this.native.memfd(MEMFD);
    if ('errno' in made) throw new Error(`the system refuses memory files (error ${made.errno})`);
    this.files.set(name, made.value);
    return made.value;
  }
}
