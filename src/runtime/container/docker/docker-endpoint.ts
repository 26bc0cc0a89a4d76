/**
 * Which daemon is meant, decided as the docker command does: `DOCKER_HOST`, else the context of `DOCKER_CONTEXT`, else `currentContext` of
 * `config.json` in `DOCKER_CONFIG` (default `~/.docker`), else the usual socket.
 * Source: docker/cli cli/command/cli.go (resolveContextName, resolveDefaultDockerEndpoint), cli/context/store, cli/context/docker/load.go.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RuntimeError } from '../container-runtime.ts';

/** Where a daemon listens. */
export type DockerEndpoint = { readonly socketPath: string } | TcpEndpoint;

export interface TcpEndpoint {
  readonly host: string;
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: DockerTls;
}

/** The files' contents, PEM; whichever exist. */
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

/** Reads environment and files anew at every call. Throws RuntimeError 'Unavailable' when what they name cannot be found or used. */
export function dockerEndpoint(env: Environment = process.env): DockerEndpoint {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const host = env.DOCKER_HOST;
  if (host) return parseHost(host, environmentTls(env, folder));
  const context = env.DOCKER_CONTEXT || currentContext(join(folder, 'config.json'));
  return context === '' || context === 'default' ? parseHost('', environmentTls(env, folder)) : contextEndpoint(folder, context);
}

/** The endpoint of a host in the docker command's notation: `unix:///path`, `tcp://host:port` or `host:port`; '' is the usual socket. */
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

/** What `docker context create` has stored under a name. */
function contextEndpoint(folder: string, name: string): DockerEndpoint {
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(folder, 'contexts', 'meta', id, 'meta.json');
  const meta = readJson<ContextMeta>(path);
  if (meta === undefined)
    throw unusable(`unable to resolve docker endpoint: context "${name}": context not found: open ${path}: no such file or directory`);
  const endpoint = meta.Endpoints?.docker;
  if (endpoint === undefined) throw unusable(`unable to resolve docker endpoint: context "${name}" has no docker endpoint`);
  const tls = readTls(join(folder, 'contexts', 'tls', id, 'docker'), endpoint.SkipTLSVerify !== true);
  return parseHost(endpoint.Host ?? '', tls.ca || tls.cert || tls.key || endpoint.SkipTLSVerify === true ? tls : undefined);
}

/** Written by the docker command. */
interface ContextMeta {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } };
}

/** `DOCKER_TLS_VERIFY` and `DOCKER_TLS` count when they are not empty, whatever they say. */
function environmentTls(env: Environment, folder: string): DockerTls | undefined {
  if (!env.DOCKER_TLS_VERIFY && !env.DOCKER_TLS) return undefined;
  return readTls(env.DOCKER_CERT_PATH || folder, Boolean(env.DOCKER_TLS_VERIFY));
}

function readTls(folder: string, verify: boolean): DockerTls {
  const found = Object.fromEntries(
    ['ca', 'cert', 'key'].map((name) => [name, join(folder, `${name}.pem`)] as const).filter(([, path]) => existsSync(path)),
  );
  return { ...Object.fromEntries(Object.entries(found).map(([name, path]) => [name, readFileSync(path, 'utf8')])), verify };
}

/** Undefined when there is no such file. */
function readJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T; // the docker command's own file
  } catch (error) {
    throw unusable(`Error loading config file: ${path}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
