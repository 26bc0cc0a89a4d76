/**
 * Reads kubeconfigs, merges them and resolves a context to a connection. Writing is in kubeconfig-file.ts. Source:
 * client-go tools/clientcmd/{api/v1/types,loader,client_config}.go
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { errorText } from '../api/error-text.ts';
import { isRecord } from '../api/json.ts';
import type { HttpClientConfig, Impersonation } from './http-transport.ts';

export interface KubeconfigCluster {
  readonly server?: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
}

export interface KubeconfigUser {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: readonly string[];
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>;
  readonly exec?: unknown;
  readonly 'auth-provider'?: unknown;
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user: string;
  readonly namespace?: string;
}

/** A merged kubeconfig; paths in it are absolute. */
export interface Kubeconfig {
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
}

/** A kubeconfig that cannot be used; the message is for the user. */
export class KubeconfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KubeconfigError';
  }
}

/** What is wrong with the configuration as a whole. Source: client-go tools/clientcmd/validation.go. */
export class InvalidConfigurationError extends KubeconfigError {
  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? (problems[0] ?? '') : `\n${problems.map((problem) => `* ${problem}`).join('\n')}`);
    this.name = 'InvalidConfigurationError';
  }
}

/** The message of a failed system call without its code and path: `permission denied`. */
export function systemErrorText(error: unknown): string {
  const message = errorText(error);
  return /^E[A-Z0-9]+: (.*?)(, \w+( '.*)?)?$/s.exec(message)?.[1] ?? message;
}

/** The files that make up the kubeconfig: those of `KUBECONFIG`, in order, else `~/.kube/config`. */
export function kubeconfigPaths(env: Readonly<Record<string, string | undefined>>, home: string): readonly string[] {
  const listed = (env.KUBECONFIG ?? '').split(':').filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed)] : [resolve(home, '.kube/config')];
}

/**
 * The file to which kubectl adds entries and in which it sets the current context: the first that exists, otherwise the
 * last in the list. Source: client-go tools/clientcmd/config.go (PathOptions.GetDefaultFilename)
 */
export const defaultKubeconfigFile = (paths: readonly string[]): string => paths.find((path) => existsSync(path)) ?? paths.at(-1) ?? '';

/** One file of a kubeconfig; its content is empty when it does not exist. */
export interface KubeconfigFile {
  readonly path: string;
  readonly content: Kubeconfig;
}

/** Reads files without merging them. Throws KubeconfigError. */
export const readKubeconfigs = (paths: readonly string[]): readonly KubeconfigFile[] =>
  paths.map((path) => ({ path, content: parseFile(path, readIfThere(path) ?? '') }));

/**
 * Reads and merges files; absent ones are skipped. The first file to set a name or the current context wins. Throws
 * KubeconfigError.
 */
export const loadKubeconfig = (paths: readonly string[]): Kubeconfig =>
  mergeKubeconfigs(readKubeconfigs(paths).map(({ content }) => content));

/** The first to set a name or the current context wins. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  let currentContext = '';
  const clusters = new Map<string, KubeconfigCluster>();
  const users = new Map<string, KubeconfigUser>();
  const contexts = new Map<string, KubeconfigContext>();
  for (const file of files) {
    if (currentContext === '') currentContext = file.currentContext;
    for (const [into, from] of [
      [clusters, file.clusters],
      [users, file.users],
      [contexts, file.contexts],
    ] as const) {
      // In each of the three pairs the types match; the union in the loop loses that.
      const target = into as Map<string, unknown>;
      for (const [name, value] of from) if (!target.has(name)) target.set(name, value);
    }
  }
  return { currentContext, clusters, users, contexts };
}

/** Reads one file's text. Relative paths in it are resolved against its folder. */
export function parseFile(path: string, text: string): Kubeconfig {
  const root = parseYaml(path, text);
  const folder = dirname(resolve(path));
  const absolute = <T extends object>(value: T, fields: readonly string[]): T => ({
    ...value,
    ...Object.fromEntries(
      Object.entries(value)
        .filter(([field, at]) => fields.includes(field) && typeof at === 'string' && at !== '')
        .map(([field, at]) => [field, resolve(folder, String(at))]),
    ),
  });
  return {
    currentContext: typeof root['current-context'] === 'string' ? root['current-context'] : '',
    clusters: new Map(named<KubeconfigCluster>(root.clusters, 'cluster').map(([n, v]) => [n, absolute(v, ['certificate-authority'])])),
    users: new Map(
      named<KubeconfigUser>(root.users, 'user').map(([n, v]) => [n, absolute(v, ['client-certificate', 'client-key', 'tokenFile'])]),
    ),
    contexts: new Map(named<KubeconfigContext>(root.contexts, 'context')),
  };
}

function parseYaml(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const root: unknown = parse(text);
    return isRecord(root) ? root : {};
  } catch (error) {
    const cause = errorText(error);
    throw new KubeconfigError(`error loading config file "${path}": ${cause}`, { cause: error });
  }
}

/** The entries of a list of `{name, <field>: …}`. */
function named<T extends object>(list: unknown, field: string): readonly (readonly [string, T])[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (!isRecord(item) || typeof item.name !== 'string') return [];
    const value = item[field];
    // The type is asserted here; every use of a field checks it first.
    return [[item.name, (isRecord(value) ? value : {}) as T] as const];
  });
}

function readIfThere(
  path: string,
  problem: (cause: string) => string = (cause) => `error loading config file "${path}": ${cause}`,
): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new KubeconfigError(problem(goSystemErrorText(error)), { cause: error });
  }
}

