/** How sub-resources appear in discovery. Source: pkg/registry/core/rest/storage_core.go and the storages' New() and GroupVersionKind(). */
import type { AnyKind } from '../../../api/kind.ts';

export interface SubresourceInfo {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

interface Known {
  readonly kind?: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

const readWrite = ['get', 'patch', 'update'] as const;
const proxyVerbs = ['create', 'delete', 'get', 'patch', 'update'] as const;

/** By sub-resource name; what is absent is the parent's own kind and version. */
const known: Readonly<Record<string, Known>> = {
  attach: { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
  binding: { kind: 'Binding', verbs: ['create'] },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  log: { verbs: ['get'] },
  finalize: { verbs: ['update'] },
  ephemeralcontainers: { verbs: readWrite },
  resize: { verbs: readWrite },
  approval: { verbs: readWrite },
  status: { verbs: readWrite },
};

/** The sub-resources of a Kind as one served version shows them, sorted by name. */
export function subresourcesOf(kind: AnyKind, group: string, version: string): readonly SubresourceInfo[] {
  const { subresources } = kind;
  if (subresources === undefined) return [];
  const names = [...(subresources.status === true ? ['status'] : []), ...(subresources.connect ?? [])];
  const infos = names.map((name): SubresourceInfo => {
    const own = { name, group, version, kind: kind.kind };
    if (name === 'proxy') return { ...own, kind: `${kind.kind}ProxyOptions`, verbs: proxyVerbs };
    return { ...own, ...(known[name] ?? { verbs: ['get'] }) };
  });
  if (subresources.scale !== undefined) infos.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: readWrite });
  return infos.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
