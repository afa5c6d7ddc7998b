/**
 * Reads Mach-O images (Apple's mach-o/loader.h, fat.h and nlist.h), 32 or 64 bit, either byte order, alone or as one
 * of a universal file. Pure functions; whatever the bytes are, they answer `undefined` or an empty list, never throw,
 * and do bounded work.
 */
import type { ImageBytes } from './bytes';
import { exportedOffset } from './macho-exports';
import type { ImagePlace, ProgramFile } from './program';
import { Reader } from './reader';

/** A part of a universal file: the image for one kind of processor. */
export interface MachoSlice {
  /** `CPU_TYPE_X86_64` is 0x01000007, `CPU_TYPE_ARM64` is 0x0100000c. */
  cpu: number;
  offset: number;
  size: number;
}

interface Command {
  kind: number;
  /** On the command's own bytes. */
  reader: Reader;
  size: number;
}

interface Format {
  is64: boolean;
  littleEndian: boolean;
}

interface MachoImage extends Format {
  commands: Command[];
}

interface Segment {
  address: number;
  offset: number;
  fileSize: number;
  sections: (ImagePlace & { name: string; segment: string })[];
}

const MAGIC_32 = 0xfeedface;
const MAGIC_64 = 0xfeedfacf;
const FAT_MAGIC = 0xcafebabe;
const FAT_MAGIC_64 = 0xcafebabf;
/** A universal file has a few parts; a Java class file, which begins alike, seems to have more. */
const MAX_SLICES = 32;
const MAX_COMMANDS = 4096;
const MAX_COMMAND_BYTES = 1024 * 1024;
const MAX_TABLE = 64 * 1024 * 1024;

const LC_SEGMENT = 0x1;
const LC_SYMTAB = 0x2;
const LC_SEGMENT_64 = 0x19;
const LC_DYLD_INFO = 0x22;
const LC_DYLD_INFO_ONLY = 0x80000022;
const LC_DYLD_EXPORTS_TRIE = 0x80000033;

/** nlist's `n_type`: `N_EXT`, and `N_TYPE` being `N_SECT`. */
const N_STAB = 0xe0;
const N_TYPE = 0x0e;
const N_SECT = 0x0e;
const N_EXT = 0x01;

/**
 * The Mach-O image in these bytes; undefined when there is none. Of a universal file it is the first part that can be
 * read: a process runs one certain part, so for a process cut that one out first ({@link machoSlices}).
 */
export function machoProgram(image: ImageBytes): ProgramFile | undefined {
  for (const slice of [{ offset: 0, size: image.length }, ...machoSlices(image)]) {
    const part = cutSlice(image, slice);
    const macho = readImage(part);
    if (macho !== undefined) return thinProgram(part, macho, slice.offset);
  }
  return undefined;
}

/** The parts of a universal file; none for any other. */
export function machoSlices(image: ImageBytes): MachoSlice[] {
  const head = image.slice(0, 8);
  const magic = head?.readUInt32BE(0);
  if (head === undefined || (magic !== FAT_MAGIC && magic !== FAT_MAGIC_64)) return [];
  // The table of a universal file is big-endian whatever the parts are.
  const wide = magic === FAT_MAGIC_64;
  const entry = wide ? 32 : 20;
  const count = head.readUInt32BE(4);
  const table = count <= MAX_SLICES ? image.slice(8, count * entry) : undefined;
  if (table === undefined) return [];
  const reader = new Reader(table, false, wide);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entry;
    return {
      cpu: reader.word(at),
      offset: reader.address(at + 8),
      size: reader.address(at + (wide ? 16 : 12)),
    };
  });
}

/** One part of a universal file as an image of its own. */
export function cutSlice(image: ImageBytes, { offset, size }: Omit<MachoSlice, 'cpu'>): ImageBytes {
  const length = Math.max(0, Math.min(size, image.length - offset));
  return {
    length,
    slice: (at, count) =>
      at >= 0 && count >= 0 && at + count <= length ? image.slice(offset + at, count) : undefined,
  };
}

/** The processor of an image that is no universal file, from its first bytes. */
export function machoCpu(start: Buffer): number | undefined {
  if (start.length < 8) return undefined;
  const format = formatOf(start);
  return format && new Reader(start, format.littleEndian, format.is64).word(4);
}

function formatOf(start: Buffer): Format | undefined {
  for (const littleEndian of [true, false]) {
    const magic = littleEndian ? start.readUInt32LE(0) : start.readUInt32BE(0);
    if (magic === MAGIC_32 || magic === MAGIC_64) return { is64: magic === MAGIC_64, littleEndian };
  }
  return undefined;
}

function readImage(image: ImageBytes): MachoImage | undefined {
  const head = image.slice(0, 28);
  const format = head && formatOf(head);
  if (head === undefined || format === undefined) return undefined;
  const reader = new Reader(head, format.littleEndian, format.is64);
  const [count, size] = [reader.word(16), reader.word(20)];
  const from = format.is64 ? 32 : 28;
  const bytes = image.slice(from, Math.min(size, MAX_COMMAND_BYTES, Math.max(0, image.length - from)));
  return bytes && { ...format, commands: readCommands(bytes, count, format) };
}

