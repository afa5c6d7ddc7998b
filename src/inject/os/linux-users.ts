import { readFileSync } from 'node:fs';

let names: Map<number, string> | undefined;

/** A user's name by number, from the password file; the number itself where it has none. */
export function userName(uid: number): string {
  names ??= readNames();
  return names.get(uid) ?? String(uid);
}

function readNames(): Map<number, string> {
  const found = new Map<number, string>();
  for (const line of passwordFile().split('\n')) {
    const [name, , uid] = line.split(':');
    if (name !== undefined && uid !== undefined && !found.has(Number(uid))) found.set(Number(uid), name);
  }
  return found;
}

function passwordFile(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
