/**
 * How a stopped thread's registers say that it waits in a system call, and how to make that call return EINTR.
 * Pure functions, one for each machine: what a kernel shows at the stop is the only thing that differs.
 */

/** What to do with a thread that was stopped. `written`: the registers were changed and have to be set. */
export type WaitEnd = 'interrupted' | 'not-waiting' | 'written';

export interface Machine {
  /** Size of its struct user_regs_struct, bytes. */
  registersSize: number;
  /**
   * Makes the system call in which the thread waits return EINTR.
   * @param registers at the stop; changed in place when the answer is `written`
   * @param resumeAt where the thread was to go on after its call, as it stood before the stop; undefined if it ran
   */
  endWait(registers: Buffer, resumeAt: bigint | undefined): WaitEnd;
}

const EINTR = 4n;
/** ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK (kernel's linux/errno.h). */
const RESTARTS = new Set([-512n, -513n, -514n, -516n]);

const X64 = { result: 10 * 8, call: 15 * 8 };
const ARM64 = { result: 0, pc: 32 * 8 };

/** Here the stop shows the kernel's own error; without a call number the kernel restarts nothing. */
export const x64: Machine = {
  registersSize: 27 * 8,
  endWait(registers) {
    const result = registers.readBigInt64LE(X64.result);
    if (registers.readBigInt64LE(X64.call) < 0n) return 'not-waiting';
    if (result === -EINTR) return 'interrupted';
    if (!RESTARTS.has(result)) return 'not-waiting';
    registers.writeBigInt64LE(-EINTR, X64.result);
    registers.writeBigInt64LE(-1n, X64.call);
    return 'written';
  },
};

/**
 * Here the kernel steps back to the call instruction (4 bytes) and restores the argument before it stops a thread
 * whose call it means to restart; it leaves alone a thread that a debugger has sent elsewhere.
 */
export const arm64: Machine = {
  registersSize: 34 * 8,
  endWait(registers, resumeAt) {
    const pc = registers.readBigUInt64LE(ARM64.pc);
    if (pc === resumeAt)
      return registers.readBigInt64LE(ARM64.result) === -EINTR ? 'interrupted' : 'not-waiting';
    if (resumeAt === undefined || pc + 4n !== resumeAt) return 'not-waiting';
    registers.writeBigUInt64LE(resumeAt, ARM64.pc);
    registers.writeBigInt64LE(-EINTR, ARM64.result);
    return 'written';
  },
};

/** The machine that this program runs on. */
export const machine = process.arch === 'arm64' ? arm64 : x64;
