// What the programs of scripts/clients that run other people's programs in pods share: an image of one program.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { atEnd, eventually, folder, namespace, run } from './shell.js';

/** Makes an image of a static program, which it starts, on the Docker daemon until the end of the checks. Returns its name. */
export function imageOf(name, program) {
  const image = `minik-clients-${namespace}/${name}:${process.pid}`;
  const root = join(folder, `root-${name}`);
  mkdirSync(join(root, 'tmp'), { recursive: true, mode: 0o777 });
  copyFileSync(program, join(root, name));
  const { stdout, status, stderr } = spawnSync('tar', ['--create', '--owner=0', '--group=0', `--directory=${root}`, '.'], {
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  run('docker', ['import', `--change=ENTRYPOINT ["/${name}"]`, '-', image], { input: stdout });
  atEnd(() => eventually('its containers are gone', () => run('docker', ['image', 'rm', image])));
  return image;
}
