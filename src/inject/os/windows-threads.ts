import { parseSystemProcesses } from './windows-system';
import type { SystemProcess, SystemThread } from './windows-system';
import type { WindowsNative } from './windows-native';
import type { ThreadActivity, ThreadFacts } from './types';

const THREAD_QUERY_LIMITED_INFORMATION = 0x800;
/** `KTHREAD_STATE` and `KWAIT_REASON` of the Windows Driver Kit. */
const WAITING = 5;
const SUSPENDED = new Set([5, 12]);
const WAITS: Record<number, string> = {
  4: 'sleeps',
  11: 'sleeps',
  0: 'waits for input or output',
  7: 'waits for input or output',
  15: 'waits for input or output to complete',
  6: 'waits for an event, a timer, input or another process',
  13: 'waits for an event, a timer, input or another process',
  21: 'waits for a lock',
  37: 'waits for a lock',
};
/** Each look at the list costs about a millisecond. */
const FRESH_MS = 5;

/** What the threads of one process do. */
export class ThreadStates {
  private known: SystemProcess | undefined;
  private readAt = -Infinity;

  constructor(
    private readonly native: WindowsNative,
    private readonly pid: number,
  ) {}

  /** Undefined when the thread has ended. */
  activity(tid: number): ThreadActivity | undefined {
    const thread = this.process()?.threads.find((one) => one.tid === tid);
    return thread && threadActivity(thread);
  }

  /** The oldest thread: that in which the program began, while it lives. */
  first(): number | undefined {
    const [first] = [...(this.process()?.threads ?? [])].sort((a, b) => Number(a.createdAt - b.createdAt));
    return first?.tid;
  }

  private process(): SystemProcess | undefined {
    if (performance.now() - this.readAt < FRESH_MS) return this.known;
    const { bytes, address } = this.native.systemProcesses();
    this.known = parseSystemProcesses(bytes, address).find((one) => one.pid === this.pid);
    this.readAt = performance.now();
    return this.known;
  }
}

/** Windows has no way to end a wait that the program would not notice: a thread that waits comes by on its own. */
export function threadActivity({ state, waitReason }: SystemThread): ThreadActivity {
  if (state !== WAITING) return { kind: 'running', what: 'runs code' };
  if (SUSPENDED.has(waitReason)) return { kind: 'stopped', what: 'is suspended' };
  const what = WAITS[waitReason] ?? 'waits in the kernel';
  return { kind: 'stuck', what: `${what}, which cannot be interrupted on Windows` };
}

/** True for a process in which nothing can run until somebody resumes it. */
export function isSuspended({ threads }: SystemProcess): boolean {
  return (
    threads.length > 0 &&
    threads.every(({ state, waitReason }) => state === WAITING && SUSPENDED.has(waitReason))
  );
}

/** The names that a program has given to its threads. */
export function threadFacts(native: WindowsNative, { threads }: SystemProcess): Map<number, ThreadFacts> {
  return new Map(
    threads.map(({ tid }): [number, ThreadFacts] => {
      const name = threadName(native, tid);
      return [tid, name === '' ? {} : { name }];
    }),
  );
}

function threadName(native: WindowsNative, tid: number): string {
  const thread = native.openThread(THREAD_QUERY_LIMITED_INFORMATION, tid);
  if (thread === 0) return '';
  try {
    return native.threadName(thread);
  } finally {
    native.close(thread);
  }
}
