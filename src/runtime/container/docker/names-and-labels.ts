/**
 * Names and labels of minik's objects on Docker: those of dockershim, and minik's own. Source:
 * pkg/kubelet/dockershim/naming.go (v1.23).
 */
import { randomBytes } from 'node:crypto';
import type { ContainerConfig, PodIdentity, SandboxConfig } from '../container-runtime.ts';

export const LABEL = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  type: 'io.kubernetes.docker.type',
  sandboxId: 'io.kubernetes.sandbox.id',
  cluster: 'io.minik.cluster',
  /** On containers that are no part of a pod: the process that needs them. */
  helper: 'io.minik.helper',
  node: 'io.minik.node',
  attempt: 'io.minik.attempt',
  /** Keys of the labels that the caller gave, which distinguishes them from the labels of the image. */
  keys: 'io.minik.label-keys',
} as const;

const ANNOTATION_PREFIX = 'annotation.';
const SANDBOX_CONTAINER_NAME = 'POD';

/** `k8s_POD_<pod>_<namespace>_<uid>_<attempt>`. */
export function sandboxName({ pod, attempt }: SandboxConfig): string {
  return ['k8s', SANDBOX_CONTAINER_NAME, pod.name, pod.namespace, pod.uid, attempt].join('_');
}

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`. */
export function containerName({ pod, name, attempt }: ContainerConfig): string {
  return ['k8s', name, pod.name, pod.namespace, pod.uid, attempt].join('_');
}

/** A name to use when something that cannot be removed holds the proper one. */
export function randomizedName(name: string): string {
  return `${name}_${randomBytes(4).toString('hex')}`;
}

export function sandboxLabels(cluster: string, config: SandboxConfig): Record<string, string> {
  return { ...commonLabels(cluster, config), [LABEL.containerName]: SANDBOX_CONTAINER_NAME, [LABEL.type]: 'podsandbox' };
}

export function containerLabels(cluster: string, config: ContainerConfig): Record<string, string> {
  return {
    ...commonLabels(cluster, config),
    [LABEL.containerName]: config.name,
    [LABEL.type]: 'container',
    [LABEL.sandboxId]: config.sandboxId,
  };
}

interface Labelled {
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

function commonLabels(cluster: string, { pod, attempt, labels, annotations }: Labelled): Record<string, string> {
  const annotated = Object.entries(annotations).map(([key, value]) => [ANNOTATION_PREFIX + key, value]);
  return {
    ...labels,
    ...Object.fromEntries(annotated),
    [LABEL.podName]: pod.name,
    [LABEL.podNamespace]: pod.namespace,
    [LABEL.podUid]: pod.uid,
    [LABEL.cluster]: cluster,
    [LABEL.node]: pod.node,
    [LABEL.attempt]: String(attempt),
    [LABEL.keys]: Object.keys(labels).join(','),
  };
}

/** The values from which `sandboxLabels` and `containerLabels` made the labels. */
export function readLabels(all: Readonly<Record<string, string>>): Labelled {
  const keys = (all[LABEL.keys] ?? '').split(',').filter((key) => key in all);
  const annotations = Object.entries(all).filter(([key]) => key.startsWith(ANNOTATION_PREFIX));
  return {
    pod: {
      namespace: all[LABEL.podNamespace] ?? '',
      name: all[LABEL.podName] ?? '',
      uid: all[LABEL.podUid] ?? '',
      node: all[LABEL.node] ?? '',
    },
    attempt: Number(all[LABEL.attempt] ?? 0),
    labels: Object.fromEntries(keys.map((key) => [key, all[key] ?? ''])),
    annotations: Object.fromEntries(annotations.map(([key, value]) => [key.slice(ANNOTATION_PREFIX.length), value])),
  };
}

/** A query value that selects the objects of a cluster; with a type and a node, only those. */
export function clusterFilter(cluster: string, type?: 'podsandbox' | 'container' | 'helper', node?: string): string {
  const label = [`${LABEL.cluster}=${cluster}`];
  if (type !== undefined) label.push(`${LABEL.type}=${type}`);
  if (node !== undefined) label.push(`${LABEL.node}=${node}`);
  return JSON.stringify({ label });
}
