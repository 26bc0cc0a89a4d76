/**
 * The bootstrap policy as API objects. Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go
 * (addDefaultMetadata, ClusterRoles).
 */
import type { AggregationRule, RoleRef, Subject } from '../../api/generated/rbac/v1.ts';
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapRoleBindings,
  bootstrapRoles,
  metricsReader,
} from './bootstrap-policy.ts';
import type { Binding, PolicyRule } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;

/** Set to `false` on an object of the policy, it keeps minik from reconciling the object at a start. */
export const autoUpdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

/** The roles that a controller fills with the rules of the roles that have a label; and the roles with those labels. */
const aggregated = ['admin', 'edit', 'view'];
const aggregateTo: Readonly<Record<string, readonly string[]>> = {
  edit: ['admin'],
  view: ['edit'],
  'system:aggregate-to-admin': ['admin'],
  'system:aggregate-to-edit': ['edit'],
  'system:aggregate-to-view': ['view'],
  [metricsReader]: aggregated,
};
const aggregationLabels = (roles: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(roles.map((role) => [`${group}/aggregate-to-${role}`, 'true']));

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const metadata = (name: string, namespace = '', labels: Readonly<Record<string, string>> = {}): Metadata => ({
  name,
  ...(namespace === '' ? {} : { namespace }),
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { [autoUpdateAnnotation]: 'true' },
});

function clusterRole(name: string, rules: readonly PolicyRule[]): PolicyObject {
  const to = Object.hasOwn(aggregateTo, name) ? aggregateTo[name] : undefined;
  const meta = metadata(name, '', aggregationLabels(to ?? []));
  return {
    ...{ apiVersion, kind: 'ClusterRole', metadata: meta },
    ...(aggregated.includes(name)
      ? { rules: [], aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregationLabels([name]) }] } }
      : { rules }),
  };
}

const binding = (kind: 'ClusterRoleBinding' | 'RoleBinding', { name, roleRef, subjects }: Binding, namespace = ''): PolicyObject => ({
  ...{ apiVersion, kind, metadata: metadata(name ?? roleRef.name, namespace), roleRef: { apiGroup: group, ...roleRef } },
  ...(subjects.length === 0
    ? {}
    : { subjects: subjects.map((one) => (one.kind === 'ServiceAccount' ? one : { apiGroup: group, ...one })) }),
});

/** A role or a binding of the policy, in its stored form but for the metadata that the server sets. */
export interface PolicyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: AggregationRule;
  readonly roleRef?: RoleRef;
  readonly subjects?: readonly Subject[];
}

/** All objects of the policy: roles first. */
export function bootstrapObjects(): readonly PolicyObject[] {
  const ofNamespaces = <T>(lists: Readonly<Record<string, T>>, make: (namespace: string, list: T) => readonly PolicyObject[]) =>
    Object.entries(lists).flatMap(([namespace, list]) => make(namespace, list));
  return [
    ...Object.entries(bootstrapClusterRoles).map(([name, rules]) => clusterRole(name, rules)),
    ...bootstrapClusterRoleBindings.map((one) => binding('ClusterRoleBinding', one)),
    ...ofNamespaces(bootstrapRoles, (namespace, roles) =>
      Object.entries(roles).map(([name, rules]) => ({ apiVersion, kind: 'Role', metadata: metadata(name, namespace), rules })),
    ),
    ...ofNamespaces(bootstrapRoleBindings, (namespace, list) => list.map((one) => binding('RoleBinding', one, namespace))),
  ];
}