/** As Go says it. */
const goSystemErrorText = (error: unknown): string =>
  error instanceof Error && 'code' in error && error.code === 'EISDIR' ? 'is a directory' : systemErrorText(error);

/** What a context stands for: the connection and its default namespace. */
export interface ResolvedContext {
  readonly name: string;
  readonly namespace: string;
  readonly config: HttpClientConfig;
}

/** What is taken instead of what a context says. Paths of files are read from the current folder. */
export interface ContextOverrides {
  readonly context?: string;
  /** Names of entries. */
  readonly cluster?: string;
  readonly user?: string;
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** Those of its fields that are given take the place of the entry's. */
  readonly impersonate?: Partial<Impersonation>;
}

/** Resolves a context (default: the current one) to a connection. Throws KubeconfigError with kubectl's messages. */
export function resolveContext(kubeconfig: Kubeconfig, overrides: ContextOverrides = {}): ResolvedContext {
  const { context: contextName } = overrides;
  const name = contextName ?? kubeconfig.currentContext;
  const context = kubeconfig.contexts.get(name);
  if (context === undefined) {
    if (contextName !== undefined) throw new KubeconfigError(`context "${contextName}" does not exist`);
    if (name !== '') throw new KubeconfigError(`context was not found for specified context: ${name}`);
    throw new KubeconfigError(
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    );
  }
  const clusterName = overrides.cluster ?? context.cluster;
  const cluster = kubeconfig.clusters.get(clusterName);
  if (cluster === undefined) throw new KubeconfigError(`cluster "${clusterName}" does not exist`);
  const userName = overrides.user ?? context.user;
  const user = kubeconfig.users.get(userName);
  if (user === undefined && overrides.user !== undefined) throw new KubeconfigError(`auth info "${userName}" does not exist`);
  if (user?.exec !== undefined || user?.['auth-provider'] !== undefined) {
    throw new KubeconfigError(
      `user "${userName}" authenticates with a plug-in program, which this client does not run; use kubectl for this context`,
    );
  }
  const config = {
    ...clusterConfig(cluster),
    ...userConfig(user ?? {}),
    ...filesOf(overrides, { clusterName, userName }),
    ...impersonated({ ...impersonationOf(user ?? {}), ...overrides.impersonate }, userName),
  };
  return { name, namespace: context.namespace ?? 'default', config };
}

/**
 * The files that overrides name, instead of what the context says of them. Throws KubeconfigError that names all that
 * cannot be opened. Source: client-go tools/clientcmd/validation.go.
 */
export function filesOf(
  { certificateAuthority, clientCertificate, clientKey }: ContextOverrides,
  { clusterName, userName }: { readonly clusterName: string; readonly userName: string },
): Partial<HttpClientConfig> {
  const wanted = [
    ['certificateAuthority', certificateAuthority, 'certificate-authority', clusterName],
    ['clientCertificate', clientCertificate, 'client-cert', userName],
    ['clientKey', clientKey, 'client-key', userName],
  ] as const;
  const problems: string[] = [];
  const found = wanted.flatMap(([key, path, title, owner]) => {
    if (path === undefined) return [];
    const text = readIfThere(path, (cause) => `read ${path}: ${cause}`);
    if (text === undefined) problems.push(`unable to read ${title} ${path} for ${owner} due to open ${path}: no such file or directory`);
    return [[key, text ?? '']];
  });
  if (problems.length > 0) throw new InvalidConfigurationError(problems);
  return Object.fromEntries(found);
}

function clusterConfig(cluster: KubeconfigCluster): HttpClientConfig {
  const ca = pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  return {
    server: cluster.server ?? 'http://localhost:8080',
    ...(ca === undefined ? {} : { certificateAuthority: ca }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecureSkipTlsVerify: true } : {}),
    ...(cluster['tls-server-name'] === undefined ? {} : { tlsServerName: cluster['tls-server-name'] }),
  };
}

function userConfig(user: KubeconfigUser): Partial<HttpClientConfig> {
  const cert = pem(user['client-certificate-data'], user['client-certificate']);
  const key = pem(user['client-key-data'], user['client-key']);
  const token = user.tokenFile === undefined ? user.token : readFile(user.tokenFile).trim();
  return {
    ...(cert === undefined ? {} : { clientCertificate: cert }),
    ...(key === undefined ? {} : { clientKey: key }),
    ...(token === undefined ? {} : { token }),
    ...(user.username === undefined ? {} : { username: user.username }),
    ...(user.password === undefined ? {} : { password: user.password }),
  };
}

function impersonationOf(entry: KubeconfigUser): Partial<Impersonation> {
  const { as: user, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = entry;
  return {
    ...(user === undefined ? {} : { user }),
    ...(uid === undefined ? {} : { uid }),
    ...(groups === undefined ? {} : { groups }),
    ...(extra === undefined ? {} : { extra }),
  };
}

/** Throws InvalidConfigurationError when there is more to impersonate than a user, and no user. */
export function impersonated(wanted: Partial<Impersonation>, userName: string): Pick<HttpClientConfig, 'impersonate'> {
  const { user = '', uid = '', groups = [], extra = {} } = wanted;
  if (user !== '') return { impersonate: { ...wanted, user } };
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return {};
  throw new InvalidConfigurationError([`requesting uid, groups or user-extra for ${userName} without impersonating a user`]);
}

/** PEM text of inline data or of a file; inline data takes precedence. */
function pem(data: string | undefined, path: string | undefined): string | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  return path === undefined || path === '' ? undefined : readFile(path);
}

function readFile(path: string): string {
  const text = readIfThere(path);
  if (text === undefined) throw new KubeconfigError(`unable to read ${path}: no such file or directory`);
  return text;
}
