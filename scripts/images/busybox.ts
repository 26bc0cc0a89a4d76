/** Builds a small busybox image on the Docker daemon from Debian's busybox-static package: no registry is needed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tarArchive } from '../../src/runtime/container/docker/tar.ts';

export const BUSYBOX_IMAGE = 'busybox:1.36';
const PROGRAM = '/bin/busybox';

/** Imports the image unless the daemon has it; installs busybox-static when the program is missing (Debian, root). */
export function ensureBusyboxImage(name: string = BUSYBOX_IMAGE): string {
  if (hasImage(name)) return name;
  if (!existsSync(PROGRAM)) execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'busybox-static'], { stdio: 'inherit' });
  execFileSync('docker', ['import', '--change', 'CMD ["sh"]', '-', name], { input: busyboxTar(), stdio: ['pipe', 'ignore', 'inherit'] });
  return name;
}

/** Whether the daemon has an image of this name. */
export function hasImage(name: string): boolean {
  try {
    execFileSync('docker', ['image', 'inspect', name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A root file system of busybox with its commands, the usual folders, and root and nobody as users. */
function busyboxTar(): Buffer {
  const applets = execFileSync(PROGRAM, ['--list'], { encoding: 'utf8' }).split('\n');
  const text = (lines: readonly string[]): Uint8Array => Buffer.from(`${lines.join('\n')}\n`);
  return tarArchive([
    ...['bin/', 'dev/', 'etc/', 'home/', 'proc/', 'root/', 'sys/', 'usr/', 'usr/bin/', 'var/', 'var/www/'].map((path) => ({ path })),
    { path: 'tmp/', mode: 0o1777 },
    { path: 'etc/passwd', mode: 0o644, content: text(['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/home:/bin/false']) },
    { path: 'etc/group', mode: 0o644, content: text(['root:x:0:', 'nobody:x:65534:']) },
    { path: 'bin/busybox', content: readFileSync(PROGRAM) },
    ...applets
      .filter((applet) => /^[\w[-]+$/.test(applet) && applet !== 'busybox')
      .map((applet) => ({ path: `bin/${applet}`, hardLinkTo: 'bin/busybox' })),
  ]);
}
