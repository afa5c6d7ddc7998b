import { debugRefusal, openToDebug } from './windows-access';
import { loadedImages } from './windows-images';
import { windowsNative } from './windows-native';
import type { Handle, WindowsNative } from './windows-native';
import { isAbandonedScript, makeWindowsPlace } from './windows-place';
import { describeWindowsProcess, windowsPythonProcesses, windowsStatus } from './windows-processes';
import { ThreadStates } from './windows-threads';
import { MemoryError } from './types';
import type { ProcessMemory, ProcessStatus, TargetOs, TargetProcess } from './types';

/** Windows 10 and newer, for 64-bit programs. */
export const windows: TargetOs = {
  status: windowsStatus,
  checkAccess({ pid }: ProcessStatus): void {
    const refusal = debugRefusal(windowsNative(), pid);
    if (refusal !== undefined) throw refusal;
  },
  prepare(): Promise<void> {
    windowsNative();
    return Promise.resolve();
  },
  open: (pid) => Promise.resolve(openTarget(pid)),
  makePlace: (status, fill) => Promise.resolve(makeWindowsPlace(windowsNative(), status, fill)),
  isAbandoned: (_, script) => isAbandonedScript(script),
  pythonProcesses: windowsPythonProcesses,
  describe: describeWindowsProcess,
  outOfSight: () => undefined,
};

function openTarget(pid: number): TargetProcess {
  const native = windowsNative();
  const memory = new WindowsMemory(native, openToDebug(native, pid));
  const threads = new ThreadStates(native, pid);
  const firstThread = threads.first();
  return Object.assign(memory, {
    pid,
    ownPid: pid,
    ...(firstThread === undefined ? {} : { firstThread }),
    images: () => loadedImages(native, pid, memory),
    activity: (tid: number) => threads.activity(tid),
    // Whatever ends a wait on Windows is seen by the program, as a failure of what it waits for.
    interrupt: () => 'not-waiting',
  } as const);
}

/** Memory through ReadProcessMemory and WriteProcessMemory: all of a piece, or a failure. */
class WindowsMemory implements ProcessMemory {
  constructor(
    private readonly native: WindowsNative,
    private readonly handle: Handle,
  ) {}

  read(address: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.check(this.native.readMemory(this.handle, address, bytes), address);
    return bytes;
  }

  write(address: number, bytes: Uint8Array): void {
    this.check(this.native.writeMemory(this.handle, address, bytes), address);
  }

  close(): void {
    this.native.close(this.handle);
  }

  private check(outcome: ReturnType<WindowsNative['readMemory']>, address: number): void {
    if ('value' in outcome) return;
    throw new MemoryError('EFAULT', `0x${address.toString(16)}: error ${outcome.errno} of Windows`);
  }
}