function readCommands(bytes: Buffer, count: number, { littleEndian, is64 }: Format): Command[] {
  const commands: Command[] = [];
  const all = new Reader(bytes, littleEndian, is64);
  for (let at = 0; commands.length < Math.min(count, MAX_COMMANDS) && at + 8 <= bytes.length;) {
    const size = all.word(at + 4);
    if (size < 8 || at + size > bytes.length) break;
    const reader = new Reader(bytes.subarray(at, at + size), littleEndian, is64);
    commands.push({ kind: reader.word(0), reader, size });
    at += size;
  }
  return commands;
}

/** @param start where the image begins in the whole file */
function thinProgram(image: ImageBytes, macho: MachoImage, start: number): ProgramFile {
  const segments = macho.commands.flatMap((command) => readSegment(command, macho.is64) ?? []);
  // The segment that begins with the header; `__PAGEZERO` has no bytes in the file.
  const first = segments.find((segment) => segment.offset === 0 && segment.fileSize > 0);
  return {
    runtimeSection: () => {
      const section = segments
        .flatMap((segment) => segment.sections)
        .find(({ segment, name }) => segment === '__DATA' && name === 'PyRuntime');
      return section && { address: section.address, offset: start + section.offset, size: section.size };
    },
    exported: (name) => {
      // C names have an underscore put before them.
      const symbol = `_${name}`;
      return findExport(image, macho, symbol, first?.address ?? 0) ?? findSymbol(image, macho, symbol);
    },
    bytesAt: (address, length) => {
      const holder = segments.find(
        (one) => address >= one.address && address + length <= one.address + one.fileSize,
      );
      return holder && image.slice(holder.offset + (address - holder.address), length);
    },
    loadBias: (parts) => {
      const header = parts.find((part) => part.offset === start);
      return header && first && header.start - first.address;
    },
  };
}

function readSegment({ kind, reader, size }: Command, is64: boolean): Segment | undefined {
  const [least, step] = is64 ? [72, 8] : [56, 4];
  if (kind !== (is64 ? LC_SEGMENT_64 : LC_SEGMENT) || size < least) return undefined;
  const sectionSize = is64 ? 80 : 68;
  const count = Math.min(reader.word(least - 8), Math.floor((size - least) / sectionSize));
  return {
    address: reader.address(24),
    offset: reader.address(24 + 2 * step),
    fileSize: reader.address(24 + 3 * step),
    sections: Array.from({ length: count }, (_, index) => {
      const at = least + index * sectionSize;
      return {
        name: reader.text(at, 16),
        segment: reader.text(at + 16, 16),
        address: reader.address(at + 32),
        size: reader.address(at + 32 + step),
        offset: reader.word(at + 32 + 2 * step),
      };
    }),
  };
}

/** Looks in the symbol table, which is larger, and may have been stripped. */
function findSymbol(image: ImageBytes, macho: MachoImage, symbol: string): number | undefined {
  const table = macho.commands.find(({ kind, size }) => kind === LC_SYMTAB && size >= 24)?.reader;
  if (table === undefined) return undefined;
  const entry = macho.is64 ? 16 : 12;
  const symbols = bounded(image, table.word(8), table.word(12) * entry);
  const strings = bounded(image, table.word(16), table.word(20));
  if (symbols === undefined || strings === undefined) return undefined;
  const wanted = nameOffsets(strings, symbol);
  const reader = new Reader(symbols, macho.littleEndian, macho.is64);
  for (let at = 0; at + entry <= symbols.length; at += entry) {
    const type = symbols[at + 4] ?? 0;
    const exported = (type & N_STAB) === 0 && (type & N_EXT) !== 0 && (type & N_TYPE) === N_SECT;
    if (exported && wanted.has(reader.word(at))) return reader.address(at + 8);
  }
  return undefined;
}

/** Where a name stands in a table of strings; a linker may keep it as the end of a longer one. */
function nameOffsets(strings: Buffer, name: string): Set<number> {
  const found = new Set<number>();
  const key = Buffer.from(`${name}\0`, 'latin1');
  for (let at = strings.indexOf(key); at >= 0; at = strings.indexOf(key, at + 1)) found.add(at);
  return found;
}

/** Looks in the tree of exports, which the system's loader goes by. */
function findExport(
  image: ImageBytes,
  { commands }: MachoImage,
  symbol: string,
  base: number,
): number | undefined {
  for (const { kind, reader, size } of commands) {
    const at =
      kind === LC_DYLD_EXPORTS_TRIE ? 8 : kind === LC_DYLD_INFO || kind === LC_DYLD_INFO_ONLY ? 40 : -1;
    const tree = at > 0 && size >= at + 8 ? bounded(image, reader.word(at), reader.word(at + 4)) : undefined;
    const offset = tree && exportedOffset(tree, symbol);
    if (offset !== undefined) return base + offset;
  }
  return undefined;
}

function bounded(image: ImageBytes, offset: number, size: number): Buffer | undefined {
  return size <= MAX_TABLE ? image.slice(offset, size) : undefined;
}
