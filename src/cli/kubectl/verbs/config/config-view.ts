/**
 * `kubectl config view` and the verbs that list a kubeconfig's entries. Source: kubectl
 * pkg/cmd/config/{view,get_contexts,get_clusters,get_users}.go.
 */
import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '../../../../api/json.ts';
import { type Kubeconfig, loadKubeconfig } from '../../../../client/kubeconfig.ts';
import { toUnsortedKyaml } from '../../../print/kyaml.ts';
import { renderRows } from '../../../print/table.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import { objectPrinter, outputFlags } from '../../output/output.ts';

const secretFields: Readonly<Record<string, string>> = {
  'certificate-authority-data': 'DATA+OMITTED',
  'client-certificate-data': 'DATA+OMITTED',
  'client-key-data': 'DATA+OMITTED',
  token: 'REDACTED',
  password: 'REDACTED',
};

const embedded: Readonly<Record<string, string>> = {
  'certificate-authority': 'certificate-authority-data',
  'client-certificate': 'client-certificate-data',
  'client-key': 'client-key-data',
};

type Fields = Readonly<Record<string, JsonValue>>;

/** Replaces paths of files by the files' content, embedded in the config. */
const flattened = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]): [string, JsonValue] => {
      const data = embedded[key];
      return data === undefined || value === '' ? [key, value] : [data, readFileSync(String(value)).toString('base64')];
    }),
  );

const redacted = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, secretFields[key] ?? value]));

function entries<T extends object>(
  map: ReadonlyMap<string, T>,
  field: string,
  shown: (fields: Fields) => Fields,
): readonly JsonObject[] | null {
  if (map.size === 0) return null;
  // Parsed YAML is JSON.
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ [field]: shown(value as Fields), name }));
}

/** Reduces the config to the entries that the current context uses. Throws CommandError when there is none. */
function minified(config: Kubeconfig, contextName: string): Kubeconfig {
  const name = contextName === '' ? config.currentContext : contextName;
  const context = config.contexts.get(name);
  if (name === '') throw new CommandError('current-context must exist in order to minify');
  if (context === undefined) throw new CommandError(`cannot locate context ${name}`);
  const only = <T>(map: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> => new Map([...map].filter(([each]) => each === key));
  return {
    currentContext: name,
    contexts: only(config.contexts, name),
    clusters: only(config.clusters, context.cluster),
    users: only(config.users, context.user),
  };
}

const load = (session: Session): Kubeconfig => loadKubeconfig(session.kubeconfigFiles());

function viewOf(session: Session, flags: Flags): JsonObject {
  const whole = load(session);
  const config = flags.bool('minify') ? minified(whole, flags.string('context')) : whole;
  const shown = (fields: Fields): Fields => {
    const flat = flags.bool('flatten') ? flattened(fields) : fields;
    return flags.bool('raw') ? flat : redacted(flat);
  };
  return {
    apiVersion: 'v1',
    clusters: entries(config.clusters, 'cluster', shown),
    contexts: entries(config.contexts, 'context', shown),
    'current-context': config.currentContext,
    kind: 'Config',
    users: entries(config.users, 'user', shown),
  };
}

const structOrder = [
  'kind',
  'apiVersion',
  'name',
  'clusters',
  'users',
  'contexts',
  'current-context',
  'server',
  'tls-server-name',
  'insecure-skip-tls-verify',
  'certificate-authority',
  'certificate-authority-data',
  'proxy-url',
  'cluster',
  'user',
  'namespace',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'token',
  'tokenFile',
];

/** Orders the fields as in upstream's Go structs, for JSON output. */
function inStructOrder(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(inStructOrder);
  if (typeof value !== 'object' || value === null) return value;
  const place = (key: string): number => (structOrder.includes(key) ? structOrder.indexOf(key) : structOrder.length);
  const known = Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
  return Object.fromEntries(known.sort(([a], [b]) => place(a) - place(b)).map(([key, inner]) => [key, inStructOrder(inner)]));
}

export const view: KubectlCommand = {
  name: 'view',
  summary: 'Display merged kubeconfig settings or a specified kubeconfig file',
  usage: '[flags] [options]',
  flags: [
    ...outputFlags.map((flag) => (flag.name === 'output' ? { ...flag, fallback: 'yaml' } : flag)),
    { name: 'merge', type: 'bool', fallback: 'true', help: 'Merge the full hierarchy of kubeconfig files' },
    { name: 'raw', type: 'bool', help: 'Display raw byte data and sensitive data' },
    {
      name: 'flatten',
      type: 'bool',
      help: 'Flatten the resulting kubeconfig file into self-contained output (useful for creating portable kubeconfig files)',
    },
    { name: 'minify', type: 'bool', help: 'Remove all information not used by current-context from the output' },
  ],
  run: async (session, flags) => {
    const printer = objectPrinter(flags, () => ({ group: '', kind: 'Config' }));
    const config = viewOf(session, flags);
    const format = flags.string('output');
    if (format === 'json') session.out(`${JSON.stringify(inStructOrder(config), undefined, 4)}\n`);
    else if (format === 'kyaml') session.out(toUnsortedKyaml(inStructOrder(config)));
    else session.out(printer === undefined ? '' : printer(config as JsonObject & { readonly kind: string }));
    return 0;
  },
};

export const getContexts: KubectlCommand = {
  name: 'get-contexts',
  summary: 'Describe one or many contexts',
  usage: '[(-o|--output=)name)] [options]',
  flags: [
    { name: 'no-headers', type: 'bool', help: "When using the default or custom-column output format, don't print headers" },
    { name: 'output', short: 'o', type: 'string', help: 'Output format. One of: (name).' },
  ],
  run: async (session, flags) => {
    const output = flags.string('output');
    if (output !== '' && output !== 'name') throw new CommandError(`output must be one of '' or 'name': ${output}`);
    const { contexts, currentContext } = load(session);
    const missing = flags.args.filter((name) => !contexts.has(name));
    const names = (flags.args.length === 0 ? [...contexts.keys()] : flags.args.filter((name) => contexts.has(name))).toSorted();
    if (output === 'name') session.out(names.map((name) => `${name}\n`).join(''));
    else {
      const rows = names.map((name) => {
        const { cluster = '', user = '', namespace = '' } = contexts.get(name) ?? {};
        return [name === currentContext ? '*' : ' ', name, cluster, user, namespace];
      });
      session.out(renderRows(flags.bool('no-headers') ? rows : [['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE'], ...rows]));
    }
    for (const name of missing) session.err(`error: context ${name} not found\n`);
    return missing.length > 0 ? 1 : 0;
  },
};

const lister = (name: string, summary: string, namesOf: (config: Kubeconfig) => Iterable<string>): KubectlCommand => ({
  name,
  summary,
  usage: '[flags] [options]',
  run: async (session) => {
    session.out(['NAME', ...[...namesOf(load(session))].sort()].map((line) => `${line}\n`).join(''));
    return 0;
  },
});

export const getClusters = lister('get-clusters', 'Display clusters defined in the kubeconfig', (config) => config.clusters.keys());
export const getUsers = lister('get-users', 'Display users defined in the kubeconfig', (config) => config.users.keys());

export const currentContext: KubectlCommand = {
  name: 'current-context',
  summary: 'Display the current-context',
  usage: '[flags] [options]',
  run: async (session) => {
    const { currentContext: name } = load(session);
    if (name === '') throw new CommandError('current-context is not set');
    session.out(`${name}\n`);
    return 0;
  },
};
