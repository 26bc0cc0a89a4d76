/** Source: kubectl pkg/describe/describe.go (describePod). */
import type { Container, Pod } from '../../../../api/generated/core/v1.ts';
import { qosClass } from '../../../../api/pod/resources.ts';
import { Description } from '../../output/description.ts';
import { longTime, since, writeAnnotations, writeController, writeLabels } from './common.ts';
import { writeContainers, writeResources } from './containers.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { writeSpread, writeTolerations } from './scheduling.ts';
import { writeVolumes } from './volumes.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';

const set = (text: string | undefined): text is string => text !== undefined && text !== '';

function writeHead(to: Description, { metadata, spec, status }: Pod): void {
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  if (spec.priority !== undefined) to.line(0, 'Priority:', spec.priority);
  if (set(spec.priorityClassName)) to.line(0, 'Priority Class Name:', spec.priorityClassName);
  if (set(spec.runtimeClassName)) to.line(0, 'Runtime Class Name:', spec.runtimeClassName);
  if (set(spec.serviceAccountName)) to.line(0, 'Service Account:', spec.serviceAccountName);
  to.line(0, 'Node:', set(spec.nodeName) ? `${spec.nodeName}/${status.hostIP ?? ''}` : '<none>');
  if (set(status.startTime ?? undefined)) to.line(0, 'Start Time:', longTime(status.startTime));
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
}

function writeStatus(to: Description, { metadata, spec, status }: Pod, nowMs: number): void {
  const deleted = metadata.deletionTimestamp;
  if (set(deleted ?? undefined) && status.phase !== 'Failed' && status.phase !== 'Succeeded') {
    to.line(0, 'Status:', `Terminating (lasts ${since(deleted, nowMs)})`);
    to.line(0, 'Termination Grace Period:', `${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else to.line(0, 'Status:', status.phase ?? '');
  if (set(status.reason)) to.line(0, 'Reason:', status.reason);
  if (set(status.message)) to.line(0, 'Message:', status.message);
  const profile = spec.securityContext?.seccompProfile;
  if (profile !== undefined) to.line(0, 'SeccompProfile:', profile.type);
  if (profile?.type === 'Localhost') to.line(0, 'LocalhostProfile:', profile.localhostProfile ?? '');
  to.line(0, 'IP:', status.podIP ?? '');
  const ips = status.podIPs ?? [];
  to.write(0, ips.length === 0 ? 'IPs:\t<none>\n' : 'IPs:\n');
  for (const { ip } of ips) to.line(1, 'IP:', ip);
}

function writeAllContainers(to: Description, pod: Pod): void {
  const { spec, status } = pod;
  if ((spec.initContainers ?? []).length > 0)
    writeContainers(to, 'Init Containers', spec.initContainers ?? [], { pod, statuses: status.initContainerStatuses });
  writeContainers(to, 'Containers', spec.containers, { pod, statuses: status.containerStatuses });
  if ((spec.ephemeralContainers ?? []).length === 0) return;
  // An ephemeral container has the fields of a container that descriptions show.
  const ephemeral = (spec.ephemeralContainers ?? []) as readonly unknown[] as readonly Container[];
  writeContainers(to, 'Ephemeral Containers', ephemeral, { pod, statuses: status.ephemeralContainerStatuses });
}

function writeConditions(to: Description, { spec, status }: Pod): void {
  const conditions = status.conditions ?? [];
  const gates = spec.readinessGates ?? [];
  if (gates.length > 0) to.write(0, 'Readiness Gates:\n  Type\tStatus\n');
  for (const { conditionType } of gates)
    to.write(1, `${conditionType} \t${conditions.find((c) => c.type === conditionType)?.status ?? '<none>'} \n`);
  if (conditions.length > 0) to.write(0, 'Conditions:\n  Type\tStatus\n');
  for (const condition of conditions) to.write(1, `${condition.type} \t${condition.status} \n`);
}

export const describePod: Describer = async (object, context) => {
  const pod = object as unknown as Pod; // the API's answer for this resource
  const { metadata, spec, status } = pod;
  const to = new Description();
  writeHead(to, pod);
  writeStatus(to, pod, context.nowMs);
  writeController(to, metadata);
  if (set(status.nominatedNodeName)) to.line(0, 'NominatedNodeName:', status.nominatedNodeName);
  if (spec.resources !== undefined) {
    to.write(0, 'Resources:\n');
    writeResources(to, spec.resources, 1);
  }
  writeAllContainers(to, pod);
  writeConditions(to, pod);
  writeVolumes(to, spec.volumes);
  to.line(0, 'QoS Class:', qosClass(pod));
  writeLabels(to, 'Node-Selectors', spec.nodeSelector);
  writeTolerations(to, 'Tolerations', spec.tolerations);
  writeSpread(to, spec.topologySpreadConstraints);
  const mirror = metadata.annotations?.[mirrorAnnotation];
  const subject = subjectOf(object);
  await writeEventsOf(to, context, { ...subject, kind: undefined, uid: mirror ?? subject.uid });
  return to.toString();
};
