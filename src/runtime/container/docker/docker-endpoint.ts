/**
 * Determines the daemon as the docker command does: `DOCKER_HOST`; otherwise the context in `DOCKER_CONTEXT`; otherwise
 * `currentContext` of `config.json` in `DOCKER_CONFIG` (default `~/.docker`); otherwise the default socket. Source:
 * docker/cli cli/command/cli.go (resolveContextName, resolveDefaultDockerEndpoint), cli/context/store,
 * cli/context/docker/load.go.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../../../api/error-text.ts';
import { RuntimeError } from '../container-runtime.ts';

/** How to connect to a daemon. */
export type DockerEndpoint = { readonly socketPath: string } | TcpEndpoint;

export interface TcpEndpoint {
  readonly host: string;
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: DockerTls;
}

/** The contents of the files that exist, PEM. */
export interface DockerTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Whether the daemon's certificate is checked. */
  readonly verify: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const defaultSocket = '/var/run/docker.sock';
const plainPort = 2375;
const tlsPort = 2376;

/** The address of a daemon in a form that can be saved: without the contents of certificates. */
export interface DockerAddress {
  /** In the docker command's notation, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** Absent: no TLS unless the host asks for it. */
  readonly tls?: { readonly folder: string; readonly verify: boolean };
}

/**
 * Reads environment and files at every call. Throws RuntimeError 'Unavailable' when a file or context that they name
 * cannot be found or used.
 */
export const dockerEndpoint = (env: Environment = process.env): DockerEndpoint => openAddress(dockerAddress(env));

/**
 * The daemon that the docker command would use. Throws RuntimeError 'Unavailable' when a context cannot be found or
 * read.
 */
export function dockerAddress(env: Environment = process.env): DockerAddress {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const host = env.DOCKER_HOST;
  if (host) return { host, ...environmentTls(env, folder) };
  const context = env.DOCKER_CONTEXT || currentContext(join(folder, 'config.json'));
  return context === '' || context === 'default'
    ? { host: `unix://${defaultSocket}`, ...environmentTls(env, folder) }
    : contextAddress(folder, context);
}

/** The environment variable that selects a daemon explicitly; undefined when there is none. */
export function daemonVariable(env: Environment = process.env): 'DOCKER_HOST' | 'DOCKER_CONTEXT' | undefined {
  if (env.DOCKER_HOST) return 'DOCKER_HOST';
  return env.DOCKER_CONTEXT ? 'DOCKER_CONTEXT' : undefined;
}

/** Reads the certificates. Throws RuntimeError 'Unavailable' when the host cannot be used. */
export const openAddress = ({ host, tls }: DockerAddress): DockerEndpoint =>
  parseHost(host, tls === undefined ? undefined : readTls(tls.folder, tls.verify));

/**
 * The endpoint of a host in the docker command's notation: `unix:///path`, `tcp://host:port` or `host:port`; '' is the
 * usual socket.
 */
export function parseHost(host: string, tls?: DockerTls): DockerEndpoint {
  const address = host.includes('://') ? host : `tcp://${host}`;
  if (host === '' || address.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) || defaultSocket };
  if (address.startsWith('ssh://')) throw unusable(`${host}: minik needs the Docker daemon of this machine, not one reached over SSH`);
  const url = /^(tcp|https?):\/\//.test(address) ? URL.parse(address.replace(/^https?:/, 'tcp:')) : null;
  if (url === null || url.hostname === '') throw unusable(`unable to parse docker host \`${host}\``);
  const secure = tls ?? (address.startsWith('https:') ? { verify: true } : undefined);
  const port = Number(url.port || (secure === undefined ? plainPort : tlsPort));
  return { host: url.hostname, port, ...(secure === undefined ? {} : { tls: secure }) };
}

const unusable = (message: string, cause?: unknown): RuntimeError => new RuntimeError('Unavailable', message, { cause });

function currentContext(path: string): string {
  const config = readJson<{ readonly currentContext?: string }>(path);
  return config?.currentContext ?? '';
}

/** The address that `docker context create` has stored under a name. */
function contextAddress(folder: string, name: string): DockerAddress {
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(folder, 'contexts', 'meta', id, 'meta.json');
  const meta = readJson<ContextMeta>(path);
  if (meta === undefined)
    throw unusable(`unable to resolve docker endpoint: context "${name}": context not found: open ${path}: no such file or directory`);
  const endpoint = meta.Endpoints?.docker;
  if (endpoint === undefined) throw unusable(`unable to resolve docker endpoint: context "${name}" has no docker endpoint`);
  const tls = { folder: join(folder, 'contexts', 'tls', id, 'docker'), verify: endpoint.SkipTLSVerify !== true };
  const secure = endpoint.SkipTLSVerify === true || tlsFiles(tls.folder).length > 0;
  return { host: endpoint.Host || `unix://${defaultSocket}`, ...(secure ? { tls } : {}) };
}

/** The file that the docker command writes for a context. */
interface ContextMeta {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } };
}

/** `DOCKER_TLS_VERIFY` and `DOCKER_TLS` are set when they are not empty, whatever their value. */
function environmentTls(env: Environment, folder: string): Pick<DockerAddress, 'tls'> {
  if (!env.DOCKER_TLS_VERIFY && !env.DOCKER_TLS) return {};
  return { tls: { folder: env.DOCKER_CERT_PATH || folder, verify: Boolean(env.DOCKER_TLS_VERIFY) } };
}

/** The files that exist, by their role. */
const tlsFiles = (folder: string): readonly (readonly [string, string])[] =>
  ['ca', 'cert', 'key'].map((name) => [name, join(folder, `${name}.pem`)] as const).filter(([, path]) => existsSync(path));

function readTls(folder: string, verify: boolean): DockerTls {
  return { ...Object.fromEntries(tlsFiles(folder).map(([name, path]) => [name, readFileSync(path, 'utf8')])), verify };
}

/** Undefined when there is no such file. */
function readJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T; // the docker command's own file
  } catch (error) {
    throw unusable(`Error loading config file: ${path}: ${errorText(error)}`, error);
  }
}
