import type { ProcessMemory, ProcessStatus, TargetOs, TargetProcess } from './types';
import { accessRefusal, mayAccess } from './linux-access';
import { threadActivity } from './linux-activity';
import { makeLinuxFolder } from './linux-folder';
import { loadedImages } from './linux-images';
import { CallMemory, FileMemory } from './linux-memory';
import { processStatus } from './linux-proc';
import { linuxPythonProcesses } from './linux-processes';
import { interruptThread } from './linux-ptrace';
import { linuxNative } from './native';

/** Linux on x64 and arm64. */
export const linux: TargetOs = {
  status: processStatus,
  checkAccess(status: ProcessStatus): void {
    if (!mayAccess(status.pid)) throw accessRefusal(status);
  },
  open: openTarget,
  peek: (pid) => withImages(new FileMemory(pid), pid),
  makeFolder: makeLinuxFolder,
  pythonProcesses: linuxPythonProcesses,
};

/** The native part is loaded only here: listing processes does without. */
async function openTarget(pid: number): Promise<TargetProcess> {
  const native = await linuxNative();
  const memory = withImages(new CallMemory(pid, native), pid);
  return Object.assign(memory, {
    pid,
    activity: (tid: number) => threadActivity(pid, tid),
    interrupt: (tid: number, whileStopped: () => void) => interruptThread(native, pid, tid, whileStopped),
  });
}

function withImages<M extends ProcessMemory>(memory: M, pid: number): M & Pick<TargetProcess, 'images'> {
  return Object.assign(memory, { images: () => loadedImages(pid) });
}
