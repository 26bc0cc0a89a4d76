/**
 * Users of bootstrap tokens, with which new nodes join. Source:
 * plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go.
 */
import { timingSafeEqual } from 'node:crypto';
import { bootstrapNamespace, bootstrapSecretName, bootstrapText, type TokenSecret, usableToken } from '../../api/bootstrap-token.ts';
import type { UserInfo } from '../registry/registry.ts';

const pattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const everyone = 'system:bootstrappers';
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

const isEqual = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

/** The groups of a token's user, sorted; undefined when it names others than those of bootstrappers. */
function groupsOf(secret: TokenSecret): readonly string[] | undefined {
  const text = bootstrapText(secret, 'auth-extra-groups');
  const extra = text === '' ? [] : text.split(',');
  return extra.every((group) => groupPattern.test(group)) ? [...new Set([everyone, ...extra])].toSorted() : undefined;
}

/** Makes the authenticator. `secretOf` finds a Secret of kube-system. */
export function bootstrapTokenAuthenticator(options: {
  secretOf(namespace: string, name: string): TokenSecret | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}) {
  return {
    authenticate({ bearerToken }: { readonly bearerToken: string | undefined }): UserInfo | undefined {
      const [, id = '', key = ''] = pattern.exec(bearerToken ?? '') ?? [];
      if (id === '') return undefined;
      const secret = options.secretOf(bootstrapNamespace, bootstrapSecretName(id));
      if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return undefined;
      const token = usableToken(secret, 'authentication', options.now());
      if (token === undefined || token.id !== id || !isEqual(token.secret, key)) return undefined;
      const groups = groupsOf(secret);
      return groups === undefined ? undefined : { name: `system:bootstrap:${id}`, uid: '', groups, extra: {} };
    },
  };
}
