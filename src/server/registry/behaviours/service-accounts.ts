/** The `token` sub-resource of service accounts. Source: pkg/registry/core/serviceaccount/storage/token.go. */
import { FieldPath, fieldErrors } from '../../../api/field-error.ts';
import type { TokenRequestSpec } from '../../../api/generated/authentication/v1.ts';
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { JsonObject } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { type StatusError, statusErrors } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import { storeKey } from '../../store/store.ts';
import type { Order } from '../registry.ts';
import type { RegistryParts, ResourceBehaviour } from '../registry-parts.ts';
import { metadataOf, textOf } from './bodies.ts';

interface NamedObject {
  readonly name: string;
  readonly uid: string;
}

/** Signs tokens; structurally auth's ServiceAccountTokens. */
export interface TokenIssuer {
  /** The audiences of a token when the request names none. */
  readonly audiences: readonly string[];
  issue(details: {
    readonly subject: {
      readonly namespace: string;
      readonly serviceAccount: NamedObject;
      readonly pod?: NamedObject;
      readonly secret?: NamedObject;
      readonly node?: NamedObject;
    };
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly warnAfterSeconds: number;
    readonly id: string;
  }): Promise<string>;
}

const defaultSeconds = 3600;
const minSeconds = 600;
const maxSeconds = 2 ** 32;
/**
 * The lifetime that the projected volumes of pods request. Such a token is valid for a year, and its use is reported
 * with a warning once the requested time is over.
 */
const projectedSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;
const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const root = FieldPath.root;

interface TokenSpec {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound: JsonObject | undefined;
}

/** Makes the behaviour. */
export const serviceAccountsBehaviour = (issuer: TokenIssuer): ResourceBehaviour => ({
  orders: { token: (parts, order) => createToken(issuer, parts, order) },
});

async function createToken(
  issuer: TokenIssuer,
  parts: RegistryParts,
  { context, target, object: body, admit }: Order,
): Promise<JsonObject> {
  const { name, namespace } = target;
  requireMatching(metadataOf(body), name, namespace);
  const account = parts.store.get(storeKey('serviceaccounts', namespace, name))?.object;
  if (account === undefined) throw statusErrors.notFound({ group: '', resource: 'serviceaccounts' }, name);
  requireSameAccount(metadataOf(body), account);
  const nowMs = parts.now();
  const spec = readSpec(body, issuer.audiences);
  const metadata = { name, namespace, uid: account.metadata.uid, creationTimestamp: rfc3339(nowMs) };
  await admit({ ...body, metadata, spec: specJson(spec), status: {} });
  const subject = {
    namespace,
    serviceAccount: { name, uid: account.metadata.uid },
    ...(spec.bound === undefined ? {} : boundObjects(parts, namespace, name, spec.bound)),
  };
  const extended =
    spec.expirationSeconds === projectedSeconds && 'pod' in subject && spec.audiences.every((a) => issuer.audiences.includes(a));
  const id = parts.newUid();
  const token = await issuer.issue({
    id,
    subject,
    audiences: spec.audiences,
    expirationSeconds: extended ? extendedSeconds : spec.expirationSeconds,
    warnAfterSeconds: extended ? spec.expirationSeconds : 0,
  });
  context.annotate?.('authentication.kubernetes.io/issued-credential-id', `JTI=${id}`);
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata,
    spec: specJson(spec),
    status: { token, expirationTimestamp: rfc3339(nowMs + spec.expirationSeconds * 1000) },
  };
}

function requireMatching(metadata: JsonObject, name: string, namespace: string): void {
  const refuse = (field: string, value: string): StatusError => {
    const at = root.field('metadata', field);
    return statusErrors.invalid(kind, name, [fieldErrors.invalid(at, value, `must match the service account ${field} if specified`)]);
  };
  const sentName = textOf(metadata.name);
  const sentNamespace = textOf(metadata.namespace);
  if (sentName !== '' && sentName !== name) throw refuse('name', sentName);
  if (sentNamespace !== '' && sentNamespace !== namespace) throw refuse('namespace', sentNamespace);
}

