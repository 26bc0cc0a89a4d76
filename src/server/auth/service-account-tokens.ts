/**
 * Issues and verifies service-account tokens. They are signed, expire, are valid for given audiences only, and are
 * bound to objects that must still exist. Source: pkg/serviceaccount/{jwt,claims,legacy}.go.
 */
import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, errors, exportJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { statusErrors } from '../../api/status-error.ts';
import type { UserInfo } from '../registry/registry.ts';
import {
  type BoundObject,
  type LegacyClaims,
  legacyIssuer,
  legacyUserOf,
  type PrivateClaims,
  readLegacyClaims,
  readPrivateClaims,
  serviceAccountUser,
  type TokenRequestDetails,
  userOf,
  writeLegacyClaims,
} from './service-account-claims.ts';

/** The issuer and default audience of upstream clusters. */
export const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';

/** Finds the objects that tokens are bound to; structurally admission's ObjectReader. */
export interface TokenObjects {
  get(
    resourceName: string,
    namespace: string,
    name: string,
  ):
    | {
        readonly metadata: {
          readonly uid: string;
          readonly deletionTimestamp?: string | undefined;
          readonly labels?: Readonly<Record<string, string>> | undefined;
        };
      }
    | undefined;
}

export interface ServiceAccountTokensOptions {
  /** EC P-256 or RSA. */
  readonly privateKey: KeyObject;
  readonly objects: TokenObjects;
  /** Default: upstream's. */
  readonly issuer?: string;
  /**
   * The audiences of tokens that are requested without any; a token must be for one of them to be accepted here.
   * Default: the issuer.
   */
  readonly audiences?: readonly string[];
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

interface Verified {
  readonly claims: PrivateClaims;
  readonly audiences: readonly string[];
  readonly id: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

export interface VerifiedToken {
  readonly user: UserInfo;
  /** The requested audiences that the token is for. */
  readonly audiences: readonly string[];
}

/**
 * A label that the legacy-token cleaner sets on a Secret whose token has not been used for a long time. Such a token is
 * refused.
 */
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** How many verified tokens are cached. */
const cacheSize = 4096;
/** A token stays valid for this long after an object that it is bound to was deleted. */
const deletionLeewayMs = 60_000;

export class ServiceAccountTokens {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #algorithm: 'ES256' | 'RS256';
  readonly #objects: TokenObjects;
  readonly #issuer: string;
  readonly #now: () => number;
  readonly #verified = new Map<string, Verified>();
  /** Verified claims of the tokens of Secrets, by token. They are checked against the Secret at every use. */
  readonly #legacy = new Map<string, LegacyClaims>();
  #keyId: Promise<string> | undefined;
  readonly audiences: readonly string[];

  constructor({ privateKey, objects, issuer = defaultIssuer, audiences = [issuer], now = Date.now }: ServiceAccountTokensOptions) {
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    this.#algorithm = privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
    this.#objects = objects;
    this.#issuer = issuer;
    this.#now = now;
    this.audiences = audiences;
  }

