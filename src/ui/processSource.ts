import type { PythonProcess } from '../inject/types';

/** Where the lists get the processes from. Two lists that ask at the same time share one reading. */
export class ProcessSource {
  private reading: Promise<PythonProcess[]> | undefined;

  /** Rejects with a `PylatchError` where the system cannot be listed. */
  list(): Promise<PythonProcess[]> {
    this.reading ??= read().finally(() => (this.reading = undefined));
    return this.reading;
  }
}

/** Loaded with the first list: an activation costs nothing. The path's ending is what `import()` demands. */
async function read(): Promise<PythonProcess[]> {
  const { listPythonProcesses } = await import('../inject/processes.js');
  return listPythonProcesses();
}
