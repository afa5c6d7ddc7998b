/**
 * Runs in Node for Windows, as one bundle: `probe attach PID` attaches and lets go again; `probe place PID` makes a
 * session's place, and tells what Windows says of it. Prints JSON.
 */
import { readdirSync } from 'node:fs';
import { attach } from '../../src/inject/attach';
import { targetOs } from '../../src/inject/os/index';
import { loadKoffi } from '../../src/inject/os/native';
import { openTarget } from '../../src/inject/target';

/** The stand-in finds in these lines what the agent is told. */
const STUB = '# port @PORT@\n# token @TOKEN@\n';
const CONFIG = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;

async function attachOnce(pid: number): Promise<unknown> {
  const phases: string[] = [];
  const options = { pid, thread: 'any', timeoutMs: 10_000, config: CONFIG } as const;
  const agent = await attach({ ...options, onPhase: (phase) => phases.push(phase) }, () => ({
    stub: STUB,
    source: Buffer.from(''),
  }));
  agent.link.close();
  return { welcome: agent.welcome, phases: [...new Set(phases)] };
}

async function placeOnce(pid: number): Promise<unknown> {
  const os = targetOs();
  const target = await openTarget(pid);
  target.process.close();
  const place = await os.makePlace(target.status, (made) => made.write('script.py', 'x'));
  const told = {
    address: place.address,
    folder: place.folder,
    files: readdirSync(place.folder).sort(),
    security: [place.folder, place.path('script.py')].map(securityOf),
    unread: place.wasRead('script.py'),
    abandoned: os.isAbandoned(target.status, place.path('script.py')),
    connected: (await place.connect()) !== undefined,
  };
  place.remove();
  return { ...told, abandonedWhenGone: os.isAbandoned(target.status, place.path('script.py')) };
}

/** The access list in the language of SDDL. */
function securityOf(path: string): string {
  const koffi = loadKoffi();
  const advapi = koffi.load('advapi32.dll');
  const get = advapi.func('GetFileSecurityW', 'int', ['str16', 'uint32', 'void *', 'uint32', 'void *']);
  const toText = 'ConvertSecurityDescriptorToStringSecurityDescriptorW';
  const convert = advapi.func(toText, 'int', ['void *', 'uint32', 'uint32', 'void *', 'void *']);
  const accessList = 4;
  const [descriptor, text] = [Buffer.alloc(4096), Buffer.alloc(8)];
  if (get(path, accessList, descriptor, descriptor.length, Buffer.alloc(4)) === 0) return 'unknown';
  return convert(descriptor, 1, accessList, text, null) === 0
    ? 'unknown'
    : String(koffi.decode(text, 'str16'));
}

const [what, pid] = process.argv.slice(2);
void (what === 'attach' ? attachOnce(Number(pid)) : placeOnce(Number(pid))).then(
  (told) => console.log(JSON.stringify(told)),
  (error: unknown) => {
    console.error(String(error));
    process.exitCode = 1;
  },
);
