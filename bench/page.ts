import { closeSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZE = 4096;

/** A page that a target maps and the bench reads, so that looking at it does not disturb the target. */
export class Page {
  private readonly folder = mkdtempSync(join(tmpdir(), 'page-'));
  readonly file = join(this.folder, 'page');
  private readonly fd: number;

  constructor() {
    writeFileSync(this.file, Buffer.alloc(SIZE));
    this.fd = openSync(this.file, 'r+');
  }

  /** A 64 bit number at an offset in bytes. */
  read(offset: number): number {
    const buffer = Buffer.alloc(8);
    readSync(this.fd, buffer, 0, 8, offset);
    return Number(buffer.readBigInt64LE());
  }

  writeByte(offset: number, value: number): void {
    writeSync(this.fd, Buffer.from([value]), 0, 1, offset);
  }

  readByte(offset: number): number {
    const buffer = Buffer.alloc(1);
    readSync(this.fd, buffer, 0, 1, offset);
    return buffer[0]!;
  }

  close(): void {
    closeSync(this.fd);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
