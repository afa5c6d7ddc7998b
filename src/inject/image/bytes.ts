import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A window on the bytes of a program image: a buffer, or a file of which only some pages are wanted. */
export interface ImageBytes {
  readonly length: number;
  /** The bytes at `offset`, or undefined where the image does not have all of them. */
  slice(offset: number, length: number): Buffer | undefined;
}

/** An image that is in memory as a whole. */
export function bufferImage(bytes: Buffer): ImageBytes {
  return {
    length: bytes.length,
    slice: (offset, length) =>
      inside(offset, length, bytes.length) ? bytes.subarray(offset, offset + length) : undefined,
  };
}

/**
 * Gives `use` the bytes of a file, read piece by piece, and closes it.
 * @returns what `use` returns, or undefined when the file cannot be opened
 */
export function withImageFile<T>(path: string, use: (image: ImageBytes) => T): T | undefined {
  let fd: number;
  try {
    // The target's user may have put a pipe in the place of a program; opening that would wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    return use(fileImage(fd));
  } finally {
    closeSync(fd);
  }
}

function fileImage(fd: number): ImageBytes {
  const status = fstatSync(fd);
  const length = status.isFile() ? status.size : 0;
  return {
    length,
    slice: (offset, count) => {
      if (!inside(offset, count, length)) return undefined;
      const bytes = Buffer.alloc(count);
      return readSync(fd, bytes, 0, count, offset) === count ? bytes : undefined;
    },
  };
}

function inside(offset: number, length: number, size: number): boolean {
  return offset >= 0 && length >= 0 && Number.isSafeInteger(offset) && offset + length <= size;
}
