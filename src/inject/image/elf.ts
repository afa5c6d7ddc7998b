/**
 * Finds sections, segments and dynamic symbols in an ELF image (System V ABI, chapters 4 and 5), 32 or 64 bit,
 * either byte order. Pure functions; whatever the bytes are, they answer `undefined` or an empty list, never
 * throw, and do bounded work.
 */
import type { ImageBytes } from './bytes';
import type { ImagePlace, MappedPart, ProgramFile } from './program';
import { Reader } from './reader';

/** What the file header says; offsets and sizes in bytes. */
export interface ElfHeader {
  is64: boolean;
  littleEndian: boolean;
  /** `ET_EXEC` is 2, `ET_DYN` is 3. */
  type: number;
  /** `EM_X86_64` is 62, `EM_AARCH64` is 183. */
  machine: number;
  programHeaders: HeaderTable;
  sectionHeaders: HeaderTable;
  sectionNames: number;
}

interface HeaderTable {
  offset: number;
  entrySize: number;
  count: number;
}

export interface ElfSection extends ImagePlace {
  name: string;
  /** Index of the section that this one refers to (a symbol table: its names). */
  link: number;
}

/** A `PT_LOAD` segment. */
export interface ElfSegment {
  offset: number;
  address: number;
  fileSize: number;
  memorySize: number;
}

export interface ElfSymbol {
  address: number;
  size: number;
}

const PT_LOAD = 1;
const MAX_SECTIONS = 4096;
const MAX_ENTRY = 1024;
const MAX_TABLE = 64 * 1024 * 1024;
const MAX_NAME = 256;
const MAX_PAGE = 0x10000;

/** The ELF image in these bytes; undefined when there is none. */
export function elfProgram(image: ImageBytes): ProgramFile | undefined {
  if (readElf(image) === undefined) return undefined;
  return {
    runtimeSection: () => findSection(image, '.PyRuntime'),
    exported: (name) => findSymbol(image, name)?.address,
    bytesAt: (address, length) => bytesAt(image, address, length),
    loadBias: (parts) => loadBias(image, parts),
  };
}

