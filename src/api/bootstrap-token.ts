/**
 * Bootstrap tokens, which Secrets of kube-system hold. Source: cluster-bootstrap util/secrets/secrets.go,
 * token/api/types.go.
 */
import { fromBase64 } from './base64.ts';
import { parseTime } from './time.ts';

/** What is read of a Secret. */
export interface TokenSecret {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string | undefined };
  readonly type?: string | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
}

const secretType = 'bootstrap.kubernetes.io/token';
const namePrefix = 'bootstrap-token-';
export const bootstrapNamespace = 'kube-system';

export const bootstrapSecretName = (id: string): string => namePrefix + id;

export const isBootstrapToken = ({ type }: TokenSecret): boolean => type === secretType;

/** The text of a key; '' when there is none. */
export const bootstrapText = ({ data }: TokenSecret, key: string): string => fromBase64(data?.[key] ?? '') ?? '';

/** When a token expires, in milliseconds since the epoch; Infinity for never. A time that cannot be read has passed. */
export function bootstrapExpiry(secret: TokenSecret): number {
  const text = bootstrapText(secret, 'expiration');
  return text === '' ? Number.POSITIVE_INFINITY : (parseTime(text) ?? 0);
}

/**
 * Id and secret of a token that can be used for something (`authentication`, `signing`) at a time; undefined when it
 * cannot.
 */
export function usableToken(
  secret: TokenSecret,
  usage: 'authentication' | 'signing',
  nowMs: number,
): { readonly id: string; readonly secret: string } | undefined {
  const { name } = secret.metadata;
  const id = bootstrapText(secret, 'token-id');
  const key = bootstrapText(secret, 'token-secret');
  if (!isBootstrapToken(secret) || name !== bootstrapSecretName(id) || !/^[a-z0-9]{6}$/.test(id) || key === '') return undefined;
  if (bootstrapExpiry(secret) <= nowMs || bootstrapText(secret, `usage-bootstrap-${usage}`) !== 'true') return undefined;
  return { id, secret: key };
}
