/** Priority: resolves a pod's priority class to its number. Source: plugin/pkg/admission/priority/admission.go. */
import type { Pod } from '../../api/generated/core/v1.ts';
import type { PriorityClass } from '../../api/generated/scheduling/v1.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';
import { createdPod, withSpec, writtenPod } from './pod-admission.ts';

interface Resolved {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: 'PreemptLowerPriority' | 'Never';
}

const resourceName = 'priorityclasses.scheduling.k8s.io';
const builtIn: readonly Resolved[] = [
  { name: 'system-cluster-critical', value: 2_000_000_000, preemptionPolicy: 'PreemptLowerPriority' },
  { name: 'system-node-critical', value: 2_000_001_000, preemptionPolicy: 'PreemptLowerPriority' },
];
const none: Resolved = { name: '', value: 0, preemptionPolicy: 'PreemptLowerPriority' };

const resolved = ({ metadata, value, preemptionPolicy }: PriorityClass): Resolved => ({
  name: metadata.name,
  value,
  preemptionPolicy: preemptionPolicy === 'Never' ? 'Never' : 'PreemptLowerPriority',
});

/** Makes the plugin. Classes are read from the store; the two system classes always exist. */
export function priority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'Priority',
    leavesDefaults: true,
    admit(attributes) {
      const created = createdPod(attributes);
      if (created !== undefined) return prioritized(reader, created, attributes);
      const pod = writtenPod(attributes);
      // Only Pods are stored under this resource name.
      const previous = attributes.oldObject as Pod | undefined;
      if (pod === undefined || previous === undefined) return undefined;
      const { priority: value, preemptionPolicy } = previous.spec;
      return withSpec(pod, {
        ...(pod.spec.priority === undefined && value !== undefined ? { priority: value } : {}),
        ...(pod.spec.preemptionPolicy === undefined && preemptionPolicy !== undefined ? { preemptionPolicy } : {}),
      });
    },
    validate(attributes) {
      const { operation, kind, subresource, object } = attributes;
      if (kind.resourceName !== resourceName || subresource !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      // Only PriorityClasses are stored under this resource name.
      const { globalDefault, metadata } = object as PriorityClass;
      const existing = globalDefault === true ? defaultClass(reader) : undefined;
      if (existing === undefined || (operation === 'UPDATE' && existing.metadata.name === metadata.name)) return;
      const cause = `PriorityClass ${existing.metadata.name} is already marked as default. Only one default can exist`;
      throw admissionForbidden(attributes, cause);
    },
  };
}

function prioritized(reader: ObjectReader, pod: Pod, attributes: AdmissionAttributes): Pod {
  const { priorityClassName, priority: asked, preemptionPolicy } = pod.spec;
  const found = priorityClassName ? classNamed(reader, priorityClassName) : globalDefault(reader);
  if (found === undefined) throw admissionForbidden(attributes, `no PriorityClass with name ${priorityClassName} was found`);
  if (asked !== undefined && asked !== found.value) {
    const cause = `the integer value of priority (${asked}) must not be provided in pod spec; priority admission controller computed ${found.value} from the given PriorityClass name`;
    throw admissionForbidden(attributes, cause);
  }
  if (preemptionPolicy !== undefined && preemptionPolicy !== found.preemptionPolicy) {
    const cause = `the string value of PreemptionPolicy (${preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${found.preemptionPolicy} from the given PriorityClass name`;
    throw admissionForbidden(attributes, cause);
  }
  return withSpec(pod, {
    priority: found.value,
    preemptionPolicy: found.preemptionPolicy,
    ...(found.name === '' ? {} : { priorityClassName: found.name }),
  });
}

function classNamed(reader: ObjectReader, name: string): Resolved | undefined {
  // Only PriorityClasses are stored under this resource name.
  const stored = reader.get(resourceName, '', name) as PriorityClass | undefined;
  return stored === undefined ? builtIn.find((known) => known.name === name) : resolved(stored);
}

function globalDefault(reader: ObjectReader): Resolved {
  const found = defaultClass(reader);
  return found === undefined ? none : resolved(found);
}

/** The global default; if several classes are marked so, the one with the lowest value. */
function defaultClass(reader: ObjectReader): PriorityClass | undefined {
  // Only PriorityClasses are stored under this resource name.
  const defaults = (reader.list(resourceName) as readonly PriorityClass[]).filter((known) => known.globalDefault === true);
  return defaults.toSorted((a, b) => a.value - b.value)[0];
}
