import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { arm64, x64 } from '../../src/inject/os/linux-registers';

/** One stop of a thread, as a kernel showed it (or as its source says it does), and what has to follow. */
interface Recording {
  machine: 'x64' | 'arm64';
  state: string;
  /** From `/proc/PID/task/TID/syscall` before the stop; none while the thread ran. */
  before: { pc?: string };
  /** Registers by name: decimal, or hexadecimal after 0x. */
  stop: Record<string, string>;
  outcome: string;
  /** Registers that have to be different afterwards. */
  written?: Record<string, string>;
}

const recordings = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'registers.json'), 'utf8'),
) as Recording[];

/** Byte offsets in struct user_regs_struct of each machine. */
const PLACES: Record<Recording['machine'], Record<string, number>> = {
  x64: { result: 80, call: 120 },
  arm64: { x0: 0, pc: 256 },
};

function registers({ machine }: Recording, values: Record<string, string>, into?: Buffer): Buffer {
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

for (const recording of recordings) {
  const { machine, state, before, stop, outcome, written } = recording;
  test(`${machine}: ${state}: ${outcome}`, () => {
    const bytes = registers(recording, stop);
    const expected = registers(recording, written ?? {}, bytes);
    const resumeAt = before.pc === undefined ? undefined : BigInt(before.pc);
    assert.equal((machine === 'x64' ? x64 : arm64).endWait(bytes, resumeAt), outcome);
    assert.deepEqual(bytes, expected);
  });
}
