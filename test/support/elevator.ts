import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Does what sudo and pkexec do, by the name it is called; the environment says whether the password was right. */
const SOURCE = `
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int sudo = strcmp(basename(argv[0]), "sudo") == 0;
  const char *mood = getenv("PYLATCH_STANDIN");
  char uid[16], gid[16];
  if (mood && strcmp(mood, "wait") == 0) pause();
  if (mood && strcmp(mood, "refuse") == 0) {
    usleep(500000);
    fputs("Sorry, try again.\\n", stderr);
    return sudo ? 1 : 127;
  }
  snprintf(uid, sizeof uid, "%d", (int)getuid());
  snprintf(gid, sizeof gid, "%d", (int)getgid());
  clearenv();
  setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  setenv(sudo ? "SUDO_UID" : "PKEXEC_UID", uid, 1);
  if (sudo) setenv("SUDO_GID", gid, 1);
  if (setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0)) return 1;
  for (argv++; *argv && strncmp(*argv, "--", 2) == 0;) argv++;
  execvp(argv[0], argv);
  return 127;
}
`;

/** A folder with working stand-ins for sudo and pkexec in it, which need root to be made. */
export class Elevator {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Elevator> {
    const folder = await mkdtemp(join(tmpdir(), 'elevator-'));
    const [source, sudo, pkexec] = ['standin.c', 'sudo', 'pkexec'].map((name) => join(folder, name));
    await writeFile(source!, SOURCE);
    await promisify(execFile)('gcc', ['-o', sudo!, source!]);
    await copyFile(sudo!, pkexec!);
    for (const [file, mode] of [
      [folder, 0o755],
      [sudo, 0o4755],
      [pkexec, 0o4755],
    ] as const)
      await chmod(file!, mode);
    return new Elevator(folder);
  }

  /** An environment in which the stand-ins come first. @param mood `refuse`, `wait`, or neither */
  environment(mood = ''): NodeJS.ProcessEnv {
    const { env } = process;
    return { ...env, XDG_RUNTIME_DIR: '', PATH: `${this.folder}:${env['PATH']}`, PYLATCH_STANDIN: mood };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
