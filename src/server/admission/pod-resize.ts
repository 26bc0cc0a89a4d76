/**
 * PodResizeValidator: refuses a resize that the pod's node could never grant. Source:
 * plugin/pkg/admission/podresize/admission.go.
 */
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { podRequests } from '../../api/pod/resources.ts';
import { compareQuantity, toMilli, toUnits, tryParseQuantity, zeroQuantity } from '../../api/quantity.ts';
import { StatusError } from '../../api/status-error.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

/** Makes the plugin. Nodes are read from the store. */
export function podResizeValidator(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodResizeValidator',
    validate(attributes) {
      const { operation, kind, subresource, object, oldObject } = attributes;
      if (operation !== 'UPDATE' || kind.resourceName !== 'pods' || subresource !== 'resize') return;
      // Only Pods are written to this sub-resource.
      const pod = object as Pod;
      const { nodeName } = pod.spec;
      if (nodeName === undefined || nodeName === '' || pod.metadata.generation === (oldObject as Pod).metadata.generation) return;
      // Only Nodes are stored under this resource name.
      const node = reader.get('nodes', '', nodeName) as Node | undefined;
      if (node === undefined) throw admissionForbidden(attributes, `node ${JSON.stringify(nodeName)} not found`);
      const system = node.metadata.labels?.['kubernetes.io/os'] ?? 'linux';
      if (system !== 'linux') {
        const cause = `pod resize is only supported on linux nodes, node ${JSON.stringify(nodeName)} is ${JSON.stringify(system)}`;
        throw refused(attributes, cause, 'UnsupportedPlatform');
      }
      const lacking = lackingResources(pod, node);
      if (lacking.length === 0) return;
      throw refused(attributes, `node didn't have enough allocatable resources: ${lacking.join('; ')}`, 'NodeCapacity');
    },
  };
}

function lackingResources(pod: Pod, { status }: Node): readonly string[] {
  const requests = podRequests(pod);
  const lacking = (name: 'cpu' | 'memory', amountOf: typeof toMilli): readonly string[] => {
    const [requested, allocatable] = [requests.get(name) ?? zeroQuantity, tryParseQuantity(status.allocatable?.[name]) ?? zeroQuantity];
    if (compareQuantity(requested, allocatable) <= 0) return [];
    return [`${name}, requested: ${amountOf(requested)}, allocatable: ${amountOf(allocatable)}`];
  };
  return [...lacking('cpu', toMilli), ...lacking('memory', toUnits)];
}

function refused(attributes: AdmissionAttributes, text: string, reason: string): StatusError {
  const { status } = admissionForbidden(attributes, text);
  return new StatusError({ ...status, details: { ...status.details, causes: [{ reason }] } });
}
