/**
 * Finds sections and exported symbols in a program file of Windows ("PE Format" of Microsoft's reference), 32 or
 * 64 bit. Addresses are relative to where the image is loaded (RVA). Pure functions; whatever the bytes are, they
 * answer `undefined` or an empty list, never throw, and do bounded work.
 */
import type { ImageBytes } from './bytes';
import type { ImagePlace, MappedPart, ProgramFile } from './program';

/** What the headers say; offsets and sizes in bytes. */
export interface PeHeader {
  /** `IMAGE_FILE_MACHINE_AMD64` is 0x8664, `_ARM64` 0xaa64, `_I386` 0x14c. */
  machine: number;
  /** PE32+, for 64-bit machines. */
  is64: boolean;
  sectionTable: number;
  sectionCount: number;
  /** Where names of more than 8 bytes are kept; 0 where the file has none. */
  stringTable: number;
  /** The directory of exported symbols; 0 where there is none. */
  exportAddress: number;
  exportSize: number;
}

export interface PeSection extends ImagePlace {
  /** As in the file: the linkers of Windows cut it to 8 bytes. */
  name: string;
  /** How many of its bytes the file holds, from `offset` on; the rest is zero. */
  fileSize: number;
  executable: boolean;
  writable: boolean;
}

const MZ = 0x5a4d;
const PE = 0x00004550;
const PE32 = 0x10b;
const PE32_PLUS = 0x20b;
/** Size of the file header with the signature before it. */
const FILE_HEADER = 24;
const SECTION_SIZE = 40;
const SYMBOL_SIZE = 18;
const SHORT_NAME = 8;
const MAX_SECTIONS = 4096;
const MAX_NAME = 256;
const EXECUTE = 0x20000000;
const WRITE = 0x80000000;

/** The PE image in these bytes; undefined when there is none. */
export function peProgram(image: ImageBytes): ProgramFile | undefined {
  const header = readPe(image);
  if (header === undefined) return undefined;
  return {
    runtimeSection: () => findSection(image, 'PyRuntime'),
    exported: (name) => findExport(image, name),
    bytesAt: (address, length) => bytesAt(image, address, length),
    loadBias: (parts) => loadBias(parts),
  };
}

/** Reads the headers; undefined when the bytes are no PE image. */
export function readPe(image: ImageBytes): PeHeader | undefined {
  const stub = image.slice(0, 64);
  if (stub?.readUInt16LE(0) !== MZ) return undefined;
  const start = stub.readUInt32LE(60);
  const file = image.slice(start, FILE_HEADER + 2);
  if (file?.readUInt32LE(0) !== PE) return undefined;
  const magic = file.readUInt16LE(FILE_HEADER);
  if (magic !== PE32 && magic !== PE32_PLUS) return undefined;
  const is64 = magic === PE32_PLUS;
  const symbols = file.readUInt32LE(12);
  return {
    machine: file.readUInt16LE(4),
    is64,
    sectionTable: start + FILE_HEADER + file.readUInt16LE(20),
    sectionCount: file.readUInt16LE(6),
    stringTable: symbols === 0 ? 0 : symbols + file.readUInt32LE(16) * SYMBOL_SIZE,
    ...exportDirectory(image, start + FILE_HEADER, is64),
  };
}

/** The first of the directories behind the optional header, if there are any. */
function exportDirectory(
  image: ImageBytes,
  optionalHeader: number,
  is64: boolean,
): Pick<PeHeader, 'exportAddress' | 'exportSize'> {
  const bytes = image.slice(optionalHeader + (is64 ? 108 : 92), 12);
  if (bytes === undefined || bytes.readUInt32LE(0) === 0) return { exportAddress: 0, exportSize: 0 };
  return { exportAddress: bytes.readUInt32LE(4), exportSize: bytes.readUInt32LE(8) };
}

/** All sections, in file order; a table that the file does not hold as a whole is read up to its end. */
export function peSections(image: ImageBytes): PeSection[] {
  const header = readPe(image);
  if (header === undefined) return [];
  const { sectionTable, sectionCount } = header;
  const there = Math.floor((image.length - sectionTable) / SECTION_SIZE);
  const count = Math.min(sectionCount, there, MAX_SECTIONS);
  const bytes = count > 0 ? image.slice(sectionTable, count * SECTION_SIZE) : undefined;
  if (bytes === undefined) return [];
  return Array.from({ length: count }, (_, index) =>
    section(image, header, bytes.subarray(index * SECTION_SIZE, (index + 1) * SECTION_SIZE)),
  );
}

