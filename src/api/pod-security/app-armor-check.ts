/** AppArmor profiles other than the runtime's own and local ones. Source: policy/check_appArmorProfile.go. */
import {
  type AnyContainer,
  type CheckedPod,
  containersOf,
  joinQuoted,
  namesWhere,
  settersText,
  sortedSet,
  type Violation,
} from './check.ts';

const annotationPrefix = 'container.apparmor.security.beta.kubernetes.io/';

interface WithProfile {
  readonly appArmorProfile?: { readonly type: string } | undefined;
}

const badType = (context: WithProfile | undefined): readonly string[] => {
  const type = context?.appArmorProfile?.type;
  return type === undefined || type === 'RuntimeDefault' || type === 'Localhost' ? [] : [type];
};

const badTypeOf = ({ securityContext }: AnyContainer): readonly string[] => badType(securityContext);

const forbiddenAnnotations = ({ annotations }: CheckedPod): readonly string[] =>
  Object.entries(annotations ?? {})
    .filter(
      ([key, value]) =>
        key.startsWith(annotationPrefix) && !(value === '' || value === 'runtime/default' || value.startsWith('localhost/')),
    )
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();

export function appArmorProfile(pod: CheckedPod): Violation | undefined {
  const ofPod = badType(pod.spec.securityContext);
  const fields = settersText(
    ofPod.length > 0,
    namesWhere(pod, (container) => badTypeOf(container).length > 0),
  );
  const annotations = forbiddenAnnotations(pod);
  if (fields === '' && annotations.length === 0) return undefined;
  const annotationWord = annotations.length === 1 ? 'annotation' : 'annotations';
  const setters = [...(fields === '' ? [] : [fields]), ...(annotations.length === 0 ? [] : [annotationWord])].join(' and ');
  const values = [...sortedSet([...ofPod, ...containersOf(pod.spec).flatMap(badTypeOf)]), ...annotations];
  return {
    reason: values.length === 1 ? 'forbidden AppArmor profile' : 'forbidden AppArmor profiles',
    detail: `${setters} must not set AppArmor profile type to ${joinQuoted(values)}`,
  };
}
