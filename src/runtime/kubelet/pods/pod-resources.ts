/** A pod with other resources than its spec asks for. */
import type { Container as ContainerSpec, Pod } from '../../../api/generated/core/v1.ts';
import type { StatusInput } from './status-input.ts';

/** The pod with the resources that it was granted, or with those that are in force. */
export function podWithResources(
  { pod, granted, inForce, podLevel }: Pick<StatusInput, 'granted' | 'inForce' | 'pod' | 'podLevel'>,
  level: 'granted' | 'inForce',
): Pod {
  const { containers, initContainers, resources: asked, ...spec } = pod.spec;
  const own = podLevel.known ? podLevel[level] : asked;
  const sized = (container: ContainerSpec): ContainerSpec => {
    const allocated = granted.get(container.name) ?? container.resources;
    return { ...container, resources: level === 'inForce' ? (inForce.get(container.name)?.own ?? allocated) : allocated };
  };
  return {
    ...pod,
    spec: {
      ...spec,
      containers: containers.map(sized),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(sized) }),
      ...(own === undefined ? {} : { resources: own }),
    },
  };
}
