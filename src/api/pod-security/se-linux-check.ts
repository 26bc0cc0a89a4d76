/** SELinux types other than those of containers, and any user or role. Source: policy/check_seLinuxOptions.go. */
import type { SELinuxOptions } from '../generated/core/v1.ts';
import { type CheckedPod, containersOf, counted, namesWhere, settersText, sortedSet, type Violation } from './check.ts';

export const seLinuxOptions = (allowedTypes: readonly string[]) => {
  const isBad = (options: SELinuxOptions | undefined): options is SELinuxOptions =>
    options !== undefined && (!allowedTypes.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role));
  return (pod: CheckedPod): Violation | undefined => {
    const ofPod = pod.spec.securityContext?.seLinuxOptions;
    const setters = settersText(
      isBad(ofPod),
      namesWhere(pod, ({ securityContext }) => isBad(securityContext?.seLinuxOptions)),
    );
    if (setters === '') return undefined;
    const bad = [ofPod, ...containersOf(pod.spec).map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(isBad);
    const types = sortedSet(bad.map(({ type = '' }) => type).filter((type) => !allowedTypes.includes(type)));
    const data = [
      ...(types.length === 0 ? [] : [counted('type', types)]),
      ...(bad.some(({ user }) => Boolean(user)) ? ['user may not be set'] : []),
      ...(bad.some(({ role }) => Boolean(role)) ? ['role may not be set'] : []),
    ];
    return { reason: 'seLinuxOptions', detail: `${setters} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}` };
  };
};
