import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { MemoryError } from './types';
import type { ProcessMemory } from './types';
import type { LinuxNative } from './linux-native';
import type { Outcome } from './native';

const ENOENT = 2;
const ESRCH = 3;

/** Memory through `/proc/PID/mem`: needs nothing but Node. */
export class FileMemory implements ProcessMemory {
  private fd: number | undefined;

  constructor(private readonly pid: number) {}

  read(address: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    const done = this.attempt(address, (fd) => readSync(fd, bytes, 0, length, address));
    if (done !== length)
      throw new MemoryError('EFAULT', `${length} bytes at ${hex(address)}: only ${done} are there`);
    return bytes;
  }

  write(address: number, bytes: Uint8Array): void {
    const done = this.attempt(address, (fd) => writeSync(fd, bytes, 0, bytes.length, address));
    if (done !== bytes.length)
      throw new MemoryError('EFAULT', `${hex(address)}: only ${done} bytes were written`);
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private attempt(address: number, action: (fd: number) => number): number {
    try {
      this.fd ??= openSync(`/proc/${this.pid}/mem`, 'r+');
      return action(this.fd);
    } catch (error) {
      throw new MemoryError((error as NodeJS.ErrnoException).code ?? '', `${hex(address)}: ${String(error)}`);
    }
  }
}

/** Memory through process_vm_readv and process_vm_writev; a sandbox may forbid those and still offer the file. */
export class CallMemory implements ProcessMemory {
  private readonly file: FileMemory;

  constructor(
    readonly pid: number,
    private readonly native: LinuxNative,
  ) {
    this.file = new FileMemory(pid);
  }

  read(address: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return this.complete(this.native.readMemory(this.pid, address, bytes), length)
      ? bytes
      : this.file.read(address, length);
  }

  write(address: number, bytes: Uint8Array): void {
    if (!this.complete(this.native.writeMemory(this.pid, address, bytes), bytes.length))
      this.file.write(address, bytes);
  }

  close(): void {
    this.file.close();
  }

  private complete(outcome: Outcome<number>, length: number): boolean {
    if ('errno' in outcome && (outcome.errno === ESRCH || outcome.errno === ENOENT)) {
      throw new MemoryError('ESRCH', `process ${this.pid} has ended`);
    }
    return 'value' in outcome && outcome.value === length;
  }
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
