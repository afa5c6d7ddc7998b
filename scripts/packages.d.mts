export function fetchPackage(name: string, version: string): Promise<string>;
