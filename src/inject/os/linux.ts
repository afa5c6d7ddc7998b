import type { ProcessStatus, TargetOs, TargetProcess } from './types';
import { accessRefusal, mayAccess } from './linux-access';
import { threadActivity } from './linux-activity';
import { makeLinuxFolder } from './linux-folder';
import { loadedImages } from './linux-images';
import { CallMemory } from './linux-memory';
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
  async prepare(): Promise<void> {
    await linuxNative();
  },
  open: openTarget,
  makeFolder: makeLinuxFolder,
  pythonProcesses: linuxPythonProcesses,
};

/** The native part is loaded only here: listing processes does without. */
async function openTarget(pid: number): Promise<TargetProcess> {
  const native = await linuxNative();
  return Object.assign(new CallMemory(pid, native), {
    pid,
    images: () => loadedImages(pid),
    activity: (tid: number) => threadActivity(pid, tid),
    interrupt: (tid: number, whileStopped: () => void) => interruptThread(native, pid, tid, whileStopped),
  });
}
