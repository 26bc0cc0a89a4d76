/**
 * The OpenID provider's configuration and keys, by which others verify service-account tokens. Source:
 * pkg/routes/openidmetadata.go, pkg/serviceaccount/openidmetadata.go.
 */
import type { JsonObject } from '../../api/json.ts';

/** A document that is not an API object and is served unchanged. */
export interface ServedDocument {
  readonly contentType: string;
  readonly cacheControl: string;
  json(): Promise<JsonObject> | JsonObject;
}

export interface OpenIdOptions {
  readonly issuer: string;
  readonly algorithm: string;
  /** `https://host:port` of this server. */
  readonly origin: string;
  /** The public key that verifies tokens. */
  jwk(): Promise<JsonObject>;
}

const cacheControl = 'public, max-age=3600';
const keysPath = '/openid/v1/jwks';

/** The two documents by path. */
export const openIdDocuments = ({ issuer, algorithm, origin, jwk }: OpenIdOptions): Readonly<Record<string, ServedDocument>> => ({
  '/.well-known/openid-configuration': {
    contentType: 'application/json',
    cacheControl,
    json: () => ({
      issuer,
      jwks_uri: `${origin}${keysPath}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [algorithm],
    }),
  },
  [keysPath]: { contentType: 'application/jwk-set+json', cacheControl, json: async () => ({ keys: [await jwk()] }) },
});
