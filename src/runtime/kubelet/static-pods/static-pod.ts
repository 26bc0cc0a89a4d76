/**
 * A pod that a file on the node describes, and its mirror, by which the API shows it. Source:
 * pkg/kubelet/config/common.go (applyDefaults); pkg/kubelet/pod/mirror_client.go.
 */
import { createHash } from 'node:crypto';
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { isRecord } from '../../../api/json.ts';
import type { Received } from '../../../api/object.ts';
import { YamlError } from '../../../api/yaml/yaml-error.ts';
import { yamlToJson } from '../../../api/yaml/yaml-to-json.ts';
import { configHash, configMirror, configSource } from './config-annotations.ts';
import type { Manifest } from './manifest-folder.ts';

/** A file that is no static pod; `message` says why. */
export class ManifestError extends Error {}

/** What the API is to make of a file: the mirror of the pod. */
export interface Mirror {
  readonly namespace: string;
  /** The pod's name, with that of its node. */
  readonly name: string;
  /** Changes with the file; the uid of the static pod. */
  readonly hash: string;
  readonly object: Received<Pod>;
}

const record = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

/** Throws `ManifestError`. */
export function mirrorOf({ path, text }: Manifest, node: Node, seen: string): Mirror {
  let json: unknown;
  try {
    ({ json } = yamlToJson(text));
  } catch (error) {
    if (error instanceof YamlError) throw new ManifestError(error.message, { cause: error });
    throw error;
  }
  const given = record(json);
  if (given.apiVersion !== 'v1' || given.kind !== 'Pod') throw new ManifestError('it is no Pod of v1');
  const metadata = record(given.metadata);
  if (typeof metadata.name !== 'string' || metadata.name === '') throw new ManifestError('invalid pod: name is needed for the pod');
  const nodeName = node.metadata.name;
  const hash = createHash('sha256')
    .update(`${JSON.stringify(json)}host:${nodeName}file:${path}`)
    .digest('hex')
    .slice(0, 32);
  const name = `${metadata.name}-${nodeName.toLowerCase()}`;
  const namespace = typeof metadata.namespace === 'string' && metadata.namespace !== '' ? metadata.namespace : 'default';
  const annotations = {
    ...record(metadata.annotations),
    [configHash]: hash,
    [configMirror]: hash,
    [configSource]: 'file',
    'kubernetes.io/config.seen': seen,
  };
  const spec = record(given.spec);
  const tolerations = Array.isArray(spec.tolerations) ? spec.tolerations : [];
  const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid, controller: true };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: metadata.labels, annotations, ownerReferences: [owner] },
    // It stays on its node whatever becomes of that.
    spec: { ...spec, nodeName, tolerations: [...tolerations, { operator: 'Exists', effect: 'NoExecute' }] },
  };
  // The API checks what users wrote.
  return { namespace, name, hash, object: object as unknown as Received<Pod> };
}

/** The pod that the node runs, by what the API made of its mirror. */
export function staticPodOf({ name, hash }: Mirror, made: Pod): Pod {
  const { generateName: _generateName, managedFields: _managedFields, ...metadata } = made.metadata;
  const { [configMirror]: _mirror, ...annotations } = metadata.annotations ?? {};
  return { ...made, metadata: { ...metadata, name, uid: hash, annotations } };
}
