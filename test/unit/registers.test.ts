import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { arm64, x64 } from '../../src/inject/os/linux-registers';

/** One stop of a thread, and what has to follow. */
interface Stop {
  machine: 'x64' | 'arm64';
  /** The file tells what they mean. */
  origin: 'recorded' | 'derived';
  state: string;
  /** From `/proc/PID/task/TID/syscall` before the stop; none while the thread ran. */
  before: { pc?: string };
  /** Registers by name: decimal, or hexadecimal after 0x. */
  stop: Record<string, string>;
  outcome: string;
  /** Registers that have to be different afterwards. */
  written?: Record<string, string>;
}

const { stops } = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'registers.json'), 'utf8')) as {
  stops: Stop[];
};

/** Byte offsets in struct user_regs_struct of each machine. */
const PLACES: Record<Stop['machine'], Record<string, number>> = {
  x64: { result: 80, call: 120 },
  arm64: { x0: 0, pc: 256 },
};

function registers({ machine }: Stop, values: Record<string, string>, into?: Buffer): Buffer {
  const size = machine === 'x64' ? x64.registersSize : arm64.registersSize;
  // Not zero: a register that is touched by mistake shows.
  const bytes = into === undefined ? Buffer.alloc(size, 0x5a) : Buffer.from(into);
  for (const [name, value] of Object.entries(values)) {
    const at = PLACES[machine][name];
    assert.ok(at !== undefined, `no register ${name}`);
    bytes.writeBigInt64LE(BigInt(value), at);
  }
  return bytes;
}

for (const row of stops) {
  const { machine, origin, state, before, stop, outcome, written } = row;
  test(`${machine}, ${origin}: ${state}: ${outcome}`, () => {
    const bytes = registers(row, stop);
    const expected = registers(row, written ?? {}, bytes);
    const resumeAt = before.pc === undefined ? undefined : BigInt(before.pc);
    assert.equal((machine === 'x64' ? x64 : arm64).endWait(bytes, resumeAt), outcome);
    assert.deepEqual(bytes, expected);
  });
}
