/**
 * RuntimeClass: gives pods the overhead and the scheduling rules of their class. Source:
 * plugin/pkg/admission/runtimeclass/admission.go.
 */
import { deepEqual } from '../../api/deep-equal.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import type { RuntimeClass } from '../../api/generated/node/v1.ts';
import { unaskableName } from '../../api/names.ts';
import { mergedTolerations } from '../../api/pod/merge-tolerations.ts';
import { StatusError } from '../../api/status-error.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';
import { createdPod, withSpec } from './pod-admission.ts';

const resourceName = 'runtimeclasses.node.k8s.io';

/** Makes the plugin. Classes are read from the store. */
export function runtimeClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    leavesDefaults: true,
    admit(attributes) {
      const pod = createdPod(attributes);
      if (pod === undefined) return undefined;
      const found = classOf(reader, pod, attributes);
      return found === undefined ? pod : withScheduling(withOverhead(pod, found, attributes), found, attributes);
    },
    validate(attributes) {
      const pod = createdPod(attributes);
      if (pod === undefined) return;
      const overhead = classOf(reader, pod, attributes)?.overhead;
      if (overhead === undefined && pod.spec.overhead !== undefined) {
        throw admissionForbidden(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
      // A webhook may have changed it.
      if (overhead !== undefined && !deepEqual(overhead.podFixed, pod.spec.overhead)) throw mismatch(attributes);
    },
  };
}

function classOf(reader: ObjectReader, { spec }: Pod, attributes: AdmissionAttributes): RuntimeClass | undefined {
  const name = spec.runtimeClassName;
  if (name === undefined) return undefined;
  const found = reader.get(resourceName, '', name);
  // Upstream asks the API for a class that it does not know, and passes on that it cannot.
  const unaskable = found === undefined ? unaskableName(name) : undefined;
  if (unaskable !== undefined) throw new StatusError({ code: 500, message: unaskable });
  if (found === undefined) throw admissionForbidden(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  // Only RuntimeClasses are stored under this resource name.
  return found as unknown as RuntimeClass;
}

function withOverhead(pod: Pod, { overhead }: RuntimeClass, attributes: AdmissionAttributes): Pod {
  if (overhead === undefined) return pod;
  const stated = pod.spec.overhead;
  if (stated !== undefined && !deepEqual(stated, overhead.podFixed)) {
    throw mismatch(attributes);
  }
  return overhead.podFixed === undefined ? pod : withSpec(pod, { overhead: overhead.podFixed });
}

function withScheduling(pod: Pod, { scheduling }: RuntimeClass, attributes: AdmissionAttributes): Pod {
  if (scheduling === undefined) return pod;
  const own = pod.spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const stated = own[key];
    if (stated === undefined || stated === value) continue;
    const cause = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${stated}`;
    throw admissionForbidden(attributes, cause);
  }
  const nodeSelector = { ...own, ...scheduling.nodeSelector };
  const tolerations = mergedTolerations(pod.spec.tolerations ?? [], scheduling.tolerations ?? []);
  return withSpec(pod, {
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
  });
}

const mismatch = (attributes: AdmissionAttributes): StatusError =>
  admissionForbidden(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
