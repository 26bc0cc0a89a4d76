/**
 * Registry credentials from pull secrets: the most specific entry that matches the image's registry and path.
 * Source: pkg/credentialprovider/{keyring,config}.go.
 */
import { createHash } from 'node:crypto';
import type { Secret } from '../../../api/generated/core/v1.ts';
import { isRecord } from '../../../api/json.ts';
import type { RegistryCredentials } from '../../container/container-runtime.ts';
import type { ImageReference } from '../../container/image-reference.ts';
import type { SecretSource } from './pull-records.ts';

/** Credentials, and the secret that has them. */
export interface SecretCredentials extends RegistryCredentials {
  readonly source: SecretSource;
}

interface AuthEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
}

const dockerConfigKeys = { 'kubernetes.io/dockerconfigjson': '.dockerconfigjson', 'kubernetes.io/dockercfg': '.dockercfg' } as const;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function entriesOf(secret: Secret): [string, AuthEntry][] {
  const key =
    secret.type === 'kubernetes.io/dockerconfigjson' || secret.type === 'kubernetes.io/dockercfg'
      ? dockerConfigKeys[secret.type]
      : undefined;
  const data = key === undefined ? undefined : secret.data?.[key];
  if (data === undefined) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
  } catch {
    return []; // an unreadable pull secret is passed over, as upstream does
  }
  const auths = isRecord(parsed) && key === '.dockerconfigjson' ? parsed.auths : parsed;
  if (!isRecord(auths)) return [];
  return Object.entries(auths).flatMap(([server, entry]): [string, AuthEntry][] => {
    if (!isRecord(entry)) return [];
    const picked = {
      ...optional('username', text(entry.username)),
      ...optional('password', text(entry.password)),
      ...optional('auth', text(entry.auth)),
      ...optional('identitytoken', text(entry.identitytoken)),
    };
    return [[server, picked]];
  });
}

const optional = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } => {
  const result: { [P in K]?: string } = {};
  if (value !== undefined) result[key] = value;
  return result;
};

function normalizedServer(server: string): { readonly host: string; readonly path: string } {
  const bare = server.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const [host = '', ...path] = bare.split('/');
  const rest = path.join('/').replace(/^v[12]$/, '');
  return { host: host === 'index.docker.io' ? 'docker.io' : host, path: rest };
}

const hostMatches = (pattern: string, host: string): boolean => {
  const [patternParts, hostParts] = [pattern.split('.'), host.split('.')];
  if (patternParts.length !== hostParts.length) return false;
  return patternParts.every((part, i) =>
    new RegExp(`^${part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.]*')}$`).test(hostParts[i] ?? ''),
  );
};

/** The credentials to try, most specific first; empty when no secret matches. */
export function credentialsFor(image: ImageReference, secrets: readonly Secret[]): readonly SecretCredentials[] {
  const matching = secrets
    .flatMap((secret) => entriesOf(secret).map(([server, entry]) => ({ secret, server, entry, ...normalizedServer(server) })))
    .filter(({ host, path }) => hostMatches(host, image.domain) && (path === '' || `${image.path}/`.startsWith(`${path}/`)))
    .sort((a, b) => b.path.length - a.path.length);
  return matching.map(({ secret: { metadata }, server, entry }) => {
    const [user = '', ...rest] = entry.auth === undefined ? [] : Buffer.from(entry.auth, 'base64').toString('utf8').split(':');
    const { username = user, password = rest.join(':'), identitytoken } = entry;
    const hash = createHash('sha256')
      .update(JSON.stringify([username, password, identitytoken]))
      .digest('hex');
    return {
      ...{ username, password, serverAddress: server },
      ...(identitytoken === undefined ? {} : { identityToken: identitytoken }),
      source: { uid: metadata.uid, namespace: metadata.namespace ?? '', name: metadata.name, hash },
    };
  });
}
