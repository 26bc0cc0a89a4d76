/**
 * What the HTTP layer needs from others: small interfaces that are implemented elsewhere and connected by the
 * composition root.
 */
import type { Readable } from 'node:stream';
import type { JsonObject } from '../../api/json.ts';
import type { ComputedResource } from '../../api/schema/openapi/served.ts';
import type { UserInfo } from '../registry/registry.ts';

/** The credentials that a request carries. */
export interface Credentials {
  /** The client certificate that the TLS layer verified against the cluster's CA, with its subject parsed. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** The token of an `Authorization: Bearer` header. */
  readonly bearerToken: string | undefined;
  /** Adds a `Warning:` header to the answer. */
  readonly warn?: (text: string) => void;
  /** Adds an annotation to the request's audit event. */
  readonly annotate?: (key: string, value: string) => void;
}

/** Subject of a verified client certificate. */
export interface ClientCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** SHA-256 of the certificate, hex with colons. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/**
 * Turns a credential into a user. `undefined`: the credential is unknown to this authenticator, and the next one is
 * tried. A thrown `StatusError` refuses the request.
 */
export interface Authenticator {
  /**
   * The user of a token for given audiences, and those of the audiences that the token is for. Absent: tokens are for
   * the API only.
   */
  verify?(
    token: string,
    audiences: readonly string[],
  ): Promise<{ readonly user: UserInfo; readonly audiences: readonly string[] } | undefined>;
  authenticate(credentials: Credentials): Promise<UserInfo | undefined> | UserInfo | undefined;
}

/**
 * The attributes that authorization decides on. Source: apiserver pkg/authorization/authorizer/interfaces.go
 * (Attributes).
 */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  /**
   * get, list, watch, create, update, patch, delete, deletecollection, impersonate …; lower-case HTTP method for paths.
   */
  readonly verb: string;
  /** False: only `path` and `verb` are used. */
  readonly isResourceRequest: boolean;
  readonly namespace: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly path: string;
  /** Of a list or watch, as the request gives it. */
  readonly fieldSelector?: string | undefined;
}

export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** Shown after the message of a 403; '' for no reason. */
  readonly reason: string;
}

export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision> | AuthorizationDecision;
}

/** The rules of one user in one namespace, for SelfSubjectRulesReview. */
export interface RuleResolver {
  rulesFor(
    user: UserInfo,
    namespace: string,
  ): {
    readonly resourceRules: readonly JsonObject[];
    readonly nonResourceRules: readonly JsonObject[];
    readonly incomplete: boolean;
    readonly evaluationError: string;
  };
}

/** Protobuf of the built-in API types: whole messages, including their `k8s\0` envelope. */
export interface ProtobufCodec {
  /** True when the type has a protobuf form (custom resources have none). */
  supports(apiVersion: string, kind: string): boolean;
  /** Encodes with the envelope. */
  encode(object: JsonObject): Uint8Array;
  /** Decodes a message with its envelope. Throws on malformed bytes. */
  decode(bytes: Uint8Array, fallback: { readonly apiVersion: string; readonly kind: string }): JsonObject;
}

/**
 * The OpenAPI documents as JSON objects, including the given computed resources. Called again after the served Kinds
 * have changed.
 */
export interface OpenApiSource {
  /** Swagger 2.0 of everything. */
  v2(computed: readonly ComputedResource[]): Promise<JsonObject> | JsonObject;
  /** Paths of the OpenAPI 3.0 documents. */
  v3Paths(computed: readonly ComputedResource[]): readonly string[];
  /** OpenAPI 3.0 of one path: `api/v1`, `apis/apps/v1`, `version`; undefined when not served. */
  v3(path: string, computed: readonly ComputedResource[]): Promise<JsonObject | undefined> | JsonObject | undefined;
  /** Protobuf form of the v2 document (`com.github.proto-openapi.spec.v2@v1.0+protobuf`), when there is one. */
  v2Protobuf?(computed: readonly ComputedResource[]): Promise<Uint8Array> | Uint8Array;
}

/** The answer of a node's kubelet. */
export interface NodeAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The target of a redirect. */
  readonly location?: string;
  readonly body: string | Readable;
}

/** The APIs of the nodes in this process. */
export interface NodeApis {
  /**
   * Answers a GET to a node's kubelet; undefined when this process has no kubelet for the node. `path` is decoded and
   * starts with a slash.
   */
  get(node: string, path: string, query: URLSearchParams): Promise<NodeAnswer> | undefined;
}

/** A named part of `/healthz`, `/livez` and `/readyz`. Resolves when healthy, rejects with the reason when not. */
export interface HealthCheck {
  readonly name: string;
  readonly endpoints: readonly ('healthz' | 'livez' | 'readyz')[];
  check(): Promise<void> | void;
}
