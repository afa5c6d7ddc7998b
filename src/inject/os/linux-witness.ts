import { closeSync } from 'node:fs';
import { basename } from 'node:path';
import type { Witness } from './linux-activity';
import { procLink } from './linux-proc';
import type { LinuxNative } from './linux-native';
import { MemoryError } from './types';
import type { LoadedImage, ProcessMemory } from './types';

/** SO_RCVTIMEO and SO_SNDTIMEO of asm-generic/socket.h, as they are on both machines. */
const TIMEOUTS = [20, 21];
/** Of a struct timeval, the largest that we ask for. */
const OPTION_SIZE = 16;
const SO_DOMAIN = 39;
const AF_UNIX = 1;
/**
 * So far from the stack pointer lies whoever called the C library, whose own frames are small. Python's functions
 * take more, so a library that is further up has called Python, which then made the call.
 */
const NEAR_STACK = 256;
const POINTER_SIZE = 8;
/** The C library and its loader, under all the names that they have, and the kernel's own page. */
const C_LIBRARY = /^(libc[.-]|libpthread[.-]|ld-|\[)/;
/** The interpreter's library, or one of its own extension modules. */
const PYTHON = /(^|\/)(lib)?python3[^/]*$|\/lib-dynload\//;

/** Looks into a target for what a system call's arguments do not tell. */
export function linuxWitness(
  pid: number,
  native: LinuxNative,
  memory: ProcessMemory,
  images: () => LoadedImage[],
): Witness {
  return {
    hasTimeout: (fd) =>
      procLink(pid, `fd/${fd}`)?.startsWith('socket:') === true &&
      TIMEOUTS.some((option) => socketOption(native, pid, fd, option)?.some((byte) => byte !== 0) !== false),
    isLocal: (fd) => socketOption(native, pid, fd, SO_DOMAIN)?.readInt32LE(0) === AF_UNIX,
    foreignCaller: (stack) => foreignCaller(memory, images(), stack),
  };
}

/** An option of the target's own socket; undefined where we do not get at it. */
function socketOption(native: LinuxNative, pid: number, fd: number, option: number): Buffer | undefined {
  const borrowed = native.borrow(pid, fd);
  if ('errno' in borrowed) return undefined;
  const value = Buffer.alloc(OPTION_SIZE);
  const outcome = native.socketOption(borrowed.value, option, value);
  closeSync(borrowed.value);
  return 'errno' in outcome ? undefined : value;
}

/**
 * Python repeats its interrupted calls; other code (ctypes, extension modules) may not. Old values on the stack can
 * name a library that has nothing to do with the call: then the thread is only asked later than it could be.
 */
function foreignCaller(memory: ProcessMemory, images: LoadedImage[], stack: number): string | undefined {
  const bytes = nearStack(memory, stack);
  for (let at = 0; at + POINTER_SIZE <= bytes.length; at += POINTER_SIZE) {
    const image = imageAt(images, Number(bytes.readBigUInt64LE(at)));
    // The first image is the program itself: the interpreter under whatever name, or what embeds it.
    if (image !== undefined && image !== images[0] && !isKnown(image.path)) return basename(image.path);
  }
  return undefined;
}

function nearStack(memory: ProcessMemory, stack: number): Buffer {
  try {
    return memory.read(stack, NEAR_STACK);
  } catch (error) {
    if (error instanceof MemoryError) return Buffer.alloc(0);
    throw error;
  }
}

function imageAt(images: LoadedImage[], address: number): LoadedImage | undefined {
  const holds = ({ executable, start, end }: LoadedImage['mappings'][number]): boolean =>
    executable && address >= start && address < end;
  return images.find((image) => image.mappings.some(holds));
}

function isKnown(path: string): boolean {
  return C_LIBRARY.test(basename(path)) || PYTHON.test(path);
}
