/** Warnings about the ports of a Pod's containers. Source: pkg/api/pod/warnings.go, warningsForPodSpecAndMeta. */
import type { FieldPath } from '../../field-error.ts';
import type { ContainerPort, PodSpec } from '../../generated/core/v1.ts';
import { containersOf } from './windows.ts';

/**
 * The most pairs that are compared; no Pod that runs has more. Differs: upstream compares all pairs, so its time grows
 * with the square of their number.
 */
const maxComparisons = 200_000;

/** Go's `%+v` of a port. */
const shown = ({ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;

/** How two definitions of the same port and protocol conflict; undefined when they do not. */
function conflict(port: ContainerPort, other: ContainerPort): string | undefined {
  const { hostIP = '', hostPort = 0 } = port;
  const { hostIP: otherIP = '', hostPort: otherPort = 0 } = other;
  if (hostIP === otherIP && hostPort === otherPort) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  return hostPort === otherPort && (hostIP === '') !== (otherIP === '') ? 'dangerously ambiguous' : undefined;
}

function definitionWarnings(spec: PodSpec, at: FieldPath): readonly string[] {
  const warnings: string[] = [];
  const known = new Map<string, Array<readonly [ContainerPort, FieldPath]>>();
  let comparisons = 0;
  for (const [{ ports }, path] of containersOf(spec, at)) {
    for (const [i, port] of (ports ?? []).entries()) {
      const here = path.field('ports').index(i);
      if ((port.hostIP ?? '') !== '' && (port.hostPort ?? 0) === 0) warnings.push(`${here}: hostIP set without hostPort: ${shown(port)}`);
      const key = `${port.containerPort}/${port.protocol}`;
      const others = known.get(key) ?? [];
      for (const [other, where] of others) {
        comparisons += 1;
        if (comparisons > maxComparisons) return warnings;
        const what = conflict(port, other);
        if (what !== undefined) warnings.push(`${here}: ${what} port definition with ${where}`);
      }
      others.push([port, here]);
      known.set(key, others);
    }
  }
  return warnings;
}

function nameWarnings(spec: PodSpec, at: FieldPath): readonly string[] {
  const warnings: string[] = [];
  const known = new Map<string, FieldPath>();
  for (const [{ ports }, path] of containersOf(spec, at)) {
    for (const [i, { name = '' }] of (ports ?? []).entries()) {
      if (name === '') continue;
      const here = path.field('ports').index(i);
      const other = known.get(name);
      if (other === undefined) known.set(name, here);
      else {
        const use = `services and probes that select ports by name will use ${other}`;
        warnings.push(`${here}: duplicate port name ${JSON.stringify(name)} with ${other}, ${use}`);
      }
    }
  }
  return warnings;
}

export const portWarnings = (spec: PodSpec, at: FieldPath): readonly string[] => [
  ...definitionWarnings(spec, at),
  ...nameWarnings(spec, at),
];
