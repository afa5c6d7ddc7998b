/** What the injector promises to the rest: the shapes that cross the border of `src/inject`. */
import type { FrameSocket } from '../common/frames';
import type { AgentConfig, Welcome } from '../common/wire';

/** The phases of an attach, in order. Each is named in progress and in errors. */
export const PHASES = ['inspect', 'preflight', 'place', 'arm', 'wake', 'seen', 'connected'] as const;
export type Phase = (typeof PHASES)[number];

/** Which thread of the target takes the request. `any`: whichever can run first. A number is a native thread id. */
export type ThreadChoice = 'any' | 'main' | number;

export interface AttachOptions {
  pid: number;
  thread: ThreadChoice;
  /** Limit for the whole attach, in milliseconds. */
  timeoutMs: number;
  config: AgentConfig;
  /** Aborting it disarms: nothing of ours runs in the target later. */
  signal?: AbortSignal;
  /** Told when a phase begins, and again with a detail when there is news inside one ("thread 71 waits in futex"). */
  onPhase?: (phase: Phase, detail?: string) => void;
}

/** An agent that runs in the target, has checked us and was checked. */
export interface AttachedAgent {
  link: FrameSocket;
  welcome: Welcome;
  /** Milliseconds that each phase took. */
  timings: Partial<Record<Phase, number>>;
  /** What had to be done that the program may have noticed, for the user; mostly nothing. */
  notices?: string[];
}

/** What preflight finds about a process without touching it. */
export interface Finding {
  /** An id of the error catalogue when `severity` is `refusal`, else a name of its own. */
  id: string;
  /** `refusal`: an attach fails; `warning`: it may fail, take long or be noticed; `note`: worth knowing. */
  severity: 'refusal' | 'warning' | 'note';
  what: string;
  why?: string;
  fix?: string;
}

/** One Python process in a list. Everything that could not be read is absent, never an error. */
export interface PythonProcess {
  pid: number;
  parentPid: number;
  /** What a person would call it: the script, `-m module`, or the program's name. Never empty. */
  label: string;
  /** `3.14.10` where the exact one is known, `3.11` where only the minor one is. */
  version?: string;
  user: string;
  uid: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  executable?: string;
  commandLine: string[];
  cwd?: string;
  /** Processor time that it has used since its start, milliseconds. */
  cpuMs?: number;
  /** Memory that it holds at present (resident), bytes. */
  memoryBytes?: number;
  /** The container that it runs in, where that is another than ours: `docker 3f2a9c1b7d04`. */
  container?: string;
  /** True when an attach is expected to succeed. */
  attachable: boolean;
  /** What a list can tell cheaply: the refusals, and what is worth a warning. */
  findings: Finding[];
}

/** One thread of the main interpreter as `doctor` shows it. */
export interface ThreadReport {
  nativeId: number;
  main: boolean;
  /** The system's name of the thread, where it has one of its own. */
  name?: string;
  /** Goes after "thread 71 ": "waits in read", "runs code". */
  doing: string;
  /** How long it has been doing that, milliseconds, where the system tells. */
  forMs?: number;
}

/** Everything that can be said of a process before an attach, without touching it. */
export interface Diagnosis {
  /** With all findings: refusals first, then warnings, then notes. */
  process: PythonProcess;
  /** Absent where there is no Python inside, or it cannot be read. */
  python?: {
    version: string;
    freeThreaded: boolean;
    debugBuild: boolean;
    /** The program file that holds the interpreter, as the process names it. */
    image: string;
  };
  /** Empty where the threads cannot be read. */
  threads: ThreadReport[];
  /** Native id of the thread that an attach would ask first. */
  taker?: number;
}