function section(image: ImageBytes, header: PeHeader, bytes: Buffer): PeSection {
  const flags = bytes.readUInt32LE(36);
  const [virtualSize, fileSize] = [bytes.readUInt32LE(8), bytes.readUInt32LE(16)];
  return {
    name: sectionName(image, header, text(bytes.subarray(0, SHORT_NAME))),
    address: bytes.readUInt32LE(12),
    size: virtualSize === 0 ? fileSize : virtualSize,
    offset: bytes.readUInt32LE(20),
    fileSize,
    executable: (flags & EXECUTE) !== 0,
    writable: (flags & WRITE) !== 0,
  };
}

/** A longer name stands in the string table: `/123` says where. The linkers of MinGW write such. */
function sectionName(image: ImageBytes, { stringTable }: PeHeader, name: string): string {
  const at = /^\/(\d{1,7})$/.exec(name)?.[1];
  if (at === undefined || stringTable === 0) return name;
  return nameAt(image, stringTable + Number(at)) ?? name;
}

/** The first section of that name, be it cut to 8 bytes or not. */
export function findSection(image: ImageBytes, name: string): PeSection | undefined {
  const short = name.slice(0, SHORT_NAME);
  return peSections(image).find((one) => one.name === name || one.name === short);
}

/**
 * Address of a symbol that the image exports by name; undefined for one that it only passes on from another
 * library.
 */
export function findExport(image: ImageBytes, name: string): number | undefined {
  const header = readPe(image);
  if (header === undefined || header.exportAddress === 0) return undefined;
  const sections = peSections(image);
  const table = bytesIn(image, sections, header.exportAddress, 40);
  if (table === undefined) return undefined;
  const [functionCount, nameCount] = [table.readUInt32LE(20), table.readUInt32LE(24)];
  const [functions, names, ordinals] = [28, 32, 36].map((at) => table.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  const word = (address: number): number | undefined => bytesIn(image, sections, address, 4)?.readUInt32LE(0);
  const index = indexOfName(name, nameCount, (at) => {
    const place = word(names + at * 4);
    const offset = place === undefined ? undefined : fileOffset(sections, place);
    return offset === undefined ? undefined : nameAt(image, offset);
  });
  if (index === undefined) return undefined;
  const ordinal = bytesIn(image, sections, ordinals + index * 2, 2)?.readUInt16LE(0);
  if (ordinal === undefined || ordinal >= functionCount) return undefined;
  const address = word(functions + ordinal * 4);
  const passedOn =
    address !== undefined &&
    address >= header.exportAddress &&
    address < header.exportAddress + header.exportSize;
  return address === 0 || passedOn ? undefined : address;
}

/** The names are sorted by their bytes: the loader of Windows searches them in halves, too. */
function indexOfName(
  name: string,
  count: number,
  nameOf: (index: number) => string | undefined,
): number | undefined {
  let [low, high] = [0, count - 1];
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const found = nameOf(middle);
    if (found === undefined) return undefined;
    if (found === name) return middle;
    if (found < name) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** The file bytes behind an address of the image; undefined where no section holds them in the file. */
export function bytesAt(image: ImageBytes, address: number, length: number): Buffer | undefined {
  return bytesIn(image, peSections(image), address, length);
}

function bytesIn(
  image: ImageBytes,
  sections: PeSection[],
  address: number,
  length: number,
): Buffer | undefined {
  const offset = fileOffset(sections, address, length);
  return offset === undefined ? undefined : image.slice(offset, length);
}

function fileOffset(sections: PeSection[], address: number, length = 1): number | undefined {
  const holder = sections.find(
    (one) => address >= one.address && address + length <= one.address + one.fileSize,
  );
  return holder && holder.offset + (address - holder.address);
}

/** The addresses of the file are relative to its headers, with which it begins. */
function loadBias(parts: MappedPart[]): number | undefined {
  return parts.find((part) => part.offset === 0)?.start;
}

function nameAt(image: ImageBytes, offset: number): string | undefined {
  const length = Math.min(MAX_NAME, image.length - offset);
  const bytes = length > 0 ? image.slice(offset, length) : undefined;
  return bytes && text(bytes);
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
