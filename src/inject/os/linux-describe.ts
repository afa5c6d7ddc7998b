import { readdirSync } from 'node:fs';
import { compact } from '../../common/compact';
import { ownContainer, sightFix } from './linux-container';
import { servesSession, surroundingFindings } from './linux-findings';
import { decoded, innermost, procText, statFields, statusField, systemText } from './linux-proc';
import { linuxProcess } from './linux-processes';
import type { ProcessDescription, ProcessStatus, ThreadFacts } from './types';

const CLOCK_TICK_MS = 10;

/** See `TargetOs.describe`. */
export function describeLinuxProcess({ pid, name }: ProcessStatus): ProcessDescription | undefined {
  const entry = linuxProcess(pid);
  if (entry === undefined) return undefined;
  return {
    entry,
    findings: surroundingFindings(pid, entry.commandLine),
    servesSession: servesSession(pid),
    threads: threadsOf(pid, name),
  };
}

/** See `TargetOs.outOfSight`. */
export function linuxOutOfSight(): string | undefined {
  const container = ownContainer();
  return container && sightFix(container.kind);
}

function tasks(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function threadsOf(pid: number, processName: string): Map<number, ThreadFacts> {
  const clocks = systemText();
  const now = lastRun(procText('self', 'sched'), procText('self', 'stat'), clocks);
  const found = new Map<number, ThreadFacts>();
  for (const tid of tasks(pid)) {
    const status = procText(pid, `task/${tid}/status`);
    if (status === undefined) continue;
    const name = statusField(status, 'Name');
    const then = lastRun(procText(pid, `task/${tid}/sched`), procText(pid, `task/${tid}/stat`), clocks);
    const facts = {
      name: name === undefined || name === processName ? undefined : decoded(name),
      idleMs: now === undefined || then === undefined ? undefined : Math.max(0, Math.round(now - then)),
    };
    found.set(innermost(status) ?? tid, compact(facts));
  }
  return found;
}

/**
 * When a thread last ran, milliseconds of the scheduler's clock; we run now. Each processor's clock stands still
 * while a hypervisor has taken that processor away ("steal" in proc(5)), so clocks are compared with that added.
 * @param sched undefined where the kernel was built without CONFIG_SCHED_DEBUG
 * @param clocks the text of `/proc/stat`
 */
export function lastRun(
  sched: string | undefined,
  stat: string | undefined,
  clocks: string | undefined,
): number | undefined {
  const start = /^se\.exec_start\s*:\s*([\d.]+)$/m.exec(sched ?? '')?.[1];
  const processor = stat === undefined ? undefined : statFields(stat).fields[36];
  if (start === undefined || processor === undefined) return undefined;
  const columns = new RegExp(`^cpu${processor} (.*)$`, 'm').exec(clocks ?? '')?.[1]?.split(' ') ?? [];
  return Number(start) + Number(columns[7] ?? 0) * CLOCK_TICK_MS;
}
