/** The functions of Windows that Node does not offer. Structures pass as bytes; who calls knows their layout. */
import { loadKoffi } from './native';
import type { ForeignCall, Koffi, Outcome } from './native';

/** An open process, thread or token; 0 is none. */
export type Handle = number;

export interface WindowsNative {
  /** `OpenProcess`. */
  openProcess(access: number, pid: number): Outcome<Handle>;
  /** `OpenThread`; 0 where it cannot be opened. */
  openThread(access: number, tid: number): Handle;
  /** `GetThreadDescription`; empty where the thread has none. */
  threadName(thread: Handle): string;
  close(handle: Handle): void;
  /** `ReadProcessMemory` into all of `into`. */
  readMemory(process: Handle, address: number, into: Buffer): Outcome<number>;
  /** `WriteProcessMemory` of all of `from`. */
  writeMemory(process: Handle, address: number, from: Uint8Array): Outcome<number>;
  /** `NtQueryInformationProcess`: false where this Windows, or our right, does not give it. */
  queryProcess(process: Handle, kind: number, into: Buffer): boolean;
  /** `GetProcessTimes`: four FILETIMEs: created, ended, in the kernel, in the program. */
  processTimes(process: Handle, into: Buffer): boolean;
  /** `QueryFullProcessImageNameW`. */
  imagePath(process: Handle): string | undefined;
  /** `NtQuerySystemInformation(SystemProcessInformation)`, and the address at which its pointers count. */
  systemProcesses(): { bytes: Buffer; address: bigint };
  /** The `MODULEENTRY32W`s of `CreateToolhelp32Snapshot`, each of {@link MODULE_ENTRY_SIZE} bytes. */
  modules(pid: number): Buffer[];
  /** `OpenProcessToken` for asking and adjusting; 0 where it cannot be opened. */
  openToken(process: Handle, access: number): Handle;
  /** `GetTokenInformation`: the bytes that it gives, in `into`. */
  queryToken(token: Handle, kind: number, into: Buffer): boolean;
  /** `LookupAccountSidW`: `DOMAIN\name`. */
  accountName(sid: Uint8Array): string | undefined;
  /** Switches a privilege of our own on, as far as we hold it. */
  enablePrivilege(name: string): void;
  /** `CreateDirectoryW` with a security descriptor, in the language of SDDL. */
  createFolder(path: string, descriptor: string): Outcome<true>;
}

/** `this process` where a handle is asked for. */
export const OWN_PROCESS: Handle = -1;
export const MODULE_ENTRY_SIZE = 1080;
export const ERROR_ACCESS_DENIED = 5;

const INVALID_HANDLE = -1;
const STATUS_INFO_LENGTH_MISMATCH = 0xc0000004;
const SYSTEM_PROCESS_INFORMATION = 5;
const ERROR_BAD_LENGTH = 24;
/** With the modules of 32-bit programs: `TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32`. */
const SNAP_MODULES = 0x18;
const MAX_PATH = 0x8000;
const MAX_NAME = 512;
const SDDL_REVISION = 1;
const TOKEN_ADJUST_AND_QUERY = 0x28;
const SE_PRIVILEGE_ENABLED = 2;

let bound: WindowsNative | undefined;

/** Loads koffi and binds the libraries of Windows on first use. */
export function windowsNative(): WindowsNative {
  bound ??= bind(loadKoffi());
  return bound;
}

function bind(koffi: Koffi): WindowsNative {
  const kernel = koffi.load('kernel32.dll');
  const advapi = koffi.load('advapi32.dll');
  const lastError = kernel.func('GetLastError', 'uint32', []) as () => number;
  return {
    ...bindProcesses(kernel, lastError),
    ...bindThreads(koffi, kernel),
    ...bindSystem(koffi, kernel, lastError),
    ...bindTokens(advapi, kernel),
    ...bindFolders(advapi, kernel, lastError),
  };
}

type Library = ReturnType<Koffi['load']>;

