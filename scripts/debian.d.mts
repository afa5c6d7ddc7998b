export function fetchDebian(packages: string[], folder: string, programs?: string[]): Promise<string>;
export function forgetDebian(folder: string): Promise<void>;
export function mirrorInLines(text: string): string | undefined;
export function mirrorInStanzas(text: string): string | undefined;
