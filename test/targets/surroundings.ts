import type { Kind } from './kind';

/** Targets that live where a debugger finds little: few rights, few files, little of the system. */
export const SURROUNDINGS: Kind[] = [];
