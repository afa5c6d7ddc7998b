/** Names the processes that work for another one after it: a `multiprocessing` worker says nothing by itself. */
import type { PythonProcess } from './types';

/** A listed process, and what it is for where it was started to work for its parent. */
export interface Member {
  process: PythonProcess;
  role: string | undefined;
}

/** So many generations are followed; also ends a walk in a circle of numbers that were used again. */
const MAX_DEPTH = 20;

/** Gives the workers and forked children among the processes the name of the program that they belong to. */
export function nameFamilies(members: readonly Member[]): PythonProcess[] {
  const byPid = new Map(members.map((member) => [member.process.pid, member]));
  return members.map((member) => {
    const parent = byPid.get(member.process.parentPid);
    const role = parent && roleIn(member, parent);
    if (parent === undefined || role === undefined) return member.process;
    return { ...member.process, label: `${role} of ${head(parent, byPid).label}` };
  });
}

/** What the process is to its parent; undefined where it has a name of its own. */
function roleIn({ process, role }: Member, parent: Member): string | undefined {
  const forked = sameCommand(process, parent.process);
  // The fork server is the parent of the workers, whose command line they inherit.
  if (forked && parent.role === 'multiprocessing forkserver') return 'multiprocessing worker';
  return role ?? (forked ? 'child' : undefined);
}

/** The nearest ancestor that has a name of its own. */
function head(member: Member, byPid: ReadonlyMap<number, Member>): PythonProcess {
  let at = member;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const parent = byPid.get(at.process.parentPid);
    if (parent === undefined || roleIn(at, parent) === undefined) break;
    at = parent;
  }
  return at.process;
}

/** A child that was forked keeps its parent's command line, and is younger. */
function sameCommand(child: PythonProcess, parent: PythonProcess): boolean {
  return (
    child.commandLine.length > 0 &&
    child.startedAt >= parent.startedAt &&
    child.commandLine.length === parent.commandLine.length &&
    child.commandLine.every((argument, at) => argument === parent.commandLine[at])
  );
}
