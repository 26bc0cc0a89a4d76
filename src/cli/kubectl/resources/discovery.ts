/**
 * The server's resources, and the lookup of the resource that a user's word means: `po`, `pods`, `deploy.apps`,
 * `deployments.v1.apps`, `Deployment`. Source: client-go restmapper/{discovery,shortcut,category_expansion}.go.
 */
import type { HttpTransport } from '../../../client/http-transport.ts';

export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

/** `apps/v1`, `v1`. */
export const apiVersionOf = (resource: Pick<ApiResource, 'group' | 'version'>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;

/** `pods`, `deployments.apps`. */
export const groupResource = (resource: Pick<ApiResource, 'group' | 'plural'>): string =>
  resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;

/** The resource as `-o name` and most messages show it before the slash: `pod`, `deployment.apps`. */
export const resourceName = (resource: Pick<ApiResource, 'group' | 'kind'>): string => {
  const kind = resource.kind.toLowerCase();
  return resource.group === '' ? kind : `${kind}.${resource.group}`;
};

/** The path of a collection or of one object. */
export function resourcePath(resource: ApiResource, namespace: string, name = '', subresource = ''): string {
  const base = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === '' ? '' : `/${encodeURIComponent(name)}`;
  return `${base}${scope}/${resource.plural}${object}${subresource === '' ? '' : `/${subresource}`}`;
}

interface AggregatedResource {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope?: string;
  readonly singularResource?: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

interface AggregatedDiscovery {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly freshness?: string;
      readonly resources?: readonly AggregatedResource[];
    }[];
  }[];
}

const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

/** The versions whose server does not answer are left out: what they serve is not known. */
function resourcesOf(document: AggregatedDiscovery): ApiResource[] {
  return (document.items ?? []).flatMap((group) =>
    (group.versions ?? []).filter(isCurrent).flatMap(({ version, resources = [] }) =>
      resources.map((resource) => ({
        group: group.metadata?.name ?? '',
        version,
        kind: resource.responseKind?.kind ?? '',
        plural: resource.resource,
        singular: resource.singularResource ?? '',
        shortNames: resource.shortNames ?? [],
        categories: resource.categories ?? [],
        namespaced: resource.scope === 'Namespaced',
        verbs: resource.verbs ?? [],
        subresources: (resource.subresources ?? []).map((s) => s.subresource),
      })),
    ),
  );
}

const isCurrent = ({ freshness }: { readonly freshness?: string }): boolean => freshness !== 'Stale';

const staleVersions = ({ items = [] }: AggregatedDiscovery): readonly string[] =>
  items.flatMap(({ metadata, versions = [] }) =>
    versions.filter((version) => !isCurrent(version)).map(({ version }) => apiVersionOf({ group: metadata?.name ?? '', version })),
  );

/** All resources of the server; groups and versions are in the server's order of preference. */
export class Discovery {
  readonly resources: readonly ApiResource[];
  /** Versions of groups of which nobody says now what they serve. */
  readonly stale: readonly string[];

  constructor(resources: readonly ApiResource[], stale: readonly string[] = []) {
    this.resources = resources;
    this.stale = stale;
  }

  /** Asks the server (aggregated discovery, Kubernetes 1.26 and later). */
  static async load(transport: HttpTransport): Promise<Discovery> {
    // The requested content type guarantees the shape.
    const get = async (path: string) =>
      (await transport.json({ method: 'GET', path, accept: aggregated })) as unknown as AggregatedDiscovery;
    // The requests are sequential, as in client-go: a second connection's TLS handshake would take longer than waiting
    // for the first answer.
    const core = await get('/api');
    const groups = await get('/apis');
    return new Discovery([...resourcesOf(core), ...resourcesOf(groups)], staleVersions(groups));
  }

  /**
   * The preferred resource for a user's word; undefined when there is none. Short names are matched case-sensitively;
   * all other names in lower case.
   */
  find(word: string): ApiResource | undefined {
    const [given = '', ...rest] = word.split('.');
    const name = given.toLowerCase();
    const qualifier = rest.join('.').toLowerCase();
    const named = this.resources.filter((r) => [r.plural, r.singular, r.kind.toLowerCase()].includes(name) || r.shortNames.includes(given));
    if (qualifier === '') return named[0];
    return (
      named.find((r) => r.group === qualifier) ??
      named.find((r) => `${r.version}.${r.group}` === qualifier) ??
      named.find((r) => r.group.startsWith(`${qualifier}.`))
    );
  }

  byKind(apiVersion: string, kind: string): ApiResource | undefined {
    return this.resources.find((r) => r.kind === kind && apiVersionOf(r) === apiVersion);
  }

  /** The members of a category (`all`), each resource once. */
  category(word: string): readonly ApiResource[] {
    const seen = new Set<string>();
    return this.resources.filter((r) => {
      if (!r.categories.includes(word) || seen.has(groupResource(r))) return false;
      seen.add(groupResource(r));
      return true;
    });
  }
}