function bindProcesses(kernel: Library, lastError: () => number) {
  const openProcess = kernel.func('OpenProcess', 'intptr_t', ['uint32', 'int', 'uint32']);
  const close = kernel.func('CloseHandle', 'int', ['intptr_t']);
  const transfer = ['intptr_t', 'uintptr_t', 'void *', 'size_t', 'void *'];
  const read = kernel.func('ReadProcessMemory', 'int', transfer);
  const write = kernel.func('WriteProcessMemory', 'int', transfer);
  const times = kernel.func('GetProcessTimes', 'int', ['intptr_t', 'void *', 'void *', 'void *', 'void *']);
  const image = kernel.func('QueryFullProcessImageNameW', 'int', ['intptr_t', 'uint32', 'void *', 'void *']);
  const move = (call: ForeignCall, process: Handle, address: number, bytes: Uint8Array): Outcome<number> =>
    call(process, address, bytes, bytes.length, null) === 0
      ? { errno: lastError() }
      : { value: bytes.length };
  return {
    openProcess: (access: number, pid: number): Outcome<Handle> => {
      const handle = Number(openProcess(access, 0, pid));
      return handle === 0 ? { errno: lastError() } : { value: handle };
    },
    close: (handle: Handle): void => void close(handle),
    readMemory: (process: Handle, address: number, into: Buffer) => move(read, process, address, into),
    writeMemory: (process: Handle, address: number, from: Uint8Array) => move(write, process, address, from),
    processTimes: (process: Handle, into: Buffer): boolean => {
      const parts = [0, 8, 16, 24].map((at) => into.subarray(at, at + 8));
      return times(process, ...parts) !== 0;
    },
    imagePath: (process: Handle): string | undefined => {
      const text = Buffer.alloc(MAX_PATH * 2);
      const length = words(MAX_PATH);
      return image(process, 0, text, length) === 0 ? undefined : wide(text, length.readUInt32LE(0));
    },
  };
}

function bindThreads(koffi: Koffi, kernel: Library) {
  const openThread = kernel.func('OpenThread', 'intptr_t', ['uint32', 'int', 'uint32']);
  const free = kernel.func('LocalFree', 'uintptr_t', ['uintptr_t']);
  // The kernel32.dll of Windows Server 2016 does not pass this one on.
  const base = koffi.load('kernelbase.dll');
  const describe = base.func('GetThreadDescription', 'int32', ['intptr_t', 'void *']);
  return {
    openThread: (access: number, tid: number): Handle => Number(openThread(access, 0, tid)),
    threadName: (thread: Handle): string => {
      const text = Buffer.alloc(8);
      if (Number(describe(thread, text)) < 0) return '';
      const address = text.readBigUInt64LE(0);
      if (address === 0n) return '';
      const name = String(koffi.decode(text, 'str16'));
      free(address);
      return name;
    },
  };
}

function bindSystem(koffi: Koffi, kernel: Library, lastError: () => number) {
  const nt = koffi.load('ntdll.dll');
  const query = ['intptr_t', 'int32', 'void *', 'uint32', 'void *'];
  const queryProcess = nt.func('NtQueryInformationProcess', 'uint32', query);
  const querySystem = nt.func('NtQuerySystemInformation', 'uint32', query.slice(1));
  const snapshot = kernel.func('CreateToolhelp32Snapshot', 'intptr_t', ['uint32', 'uint32']);
  const first = kernel.func('Module32FirstW', 'int', ['intptr_t', 'void *']);
  const next = kernel.func('Module32NextW', 'int', ['intptr_t', 'void *']);
  const close = kernel.func('CloseHandle', 'int', ['intptr_t']);
  let size = 1 << 18;
  return {
    queryProcess: (process: Handle, kind: number, into: Buffer): boolean =>
      queryProcess(process, kind, into, into.length, null) === 0,
    systemProcesses: (): { bytes: Buffer; address: bigint } => {
      for (; ; size *= 2) {
        const bytes = Buffer.alloc(size);
        if (querySystem(SYSTEM_PROCESS_INFORMATION, bytes, size, null) === STATUS_INFO_LENGTH_MISMATCH)
          continue;
        return { bytes, address: BigInt(koffi.address(bytes)) };
      }
    },
    modules: (pid: number): Buffer[] => {
      const list = takeSnapshot(() => Number(snapshot(SNAP_MODULES, pid)), lastError);
      if (list === INVALID_HANDLE) return [];
      const found: Buffer[] = [];
      for (let step = first; ; step = next) {
        const entry = Buffer.alloc(MODULE_ENTRY_SIZE);
        entry.writeUInt32LE(MODULE_ENTRY_SIZE, 0);
        if (step(list, entry) === 0) break;
        found.push(entry);
      }
      close(list);
      return found;
    },
  };
}

