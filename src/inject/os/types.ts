/**
 * What the injector needs of an operating system. One implementation for each system; the rest of `inject`
 * names none of them.
 */
import type { Socket } from 'node:net';
import type { PylatchError } from '../../common/errors';
import type { ImageBytes } from '../image/bytes';
import type { Finding } from '../types';

/** A process as its system's process list shows it, without any special right. */
export interface ProcessStatus {
  pid: number;
  parentPid: number;
  /** The system's own short name. */
  name: string;
  /** `ended`: exists but has finished (a zombie); `stopped`: suspended by job control. */
  state: 'alive' | 'stopped' | 'ended';
  uid: number;
  effectiveUid: number;
  effectiveGid: number;
  /** Distinguishes the process from a later one with the same pid. */
  startId: string;
  /** The process that `pid` belongs to, where it is the number of one thread. */
  owner: number;
}

/** A part of an address space that holds a piece of a file, or of nothing. */
export interface Mapping {
  start: number;
  end: number;
  writable: boolean;
  executable: boolean;
  /** Offset in the file, bytes. */
  offset: number;
  /** As the target names it; empty for anonymous memory. */
  path: string;
}

/** A program file mapped into the target; the main executable comes first. */
export interface LoadedImage {
  /** As the target names it. */
  path: string;
  mappings: Mapping[];
  /**
   * Gives `use` the bytes of the file, from each place where this side may find it until one has an answer. A place
   * may hold another file by now: the process goes on with what was mapped.
   */
  withBytes<T>(use: (image: ImageBytes) => T): T | undefined;
}

/** Reads and writes another process. Every failure is a {@link MemoryError}. */
export interface ProcessMemory {
  read(address: number, length: number): Buffer;
  write(address: number, bytes: Uint8Array): void;
  close(): void;
}

/** The target's memory is not there, or not ours to touch. */
export class MemoryError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'MemoryError';
  }
}

/**
 * What a thread does, as far as waking it goes.
 * `running`: no need to wake it. `waiting`: in a system call that Python restarts by itself when interrupted.
 * `lock`: in a lock wait, which an interruption does not end. `delicate`: an interruption may be seen by the
 * program. `stopped`: suspended. `stuck`: cannot be interrupted. `unknown`: the system does not tell.
 */
export type ActivityKind = 'running' | 'waiting' | 'lock' | 'delicate' | 'stopped' | 'stuck' | 'unknown';

export interface ThreadActivity {
  kind: ActivityKind;
  /** Goes after "thread 71 ": "waits in read", "runs code". */
  what: string;
  /** What the program may notice when a `delicate` wait is interrupted: "its sleep may end early". */
  effect?: string;
}

/**
 * `interrupted`: the thread left its wait. `not-waiting`: it was not in an interruptible wait. `busy`: it did not
 * stop in time and was left alone. `traced`: another debugger holds it. `refused`: no right, or gone.
 */
export type InterruptOutcome = 'interrupted' | 'not-waiting' | 'busy' | 'traced' | 'refused';

/** A target that is open for reading, writing and waking. */
export interface TargetProcess extends ProcessMemory {
  readonly pid: number;
  /** The pid as the target itself knows it: another one in a container. Threads are numbered the target's way. */
  readonly ownPid: number;
  /** Number of its first thread, where that is not its pid and the system tells. */
  readonly firstThread?: number;
  /** Program files mapped into it when they are first asked for; what is loaded later goes unnoticed. */
  images(): LoadedImage[];
  /** Undefined when the thread has ended, or is an agent's whose session is over. */
  activity(tid: number): ThreadActivity | undefined;
  /**
   * Ends the thread's wait as if a signal had arrived. Synchronous: the thread is stopped for well under a
   * millisecond, and never stays stopped, even if this process is killed in between.
   * @param whileStopped runs while the thread stands still
   */
  interrupt(tid: number, whileStopped: () => void): InterruptOutcome;
}

/** The files of one attach, by their names in the place. */
export type SessionFile = 'stub.py' | 'script.py' | 'agent.bin' | 'agent.src' | 'error' | 'port';

