import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Interpreter } from '../support/targets';
import type { Kind, Program, Running } from './kind';
import { launch, LOOP, makeFolder, program, ready, Unavailable } from './kind';
import { CLOSED, PROC, rooted, TMP } from './roots';

const NOBODY = 65534;
const CONTAINER = ['--pid', '--fork', '--kill-child', '--net', '--ipc', '--uts'];
const SEALED = { HOME: '/nowhere', TMPDIR: '/nowhere' };

function asRoot(): void {
  if (process.getuid?.() !== 0) throw new Unavailable('only root may start it');
}

async function asNobody({ path }: Interpreter, file: string, folder: string): Promise<string[]> {
  asRoot();
  await chmod(folder, 0o755);
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', path, '-u', file];
}

/** The target runs in a mount namespace of its own, where these shell commands came first. */
function after(commands: string): NonNullable<Program['command']> {
  return ({ path }, file, folder) => {
    asRoot();
    const script = `set -e\n${commands}\nexec "$@"`;
    const words = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      folder,
      path,
      '-u',
      file,
    ];
    return Promise.resolve(words);
  };
}

/** A temporary folder of the target's own, with that name. */
function temporary(name: string): NonNullable<Program['command']> {
  return async ({ path }, file, folder) => {
    const own = join(folder, name);
    await mkdir(own, { recursive: true });
    return ['env', `TMPDIR=${own}`, path, '-u', file];
  };
}

/** Refuses system calls with EPERM. Numbers by machine: [x86_64, aarch64]. */
const SECCOMP = `
import ctypes, os, struct
def refuse(*calls):
    numbers = [call[os.uname().machine == 'aarch64'] for call in calls]
    jumps = [(0x15, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    lines = [(0x20, 0, 0, 0), *jumps, (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x50001)]
    code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *line) for line in lines))
    filter = ctypes.create_string_buffer(struct.pack('HP', len(lines), ctypes.addressof(code)))
    libc = ctypes.CDLL(None)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter):
        raise OSError('no seccomp')
`;

/** A program whose audit hook refuses an event; it keeps to itself what Python reports of that. */
function refusing(event: string): Kind {
  const source = `
import sys
sys.unraisablehook = lambda _: None
def guard(name, _):
    if name == '${event}':
        raise RuntimeError('not here')
sys.addaudithook(guard)
`;
  return program({
    name: `an audit hook that refuses \`${event}\``,
    expect: 'audit-refused',
    source: source + LOOP,
  });
}

/** As in a rootless container: root of the host is nobody in the target's user namespace, and its root is user 100000. */
async function startRootless({ path }: Interpreter): Promise<Running> {
  asRoot();
  const folder = await makeFolder();
  const file = join(folder, 'target.py');
  await writeFile(file, LOOP);
  await chmod(folder, 0o755);
  const holder = await launch(['unshare', '--user', 'sh', '-c', 'echo ready; cat'], await makeFolder());
  await holder.waitFor('ready\n');
  for (const map of ['uid_map', 'gid_map']) await writeFile(`/proc/${holder.pid}/${map}`, '0 100000 1000\n');
  const enter = ['nsenter', `--user=/proc/${holder.pid}/ns/user`, '-S', '0', '-G', '0', path, '-u', file];
  const target = await launch(enter, folder);
  const stop = async (): Promise<void> => {
    await Promise.all([target.stop(), holder.stop()]);
  };
  try {
    await target.waitFor('ready\n');
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...ready(target), stop };
}

