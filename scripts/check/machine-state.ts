/**
 * The state that a check must leave unchanged: the machine's interfaces, routes, packet filter and kernel settings; the
 * Docker daemon's containers, networks, volumes and images; and the user's own files. Only the sample images that the
 * check builds and the sandbox's image may stay.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Lines by part of the state ("routes", "containers"), in any order. */
export type MachineState = Readonly<Record<string, readonly string[]>>;

/** The label of images that the sample recipes build. */
const recipeLabel = 'dev.minik.recipe';
/** Kernel settings that change without anybody's action. */
const restless = /nf_conntrack_(?:count|max)|\/tcp_(?:mem|fastopen_key)$|\/udp_mem$|\/stable_secret$|\/route\/flush$/;

/** The output lines of a program. When it is not installed or not permitted, one line that says so. */
function lines(program: string, ...args: readonly string[]): string[] {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  try {
    const text = execFileSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.split('\n').filter((line) => line.trim() !== '');
  } catch {
    return [`cannot be told: ${[program, ...args].join(' ')} failed`];
  }
}

/** Removes counters, lifetimes and traces of a link's first use, which are not part of the state. */
export const withoutNoise = (all: readonly string[]): string[] =>
  all
    .filter((line) => !line.startsWith('#') && !/\b(?:fe80:|ff00:)/.test(line))
    .map((line) =>
      line
        .replace(/^\d+: /, '')
        .replaceAll(/\[\d+:\d+\]|\\? +valid_lft.*| linkdown\b| expires \d+sec/g, '')
        .replace(/^(\w+\S*) +/, '$1 ')
        .trimEnd(),
    );

function kernelSettings(): string[] {
  const root = '/proc/sys/net';
  if (!existsSync(root)) return [];
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !restless.test(file))
    .flatMap((file) => {
      try {
        return [`${file} = ${readFileSync(file, 'utf8').trim()}`];
      } catch {
        return []; // some are write-only
      }
    });
}

function images(): string[] {
  const format = '{{.Repository}}:{{.Tag}} {{.ID}}';
  const ours = new Set(lines('docker', 'image', 'ls', '--format', format, '--filter', `label=${recipeLabel}`));
  return lines('docker', 'image', 'ls', '--format', format).filter((line) => !ours.has(line) && !line.startsWith('minik/pause:'));
}

function userFiles(): string[] {
  const files = [process.env.KUBECONFIG, join(homedir(), '.kube', 'config'), join(homedir(), '.docker', 'config.json')];
  const profiles = join(process.env.MINIK_HOME || join(homedir(), '.minik'), 'profiles');
  const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
  return [
    ...files.filter((file) => file !== undefined && existsSync(file)).map((file) => `${file} ${hash(file ?? '')}`),
    ...(existsSync(profiles) ? readdirSync(profiles).map((name) => `cluster ${name}`) : []),
  ];
}

/** The machine as it is now. */
export function machineState(): MachineState {
  const docker = (...args: readonly string[]): string[] => lines('docker', ...args);
  return {
    interfaces: withoutNoise(lines('ip', '-o', 'address')),
    routes: withoutNoise([...lines('ip', 'route', 'show', 'table', 'all'), ...lines('ip', 'rule')]),
    'packet filter': withoutNoise([...lines('iptables-save'), ...lines('ip6tables-save')]),
    'kernel settings': kernelSettings(),
    containers: docker('ps', '--all', '--format', '{{.ID}} {{.Names}} {{.State}}'),
    networks: docker('network', 'ls', '--format', '{{.ID}} {{.Name}}'),
    volumes: docker('volume', 'ls', '--format', '{{.Name}}'),
    images: images(),
    'user files': userFiles(),
  };
}

/** The differences between two states, one line each. */
export function machineChanges(before: MachineState, after: MachineState): string[] {
  return Object.keys(before).flatMap((facet) => {
    const [was, is] = [new Set(before[facet]), new Set(after[facet])];
    return [
      ...[...was].filter((line) => !is.has(line)).map((line) => `${facet}: gone: ${line}`),
      ...[...is].filter((line) => !was.has(line)).map((line) => `${facet}: left behind: ${line}`),
    ];
  });
}