/** A private place that both sides can reach, for the files of one attach: mostly a folder. */
export interface SessionPlace {
  /** The folder as the target names it, which the agent removes if we cannot; empty where there is none. */
  readonly folder: string;
  /**
   * Where the agent listens, in the words of `link.py`: `unix:PATH`; `abstract:NAME` (a name without a file,
   * unix(7)); `loopback` (a port of 127.0.0.1, whose number it writes into the file `port`).
   */
  readonly address: string;
  /** A file of the place as the target names it. */
  path(name: SessionFile): string;
  /** Writes a file that the target may read. */
  write(name: SessionFile, content: string | Uint8Array): void;
  /** Reads a small file that the target may have written; undefined when it is not there. */
  read(name: SessionFile): string | undefined;
  /** Empties a file that is there. */
  truncate(name: SessionFile): void;
  /** True once somebody has read the file; undefined where the file system does not tell. */
  wasRead(name: SessionFile): boolean | undefined;
  /** Connects to the agent; undefined while it does not listen yet. Rejects with the system's error. */
  connect(): Promise<Socket | undefined>;
  remove(): void;
}

/** What one process looks like to somebody who seeks Python. */
export interface ProcessEntry {
  pid: number;
  parentPid: number;
  uid: number;
  user: string;
  startedAt: number;
  executable?: string;
  commandLine: string[];
  cwd?: string;
  /** Of the interpreter inside: exact or minor only. */
  version?: string;
  /** The notebook that a Jupyter kernel serves, as its environment says (`JPY_SESSION_NAME`). */
  notebook?: string;
  /** Processor time that it has used since its start, milliseconds. */
  cpuMs?: number;
  /** Memory that it holds at present (resident), bytes. */
  memoryBytes?: number;
  /** The container that it runs in, where that is another than ours: `docker 3f2a9c1b7d04`. */
  container?: string;
  /** Suspended by job control. */
  suspended: boolean;
  /** Started with the environment's switch against remote debugging. */
  switchedOff: boolean;
  /** Why memory access is refused; absent when it is granted. */
  refusal?: PylatchError;
  /** Warnings and notes that cost a list nothing to find out; refusals are told by the fields above. */
  findings: Finding[];
}

/** What the system tells of one thread besides its activity. */
export interface ThreadFacts {
  /** Its own name, where it has another than the process. */
  name?: string;
  /** How long ago it last ran, milliseconds; absent where the system does not tell. */
  idleMs?: number;
}

/** One process in full, for a report. Everything in it is read from outside, without any effect on the process. */
export interface ProcessDescription {
  /** As in `pythonProcesses`, also for a process without Python. */
  entry: ProcessEntry;
  /**
   * What else an attach may meet, beyond the entry's own findings: a sandbox, another root folder, another
   * debugger. Warnings and notes.
   */
  findings: Finding[];
  /** True where it can be seen that an agent of ours serves a session in it. */
  servesSession: boolean;
  /** By the numbers that the target itself has for its threads; empty where the system tells nothing of them. */
  threads: ReadonlyMap<number, ThreadFacts>;
}

/** How to start a second copy of a process's own program: `file` with `args` before its own arguments. */
export interface OwnProgram {
  /** The program, as the process names it. */
  path: string;
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Who it has to run as, where we are somebody else. */
  uid?: number;
  gid?: number;
}

export interface TargetOs {
  /** Undefined when there is no such process. */
  status(pid: number): ProcessStatus | undefined;
  /**
   * Checks the right to debug the process, without any effect on it.
   * @throws PylatchError `no-permission` with the right that is missing and how to get it, `debugging-locked`
   *   where nobody has it
   */
  checkAccess(status: ProcessStatus): void;
  /** Loads what `open` needs, so that nobody waits for it then. */
  prepare(): Promise<void>;
  /** Opens for reading, writing and waking. */
  open(pid: number): Promise<TargetProcess>;
  /**
   * How to run the process's own program beside it: with its rights, never with ours, and with its view of files
   * and processes. A text says why that cannot be done. Absent where the system has no way for it.
   */
  ownProgram?(status: ProcessStatus): OwnProgram | string;
  /**
   * Makes a place that the target can reach, and sweeps what dead sessions left beside it.
   * @param fill writes the files; where it fails, for want of room, the next place is tried
   * @throws PylatchError `place-failed` with the places that were tried
   */
  makePlace(status: ProcessStatus, fill: (place: SessionPlace) => void): Promise<SessionPlace>;
  /** True for a script of a session, as the target names it, that is gone or whose session has died. */
  isAbandoned(status: ProcessStatus, script: string): boolean;
  /** All processes that run Python, as far as can be seen. */
  pythonProcesses(): ProcessEntry[];
  /** One process, for a report; undefined when it has ended meanwhile. Needs no right: what is hidden is left out. */
  describe(status: ProcessStatus): ProcessDescription | undefined;
  /** Why a process that exists may not be seen from here, and what to do: for the refusal of an unknown pid. */
  outOfSight(): string | undefined;
}
