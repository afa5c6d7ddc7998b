/** A place by its address in the image (before any load bias) and its place in the file, in bytes. */
export interface ImagePlace {
  address: number;
  offset: number;
  size: number;
}

/** A piece of the file in a process: from which offset of the file on, at which addresses. */
export interface MappedPart {
  start: number;
  end: number;
  offset: number;
}

/**
 * What the injector asks of a program file, in whichever format that is written. All answers are `undefined` where
 * the file has no such thing, or is damaged.
 */
export interface ProgramFile {
  /** The section in which CPython keeps its runtime state. */
  runtimeSection(): ImagePlace | undefined;
  /** Address of a symbol that the file exports. */
  exported(name: string): number | undefined;
  /** The bytes of the file behind an address. */
  bytesAt(address: number, length: number): Buffer | undefined;
  /** What to add to an address of the image for one in the process: 0 for an image that was not moved. */
  loadBias(parts: MappedPart[]): number | undefined;
}
