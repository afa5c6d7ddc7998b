/** Makes small Mach-O files. */

export interface Shape {
  is64: boolean;
  little: boolean;
}

/** `CPU_TYPE_ARM64`, `CPU_TYPE_X86_64`. */
export const ARM64 = 0x0100000c;
export const X64 = 0x01000007;
/** Of each image, bytes. */
export const SIZE = 4096;
/** Where its segments are. */
export const TEXT = 0x100000;
export const DATA = 0x104000;
const SYMBOLS = 0x600;
const STRINGS = 0x700;
export const TREE = 0x800;
const NAMES = Buffer.from('\0_local\0_Py_Version\0_PyErr_CheckSignals\0');
/** `_Py` leads on to `_Version` at 0x240 and `Err_CheckSignals` at 0x300, here by its letters only. */
const EXPORTS = Buffer.from([
  ...[0, 1, ...Buffer.from('_Py\0'), 7],
  ...[0, 2, ...Buffer.from('_Version\0'), 37, ...Buffer.from('Err_CheckSignals\0'), 42],
  ...[3, 0, 0xc0, 0x04, 0],
  ...[3, 0, 0x80, 0x06, 0],
]);

class Writer {
  constructor(
    readonly bytes: Buffer,
    private readonly shape: Shape,
  ) {}

  word(at: number, value: number): void {
    if (this.shape.little) this.bytes.writeUInt32LE(value, at);
    else this.bytes.writeUInt32BE(value, at);
  }

  address(at: number, value: number): void {
    if (!this.shape.is64) return this.word(at, value);
    if (this.shape.little) this.bytes.writeBigUInt64LE(BigInt(value), at);
    else this.bytes.writeBigUInt64BE(BigInt(value), at);
  }

  text(at: number, value: string): void {
    this.bytes.write(value, at, 'latin1');
  }
}

/** `__PAGEZERO`, `__TEXT` with the header, `__DATA` with the section of a Python 3.14.2, names in a table and in a tree. */
export function machoImage(shape: Shape, names: 'table' | 'tree' | 'both' = 'both', cpu = ARM64): Buffer {
  const out = new Writer(Buffer.alloc(SIZE), shape);
  const { is64 } = shape;
  out.word(0, is64 ? 0xfeedfacf : 0xfeedface);
  out.word(4, cpu);
  const commands = [
    (at: number) => segment(out, is64, at, '__PAGEZERO', [0, TEXT, 0, 0]),
    (at: number) => segment(out, is64, at, '__TEXT', [TEXT, SIZE, 0, SIZE]),
    (at: number) => segment(out, is64, at, '__DATA', [DATA, 0x200, 0x400, 0x200], true),
    ...(names === 'tree' ? [] : [(at: number) => command(out, at, 0x2, [SYMBOLS, 3, STRINGS, NAMES.length])]),
    ...(names === 'table' ? [] : [(at: number) => command(out, at, 0x80000033, [TREE, EXPORTS.length])]),
  ];
  let at = is64 ? 32 : 28;
  out.word(16, commands.length);
  out.word(20, 1024 - at);
  for (const write of commands) at += write(at);
  symbols(out, is64);
  NAMES.copy(out.bytes, STRINGS);
  EXPORTS.copy(out.bytes, TREE);
  out.text(0x480, 'xdebugpy');
  out.bytes.writeUInt32LE(0x030e02f0, 0x488);
  return out.bytes;
}

function segment(
  out: Writer,
  is64: boolean,
  at: number,
  name: string,
  place: number[],
  section = false,
): number {
  const [head, one, step] = is64 ? [72, 80, 8] : [56, 68, 4];
  const size = head + (section ? one : 0);
  out.word(at, is64 ? 0x19 : 0x1);
  out.word(at + 4, size);
  out.text(at + 8, name);
  for (const [index, value] of place.entries()) out.address(at + 24 + index * step, value);
  if (!section) return size;
  out.word(at + head - 8, 1);
  out.text(at + head, 'PyRuntime');
  out.text(at + head + 16, name);
  out.address(at + head + 32, DATA + 0x80);
  out.address(at + head + 32 + step, 0x100);
  out.word(at + head + 32 + 2 * step, 0x480);
  return size;
}

function command(out: Writer, at: number, kind: number, values: number[]): number {
  out.word(at, kind);
  out.word(at + 4, 8 + 4 * values.length);
  for (const [index, value] of values.entries()) out.word(at + 8 + 4 * index, value);
  return 8 + 4 * values.length;
}

/** A debugging entry of the wanted name, a local one, and the exported one. */
function symbols(out: Writer, is64: boolean): void {
  const size = is64 ? 16 : 12;
  for (const [index, [name, type, value]] of (
    [
      [8, 0x24, 1],
      [1, 0x0e, 2],
      [8, 0x0f, TEXT + 0x240],
    ] as const
  ).entries()) {
    const at = SYMBOLS + index * size;
    out.word(at, name);
    out.bytes[at + 4] = type;
    out.address(at + 8, value);
  }
}

/** A universal file of an x86-64 and an arm64 image. */
export function universalFile(wide: boolean): Buffer {
  const bytes = Buffer.alloc(3 * SIZE);
  bytes.writeUInt32BE(wide ? 0xcafebabf : 0xcafebabe, 0);
  bytes.writeUInt32BE(2, 4);
  for (const [index, cpu] of [X64, ARM64].entries()) {
    const at = 8 + index * (wide ? 32 : 20);
    const offset = (index + 1) * SIZE;
    bytes.writeUInt32BE(cpu, at);
    if (wide) {
      bytes.writeBigUInt64BE(BigInt(offset), at + 8);
      bytes.writeBigUInt64BE(BigInt(SIZE), at + 16);
    } else {
      bytes.writeUInt32BE(offset, at + 8);
      bytes.writeUInt32BE(SIZE, at + 12);
    }
    machoImage({ is64: true, little: true }, 'both', cpu).copy(bytes, offset);
  }
  return bytes;
}
