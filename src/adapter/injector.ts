import type { ElevatedOptions } from '../inject/elevation/elevated';
import type { AttachedAgent, AttachOptions, PythonProcess } from '../inject/types';

/** What the bridge needs of `src/inject`; tests put an agent of their own at the other end of the socket. */
export interface Injector {
  attach(options: AttachOptions): Promise<AttachedAgent>;
  attachElevated(options: ElevatedOptions): Promise<AttachedAgent>;
  listPythonProcesses(): Promise<PythonProcess[]>;
  /** Loads what an attach will need, so that it has not to be waited for then. */
  preload(): Promise<void>;
}

/** The real one. It is loaded late: the first answer to the client is not to wait for native code. */
export const realInjector: Injector = {
  attach: async (options) => (await import('../inject/attach.js')).attach(options),
  attachElevated: async (options) =>
    (await import('../inject/elevation/elevated.js')).attachElevated(options),
  listPythonProcesses: async () => (await import('../inject/processes.js')).listPythonProcesses(),
  preload: async () => {
    await (await import('../inject/attach.js')).preload();
  },
};
