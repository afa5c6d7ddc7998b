import type { LoadedImage, ProcessStatus, TargetOs, TargetProcess } from './types';
import { accessRefusal, mayAccess } from './linux-access';
import { threadActivity } from './linux-activity';
import { describeLinuxProcess, linuxOutOfSight } from './linux-describe';
import { loadedImages } from './linux-images';
import { descriptorShortage } from './linux-limits';
import { CallMemory } from './linux-memory';
import { isAbandonedScript, makeLinuxPlace } from './linux-place';
import { processStatus } from './linux-proc';
import { linuxPythonProcesses } from './linux-processes';
import { linuxOwnProgram } from './linux-program';
import { interruptThread } from './linux-ptrace';
import { ThreadNumbers } from './linux-threads';
import { linuxNative } from './linux-native';
import { linuxWitness } from './linux-witness';

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
  ownProgram: linuxOwnProgram,
  async makePlace(status, fill) {
    const shortage = descriptorShortage(status.pid);
    if (shortage !== undefined) throw shortage;
    return makeLinuxPlace(await linuxNative(), status, fill);
  },
  isAbandoned: isAbandonedScript,
  pythonProcesses: linuxPythonProcesses,
  describe: describeLinuxProcess,
  outOfSight: linuxOutOfSight,
};

/** The native part is loaded only here: listing processes does without. */
async function openTarget(pid: number): Promise<TargetProcess> {
  const native = await linuxNative();
  const threads = new ThreadNumbers(pid);
  const memory = new CallMemory(pid, native);
  let loaded: LoadedImage[] | undefined;
  const images = (): LoadedImage[] => (loaded ??= loadedImages(pid));
  const witness = linuxWitness(pid, native, memory, images);
  return Object.assign(memory, {
    pid,
    ownPid: threads.ownPid,
    images,
    activity: (own: number) => {
      const tid = threads.here(own);
      return tid === undefined ? undefined : threadActivity(pid, tid, witness);
    },
    interrupt: (own: number, whileStopped: () => void) => {
      const tid = threads.here(own);
      return tid === undefined ? 'refused' : interruptThread(native, pid, tid, whileStopped);
    },
  } as const);
}
