import { BUILDS } from './builds';
import type { Kind } from './kind';
import { STARTS } from './starts';
import { STATES } from './states';

/** Kinds of programs by how they were built and started, and by what they do. */
export const KINDS: Kind[] = [...BUILDS, ...STARTS, ...STATES];
