export function npmPackage(name: string, version: string): Promise<string>;
