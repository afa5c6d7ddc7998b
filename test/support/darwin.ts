/** What macOS' own functions answer, for tests on other systems. */
import assert from 'node:assert/strict';
import type { DarwinNative } from '../../src/inject/os/darwin-native';
import type { ProcessStatus } from '../../src/inject/os/types';

/** The process that the tests know. */
export const PID = 4711;
/** Whom it belongs to: us. */
export const USER = process.geteuid!();

/** What no test asks for is an error. */
export function native(parts: Partial<DarwinNative>): DarwinNative {
  return new Proxy(parts as DarwinNative, {
    get: (_, name: keyof DarwinNative) => {
      const part = parts[name];
      if (part === undefined) throw new Error(`${name} is not made`);
      return part;
    },
  });
}

/** Fields by their offsets: a text, a 32-bit word, or a 64-bit one as a bigint. */
export function filled(size: number, fields: Record<number, number | bigint | string>): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [at, value] of Object.entries(fields)) {
    if (typeof value === 'string') bytes.write(value, Number(at), 'utf8');
    else if (typeof value === 'bigint') bytes.writeBigUInt64LE(value, Number(at));
    else bytes.writeUInt32LE(value, Number(at));
  }
  return bytes;
}

/** A piece of a file in the process. */
export interface Region {
  start: number;
  size: number;
  protection: number;
  offset: number;
  path: string;
}

/** A `proc_regionwithpathinfo`. */
export function regionBytes({ start, size, protection, offset, path: file }: Region): Buffer {
  const numbers = { 0: protection, 16: BigInt(offset), 80: BigInt(start), 88: BigInt(size) };
  return filled(1272, { ...numbers, 248: file });
}

export interface Described {
  status?: Record<number, number | bigint | string>;
  regions?: Region[];
  cwd?: string;
}

/** `proc_pidinfo` of one process. */
export function pidInfo({ status, regions = [], cwd }: Described): DarwinNative['info'] {
  return (pid, flavor, argument, size) => {
    const answers: Record<number, () => Buffer | undefined> = {
      3: () => (status ? filled(136, status) : undefined),
      4: () => filled(96, { 8: 5_000_000n, 16: 3_000_000n, 24: 1_000_000n }),
      9: () => filled(2352, { 152: cwd ?? '' }),
      22: () => {
        const next = regions.find((region) => region.start + region.size > argument);
        return next && regionBytes(next);
      },
    };
    const bytes = pid === PID ? answers[flavor]?.() : undefined;
    assert.ok(bytes === undefined || bytes.length === size, `flavor ${flavor} asks for ${size} bytes`);
    return bytes;
  };
}

/** A `proc_bsdinfo`, and the status that it is. */
export const BSD_INFO = {
  ...{ 4: 2, 12: PID, 16: 1, 20: USER, 24: 20, 28: USER, 32: 20 },
  ...{ 48: 'Python', 120: 1_700_000_000n, 128: 250_999n },
};
export const STATUS: ProcessStatus = {
  ...{ pid: PID, parentPid: 1, name: 'Python', state: 'alive', uid: USER, effectiveUid: USER },
  ...{ effectiveGid: 20, startId: '1700000000.250999', owner: PID },
};