  /** Signs a token. */
  async issue({ subject, audiences, expirationSeconds, warnAfterSeconds }: TokenRequestDetails): Promise<string> {
    const issued = Math.floor(this.#now() / 1000);
    const { namespace, serviceAccount, pod, secret, node } = subject;
    const claims: PrivateClaims = {
      namespace,
      ...(node === undefined ? {} : { node }),
      ...(pod === undefined ? {} : { pod }),
      ...(secret === undefined ? {} : { secret }),
      serviceaccount: serviceAccount,
      ...(warnAfterSeconds === 0 ? {} : { warnafter: issued + warnAfterSeconds }),
    };
    return new SignJWT({ 'kubernetes.io': claims })
      .setProtectedHeader({ alg: this.#algorithm, kid: await this.#ownKeyId() })
      .setAudience([...audiences])
      .setIssuer(this.#issuer)
      .setSubject(serviceAccountUser(namespace, serviceAccount.name))
      .setJti(randomUUID())
      .setIssuedAt(issued)
      .setNotBefore(issued)
      .setExpirationTime(issued + expirationSeconds)
      .sign(this.#privateKey);
  }

  /**
   * Signs the token that a Secret holds. It stays valid as long as the Secret and the account exist. Source:
   * pkg/serviceaccount/legacy.go (LegacyClaims).
   */
  async issueForSecret(claims: LegacyClaims): Promise<string> {
    return new SignJWT(writeLegacyClaims(claims))
      .setProtectedHeader({ alg: this.#algorithm, kid: await this.#ownKeyId() })
      .setIssuer(legacyIssuer)
      .setSubject(serviceAccountUser(claims.namespace, claims.serviceAccount.name))
      .sign(this.#privateKey);
  }

  /**
   * The user of a bearer token; undefined when this server did not issue it. Throws StatusError (401) when it did, but
   * the token is invalid.
   */
  async authenticate(credentials: { readonly bearerToken: string | undefined }): Promise<UserInfo | undefined> {
    const { bearerToken } = credentials;
    if (bearerToken === undefined) return undefined;
    const issuer = this.#issuerOf(bearerToken);
    if (issuer === legacyIssuer) {
      const claims = await this.#verifyLegacy(bearerToken);
      if (claims === undefined || !this.#isHeldBySecret(claims, bearerToken)) throw statusErrors.unauthorized();
      return legacyUserOf(claims);
    }
    if (issuer !== this.#issuer) return undefined;
    const verified = await this.verify(bearerToken, this.audiences);
    if (verified === undefined) throw statusErrors.unauthorized();
    return verified.user;
  }

  /**
   * Verifies signature, expiry, audiences, and that every object the token is bound to still exists. Undefined when any
   * check fails.
   */
  async verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined> {
    const verified = await this.#verifySignature(token);
    if (verified === undefined || verified.expires * 1000 <= this.#now()) return undefined;
    const matching = verified.audiences.filter((audience) => audiences.includes(audience));
    if (matching.length === 0 || !this.#isAlive(verified.claims)) return undefined;
    return { user: userOf(verified.claims, verified.id), audiences: matching };
  }

  /** The public key for `/openid/v1/jwks`. */
  async jwk(): Promise<JWK> {
    return { ...(await exportJWK(this.#publicKey)), use: 'sig', alg: this.#algorithm, kid: await this.#ownKeyId() };
  }

  get issuer(): string {
    return this.#issuer;
  }

  get algorithm(): string {
    return this.#algorithm;
  }

  #issuerOf(token: string): string | undefined {
    if (this.#verified.has(token)) return this.#issuer;
    if (this.#legacy.has(token)) return legacyIssuer;
    try {
      return decodeJwt(token).iss;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  async #verifyLegacy(token: string): Promise<LegacyClaims | undefined> {
    const known = this.#legacy.get(token);
    if (known !== undefined) return known;
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, { algorithms: [this.#algorithm], issuer: legacyIssuer });
      const claims = readLegacyClaims(payload);
      if (claims === undefined || payload.sub !== serviceAccountUser(claims.namespace, claims.serviceAccount.name)) return undefined;
      remember(this.#legacy, token, claims);
      return claims;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /**
   * Whether the Secret still holds the token and the account still exists. Source: pkg/serviceaccount/legacy.go
   * (Validate).
   */
  #isHeldBySecret({ namespace, secretName, serviceAccount }: LegacyClaims, token: string): boolean {
    const secret = this.#objects.get('secrets', namespace, secretName);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return false;
    if ((secret.metadata.labels?.[invalidSinceLabel] ?? '') !== '') return false;
    // Only Secrets are stored under this resource name.
    const { data } = secret as { readonly data?: Readonly<Record<string, string>> };
    if (data?.token !== Buffer.from(token).toString('base64')) return false;
    const account = this.#objects.get('serviceaccounts', namespace, serviceAccount.name)?.metadata;
    return account !== undefined && account.deletionTimestamp === undefined && account.uid === serviceAccount.uid;
  }

  async #verifySignature(token: string): Promise<Verified | undefined> {
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const fresh = await this.#decode(token);
    if (fresh === undefined) return undefined;
    remember(this.#verified, token, fresh);
    return fresh;
  }

  async #decode(token: string): Promise<Verified | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [this.#algorithm],
        issuer: this.#issuer,
        currentDate: new Date(this.#now()),
      });
      const claims = readPrivateClaims(payload['kubernetes.io']);
      if (claims === undefined || payload.exp === undefined || payload.aud === undefined) return undefined;
      if (payload.sub !== serviceAccountUser(claims.namespace, claims.serviceaccount.name)) return undefined;
      return { claims, audiences: [payload.aud].flat(), id: payload.jti ?? '', expires: payload.exp };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #isAlive({ namespace, serviceaccount, pod, secret, node }: PrivateClaims): boolean {
    if (!this.#exists('serviceaccounts', namespace, serviceaccount)) return false;
    if (pod !== undefined && !this.#exists('pods', namespace, pod)) return false;
    if (secret !== undefined && !this.#exists('secrets', namespace, secret)) return false;
    // The token of a pod stays valid when its node's object is deleted; a token that is bound to the node alone does
    // not.
    return node === undefined || pod !== undefined || this.#exists('nodes', '', node);
  }

  #exists(resourceName: string, namespace: string, { name, uid }: BoundObject): boolean {
    const found = this.#objects.get(resourceName, namespace, name)?.metadata;
    if (found === undefined || found.uid !== uid) return false;
    return found.deletionTimestamp === undefined || Date.parse(found.deletionTimestamp) + deletionLeewayMs > this.#now();
  }

  #ownKeyId(): Promise<string> {
    this.#keyId ??= exportJWK(this.#publicKey).then((jwk) => calculateJwkThumbprint(jwk));
    return this.#keyId;
  }
}

/** Adds an entry and drops the oldest ones beyond `cacheSize`. */
function remember<T>(cache: Map<string, T>, token: string, value: T): void {
  const oldest = cache.keys().next().value;
  if (cache.size >= cacheSize && oldest !== undefined) cache.delete(oldest);
  cache.set(token, value);
}
