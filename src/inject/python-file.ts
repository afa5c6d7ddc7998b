/** What a program file says of the Python in it, without a process. */
import type { ImageBytes } from './image/bytes';
import { bytesAt, findSection, findSymbol } from './image/elf';
import { parseVersion, versionOf } from './offsets';
import type { PythonVersion } from './offsets';

/** `Py_Version`, which 3.11 and newer export. */
export function imageVersion(bytes: ImageBytes): PythonVersion | undefined {
  const symbol = findSymbol(bytes, 'Py_Version');
  const value = symbol && bytesAt(bytes, symbol.address, 4);
  return value && parseVersion(value.readUInt32LE(0));
}

/**
 * The runtime state in the file: its address there, and the version where it can be told.
 * @returns undefined when there is no Python in the file
 */
export function pythonInFile(bytes: ImageBytes): { version?: PythonVersion; address: number } | undefined {
  const section = findSection(bytes, '.PyRuntime');
  if (section === undefined) return undefined;
  const start = bytes.slice(section.offset, 16);
  const version = (start && versionOf(start)) ?? imageVersion(bytes);
  return { address: section.address, ...(version ? { version } : {}) };
}