/** Targets that live where a debugger finds little: few rights, few files, little of the system. */
export const SURROUNDINGS: Kind[] = [
  program({
    name: 'its working folder deleted',
    source: `import os, tempfile\nfolder = tempfile.mkdtemp()\nos.chdir(folder)\nos.rmdir(folder)\n${LOOP}`,
  }),
  program({
    name: 'stdin, stdout and stderr closed',
    source:
      "import os, time\nprint('ready', flush=True)\nos.closerange(0, 3)\nwhile True:\n    time.sleep(0.01)\n",
    endless: true,
  }),
  program({ name: "another user's process, from root", command: asNobody }),
  program({ name: 'TMPDIR and HOME that do not exist', env: SEALED }),
  program({ name: 'a TMPDIR with a name that is not ASCII', command: temporary('für-später-漢字') }),
  program({ name: 'a TMPDIR with a long name', command: temporary(join('a'.repeat(200), 'b'.repeat(200))) }),
  program({
    name: 'a TMPDIR that is full',
    command: after(
      'mkdir "$0/full"\nmount -t tmpfs -o size=4k none "$0/full"\nprintf %04096d 0 >"$0/full/file"\nexport TMPDIR="$0/full"',
    ),
  }),
  rooted({ name: 'chroot', furnish: TMP }),
  program({
    name: 'chroot by the program itself, to an empty folder',
    command: ({ path }, file) => {
      asRoot();
      return Promise.resolve([path, '-u', file]);
    },
    source: `import os, _interpreters\nroot = os.path.dirname(__file__) + '/root'\nos.makedirs(root + '/tmp')\nos.chroot(root)\nos.chdir('/')\n${LOOP}`,
  }),
  rooted({
    name: 'the root folder of a container (overlayfs)',
    namespaces: CONTAINER,
    furnish: `mkdir "$1/layers"
mount -t tmpfs none "$1/layers"
mkdir "$1/layers/lower" "$1/layers/upper" "$1/layers/work"
mkdir -m 1777 "$1/layers/lower/tmp"
mount -t overlay none -o "lowerdir=$1/layers/lower,upperdir=$1/layers/upper,workdir=$1/layers/work" "$root"
mkdir "$root/proc"
${PROC}`,
  }),
  rooted({
    name: 'namespaces of its own for mounts, pids, network, ipc and host name',
    namespaces: CONTAINER,
    furnish: TMP + PROC,
  }),
  rooted({
    name: 'a read-only /tmp',
    furnish:
      'mkdir "$root/tmp" "$root/var"\nmkdir -m 1777 "$root/var/tmp"\nmount -t tmpfs none "$root/tmp"\nsealed="$root/tmp"\n',
    env: SEALED,
  }),
  rooted({
    name: 'a full /tmp',
    furnish:
      'mkdir "$root/tmp" "$root/dev" "$root/dev/shm"\nmount -t tmpfs -o size=64k none "$root/tmp"\nmount -t tmpfs none "$root/dev/shm"\n',
    env: SEALED,
  }),
  rooted({
    name: 'a /tmp that does not note access times',
    furnish: 'mkdir "$root/tmp"\nmount -t tmpfs -o noatime none "$root/tmp"\n',
    env: SEALED,
  }),
  rooted({ name: 'no folder that can be written to', furnish: TMP + PROC + CLOSED, env: SEALED }),
  rooted({
    name: 'no folder that can be written to, in a container',
    expect: 'place-failed',
    namespaces: CONTAINER,
    furnish: TMP + PROC + CLOSED,
    env: SEALED,
  }),
  program({
    name: 'a user namespace of its own',
    command: ({ path }, file) => Promise.resolve(['unshare', '--user', '--map-root-user', path, '-u', file]),
  }),
  {
    name: "a user namespace that does not know Pylatch's user",
    expect: 'attached',
    start: startRootless,
  },
  program({
    name: 'seccomp that refuses sockets',
    expect: 'system-refused',
    source: `${SECCOMP}refuse((41, 198), (53, 199))\n${LOOP}`,
  }),
  program({
    name: 'seccomp that refuses threads',
    expect: 'system-refused',
    source: `${SECCOMP}refuse((56, 220), (435, 435))\n${LOOP}`,
  }),
  program({
    name: 'no file descriptor left',
    expect: 'system-refused',
    // Descriptors that the test run itself was started with must not count.
    source: `import os, resource\nos.closerange(3, 1024)\nused = len(os.listdir('/proc/self/fd'))\nresource.setrlimit(resource.RLIMIT_NOFILE, (used, used))\n${LOOP}`,
  }),
  program({
    name: 'no further thread for its user (RLIMIT_NPROC)',
    expect: 'system-refused',
    command: asNobody,
    source: `import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\n${LOOP}`,
  }),
  program({
    name: 'no memory left for a thread (RLIMIT_AS)',
    expect: 'system-refused',
    source: `import resource\nused = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\nresource.setrlimit(resource.RLIMIT_AS, (used + 2**22, used + 2**22))\n${LOOP}`,
  }),
  program({
    name: 'an audit hook that takes 20 ms for each event',
    slow: 'waits for the hook',
    source: `import select, sys\nsys.addaudithook(lambda *_: select.select([], [], [], 0.02))\n${LOOP}`,
  }),
  ...['cpython.remote_debugger_script', 'open', 'compile', 'exec', 'socket.__new__', 'socket.bind'].map(
    refusing,
  ),
  refusing('_thread.start_joinable_thread'),
];
