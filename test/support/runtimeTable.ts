import { COOKIE, LAYOUTS, OFFSETS_SIZE } from '../../src/inject/offsets';

/** What a build says of itself: the values of the table's parts, in the order in which `Layout` describes them. */
export interface RuntimeTable {
  freeThreaded: boolean;
  runtime: number[];
  interpreter: number[];
  thread: number[];
  threadIdent: number[];
  support: number[];
}

/** Measured on CPython 3.14.10 for x86-64. */
export const WITH_GIL: RuntimeTable = {
  freeThreaded: false,
  runtime: [316616, 784, 808],
  interpreter: [225864, 7280, 7272, 7344, 7360],
  thread: [832, 0, 8, 16],
  threadIdent: [152, 160, 232, 32],
  support: [24, 304, 8076, 0, 4, 512],
};

/** Measured on a build of 3.14 for x86-64 without the GIL (`--disable-gil`). */
export const FREE_THREADED: RuntimeTable = {
  freeThreaded: true,
  runtime: [361664, 784, 808],
  interpreter: [246528, 7280, 7272, 7344, 7360],
  thread: [824, 0, 8, 16],
  threadIdent: [152, 160, 232, 32],
  support: [24, 304, 8108, 0, 4, 512],
};

/** The first bytes of a runtime state, with these values in the layout of that minor version. */
export function runtimeTable(minor: number, { freeThreaded, ...parts }: RuntimeTable = WITH_GIL): Buffer {
  const layout = LAYOUTS[minor];
  if (layout === undefined) throw new Error(`no layout of 3.${minor}`);
  const bytes = Buffer.alloc(OFFSETS_SIZE);
  bytes.write(COOKIE, 0, 'latin1');
  bytes.writeUInt32LE(((3 << 24) | (minor << 16) | 0xf0) >>> 0, 8);
  bytes.writeBigUInt64LE(freeThreaded ? 1n : 0n, 16);
  for (const part of ['runtime', 'interpreter', 'thread', 'threadIdent', 'support'] as const)
    parts[part].forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), (layout[part] + index) * 8));
  return bytes;
}
