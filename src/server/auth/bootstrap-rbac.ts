/**
 * Makes the bootstrap policy's roles and bindings at each start, and gives back what they have lost: rules, subjects,
 * labels. What users have added stays, and so do objects whose annotation asks for it. Only what differs is written.
 * Source: pkg/registry/rbac/rest/storage_rbac.go (ensureRBACPolicy), component-helpers auth/rbac/reconciliation.
 */
import { deepEqual } from '../../api/deep-equal.ts';
import type { Subject } from '../../api/generated/rbac/v1.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { asJson } from '../../api/object-fields.ts';
import { uncovered } from '../../api/rule-cover.ts';
import type { MutateOptions, Registry, RequestContext, Target } from '../registry/registry.ts';
import { autoUpdateAnnotation, bootstrapObjects, type PolicyObject } from './bootstrap-objects.ts';

const group = 'rbac.authorization.k8s.io';
const mutate: MutateOptions = { dryRun: false, fieldManager: 'kube-apiserver', fieldValidation: 'Ignore' };

export interface BootstrapRbacOptions {
  readonly registry: Registry;
  /** May do everything. */
  readonly context: RequestContext;
  /** The stored object. */
  read(resourceName: string, namespace: string, name: string): KubeObject | undefined;
}

/** Rejects with StatusError when the store cannot be written. */
export async function bootstrapRbac(options: BootstrapRbacOptions): Promise<void> {
  // All at once, so that they share a transaction.
  await Promise.all(bootstrapObjects().map((expected) => ensure(options, expected)));
}

async function ensure({ registry, context, read }: BootstrapRbacOptions, expected: PolicyObject): Promise<void> {
  const { name, namespace = '' } = expected.metadata;
  const target = { kind: kindOf(registry, expected), namespace, name, subresource: '' };
  const create = (): Promise<unknown> => registry.create(context, { ...target, name: '' }, bodyOf(expected), mutate);
  const existing = read(target.kind.resourceName, namespace, name);
  if (existing === undefined) {
    await create();
    return;
  }
  if (existing.metadata.annotations?.[autoUpdateAnnotation] === 'false') return;
  if (refersElsewhere(existing, expected)) await recreate(registry, context, target, create);
  else {
    const wanted = reconciled(existing, expected);
    if (wanted !== undefined) await registry.update(context, target, bodyOf(wanted), mutate);
  }
}

/** What a binding refers to cannot be changed. */
async function recreate(registry: Registry, context: RequestContext, target: Target, create: () => Promise<unknown>): Promise<void> {
  await registry.delete(context, target, {});
  await create();
}

const bodyOf = (object: object) => ({ json: asJson(object as KubeObject), text: undefined });

function kindOf({ kinds }: Registry, { kind }: PolicyObject): AnyKind {
  const found = kinds.byKind(group, 'v1', kind);
  if (found === undefined) throw new Error(`the kind ${kind} is not served`);
  return found;
}

/** A stored role or binding: only the members of its own kind are present. */
type Stored = KubeObject & Omit<PolicyObject, 'metadata'>;

const refersElsewhere = (existing: Stored, { roleRef }: PolicyObject): boolean => !deepEqual(existing.roleRef, roleRef);

/** The object with what it lacks; undefined when it lacks nothing. */
function reconciled(existing: Stored, expected: PolicyObject): Stored | undefined {
  const { metadata } = existing;
  const lacking = uncovered(existing.rules ?? [], expected.rules ?? []);
  const subjects = (expected.subjects ?? []).filter((one) => !(existing.subjects ?? []).some((other) => sameSubject(one, other)));
  const selectors = (expected.aggregationRule?.clusterRoleSelectors ?? []).filter(
    (one) => !(existing.aggregationRule?.clusterRoleSelectors ?? []).some((other) => deepEqual(one, other)),
  );
  const labels = { ...expected.metadata.labels, ...metadata.labels };
  const annotations = { ...expected.metadata.annotations, ...metadata.annotations };
  const unexpected = existing.aggregationRule !== undefined && expected.aggregationRule === undefined;
  const complete = lacking.length + subjects.length + selectors.length === 0 && !unexpected;
  if (complete && deepEqual(labels, metadata.labels) && deepEqual(annotations, metadata.annotations)) return undefined;
  const { aggregationRule: _, ...rest } = existing;
  const all = [...(existing.aggregationRule?.clusterRoleSelectors ?? []), ...selectors];
  return {
    ...rest,
    metadata: { ...metadata, labels, annotations },
    ...(lacking.length === 0 ? {} : { rules: [...(existing.rules ?? []), ...lacking] }),
    ...(subjects.length === 0 ? {} : { subjects: [...(existing.subjects ?? []), ...subjects] }),
    ...(expected.aggregationRule === undefined ? {} : { aggregationRule: { clusterRoleSelectors: all } }),
  };
}

const sameSubject = (a: Subject, b: Subject): boolean =>
  a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '') && (a.apiGroup ?? '') === (b.apiGroup ?? '');
