/**
 * `minik envtest assets`: a folder for `KUBEBUILDER_ASSETS`, from which controller-runtime's envtest takes the programs
 * of its control plane. Each is a small shell script that starts minik. They answer `--help` themselves, because
 * envtest asks for it before every start, to see which flags there are.
 */
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFoldersSync } from '../../../client/make-folders.ts';
import { UserError } from '../../cluster-port.ts';
import type { VerbContext } from '../verb.ts';
import { etcdFlags } from './etcd.ts';
import { apiServerFlags } from './kube-apiserver.ts';

const firstLine = '#!/bin/sh\n# Made by "minik envtest assets".\n';

/** A word of a shell command. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

const helpOf = (program: string, flags: readonly string[]): string =>
  `minik in the place of ${program}.\n\nFlags:\n${flags.map((flag) => `      --${flag}\n`).join('')}`;

const script = (command: readonly string[], help?: string): string =>
  `${firstLine}${
    help === undefined ? '' : `case " $* " in *" --help "* | *" -h "*)\n  cat <<'END'\n${help}END\n  exit 0 ;;\nesac\n`
  }exec ${command.map(quoted).join(' ')} "$@"\n`;

/** Writes a program, unless one of somebody else's is there. Throws UserError. */
function write(file: string, text: string): void {
  if (existsSync(file) && !readFileSync(file, 'utf8').startsWith(firstLine))
    throw new UserError(`${file} is there already, and not minik's`, ['Choose another folder with --dir, or remove it.']);
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text);
  chmodSync(fresh, 0o755);
  renameSync(fresh, file);
}

/** Makes the folder and prints what sets `KUBEBUILDER_ASSETS` in a shell. Returns the exit code. */
export function envtestAssets({ terminal, selfCommand }: VerbContext, dir: string): number {
  const folder = resolve(dir);
  makeFoldersSync(folder);
  const minik = (...words: readonly string[]): readonly string[] => [...selfCommand, ...words];
  write(join(folder, 'etcd'), script(minik('envtest', 'etcd'), helpOf('etcd', etcdFlags)));
  write(join(folder, 'kube-apiserver'), script(minik('envtest', 'kube-apiserver'), helpOf('kube-apiserver', apiServerFlags)));
  write(join(folder, 'kubectl'), script(minik('kubectl')));
  terminal.out(`export KUBEBUILDER_ASSETS=${quoted(folder)}\n`);
  return 0;
}
