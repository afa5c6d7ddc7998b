/** What a program file says of the Python in it, without a process. */
import type { ImageBytes } from './image/bytes';
import { programFile } from './image/index';
import type { ProgramFile } from './image/index';
import { loadSegments, readElf } from './image/elf';
import { COOKIE, parseVersion, versionOf } from './offsets';
import type { PythonVersion } from './offsets';

const MAX_SEGMENT = 64 * 1024 * 1024;
/** `python3.14`, `libpython3.14.so.1.0`, `python314.dll`. */
const VERSION_IN_NAME = /python(\d)\.?(\d+)[^\\/]*$/i;
/** On macOS the library of a framework has no version in its own name. */
const VERSION_OF_FRAMEWORK = /\/PythonT?\.framework\/Versions\/(\d)\.(\d+)\/PythonT?$/;

/** The minor version that the name of a program file tells: `3.14`. */
export function versionByName(path: string): string | undefined {
  const match = VERSION_IN_NAME.exec(path) ?? VERSION_OF_FRAMEWORK.exec(path);
  return match ? `${match[1]}.${match[2]}` : undefined;
}

/** `Py_Version`, which 3.11 and newer export. */
export function imageVersion(program: ProgramFile): PythonVersion | undefined {
  const address = program.exported('Py_Version');
  const value = address === undefined ? undefined : program.bytesAt(address, 4);
  return value && parseVersion(value.readUInt32LE(0));
}

/**
 * The runtime state in the file: its address there, and the version where it can be told.
 * @returns undefined when there is no Python in the file
 */
export function pythonInFile(bytes: ImageBytes): { version?: PythonVersion; address: number } | undefined {
  const program = programFile(bytes);
  const section = program?.runtimeSection();
  if (program === undefined || section === undefined) return undefined;
  const start = bytes.slice(section.offset, 16);
  const version = (start && versionOf(start)) ?? imageVersion(program);
  return { address: section.address, ...(version ? { version } : {}) };
}

/**
 * The same for an ELF file without a table of sections: only the first bytes of the runtime state give it away,
 * which newer Pythons than 3.12 begin with.
 */
export function pythonInStrippedFile(image: ImageBytes): { version: PythonVersion } | undefined {
  if (readElf(image)?.sectionHeaders.count !== 0) return undefined;
  for (const { offset, fileSize } of loadSegments(image)) {
    const bytes = fileSize <= MAX_SEGMENT ? image.slice(offset, fileSize) : undefined;
    const at = bytes?.indexOf(COOKIE) ?? -1;
    const version = bytes && at >= 0 ? versionOf(bytes.subarray(at)) : undefined;
    if (version?.major === 3) return { version };
  }
  return undefined;
}
