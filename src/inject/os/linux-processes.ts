import type { ProcessEntry } from './types';

export function linuxPythonProcesses(): ProcessEntry[] {
  return [];
}