/** While the target loads or unloads a library, its list cannot be taken: the reference says to try again. */
function takeSnapshot(take: () => Handle, lastError: () => number): Handle {
  for (let attempts = 0; attempts < 20; attempts++) {
    const handle = take();
    if (handle !== INVALID_HANDLE || lastError() !== ERROR_BAD_LENGTH) return handle;
  }
  return INVALID_HANDLE;
}

function bindTokens(advapi: Library, kernel: Library) {
  const openToken = advapi.func('OpenProcessToken', 'int', ['intptr_t', 'uint32', 'void *']);
  const queryToken = advapi.func('GetTokenInformation', 'int', [
    'intptr_t',
    'int',
    'void *',
    'uint32',
    'void *',
  ]);
  const account = advapi.func('LookupAccountSidW', 'int', Array<string>(7).fill('void *'));
  const lookup = advapi.func('LookupPrivilegeValueW', 'int', ['void *', 'str16', 'void *']);
  const adjustment = ['intptr_t', 'int', 'void *', 'uint32', 'void *', 'void *'];
  const adjust = advapi.func('AdjustTokenPrivileges', 'int', adjustment);
  const close = kernel.func('CloseHandle', 'int', ['intptr_t']);
  const open = (process: Handle, access: number): Handle => {
    const handle = Buffer.alloc(8);
    return openToken(process, access, handle) === 0 ? 0 : Number(handle.readBigInt64LE(0));
  };
  return {
    openToken: open,
    queryToken: (token: Handle, kind: number, into: Buffer): boolean =>
      queryToken(token, kind, into, into.length, words(0)) !== 0,
    accountName: (sid: Uint8Array): string | undefined => {
      const [name, domain] = [Buffer.alloc(MAX_NAME * 2), Buffer.alloc(MAX_NAME * 2)];
      const [nameLength, domainLength] = [words(MAX_NAME), words(MAX_NAME)];
      if (account(null, sid, name, nameLength, domain, domainLength, words(0)) === 0) return undefined;
      const parts = [wide(domain, domainLength.readUInt32LE(0)), wide(name, nameLength.readUInt32LE(0))];
      return parts.filter((part) => part !== '').join('\\');
    },
    enablePrivilege: (name: string): void => {
      const wanted = Buffer.concat([words(1), Buffer.alloc(8), words(SE_PRIVILEGE_ENABLED)]);
      const token = open(OWN_PROCESS, TOKEN_ADJUST_AND_QUERY);
      if (token === 0) return;
      if (lookup(null, name, wanted.subarray(4, 12)) !== 0) adjust(token, 0, wanted, 0, null, null);
      close(token);
    },
  };
}

function bindFolders(advapi: Library, kernel: Library, lastError: () => number) {
  const fromText = ['str16', 'uint32', 'void *', 'void *'];
  const convert = advapi.func('ConvertStringSecurityDescriptorToSecurityDescriptorW', 'int', fromText);
  const create = kernel.func('CreateDirectoryW', 'int', ['str16', 'void *']);
  const free = kernel.func('LocalFree', 'uintptr_t', ['uintptr_t']);
  return {
    createFolder: (path: string, descriptor: string): Outcome<true> => {
      const attributes = Buffer.alloc(24);
      attributes.writeUInt32LE(attributes.length, 0);
      if (convert(descriptor, SDDL_REVISION, attributes.subarray(8, 16), null) === 0)
        return { errno: lastError() };
      const outcome: Outcome<true> =
        create(path, attributes) === 0 ? { errno: lastError() } : { value: true };
      free(attributes.readBigUInt64LE(8));
      return outcome;
    },
  };
}

function words(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

/** Text of Windows; `length` in its 16-bit units. */
function wide(bytes: Buffer, length: number): string {
  return bytes.toString('utf16le', 0, length * 2);
}
