import type { ImageBytes } from './bytes';
import { elfProgram } from './elf';
import { machoProgram } from './macho';
import { peProgram } from './pe';
import type { ProgramFile } from './program';

export type { ImagePlace, MappedPart, ProgramFile } from './program';

/** One reader for each format; each knows its own by the first bytes. */
const READERS = [elfProgram, machoProgram, peProgram];

/** Opens a program file of any system; undefined when the bytes are none. */
export function programFile(image: ImageBytes): ProgramFile | undefined {
  for (const read of READERS) {
    const program = read(image);
    if (program !== undefined) return program;
  }
  return undefined;
}
