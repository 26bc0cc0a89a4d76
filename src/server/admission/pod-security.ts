/**
 * PodSecurity: holds pods to the level that the labels of their namespace demand. Pods are refused; the templates of
 * workloads only cause warnings, and so do the pods that are there already when a namespace's labels change. Source:
 * pod-security-admission admission/admission.go, plugin/pkg/admission/security/podsecurity/admission.go.
 */
import { deepEqual } from '../../api/deep-equal.ts';
import { type FieldError, renderFieldError } from '../../api/field-error.ts';
import type { Namespace, Pod } from '../../api/generated/core/v1.ts';
import { violationDetails, violations } from '../../api/pod-security/evaluate.ts';
import {
  compareLevels,
  equivalentPolicies,
  isFullyPrivileged,
  type LevelVersion,
  levelVersionText,
  type PodSecurityPolicy,
  podSecurityPrefix,
  policyOf,
  privilegedPolicy,
  sameLevelVersion,
} from '../../api/pod-security/policy.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { aggregated } from './aggregate.ts';
import type { ObjectReader } from './object-reader.ts';
import { existingPodWarnings } from './pod-security-namespace.ts';
import { hasPodTemplate, type PodParts, podTemplateOf } from './pod-templates.ts';

/** Who and what is not checked at all. */
export interface PodSecurityExemptions {
  readonly usernames: readonly string[];
  readonly namespaces: readonly string[];
  readonly runtimeClasses: readonly string[];
}

export interface PodSecurityOptions {
  readonly reader: ObjectReader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Applies where labels are silent. Default: everything is allowed. */
  readonly defaults?: PodSecurityPolicy;
  /** Default: none. */
  readonly exemptions?: PodSecurityExemptions;
}

type FoundPolicy = ReturnType<typeof policyOf>;

const noExemptions: PodSecurityExemptions = { usernames: [], namespaces: [], runtimeClasses: [] };

/** All other sub-resources of pods take a Pod, so that one that is yet unknown is checked. */
const ignoredSubresources: ReadonlySet<string> = new Set([
  ...['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'],
]);

/** Makes the plugin. */
export function podSecurity(options: PodSecurityOptions): AdmissionPlugin {
  const judge = new PodSecurityJudge(options);
  return {
    name: 'PodSecurity',
    validate(attributes) {
      const { operation, kind, subresource } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      const { resourceName } = kind;
      if (resourceName === 'pods') {
        if (!ignoredSubresources.has(subresource)) judge.pod(attributes);
      } else if (subresource === '') {
        if (resourceName === 'namespaces') judge.namespace(attributes);
        else if (hasPodTemplate(resourceName)) judge.template(attributes);
      }
    },
  };
}

class PodSecurityJudge {
  readonly #reader: ObjectReader;
  readonly #now: () => number;
  readonly #defaults: PodSecurityPolicy;
  readonly #exemptions: PodSecurityExemptions;

  constructor({ reader, now, defaults = privilegedPolicy, exemptions = noExemptions }: PodSecurityOptions) {
    this.#reader = reader;
    this.#now = now;
    this.#defaults = defaults;
    this.#exemptions = exemptions;
  }

