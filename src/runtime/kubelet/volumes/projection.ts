/**
 * The contents of volumes that are made from API objects: configMap, secret, downwardAPI, projected.
 * Source: pkg/volume/{configmap,secret,downwardapi,projected}/*.go.
 */
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../../api/generated/core/v1.ts';
import { fieldValue, formatMap, type PodRuntimeFacts, resourceValue } from '../containers/field-ref.ts';
import type { PodSources } from '../pods/pod-sources.ts';
import type { Payload, ProjectedFile } from './atomic-writer.ts';

/** A volume that cannot be set up now; `message` completes upstream's `MountVolume.SetUp failed for volume "x" : …`. */
export class VolumeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VolumeError';
  }
}

export interface ProjectionContext {
  readonly pod: Pod;
  readonly facts: PodRuntimeFacts;
  readonly sources: PodSources;
  /** Called with the time at which a token must be renewed, in milliseconds since the epoch. */
  renewAt(atMs: number): void;
}

type Files = Map<string, ProjectedFile>;

interface ItemsInput {
  /** Of an item whose key is absent. */
  readonly missing: string;
  readonly data: ReadonlyMap<string, Buffer>;
  readonly items: readonly KeyToPath[] | undefined;
  readonly mode: number;
  readonly optional: boolean;
}

function selectItems({ data, items, mode, optional, missing }: ItemsInput): Files {
  const files: Files = new Map();
  if (items === undefined || items.length === 0) {
    for (const [key, content] of data) files.set(key, { content, mode });
    return files;
  }
  for (const item of items) {
    const content = data.get(item.key);
    if (content === undefined) {
      if (optional) continue;
      throw new VolumeError(`${missing}: ${item.key}`);
    }
    files.set(item.path, { content, mode: item.mode ?? mode });
  }
  return files;
}

const configMapData = (configMap: ConfigMap): ReadonlyMap<string, Buffer> =>
  new Map([
    ...Object.entries(configMap.data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'utf8')]),
    ...Object.entries(configMap.binaryData ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'base64')]),
  ]);

const secretData = (secret: Secret): ReadonlyMap<string, Buffer> =>
  new Map(Object.entries(secret.data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'base64')]));

export interface ObjectProjection {
  readonly name: string;
  readonly items: readonly KeyToPath[] | undefined;
  readonly mode: number;
  readonly optional: boolean;
}

/** The files of a config map. An absent one is an error unless optional. */
export async function configMapPayload(projection: ObjectProjection, context: ProjectionContext): Promise<Files> {
  const configMap = await context.sources.configMap(context.pod.metadata.namespace ?? '', projection.name);
  if (configMap === undefined) {
    if (projection.optional) return new Map();
    throw new VolumeError(`configmap ${JSON.stringify(projection.name)} not found`);
  }
  return selectItems({ ...projection, data: configMapData(configMap), missing: 'configmap references non-existent config key' });
}

/** The files of a secret. An absent one is an error unless optional. */
export async function secretPayload(projection: ObjectProjection, context: ProjectionContext): Promise<Files> {
  const secret = await context.sources.secret(context.pod.metadata.namespace ?? '', projection.name);
  if (secret === undefined) {
    if (projection.optional) return new Map();
    throw new VolumeError(`secret ${JSON.stringify(projection.name)} not found`);
  }
  return selectItems({ ...projection, data: secretData(secret), missing: 'references non-existent secret key' });
}

/** The files of a downward API volume. */
export function downwardApiPayload(items: readonly DownwardAPIVolumeFile[], mode: number, context: ProjectionContext): Files {
  const { pod, facts } = context;
  const files: Files = new Map();
  for (const item of items) {
    let text: string | undefined;
    if (item.fieldRef !== undefined) {
      text = fieldValue(pod, item.fieldRef.fieldPath, facts);
      if (item.fieldRef.fieldPath === 'metadata.labels') text = formatMap(pod.metadata.labels);
    } else if (item.resourceFieldRef !== undefined) {
      const { containerName } = item.resourceFieldRef;
      const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((c) => c.name === containerName);
      if (container === undefined) throw new VolumeError(`container ${containerName ?? ''} not found`);
      text = resourceValue(container, item.resourceFieldRef, facts);
    }
    if (text === undefined) throw new VolumeError(`unsupported fieldPath: ${item.fieldRef?.fieldPath ?? ''}`);
    files.set(item.path, { content: Buffer.from(text, 'utf8'), mode: item.mode ?? mode });
  }
  return files;
}

async function tokenPayload(projection: ServiceAccountTokenProjection, mode: number, context: ProjectionContext): Promise<Files> {
  const { pod, sources } = context;
  const expirationSeconds = projection.expirationSeconds ?? 3600;
  const issued = await sources.token({
    namespace: pod.metadata.namespace ?? '',
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    audience: projection.audience ?? '',
    expirationSeconds,
    pod: { name: pod.metadata.name, uid: pod.metadata.uid },
  });
  // Renewed after 80 % of its life. Source: pkg/kubelet/token/token_manager.go (requiresRefresh).
  context.renewAt(issued.expiresAtMs - expirationSeconds * 200);
  const content = Buffer.from(issued.token, 'utf8');
  // Only for those who need it, when this process may give files away. The group's right is added with the group.
  const mayGive = process.getuid?.() === 0;
  const owner = mayGive ? commonUser(pod) : undefined;
  const isPrivate = mayGive && (owner !== undefined || pod.spec.securityContext.fsGroup !== undefined);
  return new Map([[projection.path, { content, mode: isPrivate ? 0o600 : mode, ...(owner === undefined ? {} : { owner }) }]]);
}

/** The user that all containers run as by the spec; undefined when they differ or one leaves it open. Source: pkg/volume/util/util.go (FsUserFrom). */
function commonUser({ spec }: Pod): number | undefined {
  const users = [...(spec.initContainers ?? []), ...spec.containers].map(
    (c) => c.securityContext?.runAsUser ?? spec.securityContext.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

/** The files of all sources of a projected volume, later ones over earlier ones. */
export async function projectedPayload(
  projections: readonly VolumeProjection[],
  mode: number,
  context: ProjectionContext,
): Promise<Payload> {
  const files: Files = new Map();
  for (const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } of projections) {
    let part: Files = new Map();
    if (configMap !== undefined) {
      const { name = '', items, optional = false } = configMap;
      part = await configMapPayload({ name, items, mode, optional }, context);
    } else if (secret !== undefined) {
      const { name = '', items, optional = false } = secret;
      part = await secretPayload({ name, items, mode, optional }, context);
    } else if (downwardAPI !== undefined) part = downwardApiPayload(downwardAPI.items ?? [], mode, context);
    else if (serviceAccountToken !== undefined) part = await tokenPayload(serviceAccountToken, mode, context);
    else if (clusterTrustBundle !== undefined && clusterTrustBundle.optional !== true) {
      throw new VolumeError('ClusterTrustBundle projections are not supported');
    }
    for (const [path, file] of part) files.set(path, file);
  }
  return files;
}
