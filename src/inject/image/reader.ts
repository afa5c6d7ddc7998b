/** Reads the numbers of an image: in its byte order, its addresses in its width. Offsets have to lie inside. */
export class Reader {
  constructor(
    private readonly bytes: Buffer,
    private readonly littleEndian: boolean,
    private readonly is64: boolean,
  ) {}

  half(at: number): number {
    return this.littleEndian ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  word(at: number): number {
    return this.littleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  /** An address or offset of the image's class. One over 2^53 loses digits, and no image has such a place. */
  address(at: number): number {
    if (!this.is64) return this.word(at);
    return Number(this.littleEndian ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at));
  }

  /** Letters in a field of fixed size, up to its first NUL. */
  text(at: number, size: number): string {
    const end = this.bytes.subarray(at, at + size).indexOf(0);
    return this.bytes.toString('latin1', at, at + (end < 0 ? size : end));
  }
}
