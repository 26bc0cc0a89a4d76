/** `kubectl api-resources` and `kubectl api-versions`. Source: kubectl pkg/cmd/apiresources. */
import { toJson } from '../../print/json.ts';
import { toKyaml } from '../../print/kyaml.ts';
import { renderRows } from '../../print/table.ts';
import { toYaml } from '../../print/yaml.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import { ArgumentError, type Flags } from '../command/flags.ts';
import { type ApiResource, apiVersionOf, groupResource } from '../resources/discovery.ts';

/** Each resource once, in the version that the server prefers. */
function preferred(resources: readonly ApiResource[]): readonly ApiResource[] {
  const seen = new Set<string>();
  return resources.filter((resource) => {
    const fresh = !seen.has(groupResource(resource));
    seen.add(groupResource(resource));
    return fresh;
  });
}

function selected(resources: readonly ApiResource[], flags: Flags): readonly ApiResource[] {
  const [verbs, categories] = [flags.list('verbs'), flags.list('categories')];
  return preferred(resources).filter(
    (resource) =>
      resource.verbs.length > 0 &&
      (!flags.given('api-group') || resource.group === flags.string('api-group')) &&
      (!flags.given('namespaced') || resource.namespaced === flags.bool('namespaced')) &&
      verbs.every((verb) => resource.verbs.includes(verb)) &&
      categories.every((category) => resource.categories.includes(category)),
  );
}

/** Source: client-go discovery/{discovery_client,aggregated_discovery}.go. */
const incomplete = (stale: readonly string[]): string =>
  `unable to retrieve the complete list of server APIs: ${stale
    .map((each) => `${each}: stale GroupVersion discovery: ${each}`)
    .toSorted()
    .join(', ')}`;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function ordered(resources: readonly ApiResource[], by: string): readonly ApiResource[] {
  const key = (resource: ApiResource): string => (by === 'name' ? resource.plural : by === 'kind' ? resource.kind : resource.group);
  return resources.toSorted((a, b) => compareText(key(a), key(b)) || compareText(a.plural, b.plural));
}

function tableText(resources: readonly ApiResource[], wide: boolean, headers: boolean): string {
  const rows = resources.map((r) => [
    r.plural,
    r.shortNames.join(','),
    apiVersionOf(r),
    String(r.namespaced),
    r.kind,
    ...(wide ? [r.verbs.join(','), r.categories.join(',')] : []),
  ]);
  const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])];
  return renderRows(headers ? [header, ...rows] : rows);
}

/** The same as an `APIResourceList`. */
const asList = (resources: readonly ApiResource[]) => ({
  apiVersion: 'v1',
  groupVersion: '',
  kind: 'APIResourceList',
  resources: resources.map((r) => ({
    name: r.plural,
    singularName: r.singular,
    namespaced: r.namespaced,
    ...(r.group === '' ? {} : { group: r.group }),
    version: r.version,
    kind: r.kind,
    verbs: r.verbs,
    ...(r.shortNames.length === 0 ? {} : { shortNames: r.shortNames }),
    ...(r.categories.length === 0 ? {} : { categories: r.categories }),
  })),
});

function text(resources: readonly ApiResource[], flags: Flags): string {
  const output = flags.string('output');
  switch (output) {
    case '':
    case 'wide':
      return tableText(resources, output === 'wide', !flags.bool('no-headers'));
    case 'name':
      return resources.map((resource) => `${groupResource(resource)}\n`).join('');
    case 'json':
      return toJson(asList(resources));
    case 'yaml':
      return toYaml(asList(resources));
    case 'kyaml':
      return toKyaml(asList(resources));
    default:
      throw new CommandError(
        `unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: json,kyaml,name,wide,yaml`,
      );
  }
}

export const apiResources: KubectlCommand = {
  name: 'api-resources',
  summary: 'Print the supported API resources on the server',
  usage: '[flags] [options]',
  flags: [
    { name: 'output', short: 'o', type: 'string', help: 'Output format. One of: (json, yaml, kyaml, name, wide).' },
    { name: 'api-group', type: 'string', help: 'Limit to resources in the specified API group.' },
    {
      name: 'namespaced',
      type: 'bool',
      fallback: 'true',
      help: 'If false, non-namespaced resources will be returned, otherwise returning namespaced resources by default.',
    },
    { name: 'verbs', type: 'list', help: 'Limit to resources that support the specified verbs.' },
    { name: 'categories', type: 'list', help: 'Limit to resources that belong to the specified categories.' },
    {
      name: 'sort-by',
      type: 'string',
      help: "If non-empty, sort list of resources using specified field. The field can be either 'name' or 'kind'.",
    },
    { name: 'no-headers', type: 'bool', help: "When using the default or custom-column output format, don't print headers" },
    { name: 'cached', type: 'bool', help: 'Use the cached list of resources if available.' },
  ],
  run: async (session, flags) => {
    if (flags.args.length > 0) throw new ArgumentError(`unexpected arguments: [${flags.args.join(' ')}]`);
    const by = flags.string('sort-by');
    if (!['', 'name', 'kind'].includes(by)) throw new CommandError('--sort-by accepts only name or kind');
    const { resources, stale } = await session.discovery;
    session.out(text(ordered(selected(resources, flags), by), flags));
    if (stale.length > 0) throw new CommandError(incomplete(stale));
    return 0;
  },
};

export const apiVersions: KubectlCommand = {
  name: 'api-versions',
  summary: 'Print the supported API versions on the server, in the form of "group/version"',
  usage: '[options]',
  run: async (session, flags) => {
    if (flags.args.length > 0) throw new ArgumentError(`unexpected arguments: [${flags.args.join(' ')}]`);
    const versions = new Set((await session.discovery).resources.map(apiVersionOf));
    session.out(
      [...versions]
        .sort()
        .map((each) => `${each}\n`)
        .join(''),
    );
    return 0;
  },
};
