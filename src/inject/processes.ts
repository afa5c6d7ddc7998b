import { compact } from '../common/compact';
import { arranged, isAttachable, toFinding } from './findings';
import { nameFamilies } from './family';
import type { Member } from './family';
import { processLabel, pythonCommand, workerRole } from './label';
import type { PythonCommand } from './label';
import { MINORS, SUPPORTED } from './offsets';
import { targetOs } from './os/index';
import type { ProcessEntry } from './os/index';
import { suspended, switchedOff, tooOld } from './refusals';
import type { Finding, PythonProcess } from './types';

/**
 * All Python processes that can be seen, this one left out: those that can be attached to first, the newest of
 * them at the top.
 * @throws PylatchError `unsupported-system`
 */
export async function listPythonProcesses(): Promise<PythonProcess[]> {
  const found = nameFamilies(targetOs().pythonProcesses().map(toMember));
  return Promise.resolve(
    found.sort((a, b) => Number(b.attachable) - Number(a.attachable) || b.startedAt - a.startedAt),
  );
}

/** A process as lists show it: named, and judged by what can be told without a look into its memory. */
export function toMember(entry: ProcessEntry): Member {
  const command = pythonCommand(entry);
  const findings = arranged([...refusalsOf(entry, command), ...entry.findings]);
  const { pid, parentPid, user, uid, startedAt, commandLine, version, executable, cwd } = entry;
  const { cpuMs, memoryBytes, container } = entry;
  return {
    process: compact({
      ...{ pid, parentPid, user, uid, startedAt, commandLine, version, executable, cwd },
      ...{ cpuMs, memoryBytes, container },
      label: processLabel(entry, command),
      attachable: isAttachable(findings),
      findings,
    }),
    role: command && workerRole(command),
  };
}

function refusalsOf(entry: ProcessEntry, command: PythonCommand | undefined): Finding[] {
  const { pid, version, refusal } = entry;
  const off = command?.switchedOff === true || (entry.switchedOff && command?.ignoresEnvironment !== true);
  return [
    ...(refusal ? [toFinding(refusal)] : []),
    ...(version === undefined ? [] : versionFinding(pid, version)),
    ...(off ? [toFinding(switchedOff(pid))] : []),
    ...(entry.suspended ? [toFinding(suspended(pid))] : []),
  ];
}

function versionFinding(pid: number, version: string): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map((part) => parseInt(part, 10));
  if (major < 3 || (major === 3 && minor < Math.min(...MINORS))) return [toFinding(tooOld(pid, version))];
  return major === 3 && MINORS.includes(minor) ? [] : [untested(version)];
}

/** A newer Python than this release knows: it is attached to with the help of its own program. */
export function untested(version: string): Finding {
  return {
    id: 'version-untested',
    severity: 'warning',
    what: `It runs Python ${version}, which this release of Pylatch does not know (it knows ${SUPPORTED}).`,
    why: 'The attach asks the program file of that Python to call sys.remote_exec, which serves the main thread only.',
    fix: 'If the attach fails, install a newer release of Pylatch.',
  };
}
