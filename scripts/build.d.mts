export const TARGETS: string[];
export function addonName(target: string): string;
export function build(options?: { outdir?: string; production?: boolean; addon?: string }): Promise<void>;
