import { basename } from 'node:path';
import type { PylatchError } from '../common/errors';
import { parsePythonCommand, processLabel } from './label';
import { MINORS, unknownLayout } from './offsets';
import { targetOs } from './os/index';
import type { ProcessEntry } from './os/index';
import { switchedOff, tooOld } from './target';
import type { Finding, PythonProcess } from './types';

/**
 * All Python processes that can be seen, this one left out: those that can be attached to first, the newest of
 * them at the top.
 * @throws PylatchError `unsupported-system`
 */
export async function listPythonProcesses(): Promise<PythonProcess[]> {
  const found = targetOs().pythonProcesses().map(toPythonProcess);
  return Promise.resolve(
    found.sort((a, b) => Number(b.attachable) - Number(a.attachable) || b.startedAt - a.startedAt),
  );
}

function toPythonProcess(entry: ProcessEntry): PythonProcess {
  const { refusal, switchedOff: offByEnvironment, ...shown } = entry;
  const command = isInterpreter(entry) ? parsePythonCommand(entry.commandLine) : undefined;
  const off = command?.switchedOff === true || (offByEnvironment && command?.ignoresEnvironment !== true);
  const findings = [refusal, versionRefusal(entry), off ? switchedOff(entry.pid) : undefined]
    .filter((error) => error !== undefined)
    .map(toFinding);
  return {
    ...shown,
    label: processLabel(entry, command),
    attachable: findings.length === 0,
    findings,
  };
}

/** The command line of a program that embeds Python has a meaning of its own. */
function isInterpreter({ commandLine, executable }: ProcessEntry): boolean {
  return [commandLine[0], executable].some(
    (path) => path !== undefined && /^(python|pypy)/.test(basename(path)),
  );
}

function versionRefusal({ pid, version }: ProcessEntry): PylatchError | undefined {
  if (version === undefined) return undefined;
  const [major = 0, minor = 0, micro = 0] = version.split('.').map((part) => parseInt(part, 10));
  if (major < 3 || (major === 3 && minor < Math.min(...MINORS))) return tooOld(pid, version);
  if (major === 3 && MINORS.includes(minor)) return undefined;
  return unknownLayout({ major, minor, micro, text: version });
}

function toFinding(error: PylatchError): Finding {
  return {
    id: error.id,
    severity: 'refusal',
    what: error.text,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
  };
}
