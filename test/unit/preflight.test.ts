import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { attach } from '../../src/inject/attach';
import { arranged } from '../../src/inject/findings';
import { accessRefusal } from '../../src/inject/os/linux-access';
import type { AccessFacts } from '../../src/inject/os/linux-access';
import { capabilityFix, containerName, containerOf, ownContainer } from '../../src/inject/os/linux-container';
import { lastRun } from '../../src/inject/os/linux-describe';
import { statusFindings } from '../../src/inject/os/linux-findings';
import { diagnose } from '../../src/inject/preflight';
import { report } from '../../src/inject/report';
import type { Diagnosis, Finding } from '../../src/inject/types';
import { standin } from '../support/standin';
import { interpreters, startTarget } from '../support/targets';
import type { Target, TargetOptions } from '../support/targets';

const CLI = join(__dirname, '..', '..', 'src', 'cli.ts');
const root = process.getuid?.() === 0;

describe('a refusal of the kernel', () => {
  const FREE: AccessFacts = { own: 1000, capable: false, confined: false, scope: 0, dumpable: true };
  const told = (facts: Partial<AccessFacts>, uid = 1000, effectiveUid = uid): string => {
    const { id, text, fix } = accessRefusal({ pid: 7, uid, effectiveUid }, { ...FREE, ...facts });
    assert.equal(id, facts.scope === 3 ? 'debugging-locked' : 'no-permission');
    assert.match(text, /^(You|Nobody) may (not )?debug process 7: .*\.$/);
    return `${text} ${fix}`;
  };
  const CASES: [
    what: string,
    expected: RegExp,
    facts: Partial<AccessFacts>,
    uid?: number,
    effective?: number,
  ][] = [
    ['Yama 1', /ptrace_scope is 1, which lets only a parent.* "sudo sysctl kernel\.yama/, { scope: 1 }],
    ['Yama 2', /ptrace_scope is 2, which lets only root/, { scope: 2 }],
    ['Yama 3', /^Nobody may debug.*ptrace_scope is 3.*\/etc\/sysctl\.d and restart/, { scope: 3 }],
    ['Yama 3 for root', /ptrace_scope is 3/, { own: 0, capable: true, scope: 3 }],
    [
      'Yama 1 in a container',
      /=0" on the machine that runs the container/,
      { scope: 1, container: 'docker' },
    ],
    ['another user', /belongs to user root, and you are .*as root \(sudo\)/, {}, 0],
    ['a set-uid program', /belongs to user root/, {}, 1000, 0],
    ['a protected process', /has protected itself.*PR_SET_DUMPABLE/, { dumpable: false, scope: 1 }],
    ['a policy', /a security policy of this machine/, {}],
    [
      'root without the capability',
      /this container or sandbox runs without.*docker run --cap-add=SYS_PTRACE/,
      { own: 0 },
    ],
    [
      'Docker',
      /this docker container runs without.*cap_add: \[SYS_PTRACE\]/,
      { own: 0, container: 'docker' },
    ],
    ['podman', /podman run --cap-add=SYS_PTRACE/, { own: 0, container: 'podman' }],
    [
      'Kubernetes',
      /securityContext: \{capabilities: \{add: \["SYS_PTRACE"\]\}\}.*kubectl debug .*--profile=sysadmin/,
      { own: 0, container: 'kubernetes' },
    ],
    ['a rootless container', /root only inside a user namespace/, { own: 0, capable: true, confined: true }],
  ];
  for (const [what, expected, facts, uid, effective] of CASES) {
    test(`by ${what} is explained`, () => assert.match(told(facts, uid, effective), expected));
  }
});

describe('a container', () => {
  const ID = '3f2a9c1b7d04'.padEnd(64, 'e');
  const PATHS: [cgroup: string, name: string | undefined][] = [
    [`12:pids:/docker/${ID}\n1:name=systemd:/docker/${ID}\n`, 'docker 3f2a9c1b7d04'],
    [`0::/system.slice/docker-${ID}.scope\n`, 'docker 3f2a9c1b7d04'],
    [
      `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container\n`,
      'podman 3f2a9c1b7d04',
    ],
    [
      `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podab_cd.slice/cri-containerd-${ID}.scope\n`,
      'kubernetes 3f2a9c1b7d04',
    ],
    [`11:cpu:/kubepods/burstable/pod1234-5678/${ID}\n`, 'kubernetes 3f2a9c1b7d04'],
    [`0::/kubepods.slice/kubepods-pod12.slice/crio-${ID}.scope\n`, 'kubernetes 3f2a9c1b7d04'],
    [`0::/system.slice/cri-containerd-${ID}.scope\n`, 'containerd 3f2a9c1b7d04'],
    [`0::/../crio-${ID}.scope\n`, 'cri-o 3f2a9c1b7d04'],
    [`4:memory:/ecs/task/${ID}\n`, 'container 3f2a9c1b7d04'],
    ['0::/lxc.payload.web/system.slice/cron.service\n', 'lxc web'],
    ['5:cpu:/lxc/web\n', 'lxc web'],
    ['0::/machine.slice/systemd-nspawn@web.service/payload\n', 'nspawn web'],
    ['0::/machine.slice/machine-web.scope\n', 'nspawn web'],
    ['0::/\n', undefined],
    ['0::/user.slice/user-1000.slice/session-2.scope\n', undefined],
    [`0::/system.slice/libpod-conmon-${ID.slice(0, 20)}.scope\n`, undefined],
    ['', undefined],
  ];
  for (const [cgroup, name] of PATHS) {
    test(`${cgroup.split('\n', 1)[0]?.replace(ID, 'ID')} is ${name ?? 'none'}`, () => {
      const found = containerOf(cgroup);
      assert.equal(found && containerName(found), name);
    });
  }

  test('is known from inside by what its tool leaves there', () => {
    const inside = (env: NodeJS.ProcessEnv, ...files: string[]): string | undefined => {
      const found = ownContainer({ cgroup: '0::/\n', env, exists: (path) => files.includes(path) });
      return found && containerName(found);
    };
    assert.equal(inside({}), undefined);
    assert.equal(inside({}, '/.dockerenv'), 'docker');
    assert.equal(inside({}, '/run/.containerenv', '/.dockerenv'), 'podman');
    assert.equal(inside({ container: 'systemd-nspawn' }), 'nspawn');
    assert.equal(inside({ container: 'lxc' }), 'lxc');
    assert.equal(inside({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, '/.dockerenv'), 'kubernetes');
    assert.match(capabilityFix('lxc'), /CAP_SYS_PTRACE/);
  });
});

describe('findings', () => {
  const ids = (status: string): string[] =>
    statusFindings(status).map(({ id, severity }) => `${severity} ${id}`);

  test('come from the status of the process', () => {
    assert.deepEqual(ids('TracerPid:\t0\nSeccomp:\t0\n'), []);
    assert.deepEqual(ids(`TracerPid:\t${process.pid}\n`), ['warning traced']);
    assert.match(
      statusFindings(`TracerPid:\t${process.pid}\n`)[0]!.what,
      new RegExp(`process ${process.pid}`),
    );
    assert.deepEqual(ids('TracerPid:\t0\nSeccomp:\t1\n'), ['warning seccomp']);
    assert.deepEqual(ids('TracerPid:\t0\nSeccomp:\t2\n'), ['note seccomp']);
  });

  test('are told refusals first, each once', () => {
    const finding = (id: string, severity: Finding['severity'], what = id): Finding => ({
      id,
      severity,
      what,
    });
    const found = arranged([
      finding('a', 'note'),
      finding('b', 'refusal', 'first'),
      finding('c', 'warning'),
      finding('b', 'refusal', 'second'),
    ]);
    assert.deepEqual(
      found.map((one) => one.what),
      ['first', 'c', 'a'],
    );
  });

  test('the time since a thread ran does without what a hypervisor has taken', () => {
    const stat = `7 (a b) S ${Array.from({ length: 35 }, () => '0').join(' ')} 1 0`;
    const clocks = 'cpu  1 1 1 1 1 1 1 300 0 0\ncpu0 1 1 1 1 1 1 1 100 0 0\ncpu1 1 1 1 1 1 1 1 200 0 0\n';
    assert.equal(lastRun('x\nse.exec_start      :    5000.25\n', stat, clocks), 7000.25);
    assert.equal(lastRun('se.exec_start : 5000.25\n', stat, ''), 5000.25);
    assert.equal(lastRun(undefined, stat, clocks), undefined);
    assert.equal(lastRun('se.exec_start : 5000.25\n', undefined, clocks), undefined);
  });
});

const THREADS = `
import threading, time
threading.Thread(target=threading.Event().wait, name='später', daemon=True).start()
time.sleep(0.2)
print('ready')
time.sleep(1000)
`;

describe('a diagnosis', async () => {
  const targets: Target[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(targets.splice(0).map((target) => target.stop()));
  };
  afterEach(stop);
  after(stop);

  const start = async (options: Partial<TargetOptions> & { python: string }): Promise<Target> => {
    const target = await startTarget({ source: THREADS, ...options });
    targets.push(target);
    await target.waitFor('ready\n');
    await delay(100);
    return target;
  };
  const found = ({ process: { findings } }: Diagnosis): string[] =>
    findings.map(({ id, severity }) => `${severity} ${id}`);

  for (const { version, path: python } of await interpreters()) {
    test(`of an idle program of ${version} tells its Python, its threads and who takes the request`, async () => {
      const target = await start({ python, name: 'shop.py' });
      const told = await diagnose(target.pid);
      assert.deepEqual([told.process.label, told.process.attachable, found(told)], ['shop.py', true, []]);
      assert.ok(told.python?.version.startsWith(`${version}.`));
      assert.equal(told.process.version, told.python?.version);
      assert.equal(told.taker, target.pid);
      const [main, locked] = told.threads;
      assert.deepEqual(
        [main?.nativeId, main?.main, main?.doing],
        [target.pid, true, 'sleeps (clock_nanosleep)'],
      );
      assert.deepEqual([locked?.name, locked?.doing], ['später', 'waits for a lock (futex)']);
      if (main?.forMs !== undefined) assert.ok(main.forMs >= 50 && main.forMs < 60_000, `${main.forMs} ms`);
    });

    test(`of a program of ${version} tells when an attach is slow, or noticed`, async () => {
      const locked = 't = threading.Thread(target=threading.Event().wait)\nt.start()\n';
      const inPause = `import threading, signal\n${locked}print('ready')\nsignal.pause()`;
      const pausing = await start({ python, source: inPause });
      const noticed = await diagnose(pausing.pid);
      assert.deepEqual([found(noticed), noticed.taker], [['warning noticed-attach'], pausing.pid]);
      assert.match(noticed.process.findings[0]!.why!, /^It gets 0\.2 s /);
      const alone = await start({ python, source: "import signal\nprint('ready')\nsignal.pause()" });
      assert.match((await diagnose(alone.pid)).process.findings[0]!.why!, /^It gets 0\.05 s /);
      const inLock = `import threading\n${locked}print('ready')\nt.join()`;
      assert.deepEqual(found(await diagnose((await start({ python, source: inLock })).pid)), []);
      const elsewhere =
        "import _interpreters as i\nprint('ready')\ni.exec(i.create(), 'import time; time.sleep(1000)')";
      const slow = await diagnose((await start({ python, source: elsewhere })).pid);
      assert.deepEqual(found(slow), ['warning slow-attach']);
      assert.equal(slow.process.attachable, true);
    });

    test(`of a program of ${version} that is traced names the tracer`, async () => {
      // PTRACE_TRACEME: the parent, which is this process, becomes the tracer.
      const source =
        "import ctypes, time\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\nprint('ready')\ntime.sleep(1000)";
      const told = await diagnose((await start({ python, source })).pid);
      assert.deepEqual(found(told), ['warning traced']);
      assert.match(told.process.findings[0]!.what, new RegExp(`\\(process ${process.pid}\\)`));
    });

    test(`of a program of ${version} with remote debugging off is a refusal, whatever its command line says`, async () => {
      const off = await diagnose((await start({ python, pythonArgs: ['-X', 'disable-remote-debug'] })).pid);
      assert.deepEqual(found(off), ['refusal remote-debug-disabled']);
      assert.equal(off.process.attachable, false);
    });

    test(`of a suspended program of ${version} says how it goes on`, async () => {
      const target = await start({ python });
      process.kill(target.pid, 'SIGSTOP');
      while (!/^State:\tT/m.test(readFileSync(`/proc/${target.pid}/status`, 'latin1'))) await delay(1);
      const told = await diagnose(target.pid);
      assert.ok(found(told).includes('refusal interpreter-not-ready'), found(told).join());
      assert.match(report(told, Date.now()), /kill -CONT/);
    });

    test(`of a program of ${version} that is debugged already says so, and only as long`, async () => {
      const target = await start({ python });
      const config = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;
      const agent = await attach({ pid: target.pid, thread: 'any', timeoutMs: 10_000, config }, standin);
      assert.deepEqual(found(await diagnose(target.pid)), ['refusal already-attached']);
      agent.link.close();
      let after = found(await diagnose(target.pid));
      for (let tries = 0; after.length > 0 && tries < 100; tries++) {
        await delay(10);
        after = found(await diagnose(target.pid));
      }
      assert.deepEqual(after, []);
    });

    test(
      `of a program of ${version} in namespaces of its own tells them`,
      { skip: !root && 'needs root' },
      async () => {
        const pythonArgs = ['--pid', '--mount', '--fork', '--kill-child', python, '-u'];
        const target = await start({ python: 'unshare', pythonArgs });
        const pid = Number(readFileSync(`/proc/${target.pid}/task/${target.pid}/children`, 'latin1'));
        const told = await diagnose(pid);
        assert.deepEqual(found(told), ['note namespaces']);
        assert.match(told.process.findings[0]!.what, /\(pid, mnt\), and is process 1 there/);
        assert.equal(told.taker, 1, 'threads have the numbers that the program knows');
      },
    );

    test(`of a program of ${version} says that another debugger is in it`, async () => {
      const target = await start({ python, name: 'pydevd.py' });
      assert.deepEqual(found(await diagnose(target.pid)), ['warning other-debugger']);
    });

    test(
      `of another user's program of ${version} is a refusal with the way out`,
      { skip: !root && 'needs root' },
      async () => {
        const target = await start({ python });
        const { code, out } = await doctor([String(target.pid), '--json'], { uid: 65534 });
        const told = JSON.parse(out) as Diagnosis;
        assert.equal(code, 1);
        assert.deepEqual(found(told), ['refusal no-permission']);
        assert.match(told.process.findings[0]!.what, /belongs to user root/);
        assert.deepEqual([told.python, told.threads], [undefined, []]);
      },
    );
  }

  test('of a program that is no Python says so', async () => {
    const child = spawn('sleep', ['1000']);
    try {
      const told = await diagnose(child.pid!);
      assert.deepEqual([found(told), told.process.label], [['refusal not-python'], 'sleep 1000']);
    } finally {
      child.kill();
    }
  });

  test('of nobody is an error', async () => {
    await assert.rejects(diagnose(2 ** 30), { id: 'no-such-process' });
    await assert.rejects(diagnose(0), { id: 'no-such-process' });
  });

  test('of a worker names it after its program, as ps shows it below', async () => {
    const [first] = await interpreters();
    const source = "import os, time\nif os.fork():\n    print('ready')\ntime.sleep(1000)";
    const target = await start({ python: first!.path, name: 'shop.py', source });
    const worker = Number(readFileSync(`/proc/${target.pid}/task/${target.pid}/children`, 'latin1'));
    try {
      assert.equal((await diagnose(worker)).process.label, 'child of shop.py');
      const { out } = await cli(['ps']);
      assert.match(
        out,
        new RegExp(`^ *${target.pid} .* {2}shop\\.py\n *${worker} .* {4}child of shop\\.py$`, 'm'),
      );
    } finally {
      process.kill(worker, 'SIGKILL');
    }
  });

  test('takes nothing that a program says of itself into the terminal raw', async () => {
    const [first] = await interpreters();
    const name = 'a\u001b]0;owned\u0007\u202e\u009b2J.py';
    const target = await start({ python: first!.path, name, args: ['x'.repeat(5000)] });
    const pid = String(target.pid);
    const outputs = await Promise.all([
      doctor([pid]),
      doctor([pid, '--json']),
      cli(['ps']),
      cli(['ps', '--json']),
    ]);
    for (const { out } of outputs) {
      assert.match(out, /owned/);
      assert.doesNotMatch(out, /[^\P{Cc}\n]|\u202e/u);
    }
    const [text, json] = outputs;
    assert.match(text.out, /^a\\x1b\]0;owned\\x07\\u202e\\x9b2J\.py \(process/);
    assert.ok(text.out.length < 5000, 'a long command line is cut');
    const { commandLine } = (JSON.parse(json.out) as Diagnosis).process;
    assert.ok(
      commandLine.some((argument) => argument.endsWith(name)),
      'programs get the very words',
    );
  });

  test(
    'of a kernel thread says that it is no Python',
    { skip: !isKernelThread(2) && 'process 2 is none here' },
    () => assert.rejects(diagnose(2), /Process 2 does not run Python\./),
  );

  test('is printed for people and for programs; the exit code tells the verdict', async () => {
    const [first] = await interpreters();
    const target = await start({ python: first!.path, name: 'shop.py' });
    const [text, json, gone, goneJson, misused] = await Promise.all([
      doctor([String(target.pid)]),
      doctor([String(target.pid), '--json']),
      doctor([String(2 ** 30)]),
      doctor([String(2 ** 30), '--json']),
      doctor(['shop.py']),
    ]);
    assert.equal(text.code, 0);
    assert.match(text.out, /^shop\.py \(process \d+\) can be attached to\.\n\nProcess\n {2}command/);
    assert.match(text.out, /\d+ \(main\) +sleeps \(clock_nanosleep\).* <- takes the request\n/);
    assert.equal((JSON.parse(json.out) as Diagnosis).taker, target.pid);
    assert.deepEqual([gone.code, gone.out], [1, '']);
    assert.match(gone.err, /^pylatch: There is no process 1073741824\./);
    assert.equal(goneJson.code, 1);
    assert.deepEqual(found(JSON.parse(goneJson.out) as Diagnosis), ['refusal no-such-process']);
    assert.equal(misused.code, 2);
  });
});

/** Outside of a container process 2 is the parent of all kernel threads. */
function isKernelThread(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') === '';
}

interface Output {
  code: number;
  out: string;
  err: string;
}

function doctor(args: string[], options: { uid?: number } = {}): Promise<Output> {
  return cli(['doctor', ...args], options);
}

function cli(args: string[], options: { uid?: number } = {}): Promise<Output> {
  return new Promise((resolve) => {
    const command = ['--import', 'tsx', CLI, ...args];
    const child = execFile(process.execPath, command, options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
