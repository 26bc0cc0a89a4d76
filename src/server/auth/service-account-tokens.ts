/**
 * Issues and verifies service-account tokens: signed, expiring, for given audiences, bound to objects that must still exist.
 * Source: pkg/serviceaccount/{jwt,claims,legacy}.go.
 */
import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, errors, exportJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { statusErrors } from '../../api/status-error.ts';
import type { UserInfo } from '../registry/registry.ts';
import {
  type BoundObject,
  type PrivateClaims,
  readPrivateClaims,
  serviceAccountUser,
  type TokenRequestDetails,
  userOf,
} from './service-account-claims.ts';

/** The issuer and default audience of upstream clusters. */
export const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';

/** Looks for an object that a token is bound to; structurally admission's ObjectReader. */
export interface TokenObjects {
  get(
    resourceName: string,
    namespace: string,
    name: string,
  ): { readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string | undefined } } | undefined;
}

export interface ServiceAccountTokensOptions {
  /** EC P-256 or RSA. */
  readonly privateKey: KeyObject;
  readonly objects: TokenObjects;
  /** Default: upstream's. */
  readonly issuer?: string;
  /** What tokens are for when nothing is said, and what they must be for here. Default: the issuer. */
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
  /** Those of the wanted audiences that the token is for. */
  readonly audiences: readonly string[];
}

/** How many verified tokens are remembered. */
const cacheSize = 4096;
/** For how long after the deletion of what it is bound to a token still counts. */
const deletionLeewayMs = 60_000;

export class ServiceAccountTokens {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #algorithm: 'ES256' | 'RS256';
  readonly #objects: TokenObjects;
  readonly #issuer: string;
  readonly #now: () => number;
  readonly #verified = new Map<string, Verified>();
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

  /** The user of a bearer token; undefined when the token is not ours to judge. Throws StatusError (401) when it is, and is not good. */
  async authenticate(credentials: { readonly bearerToken: string | undefined }): Promise<UserInfo | undefined> {
    const { bearerToken } = credentials;
    if (bearerToken === undefined || !this.#isOurs(bearerToken)) return undefined;
    const verified = await this.verify(bearerToken, this.audiences);
    if (verified === undefined) throw statusErrors.unauthorized();
    return verified.user;
  }

  /** Verifies signature, expiry, audiences, and that everything the token is bound to still exists. Undefined when something is wrong. */
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

  #isOurs(token: string): boolean {
    if (this.#verified.has(token)) return true;
    try {
      return decodeJwt(token).iss === this.#issuer;
    } catch (error) {
      if (error instanceof errors.JOSEError) return false;
      throw error;
    }
  }

  async #verifySignature(token: string): Promise<Verified | undefined> {
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const fresh = await this.#decode(token);
    if (fresh === undefined) return undefined;
    const oldest = this.#verified.keys().next().value;
    if (this.#verified.size >= cacheSize && oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.set(token, fresh);
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
    // A pod's token outlives its node's object: only tokens bound to the node itself end with it.
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
