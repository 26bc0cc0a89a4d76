/** Seccomp profiles of both levels. Source: policy/check_seccompProfile_{baseline,restricted}.go. */
import type { SeccompProfile } from '../generated/core/v1.ts';
import {
  type AnyContainer,
  type CheckedPod,
  type CheckVersion,
  containersOf,
  containersText,
  exceptOnWindows,
  joinQuoted,
  namesWhere,
  settersText,
  sortedSet,
  type Violation,
} from './check.ts';

const podAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerAnnotationPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

const isBadValue = (value: string | undefined): value is string =>
  value !== undefined && value !== 'runtime/default' && value !== 'docker/default' && !value.startsWith('localhost/');

/** Before there were fields, in 1.19. */
function annotations({ annotations: all = {}, spec }: CheckedPod): Violation | undefined {
  const keys = [podAnnotation, ...containersOf(spec).map(({ name }) => containerAnnotationPrefix + name)];
  const bad = sortedSet(
    keys.flatMap((key) => {
      const value = all[key];
      return isBadValue(value) ? [`${key}=${JSON.stringify(value)}`] : [];
    }),
  );
  if (bad.length === 0) return undefined;
  return { reason: 'seccompProfile', detail: `forbidden ${bad.length === 1 ? 'annotation' : 'annotations'} ${bad.join(', ')}` };
}

const badType = (profile: SeccompProfile | undefined): readonly string[] =>
  profile === undefined || profile.type === 'RuntimeDefault' || profile.type === 'Localhost' ? [] : [profile.type];

const badTypeOf = ({ securityContext }: AnyContainer): readonly string[] => badType(securityContext?.seccompProfile);

function fields(pod: CheckedPod): Violation | undefined {
  const ofPod = badType(pod.spec.securityContext?.seccompProfile);
  const setters = settersText(
    ofPod.length > 0,
    namesWhere(pod, (container) => badTypeOf(container).length > 0),
  );
  if (setters === '') return undefined;
  const types = joinQuoted(sortedSet([...ofPod, ...containersOf(pod.spec).flatMap(badTypeOf)]));
  return { reason: 'seccompProfile', detail: `${setters} must not set securityContext.seccompProfile.type to ${types}` };
}

/** What a container leaves unset, the pod must have set. */
function required(pod: CheckedPod): Violation | undefined {
  const bad = fields(pod);
  if (bad !== undefined || pod.spec.securityContext?.seccompProfile !== undefined) return bad;
  const silent = namesWhere(pod, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (silent.length === 0) return undefined;
  const detail = `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return { reason: 'seccompProfile', detail };
}

export const seccompBaseline: readonly CheckVersion[] = [
  { since: 0, judge: annotations },
  { since: 19, judge: fields },
];

export const seccompRestricted: readonly CheckVersion[] = [
  { since: 19, judge: required, replaces: 'seccompProfile_baseline' },
  { since: 25, judge: exceptOnWindows(required), replaces: 'seccompProfile_baseline' },
];
