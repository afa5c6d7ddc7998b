import { bufferImage, withImageFile } from '../image/bytes';
import { peSections } from '../image/pe';
import { MODULE_ENTRY_SIZE } from './windows-native';
import type { WindowsNative } from './windows-native';
import type { LoadedImage, Mapping, ProcessMemory } from './types';
import { MemoryError } from './types';

/** A program file in a process: `MODULEENTRY32W`. */
export interface WindowsModule {
  path: string;
  base: number;
  size: number;
}

/** The headers of an image are its first page, in the file as in memory. */
const HEADERS = 4096;
const PYTHON_LIBRARY = /[\\/]python\d[^\\/]*\.dll$/i;

/** Program files of the target: the main executable, then what is called like a Python library, then the rest. */
export function loadedImages(native: WindowsNative, pid: number, memory: ProcessMemory): LoadedImage[] {
  const modules = loadedModules(native, pid);
  const rank = (one: WindowsModule): number => (one === modules[0] ? 0 : isPythonLibrary(one.path) ? 1 : 2);
  return [...modules]
    .sort((a, b) => rank(a) - rank(b))
    .map((module) => ({
      path: module.path,
      mappings: mappings(memory, module),
      withBytes: (use) => withImageFile(module.path, use),
    }));
}

/** What a process has loaded, the main executable first; empty where we may not know. */
export function loadedModules(native: WindowsNative, pid: number): WindowsModule[] {
  return native.modules(pid).map((entry) => ({
    base: Number(entry.readBigUInt64LE(24)),
    size: entry.readUInt32LE(32),
    path: entry.toString('utf16le', 560, MODULE_ENTRY_SIZE).replace(/\0.*$/s, ''),
  }));
}

/** True for `python314.dll` and its like, wherever it is. */
export function isPythonLibrary(path: string): boolean {
  return PYTHON_LIBRARY.test(path);
}

/** The headers in memory tell where the parts of the file are; they are there also when the file is not. */
function mappings(memory: ProcessMemory, { path, base, size }: WindowsModule): Mapping[] {
  const headers = attempt(() => memory.read(base, Math.min(size, HEADERS)));
  if (headers === undefined) return [];
  const whole = {
    start: base,
    end: base + headers.length,
    offset: 0,
    writable: false,
    executable: false,
    path,
  };
  const parts = peSections(bufferImage(headers)).map((section) => ({
    start: base + section.address,
    end: base + section.address + section.size,
    offset: section.offset,
    writable: section.writable,
    executable: section.executable,
    path,
  }));
  return [whole, ...parts];
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof MemoryError) return undefined;
    throw error;
  }
}
