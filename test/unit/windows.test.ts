import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { debugRefusal, openToLook } from '../../src/inject/os/windows-access';
import { parseEnvironment, splitCommandLine } from '../../src/inject/os/windows-block';
import { isPythonLibrary } from '../../src/inject/os/windows-images';
import { ERROR_ACCESS_DENIED, OWN_PROCESS } from '../../src/inject/os/windows-native';
import type { WindowsNative } from '../../src/inject/os/windows-native';
import { parseSystemProcesses, unixMs } from '../../src/inject/os/windows-system';
import type { SystemProcess } from '../../src/inject/os/windows-system';
import { isSuspended, threadActivity } from '../../src/inject/os/windows-threads';
import { sidText } from '../../src/inject/os/windows-users';
import { versionByName } from '../../src/inject/python-file';

describe('what Windows tells', () => {
  test('a command line is split as programs split it', () => {
    const split: [line: string, ...parts: string[]][] = [
      ['python.exe app.py', 'python.exe', 'app.py'],
      [
        '"C:\\Program Files\\Python\\python.exe"  -m  http.server',
        'C:\\Program Files\\Python\\python.exe',
        '-m',
        'http.server',
      ],
      ['p "a b" c', 'p', 'a b', 'c'],
      ['p a\\\\b c:\\d\\', 'p', 'a\\\\b', 'c:\\d\\'],
      ['p "c:\\d\\\\" e', 'p', 'c:\\d\\', 'e'],
      ['p \\"quoted\\" x', 'p', '"quoted"', 'x'],
      ['p "say ""hi"" now"', 'p', 'say "hi" now'],
      ['p a"b c"d ""', 'p', 'ab cd', ''],
      ['p\t"unclosed arg', 'p', 'unclosed arg'],
      ['', ...[]],
      ['   ', ...[]],
    ];
    for (const [line, ...parts] of split) assert.deepEqual(splitCommandLine(line), parts, line);
  });

  test('any command line is split, and what was quoted comes back', () => {
    fc.assert(fc.property(fc.string(), (line) => Array.isArray(splitCommandLine(line))));
    const plain = fc.string({ minLength: 1 }).filter((text) => !/["\\\0]/.test(text));
    fc.assert(
      fc.property(fc.array(plain), (parts) => {
        const line = ['p', ...parts.map((part) => `"${part}"`)].join(' ');
        assert.deepEqual(splitCommandLine(line), ['p', ...parts]);
      }),
    );
  });

  test('an environment is read up to its end, names in upper case', () => {
    const found = parseEnvironment('=C:=C:\\x\0Temp=C:\\t\0EMPTY=\0A=b=c\0\0rest=of memory\0');
    assert.deepEqual(
      [...found],
      [
        ['=C:', 'C:\\x'],
        ['TEMP', 'C:\\t'],
        ['EMPTY', ''],
        ['A', 'b=c'],
      ],
    );
    assert.deepEqual([...parseEnvironment('')], []);
  });

  test('a user is written as people write him', () => {
    const bytes = Buffer.from([1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0]);
    assert.equal(sidText(bytes), 'S-1-5-32-544');
  });

  test('the names of Python libraries are known, and the version in them', () => {
    const names = [
      'python314.dll',
      'python314t.dll',
      'PYTHON315_d.DLL',
      'python3.dll',
      'pythoncom314.dll',
      'python.exe',
    ];
    const paths = names.map((name) => `C:\\Python314\\${name}`);
    assert.deepEqual(paths.map(isPythonLibrary), [true, true, true, true, false, false]);
    assert.deepEqual(paths.map(versionByName), ['3.14', '3.14', '3.15', undefined, undefined, undefined]);
    const others = [
      '/usr/bin/python3.14',
      '/usr/lib/libpython3.15d.so.1.0',
      '/opt/python3.12/bin/uwsgi',
      '/bin/python3',
    ];
    assert.deepEqual(others.map(versionByName), ['3.14', '3.15', undefined, undefined]);
  });
});

const ADDRESS = 0x10000n;

/** The system's list with the fields that are read, as Windows lays them out. */
function systemList(
  processes: { pid: number; name: string; threads: [tid: number, state: number, reason: number][] }[],
): Buffer {
  const parts = processes.map(({ pid, name, threads }) => {
    const bytes = Buffer.alloc(256 + threads.length * 80 + name.length * 2);
    bytes.writeUInt32LE(threads.length, 4);
    bytes.writeBigUInt64LE(133_000_000_000_000_000n, 32);
    bytes.writeBigUInt64LE(30_000n, 40);
    bytes.writeBigUInt64LE(20_000n, 48);
    bytes.writeUInt16LE(name.length * 2, 56);
    bytes.writeBigUInt64LE(BigInt(pid), 80);
    bytes.writeBigUInt64LE(7n, 88);
    bytes.writeBigUInt64LE(4096n, 144);
    for (const [index, [tid, state, reason]] of threads.entries()) {
      const at = 256 + index * 80;
      bytes.writeBigUInt64LE(BigInt(tid), at + 48);
      bytes.writeUInt32LE(state, at + 68);
      bytes.writeUInt32LE(reason, at + 72);
    }
    bytes.write(name, 256 + threads.length * 80, 'utf16le');
    return bytes;
  });
  let start = 0;
  for (const [index, bytes] of parts.entries()) {
    bytes.writeUInt32LE(index + 1 < parts.length ? bytes.length : 0, 0);
    const name = start + 256 + bytes.readUInt32LE(4) * 80;
    bytes.writeBigUInt64LE(ADDRESS + BigInt(name), 64);
    start += bytes.length;
  }
  return Buffer.concat(parts);
}

const LIST = systemList([
  { pid: 0, name: '', threads: [] },
  {
    pid: 40,
    name: 'python.exe',
    threads: [
      [41, 5, 6],
      [42, 2, 0],
    ],
  },
]);

describe('the list of processes and threads', () => {
  test('is read', () => {
    const [idle, python] = parseSystemProcesses(LIST, ADDRESS);
    assert.deepEqual([idle?.pid, idle?.name, idle?.threads], [0, '', []]);
    assert.deepEqual(python, {
      pid: 40,
      parentPid: 7,
      name: 'python.exe',
      createdAt: 133_000_000_000_000_000n,
      cpuMs: 5,
      memoryBytes: 4096,
      threads: [
        { tid: 41, createdAt: 0n, state: 5, waitReason: 6 },
        { tid: 42, createdAt: 0n, state: 2, waitReason: 0 },
      ],
    });
    assert.equal(new Date(unixMs(133_000_000_000_000_000n)).toISOString(), '2022-06-18T04:26:40.000Z');
  });

  test('is read without an exception, whatever is in it', () => {
    const damage = fc.array(fc.tuple(fc.nat(LIST.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(damage, fc.nat(LIST.length), (changes, kept) => {
        const bytes = Buffer.from(LIST);
        for (const [at, value] of changes) bytes[at] = value;
        parseSystemProcesses(bytes.subarray(0, kept), ADDRESS);
      }),
    );
  });

  test('tells what threads do', () => {
    const kind = (state: number, waitReason: number): string =>
      threadActivity({ tid: 1, createdAt: 0n, state, waitReason }).kind;
    assert.deepEqual(
      [kind(2, 0), kind(5, 6), kind(5, 5), kind(5, 99)],
      ['running', 'stuck', 'stopped', 'stuck'],
    );
    assert.match(
      threadActivity({ tid: 1, createdAt: 0n, state: 5, waitReason: 4 }).what,
      /^sleeps, which cannot be interrupted/,
    );
    const suspended = (...states: [number, number][]): boolean =>
      isSuspended({
        threads: states.map(([state, waitReason]) => ({ tid: 1, state, waitReason })),
      } as SystemProcess);
    assert.deepEqual([suspended([5, 5]), suspended([5, 5], [5, 6]), suspended()], [true, false, false]);
  });
});

/** One process of Windows, and what we may do to it. */
interface World {
  /** Rights (`PROCESS_...`) that are refused. */
  refused?: number;
  /** Refused only while we have not switched the right to debug on. */
  untilPrivileged?: boolean;
  user?: string;
  elevated?: boolean;
  isProtected?: boolean;
  is32Bit?: boolean;
}

const PID = 40;
const LOOK = 0x1000;
const DEBUG = 0x438;
const PROCESS = 1;
const SIDS: Record<string, number> = { 'PC\\ada': 1, 'PC\\www': 2 };

/** Stands in for Windows below {@link WindowsNative}; handle 1 is the process, tokens are their owner's negative. */
function fakeWindows(world: World): { native: WindowsNative; open: () => number } {
  let [open, privileged] = [0, false];
  const fill = (into: Buffer, at: number, value: number): boolean => into.writeUInt32LE(value, at) > 0;
  const native = {
    openProcess: (access: number, pid: number) => {
      if (Math.floor(pid / 4) * 4 !== PID) return { errno: 87 };
      const refused = (access & (world.refused ?? 0)) !== 0 && !(world.untilPrivileged && privileged);
      if (refused) return { errno: ERROR_ACCESS_DENIED };
      open++;
      return { value: PROCESS };
    },
    close: () => void open--,
    queryProcess: (_: number, kind: number, into: Buffer) => {
      if (kind === 0) return fill(into, 32, PID);
      if (kind === 26) return fill(into, 0, world.is32Bit ? 0x1000 : 0);
      return kind === 61 && into.writeUInt8(world.isProtected ? 1 : 0, 0) > 0;
    },
    openToken: (process: number) => {
      const user = process === OWN_PROCESS ? 'PC\\ada' : world.user;
      if (user === undefined) return 0;
      open++;
      return -(SIDS[user] ?? 0);
    },
    queryToken: (token: number, kind: number, into: Buffer) => {
      if (kind === 20) return fill(into, 0, world.elevated ? 1 : 0);
      into.set([1, 1, 0, 0, 0, 0, 0, 5, -token, 0, 0, 0], 16);
      return true;
    },
    accountName: (sid: Uint8Array) => Object.keys(SIDS).find((name) => SIDS[name] === sid[8]),
    enablePrivilege: () => void (privileged = true),
  };
  return { native: native as Partial<WindowsNative> as WindowsNative, open: () => open };
}

describe('what Windows refuses', () => {
  function refusal(world: World): string | undefined {
    const { native, open } = fakeWindows(world);
    const error = debugRefusal(native, PID);
    assert.equal(open(), 0, 'everything that was opened is closed');
    return error && `${error.id}: ${error.message}`;
  }

  test('nothing, of an own program or with the right to debug', () => {
    assert.equal(refusal({ user: 'PC\\ada' }), undefined);
    assert.equal(refusal({ user: 'PC\\www', refused: DEBUG, untilPrivileged: true }), undefined);
  });

  test('is explained with what to do', () => {
    const cases: [World, RegExp][] = [
      [
        { user: 'PC\\www', refused: DEBUG },
        /belongs to user PC\\www, and you are PC\\ada\. .*"Run as administrator"/,
      ],
      [
        { user: 'PC\\ada', refused: DEBUG },
        /runs with more rights than you have now.*"Run as administrator"/,
      ],
      [{ refused: DEBUG | LOOK }, /another user, or runs as administrator.*"Run as administrator"/],
      [
        { refused: DEBUG, isProtected: true, elevated: true },
        /protects it even against administrators.*Choose another/,
      ],
      [{ refused: DEBUG, elevated: true }, /SeDebugPrivilege.*Local Security Policy/],
    ];
    for (const [world, expected] of cases) {
      const whom = 'isProtected' in world ? /^debugging-locked: Nobody may / : /^no-permission: You may not /;
      assert.match(refusal(world) ?? '', whom);
      assert.match(refusal(world) ?? '', expected);
    }
    assert.match(
      refusal({ is32Bit: true }) ?? '',
      /^unsupported-system: Process 40 is a 32-bit program.*64-bit Python/,
    );
  });

  test('the numbers beside that of a process are none of its', () => {
    const { native, open } = fakeWindows({});
    assert.equal(openToLook(native, PID), PROCESS);
    native.close(PROCESS);
    assert.equal(openToLook(native, PID + 1), undefined);
    assert.equal(open(), 0);
  });
});
