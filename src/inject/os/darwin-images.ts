import { withImageFile } from '../image/bytes';
import type { ImageBytes } from '../image/bytes';
import { cutSlice, machoCpu, machoSlices } from '../image/macho';
import { fileRegions } from './darwin-info';
import type { FileRegion } from './darwin-info';
import type { DarwinNative } from './darwin-native';
import { MemoryError } from './types';
import type { LoadedImage, ProcessMemory } from './types';

type Readable = Pick<ProcessMemory, 'read'>;

const PYTHON_LIBRARY = /\/(?:PythonT?\.framework\/Versions\/[\d.]+\/PythonT?|libpython[\d.]+[td]*\.dylib)$/;

/** Program files of the target: the main executable, then what is called like a Python library, then the rest. */
export function loadedImages(native: DarwinNative, pid: number, memory: Readable): LoadedImage[] {
  const byPath = new Map<string, FileRegion[]>();
  for (const region of fileRegions(native, pid)) {
    const known = byPath.get(region.path);
    if (known) known.push(region);
    else byPath.set(region.path, [region]);
  }
  const main = native.path(pid);
  const rank = (path: string): number => (path === main ? 0 : isPythonLibrary(path) ? 1 : 2);
  return [...byPath]
    .flatMap(([path, regions]) => loadedImage(path, regions, memory) ?? [])
    .sort((a, b) => rank(a.path) - rank(b.path));
}

/** The processor that the main executable was made for: under Rosetta not this machine's own. */
export function mainCpu(native: DarwinNative, pid: number, memory: Readable): number | undefined {
  const main = native.path(pid);
  const header = fileRegions(native, pid).find((region) => region.path === main && region.executable);
  return header && headerCpu(memory, header);
}

/** True for the framework's `Python` and for `libpython3.14.dylib` and its like, wherever they are. */
export function isPythonLibrary(path: string): boolean {
  return PYTHON_LIBRARY.test(path);
}

/**
 * The header in memory tells which part of a universal file the process runs: under Rosetta it is not this
 * machine's own. Other files have no header, and are no programs.
 */
function loadedImage(path: string, regions: FileRegion[], memory: Readable): LoadedImage | undefined {
  for (const header of regions.filter((region) => region.executable)) {
    const cpu = headerCpu(memory, header);
    if (cpu === undefined) continue;
    // The header comes first: pieces that were written to do not keep their offsets.
    const parts = [header, ...regions.filter((region) => region !== header)];
    return {
      path,
      mappings: parts.map((region) => ({ ...region, offset: region.offset - header.offset })),
      withBytes: (use) => withImageFile(path, (image) => use(partFor(image, cpu))),
    };
  }
  return undefined;
}

function headerCpu(memory: Readable, { start }: FileRegion): number | undefined {
  try {
    return machoCpu(memory.read(start, 8));
  } catch (error) {
    if (error instanceof MemoryError) return undefined;
    throw error;
  }
}

function partFor(image: ImageBytes, cpu: number): ImageBytes {
  const slice = machoSlices(image).find((one) => one.cpu === cpu);
  return slice ? cutSlice(image, slice) : image;
}
