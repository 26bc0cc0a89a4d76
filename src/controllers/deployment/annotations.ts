/**
 * The annotations in which Deployments and ReplicaSets record revisions and sizes. Source:
 * pkg/controller/deployment/util/deployment_util.go.
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps/v1.ts';
import { rollbackAnnotation } from '../../api/legacy/apps.ts';
import { maxSurge } from './replica-sets.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations that are not copied from a Deployment to its sets. */
const notCopied: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  rollbackAnnotation,
]);

const maxHistoryChars = 2000;

type Annotations = Readonly<Record<string, string>>;

/** A revision as Go parses it into a 64-bit integer; undefined when it is malformed. */
export function parseRevision(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const revision = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, revision) === revision ? revision : undefined;
}

/** A set's revision; 0 when it has none. */
export const revisionOf = ({ metadata }: ReplicaSet): bigint => parseRevision(metadata.annotations?.[revisionAnnotation] ?? '0') ?? 0n;

export const maxRevision = (sets: readonly ReplicaSet[]): bigint => [0n, ...sets.map(revisionOf)].toSorted(inOrder).at(-1) ?? 0n;

const inOrder = (a: bigint, b: bigint): number => Number(a - b);

/**
 * The annotations of a Deployment that goes back to a set: those of the set, and of its own those that no set has from
 * it.
 */
export function restoredAnnotations(deployment: Deployment, set: ReplicaSet): Annotations {
  const own = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => notCopied.has(key));
  const copied = Object.entries(set.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  return Object.fromEntries([...own, ...copied]);
}

/** The size annotations, from which a later scaling of the Deployment is detected and distributed. */
export const sizeAnnotations = (deployment: Deployment): Annotations => ({
  [desiredAnnotation]: String(deployment.spec.replicas),
  [maxAnnotation]: String(deployment.spec.replicas + maxSurge(deployment)),
});

export const hasSizeAnnotations = (deployment: Deployment, set: ReplicaSet): boolean =>
  Object.entries(sizeAnnotations(deployment)).every(([key, value]) => set.metadata.annotations?.[key] === value);

/**
 * The annotations of the new set: the Deployment's own, the revision, and the set's earlier revisions. Sizes are
 * included only when the set is about to be created.
 */
export function newSetAnnotations(deployment: Deployment, present: Annotations, revision: bigint, exists: boolean): Annotations {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  const annotations: Record<string, string> = { ...present, ...Object.fromEntries(copied) };
  const former = present[revisionAnnotation];
  const before = parseRevision(former === undefined || former === '' ? '0' : former);
  if (before !== undefined && before < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (former !== undefined && former !== '') annotations[historyAnnotation] = withHistory(present[historyAnnotation], former);
  }
  return exists ? annotations : { ...annotations, ...sizeAnnotations(deployment) };
}

/** Appends a revision and drops the oldest ones when the text becomes too long. */
function withHistory(history: string | undefined, revision: string): string {
  const revisions = history === undefined || history === '' ? [] : history.split(',');
  while (revisions.length > 0 && revisions.join(',').length + revision.length + 1 > maxHistoryChars) revisions.shift();
  return [...revisions, revision].join(',');
}
