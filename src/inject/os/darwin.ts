import { accessRefusal, mayAccess } from './darwin-access';
import { loadedImages, mainCpu } from './darwin-images';
import { darwinStatus } from './darwin-info';
import { darwinNative } from './darwin-native';
import type { DarwinNative, Port } from './darwin-native';
import { isAbandonedDarwinScript, makeDarwinPlace } from './darwin-place';
import { darwinPythonProcesses, describeDarwinProcess } from './darwin-processes';
import { ARM64, TaskThreads, X64 } from './darwin-threads';
import { MemoryError } from './types';
import type { ProcessStatus, TargetOs, TargetProcess, ThreadFacts } from './types';

/** macOS on Apple silicon and Intel. */
export const darwin: TargetOs = darwinOs(darwinNative);

/** @param native binds the system's library, when first called */
export function darwinOs(native: () => DarwinNative): TargetOs {
  return {
    status: (pid) => darwinStatus(native(), pid),
    checkAccess(status: ProcessStatus): void {
      if (!mayAccess(native(), status.pid)) throw accessRefusal(native(), status);
    },
    prepare(): Promise<void> {
      native();
      return Promise.resolve();
    },
    open: (pid) => Promise.resolve(openTarget(native(), pid)),
    makePlace: (status, fill) => Promise.resolve(makeDarwinPlace(native(), status, fill)),
    isAbandoned: (_, script) => isAbandonedDarwinScript(native(), script),
    pythonProcesses: () => darwinPythonProcesses(native()),
    describe: (status) => describeDarwinProcess(native(), status, threadFacts(native(), status.pid)),
    outOfSight: () => undefined,
  };
}

function openTarget(native: DarwinNative, pid: number): TargetProcess {
  const task = native.task(pid);
  if ('errno' in task) throw new MemoryError('EPERM', `task_for_pid answers with error ${task.errno}`);
  const memory = new TaskMemory(native, task.value);
  const threads = targetThreads(native, pid, task.value, memory);
  return Object.assign(memory, {
    pid,
    ownPid: pid,
    images: () => loadedImages(native, pid, memory),
    activity: (id: number) => threads.activity(id),
    interrupt: (id: number, whileStopped: () => void) => threads.interrupt(id, whileStopped),
    close: () => {
      threads.close();
      native.release(task.value);
    },
  });
}

function targetThreads(native: DarwinNative, pid: number, task: Port, memory: TaskMemory): TaskThreads {
  const cpu = mainCpu(native, pid, memory);
  const machine = process.arch === 'arm64' ? ARM64 : X64;
  return new TaskThreads(native, task, cpu === machine.cpu ? machine : undefined);
}

/** The names need the right to debug. */
function threadFacts(native: DarwinNative, pid: number): Map<number, ThreadFacts> {
  const task = native.task(pid);
  if ('errno' in task) return new Map();
  const threads = new TaskThreads(native, task.value, undefined);
  try {
    return threads.facts();
  } finally {
    threads.close();
    native.release(task.value);
  }
}

/** Memory through a task's port: all of a piece, or a failure. */
class TaskMemory {
  constructor(
    private readonly native: DarwinNative,
    private readonly task: Port,
  ) {}

  read(address: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.check(this.native.readMemory(this.task, address, bytes), address, length);
    return bytes;
  }

  write(address: number, bytes: Uint8Array): void {
    this.check(this.native.writeMemory(this.task, address, bytes), address, bytes.length);
  }

  private check(outcome: ReturnType<DarwinNative['readMemory']>, address: number, length: number): void {
    if ('value' in outcome && outcome.value === length) return;
    const why = 'errno' in outcome ? `error ${outcome.errno} of Mach` : 'only a part is there';
    throw new MemoryError('EFAULT', `0x${address.toString(16)}: ${why}`);
  }
}