  pod(attributes: AdmissionAttributes): void {
    if (this.#isExempt(attributes)) return;
    const found = this.#policyOf(attributes);
    if (found.errors.length === 0 && isFullyPrivileged(found.policy)) {
      annotate(attributes, 'enforce-policy', levelVersionText(privilegedPolicy.enforce));
      return;
    }
    // Only Pods are written to this resource, and to these sub-resources.
    const pod = attributes.object as Pod;
    if (attributes.operation === 'UPDATE' && !isSignificant(pod, attributes.oldObject as Pod)) return;
    this.#evaluate(attributes, { annotations: pod.metadata.annotations, spec: pod.spec }, found, true);
  }

  template(attributes: AdmissionAttributes): void {
    if (this.#isExempt(attributes)) return;
    const found = this.#policyOf(attributes);
    const { warn, audit } = found.policy;
    if (found.errors.length === 0 && warn.level === 'privileged' && audit.level === 'privileged') return;
    const parts = attributes.object === undefined ? undefined : podTemplateOf(attributes.kind.resourceName, attributes.object);
    if (parts !== undefined) this.#evaluate(attributes, parts, found, false);
  }

  #evaluate(attributes: AdmissionAttributes, pod: PodParts, { policy, errors }: FoundPolicy, enforcing: boolean): void {
    const { runtimeClassName = '' } = pod.spec;
    if (runtimeClassName !== '' && this.#exemptions.runtimeClasses.includes(runtimeClassName)) {
      annotate(attributes, 'exempt', 'runtimeClass');
      return;
    }
    if (errors.length > 0) annotate(attributes, 'error', `Failed to parse policy: ${aggregated(texts(errors))}`);
    const violated = rememberingJudge(pod);
    if (enforcing) annotate(attributes, 'enforce-policy', levelVersionText(policy.enforce));
    const enforced = enforcing ? violated(policy.enforce) : '';
    const audited = violated(policy.audit);
    if (audited !== '') annotate(attributes, 'audit-violations', `would violate ${audited}`);
    const { kind, name, context } = attributes;
    if (enforced !== '') throw statusErrors.forbidden({ group: kind.group, resource: kind.plural }, name, `violates ${enforced}`);
    const warned = violated(policy.warn);
    if (warned !== '') context.warn(`would violate ${warned}`);
  }

  namespace(attributes: AdmissionAttributes): void {
    // Only Namespaces are stored under this resource name.
    const next = attributes.object as Namespace;
    const previous = attributes.oldObject as Namespace | undefined;
    const { policy, errors } = policyOf(next.metadata.labels, this.#defaults);
    const before = previous === undefined ? undefined : policyOf(previous.metadata.labels, this.#defaults);
    if (errors.length > 0 && !(before !== undefined && deepEqual(texts(errors), texts(before.errors)))) {
      throw statusErrors.invalid({ group: '', kind: 'Namespace' }, attributes.name, errors);
    }
    if (before !== undefined && !isTightened(policy.enforce, before.policy.enforce)) return;
    if (this.#exemptions.namespaces.includes(attributes.namespace)) {
      this.#warnOfExemption(attributes, policy, next.metadata.labels ?? {});
    } else if (before !== undefined) {
      const existing = { reader: this.#reader, now: this.#now, exemptRuntimeClasses: this.#exemptions.runtimeClasses };
      const warnings = existingPodWarnings({ ...existing, namespace: next.metadata.name, enforce: policy.enforce });
      for (const warning of warnings) attributes.context.warn(warning);
    }
  }

  /** For labels that have no effect. */
  #warnOfExemption({ context, name }: AdmissionAttributes, policy: PodSecurityPolicy, labels: Readonly<Record<string, string>>): void {
    if (isFullyPrivileged(policy) || equivalentPolicies(policy, this.#defaults)) return;
    const stated = (['enforce', 'audit', 'warn'] as const).filter(
      (mode) =>
        policy[mode].level !== 'privileged' &&
        (labels[`${podSecurityPrefix}${mode}`] !== undefined || labels[`${podSecurityPrefix}${mode}-version`] !== undefined),
    );
    const shown = stated.map((mode) => `${mode}=${levelVersionText(policy[mode])}`).join(', ');
    context.warn(`namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${shown}) will be ignored`);
  }

  #policyOf({ namespace }: AdmissionAttributes): FoundPolicy {
    // NamespaceLifecycle has refused objects of absent namespaces; only Namespaces are stored under this resource name.
    const found = this.#reader.get('namespaces', '', namespace) as Namespace | undefined;
    return policyOf(found?.metadata.labels, this.#defaults);
  }

  #isExempt(attributes: AdmissionAttributes): boolean {
    const { namespaces, usernames } = this.#exemptions;
    const reason = namespaces.includes(attributes.namespace) ? 'namespace' : usernames.includes(attributes.context.user.name) ? 'user' : '';
    if (reason !== '') annotate(attributes, 'exempt', reason);
    return reason !== '';
  }
}

const annotate = ({ context }: AdmissionAttributes, key: string, value: string): void => {
  context.annotate?.(`${podSecurityPrefix}${key}`, value);
};

const texts = (errors: readonly FieldError[]): readonly string[] => errors.map(renderFieldError);

/**
 * Tells what a message says after "violate"; '' when the pod is allowed. Modes mostly have the same level, which is
 * judged once.
 */
function rememberingJudge(pod: PodParts): (by: LevelVersion) => string {
  const judged = new Map<string, string>();
  return (by) => {
    const level = levelVersionText(by);
    const known = judged.get(level);
    if (known !== undefined) return known;
    const found = violations(by, pod);
    const text = found.length === 0 ? '' : `PodSecurity ${JSON.stringify(level)}: ${violationDetails(found)}`;
    judged.set(level, text);
    return text;
  };
}

/** Whether pods that were allowed may now be forbidden. */
const isTightened = (next: LevelVersion, previous: LevelVersion): boolean =>
  !sameLevelVersion(next, previous) &&
  next.level !== 'privileged' &&
  (next.version !== previous.version || compareLevels(next.level, previous.level) > 0);

/** Whether an update changes what checks look at: of what may change in a pod, images and new containers. */
function isSignificant({ spec: next }: Pod, { spec: previous }: Pod): boolean {
  const { initContainers = [], containers, ephemeralContainers = [] } = next;
  const { initContainers: oldInit = [], containers: oldContainers, ephemeralContainers: oldEphemeral = [] } = previous;
  if (containers.length !== oldContainers.length || initContainers.length !== oldInit.length) return true;
  return (
    containers.some(({ image }, index) => image !== oldContainers[index]?.image) ||
    initContainers.some(({ image }, index) => image !== oldInit[index]?.image) ||
    ephemeralContainers.some(({ name, image }) => image !== oldEphemeral.find((old) => old.name === name)?.image)
  );
}