/** Reads the file header; undefined when the bytes are no ELF image. */
export function readElf(image: ImageBytes): ElfHeader | undefined {
  const ident = image.slice(0, 16);
  if (ident?.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const is64 = ident[4] === 2;
  const littleEndian = ident[5] === 1;
  if ((!is64 && ident[4] !== 1) || (!littleEndian && ident[5] !== 2)) return undefined;
  const bytes = image.slice(0, is64 ? 64 : 52);
  if (bytes === undefined) return undefined;
  return parseHeader(new Reader(bytes, littleEndian, is64), is64, littleEndian);
}

function parseHeader(reader: Reader, is64: boolean, littleEndian: boolean): ElfHeader {
  const sizes = is64 ? 54 : 42;
  const table = (offset: number, at: number): HeaderTable => ({
    offset: reader.address(offset),
    entrySize: reader.half(at),
    count: reader.half(at + 2),
  });
  return {
    is64,
    littleEndian,
    type: reader.half(16),
    machine: reader.half(18),
    programHeaders: table(is64 ? 32 : 28, sizes),
    sectionHeaders: table(is64 ? 40 : 32, sizes + 4),
    sectionNames: reader.half(sizes + 8),
  };
}

/** The first section of that name, for example `.PyRuntime`. */
export function findSection(image: ImageBytes, name: string): ElfSection | undefined {
  const header = readElf(image);
  return header && sections(image, header).find((section) => section.name === name);
}

/** The loadable segments, in file order. */
export function loadSegments(image: ImageBytes): ElfSegment[] {
  const header = readElf(image);
  if (header === undefined) return [];
  const segments: ElfSegment[] = [];
  for (const reader of entries(image, header, header.programHeaders, header.is64 ? 56 : 32)) {
    if (reader.word(0) === PT_LOAD) segments.push(segment(reader, header.is64));
  }
  return segments;
}

function segment(reader: Reader, is64: boolean): ElfSegment {
  const step = is64 ? 8 : 4;
  return {
    offset: reader.address(step),
    address: reader.address(2 * step),
    fileSize: reader.address(4 * step),
    memorySize: reader.address(5 * step),
  };
}

/** A symbol that the image exports (`.dynsym`): its address, before any load bias, and size. */
export function findSymbol(image: ImageBytes, name: string): ElfSymbol | undefined {
  const header = readElf(image);
  if (header === undefined) return undefined;
  const all = sections(image, header);
  const table = all.find((section) => section.name === '.dynsym');
  const names = table && all[table.link];
  if (table === undefined || names === undefined || table.size > MAX_TABLE || names.size > MAX_TABLE)
    return undefined;
  const symbols = image.slice(table.offset, table.size);
  const strings = image.slice(names.offset, names.size);
  return symbols && strings && scanSymbols(symbols, strings, header, name);
}

function scanSymbols(
  symbols: Buffer,
  strings: Buffer,
  header: ElfHeader,
  name: string,
): ElfSymbol | undefined {
  const reader = new Reader(symbols, header.littleEndian, header.is64);
  const step = header.is64 ? 24 : 16;
  // A linker may keep a name as the end of a longer one.
  const wanted = new Set<number>();
  const key = Buffer.from(`${name}\0`, 'latin1');
  for (let at = strings.indexOf(key); at >= 0; at = strings.indexOf(key, at + 1)) wanted.add(at);
  for (let at = 0; at + step <= symbols.length; at += step) {
    if (!wanted.has(reader.word(at))) continue;
    const address = reader.address(at + (header.is64 ? 8 : 4));
    const size = reader.address(at + (header.is64 ? 16 : 8));
    if (address !== 0) return { address, size };
  }
  return undefined;
}

/** The file bytes behind an address of the image; undefined where no segment holds them in the file. */
export function bytesAt(image: ImageBytes, address: number, length: number): Buffer | undefined {
  const holder = loadSegments(image).find(
    (one) => address >= one.address && address + length <= one.address + one.fileSize,
  );
  return holder && image.slice(holder.offset + (address - holder.address), length);
}

function loadBias(image: ImageBytes, parts: MappedPart[]): number | undefined {
  const segments = loadSegments(image);
  for (const part of parts) {
    for (const { offset, address } of segments) {
      const shift = offset - part.offset;
      // The kernel maps whole pages: the segment starts `shift` bytes into its mapping.
      if (shift >= 0 && shift < MAX_PAGE && shift < part.end - part.start)
        return part.start + shift - address;
    }
  }
  return undefined;
}

function sections(image: ImageBytes, header: ElfHeader): ElfSection[] {
  const { is64 } = header;
  const raw = [...entries(image, header, header.sectionHeaders, is64 ? 64 : 40)];
  const parsed = raw.map((reader) => ({ name: reader.word(0), section: section(reader, is64) }));
  const names = parsed[header.sectionNames]?.section;
  const strings = names && names.size <= MAX_TABLE ? image.slice(names.offset, names.size) : undefined;
  return parsed.map(({ name, section: one }) => ({ ...one, name: strings ? text(strings, name) : '' }));
}

function section(reader: Reader, is64: boolean): Omit<ElfSection, 'name'> {
  const step = is64 ? 8 : 4;
  return {
    address: reader.address(8 + step),
    offset: reader.address(8 + 2 * step),
    size: reader.address(8 + 3 * step),
    link: reader.word(8 + 4 * step),
  };
}

/** A table that the file does not hold as a whole is read up to its end. */
function* entries(
  image: ImageBytes,
  header: ElfHeader,
  table: HeaderTable,
  least: number,
): Generator<Reader> {
  const { offset, entrySize, count } = table;
  if (entrySize < least || entrySize > MAX_ENTRY || count > MAX_SECTIONS) return;
  const there = Math.min(count, Math.floor((image.length - offset) / entrySize));
  const bytes = there > 0 ? image.slice(offset, there * entrySize) : undefined;
  if (bytes === undefined) return;
  for (let at = 0; at < bytes.length; at += entrySize) {
    yield new Reader(bytes.subarray(at, at + entrySize), header.littleEndian, header.is64);
  }
}

function text(strings: Buffer, at: number): string {
  if (at >= strings.length) return '';
  const end = strings.indexOf(0, at);
  const limit = Math.min(end < 0 ? strings.length : end, at + MAX_NAME);
  return strings.toString('latin1', at, limit);
}