/** Source: pkg/registry/core/serviceaccount/storage/token.go. */
function requireSameAccount({ uid }: JsonObject, { metadata }: KubeObject): void {
  if (textOf(uid) === '' || uid === metadata.uid) return;
  const cause = `the UID in the token request (${textOf(uid)}) does not match the UID of the service account (${metadata.uid})`;
  throw statusErrors.conflict({ group: kind.group, resource: kind.kind }, metadata.name, cause);
}

/** The decoded spec with its defaults. Throws StatusError (422). */
function readSpec({ spec }: JsonObject, defaultAudiences: readonly string[]): TokenSpec {
  // The body has been decoded as a TokenRequest.
  const { audiences, expirationSeconds: asked, boundObjectRef } = (spec ?? {}) as unknown as Partial<TokenRequestSpec>;
  const expirationSeconds = asked ?? defaultSeconds;
  const at = root.field('spec', 'expirationSeconds');
  if (expirationSeconds < minSeconds) {
    throw statusErrors.invalid(kind, '', [fieldErrors.invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes')]);
  }
  if (expirationSeconds > maxSeconds) {
    throw statusErrors.invalid(kind, '', [
      fieldErrors.invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'),
    ]);
  }
  // A decoded reference is plain JSON.
  const bound = (boundObjectRef ?? undefined) as JsonObject | undefined;
  return { audiences: (audiences ?? []).length === 0 ? defaultAudiences : (audiences ?? []), expirationSeconds, bound };
}

const specJson = ({ audiences, expirationSeconds, bound }: TokenSpec): JsonObject => ({
  audiences,
  expirationSeconds,
  boundObjectRef: bound ?? null,
});

interface BoundObjects {
  readonly pod?: NamedObject;
  readonly secret?: NamedObject;
  readonly node?: NamedObject;
}

/** The objects that a token is bound to. The token of a pod also names its node. Throws StatusError (400, 404, 409). */
function boundObjects(parts: RegistryParts, namespace: string, account: string, ref: JsonObject): BoundObjects {
  const wanted = `${textOf(ref.apiVersion)}/${textOf(ref.kind)}`;
  const find = (resource: string, where: string): KubeObject => findBound(parts, { resource, where, kind: textOf(ref.kind), ref });
  switch (wanted) {
    case 'v1/Pod': {
      // Only Pods are stored under this resource name.
      const pod = find('pods', namespace) as Pod;
      if (pod.spec.serviceAccountName !== account) {
        throw statusErrors.badRequest(
          `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
        );
      }
      const node = pod.spec.nodeName ? parts.store.get(storeKey('nodes', '', pod.spec.nodeName))?.object : undefined;
      return { pod: named(pod), ...(node === undefined ? {} : { node: named(node) }) };
    }
    case 'v1/Secret':
      return { secret: named(find('secrets', namespace)) };
    case 'v1/Node':
      return { node: named(find('nodes', '')) };
    default: {
      // As Go prints a group and version: the core group is empty before the slash.
      const groupVersion = textOf(ref.apiVersion).includes('/') ? textOf(ref.apiVersion) : `/${textOf(ref.apiVersion)}`;
      throw statusErrors.badRequest(`cannot bind token to object of type ${groupVersion}, Kind=${textOf(ref.kind)}`);
    }
  }
}

const named = ({ metadata: { name, uid } }: KubeObject): NamedObject => ({ name, uid });

interface BoundReference {
  readonly resource: string;
  readonly where: string;
  readonly kind: string;
  readonly ref: JsonObject;
}

function findBound({ store }: RegistryParts, { resource, where, kind: boundKind, ref }: BoundReference): KubeObject {
  const name = textOf(ref.name);
  const uid = textOf(ref.uid);
  const found = store.get(storeKey(resource, where, name))?.object;
  if (found === undefined) throw statusErrors.notFound({ group: '', resource }, name);
  if (uid !== '' && uid !== found.metadata.uid) {
    const cause = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw statusErrors.conflict({ group: '', resource: boundKind }, name, cause);
  }
  return found;
}
