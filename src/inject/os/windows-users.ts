import { OWN_PROCESS } from './windows-native';
import type { Handle, WindowsNative } from './windows-native';

/** A user by the number that Windows has for him, his SID: `S-1-5-21-...`. */
export interface WindowsUser {
  sid: string;
  /** `DOMAIN\name`, or the SID where it has no name. */
  name: string;
}

const TOKEN_QUERY = 8;
const TOKEN_USER = 1;
const TOKEN_ELEVATION = 20;
const MAX_TOKEN = 256;

/** Asking for a name may take a round trip to the domain's server. */
const names = new Map<string, string>();

/** Who a process runs as; undefined where we may not know. */
export function userOf(native: WindowsNative, process: Handle): WindowsUser | undefined {
  const bytes = Buffer.alloc(MAX_TOKEN);
  if (!queryToken(native, process, TOKEN_USER, bytes)) return undefined;
  // The structure is a pointer and flags; what it points to stands right behind, in the same bytes.
  const sid = bytes.subarray(16);
  const text = sidText(sid);
  const name = names.get(text) ?? native.accountName(sid) ?? text;
  names.set(text, name);
  return { sid: text, name };
}

/** True where we run as an administrator, and not only belong to an account that may. */
export function isElevated(native: WindowsNative): boolean {
  const bytes = Buffer.alloc(4);
  return queryToken(native, OWN_PROCESS, TOKEN_ELEVATION, bytes) && bytes.readUInt32LE(0) !== 0;
}

/** A SID as people write it: revision, authority, and the numbers behind it. */
export function sidText(sid: Buffer): string {
  const count = Math.min(sid.readUInt8(1), 15);
  const parts = Array.from({ length: count }, (_, index) => sid.readUInt32LE(8 + 4 * index));
  return `S-${sid.readUInt8(0)}-${[sid.readUIntBE(2, 6), ...parts].join('-')}`;
}

function queryToken(native: WindowsNative, process: Handle, kind: number, into: Buffer): boolean {
  const token = native.openToken(process, TOKEN_QUERY);
  if (token === 0) return false;
  try {
    return native.queryToken(token, kind, into);
  } finally {
    native.close(token);
  }
}
