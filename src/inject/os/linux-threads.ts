import { readdirSync } from 'node:fs';
import { procText, statusField } from './linux-proc';

/**
 * Translates the thread numbers of a target into ours. They differ where the target runs in a pid namespace of its
 * own (pid_namespaces(7)), as in a container.
 */
export class ThreadNumbers {
  /** The target's pid as it knows it itself. */
  readonly ownPid: number;
  private readonly known = new Map<number, number>();

  constructor(private readonly pid: number) {
    this.ownPid = this.own(pid) ?? pid;
  }

  /** Our number of the thread that the target knows under that one; undefined when there is none. */
  here(own: number): number | undefined {
    if (this.ownPid === this.pid) return own;
    const known = this.known.get(own);
    if (known === undefined || this.own(known) !== own) this.read();
    return this.known.get(own);
  }

  private read(): void {
    this.known.clear();
    for (const name of this.tasks()) {
      const own = this.own(Number(name));
      if (own !== undefined) this.known.set(own, Number(name));
    }
  }

  private tasks(): string[] {
    try {
      return readdirSync(`/proc/${this.pid}/task`);
    } catch {
      return [];
    }
  }

  /** The innermost number is the one that `gettid` returns to the thread itself. */
  private own(tid: number): number | undefined {
    const numbers = statusField(procText(this.pid, `task/${tid}/status`) ?? '', 'NSpid');
    return numbers === undefined ? undefined : Number(numbers.trim().split(/\s+/).at(-1));
  }
}
