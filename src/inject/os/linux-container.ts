/** Which container a process runs in, by its control groups (cgroups(7)), and how debugging is allowed in it. */
import { existsSync } from 'node:fs';
import { procText } from './linux-proc';

/** A container as its tool names it. */
export interface Container {
  /** `docker`, `podman`, `kubernetes`, `containerd`, `cri-o`, `lxc`, `nspawn`, or `container` for any other. */
  kind: string;
  /** The first 12 digits of the id, as the tools print it, or the name. Empty where it cannot be seen. */
  id: string;
}

const ID = '([0-9a-f]{12})[0-9a-f]{52}';

/** The first that fits wins: a pod's container is also one of containerd, and any of them a row of 64 digits. */
const PATTERNS: [kind: string, pattern: RegExp][] = [
  ['kubernetes', new RegExp(`/kubepods.*[/-]${ID}(?:\\.scope)?(?:/|$)`, 'm')],
  ['docker', new RegExp(`/docker[/-]${ID}`)],
  ['podman', new RegExp(`/libpod-${ID}`)],
  ['containerd', new RegExp(`/cri-containerd-${ID}`)],
  ['cri-o', new RegExp(`/crio-${ID}`)],
  ['lxc', /\/lxc(?:\.payload\.|\/)([^/\n]+)/],
  ['nspawn', /\/(?:systemd-nspawn@|machine-)([^/\n]+)\.(?:service|scope)/],
  ['container', new RegExp(`[/-]${ID}(?:\\.scope)?(?:/|$)`, 'm')],
];

/**
 * @param cgroup the text of `/proc/PID/cgroup`: of version 1 one line for each hierarchy, of version 2 one in all
 * @returns undefined where no path names a container
 */
export function containerOf(cgroup: string): Container | undefined {
  for (const [kind, pattern] of PATTERNS) {
    const id = pattern.exec(cgroup)?.[1];
    if (id !== undefined) return { kind, id };
  }
  return undefined;
}

/** `docker 3f2a9c1b7d04` */
export function containerName({ kind, id }: Container): string {
  return id === '' ? kind : `${kind} ${id}`;
}

let own: string | undefined;

/** The container of a process; undefined where it is the one that we run in, or none. */
export function foreignContainer(pid: number): Container | undefined {
  const cgroup = procText(pid, 'cgroup');
  own ??= procText('self', 'cgroup') ?? '';
  // Most processes are where we are: no need to look at the words then.
  if (cgroup === undefined || cgroup === own) return undefined;
  const found = containerOf(cgroup);
  const ours = containerOf(own);
  return found === undefined || (ours && containerName(ours) === containerName(found)) ? undefined : found;
}

/** What a container leaves for those inside to see; replaced in tests. */
export interface ContainerMarks {
  cgroup: string;
  env: NodeJS.ProcessEnv;
  exists(path: string): boolean;
}

/** The container that we run in; undefined outside of one. In a control group namespace of its own it has no id. */
export function ownContainer(marks: ContainerMarks = realMarks()): Container | undefined {
  const found = containerOf(marks.cgroup);
  if (marks.env['KUBERNETES_SERVICE_HOST'] !== undefined) return { kind: 'kubernetes', id: found?.id ?? '' };
  if (found !== undefined) return found;
  if (marks.exists('/run/.containerenv')) return { kind: 'podman', id: '' };
  if (marks.exists('/.dockerenv')) return { kind: 'docker', id: '' };
  // Set by systemd-nspawn, LXC and podman for everything inside.
  const { container } = marks.env;
  return container === undefined ? undefined : { kind: container.replace('systemd-', ''), id: '' };
}

function realMarks(): ContainerMarks {
  return { cgroup: procText('self', 'cgroup') ?? '', env: process.env, exists: existsSync };
}

/** How a container of that kind is given the right to debug. */
export function capabilityFix(kind: string): string {
  switch (kind) {
    case 'kubernetes':
      return (
        'Give the container "securityContext: {capabilities: {add: ["SYS_PTRACE"]}}", or attach from ' +
        '"kubectl debug -it POD --image=IMAGE --target=CONTAINER --profile=sysadmin".'
      );
    case 'podman':
      return 'Start the container with "podman run --cap-add=SYS_PTRACE ...".';
    case 'lxc':
    case 'nspawn':
      return `Let the ${kind} container keep the capability CAP_SYS_PTRACE.`;
    default:
      return (
        'Start the container with "docker run --cap-add=SYS_PTRACE ...", or with "cap_add: [SYS_PTRACE]" in its ' +
        'compose file.'
      );
  }
}

/** How processes of other containers become visible in one of that kind. */
export function sightFix(kind: string): string {
  return kind === 'kubernetes'
    ? 'A process of another container of the pod is visible only with "shareProcessNamespace: true" or "kubectl debug --target=CONTAINER".'
    : `A process of another container is visible only with "${kind === 'podman' ? 'podman' : 'docker'} run --pid=container:NAME ...", one of the host with --pid=host.`;
}
