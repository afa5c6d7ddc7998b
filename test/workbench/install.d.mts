/** Installs the VS Code server of this folder when it is missing or stale; prints progress to stderr. */
export function ensureWorkbench(): Promise<{ node: string; serverMain: string }>;

/** A Chromium or Chrome executable; throws with the way to install one. */
export function findChromium(): string;
