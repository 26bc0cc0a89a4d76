/** Source: kubectl pkg/describe/describe.go (describePersistentVolume, describePersistentVolumeClaim). */
import type { PersistentVolume, PersistentVolumeClaim, Pod, VolumeNodeAffinity } from '../../../../api/generated/core/v1.ts';
import { accessModesText, storageClassOf } from '../../../../api/kinds/core/storage-text.ts';
import { canonicalQuantity } from '../../../../api/quantity.ts';
import { Description } from '../../output/description.ts';
import { longTime, since, writeAnnotations, writeLabels, writeList } from './common.ts';
import { corePath, type DescribeContext, type Describer, listItems } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { writePersistentSource } from './volumes.ts';

/** As Go prints a list. */
const goList = (texts: readonly string[] | undefined): string => `[${(texts ?? []).join(' ')}]`;

function statusText({ metadata }: PersistentVolume | PersistentVolumeClaim, phase: string, nowMs: number): string {
  const { deletionTimestamp } = metadata;
  return deletionTimestamp === undefined ? phase : `Terminating (lasts ${since(deletionTimestamp, nowMs)})`;
}

/** Writes terms, each with its requirements one below the other. */
export function writeTerms(to: Description, level: number, terms: readonly (readonly string[])[]): void {
  for (const [i, lines] of terms.entries()) {
    to.write(level, `Term ${i}:\t`);
    if (lines.length === 0) to.write(0, '<none>\n');
    for (const [j, line] of lines.entries()) {
      if (j > 0) to.write(level, '\t');
      to.write(0, `${line}\n`);
    }
  }
}

function writeNodeAffinity(to: Description, affinity: VolumeNodeAffinity | undefined): void {
  if (affinity?.required === undefined) {
    to.line(0, 'Node Affinity:', '<none>');
    return;
  }
  const { nodeSelectorTerms } = affinity.required;
  to.write(0, 'Node Affinity:\t\n');
  to.write(1, nodeSelectorTerms.length === 0 ? 'Required Terms:\t<none>\n' : 'Required Terms:\t\n');
  const texts = nodeSelectorTerms.map(({ matchExpressions = [] }) =>
    matchExpressions.map(({ key, operator, values = [] }) => {
      const head = `${key} ${operator.toLowerCase()}`;
      return values.length === 0 ? head : `${head} [${values.join(', ')}]`;
    }),
  );
  writeTerms(to, 2, texts);
}

export const describePersistentVolume: Describer = async (object, context) => {
  const volume = object as unknown as PersistentVolume; // the API's answer for this resource
  const { metadata, spec, status } = volume;
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.line(0, 'Finalizers:', goList(metadata.finalizers));
  to.line(0, 'StorageClass:', storageClassOf(volume));
  to.line(0, 'Status:', statusText(volume, status.phase, context.nowMs));
  to.line(0, 'Claim:', spec.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`);
  to.line(0, 'Reclaim Policy:', spec.persistentVolumeReclaimPolicy);
  to.line(0, 'Access Modes:', accessModesText(spec.accessModes));
  to.line(0, 'VolumeMode:', spec.volumeMode);
  to.line(0, 'Capacity:', canonicalQuantity(spec.capacity?.storage ?? '0'));
  writeNodeAffinity(to, spec.nodeAffinity);
  to.line(0, 'Message:', status.message ?? '');
  to.write(0, 'Source:\n');
  writePersistentSource(to, spec);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};

/** The names of the Pods that use a claim, and of those that it was made for. */
async function users({ metadata }: PersistentVolumeClaim, context: DescribeContext): Promise<readonly string[]> {
  const pods = await listItems<Pod>(context, corePath(metadata.namespace ?? '', 'pods'));
  const owners = new Set((metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Pod').map(({ uid }) => uid));
  const uses = ({ spec }: Pod): boolean =>
    (spec.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === metadata.name);
  return pods
    .filter((pod) => uses(pod) || owners.has(pod.metadata.uid))
    .map((pod) => pod.metadata.name)
    .toSorted();
}

export const describePersistentVolumeClaim: Describer = async (object, context) => {
  const claim = object as unknown as PersistentVolumeClaim; // the API's answer for this resource
  const { metadata, spec, status } = claim;
  const isBound = (spec.volumeName ?? '') !== '';
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  to.line(0, 'StorageClass:', storageClassOf(claim));
  to.line(0, 'Status:', statusText(claim, status.phase, context.nowMs));
  to.line(0, 'Volume:', spec.volumeName ?? '');
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.line(0, 'Finalizers:', goList(metadata.finalizers));
  to.line(0, 'Capacity:', isBound ? canonicalQuantity(status.capacity?.storage ?? '0') : '');
  to.line(0, 'Access Modes:', isBound ? accessModesText(status.accessModes) : '');
  to.line(0, 'VolumeMode:', spec.volumeMode);
  if (spec.dataSource !== undefined) {
    to.write(0, 'DataSource:\n');
    if (spec.dataSource.apiGroup != null) to.line(1, 'APIGroup:', spec.dataSource.apiGroup);
    to.line(1, 'Kind:', spec.dataSource.kind);
    to.line(1, 'Name:', spec.dataSource.name);
  }
  writeList(to, 'Used By', await users(claim, context));
  writeConditions(to, status.conditions ?? []);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};

function writeConditions(to: Description, conditions: NonNullable<PersistentVolumeClaim['status']['conditions']>): void {
  if (conditions.length === 0) return;
  to.write(0, 'Conditions:\n');
  to.line(1, 'Type', 'Status', 'LastProbeTime', 'LastTransitionTime', 'Reason', 'Message');
  to.line(1, '----', '------', '-----------------', '------------------', '------', '-------');
  for (const { type, status, lastProbeTime, lastTransitionTime, reason, message } of conditions) {
    const cells = [`${status} `, `${longTime(lastProbeTime)} `, `${longTime(lastTransitionTime)} `, `${reason ?? ''} `];
    to.line(1, `${type} `, ...cells, message ?? '');
  }
}
