/** `kubectl get`. Source: kubectl pkg/cmd/get/get.go. */
import type { StatusError } from '../../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { statusText } from '../../command/status-text.ts';
import { objectPrinter, outputFlags, outputName } from '../../output/output.ts';
import { type ApiResource, groupResource } from '../../resources/discovery.ts';
import { type ResourceSelection, selectResources } from '../../resources/resource-args.ts';
import { rawCall } from '../../streams/raw.ts';
import { fetchSelection, objectsOf } from './get-objects.ts';
import { sortBy } from './sort.ts';
import { asTable, styleOf, type Table, type TableRow, TableWriter, tableAccept } from './tables.ts';

interface Fetched {
  readonly resource: ApiResource;
  readonly tables: readonly Table[];
}

function report(session: Session, errors: readonly StatusError[]): number {
  for (const text of new Set(errors.map(statusText))) session.err(`${text}\n`);
  return errors.length > 0 ? 1 : 0;
}

/** One row is shown whatever the path is. Source: kubectl pkg/cmd/get/sorter.go (SortingPrinter). */
const sortedRows = (rows: readonly TableRow[], path: string): readonly TableRow[] =>
  rows.length > 1 ? sortBy(rows, path, (row) => row.object ?? {}) : rows;

/** Merges adjacent results of the same resource into one table. */
function grouped(fetched: readonly Fetched[]): readonly Fetched[] {
  const groups: Fetched[] = [];
  for (const { resource, tables } of fetched) {
    const last = groups.at(-1);
    if (last?.resource === resource) groups[groups.length - 1] = { resource, tables: [...last.tables, ...tables] };
    else groups.push({ resource, tables });
  }
  return groups;
}

/** Sorts rows. As upstream, rows that cannot be sorted are not shown. */
function sorted(tables: readonly Table[], path: string): readonly Table[] {
  try {
    return tables.map((table) => ({ ...table, rows: sortedRows(table.rows ?? [], path) }));
  } catch (error) {
    if (error instanceof CommandError) return tables.map((table) => ({ ...table, rows: [] }));
    throw error;
  }
}

const emptyText = (session: Session, resources: readonly ApiResource[], flags: Flags): string =>
  flags.bool('all-namespaces') || resources.some((resource) => !resource.namespaced)
    ? 'No resources found\n'
    : `No resources found in ${session.namespace} namespace.\n`;

async function printTables(session: Session, selections: readonly ResourceSelection[], flags: Flags): Promise<number> {
  const errors: StatusError[] = [];
  const fetched: Fetched[] = [];
  for (const selection of selections) {
    const answers = await fetchSelection(session, selection, flags, errors, flags.bool('server-print') ? tableAccept : undefined);
    const tables = answers.map(asTable);
    if (tables.length > 0)
      fetched.push({ resource: selection.resource, tables: flags.given('sort-by') ? sorted(tables, flags.string('sort-by')) : tables });
  }
  const severalKinds = new Set(fetched.map(({ resource }) => groupResource(resource))).size > 1;
  const style = styleOf(flags, severalKinds);
  let printed = false;
  let namespaces = false;
  for (const { resource, tables } of grouped(fetched)) {
    // As upstream: once a resource's table has the namespace column, all later tables have it too.
    namespaces = namespaces || (style.namespaces && resource.namespaced);
    const writer = new TableWriter(resource, { ...style, namespaces });
    const text = writer.text({ ...tables[0], rows: tables.flatMap((table) => table.rows ?? []) });
    if (text === '') continue;
    session.out(printed && style.headers ? `\n${text}` : text);
    printed = true;
  }
  if (!printed && errors.length === 0 && !flags.bool('ignore-not-found')) {
    session.err(
      emptyText(
        session,
        fetched.map(({ resource }) => resource),
        flags,
      ),
    );
  }
  return report(session, errors);
}

async function printObjects(session: Session, selections: readonly ResourceSelection[], flags: Flags): Promise<number> {
  const errors: StatusError[] = [];
  const resources = new Map(selections.map(({ resource }) => [resource.kind, resource]));
  const printer = objectPrinter(flags, (object) => resources.get(object.kind ?? '') ?? { group: '', kind: object.kind ?? '' });
  if (printer === undefined) return 1;
  const objects: ApiObject[] = [];
  for (const selection of selections) {
    const answers = await fetchSelection(session, selection, flags, errors);
    objects.push(...answers.flatMap((answer) => objectsOf(answer, selection)));
  }
  const single = selections.length === 1 && selections[0]?.names?.length === 1;
  const [only] = objects;
  if (single && only === undefined) return report(session, errors);
  if (objects.length === 0 && flags.bool('ignore-not-found')) return report(session, errors);
  if (single && only !== undefined) session.out(printer(only));
  else {
    const items = flags.given('sort-by') ? sortBy(objects, flags.string('sort-by'), (object) => object) : objects;
    session.out(printer({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }));
  }
  return report(session, errors);
}

async function rawGet(session: Session, flags: Flags): Promise<number> {
  if (flags.args.length > 0) throw new CommandError('arguments may not be passed when --raw is specified');
  if (flags.bool('watch') || flags.bool('watch-only') || flags.given('selector')) {
    throw new CommandError('--raw may not be specified with other flags that filter the server request or alter the output');
  }
  if (flags.given('output')) throw new CommandError('--raw and --output are mutually exclusive');
  return rawCall(session, 'GET');
}

function validate(flags: Flags): void {
  const output = flags.string('output');
  if (flags.bool('show-labels') && output !== '' && output !== 'wide') {
    throw new CommandError(`--show-labels option cannot be used with ${output} printer`);
  }
  if (flags.bool('output-watch-events') && !flags.bool('watch') && !flags.bool('watch-only')) {
    throw new CommandError('--output-watch-events option can only be used with --watch or --watch-only');
  }
}

export const get: KubectlCommand = {
  name: 'get',
  summary: 'Display one or many resources',
  usage:
    '[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]',
  flags: [
    ...outputFlags,
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces.' },
    { name: 'selector', short: 'l', type: 'string', help: 'Selector (label query) to filter on' },
    { name: 'field-selector', type: 'string', help: 'Selector (field query) to filter on' },
    {
      name: 'filename',
      short: 'f',
      type: 'list',
      help: 'Filename, directory, or URL to files identifying the resource to get from a server.',
    },
    { name: 'kustomize', short: 'k', type: 'string', help: 'Process the kustomization directory.' },
    { name: 'recursive', short: 'R', type: 'bool', help: 'Process the directory used in -f, --filename recursively.' },
    { name: 'watch', short: 'w', type: 'bool', help: 'After listing/getting the requested object, watch for changes.' },
    { name: 'watch-only', type: 'bool', help: 'Watch for changes to the requested object(s), without listing/getting first.' },
    { name: 'output-watch-events', type: 'bool', help: 'Output watch event objects when --watch or --watch-only is used.' },
    {
      name: 'label-columns',
      short: 'L',
      type: 'list',
      help: 'Accepts a comma separated list of labels that are going to be presented as columns.',
    },
    { name: 'show-labels', type: 'bool', help: 'When printing, show all labels as the last column' },
    { name: 'show-kind', type: 'bool', help: 'If present, list the resource type for the requested object(s).' },
    { name: 'no-headers', type: 'bool', help: "When using the default or custom-column output format, don't print headers" },
    { name: 'sort-by', type: 'string', help: 'If non-empty, sort list types using this field specification.' },
    { name: 'ignore-not-found', type: 'bool', help: 'If set to true, suppresses NotFound error for specific objects that do not exist.' },
    { name: 'chunk-size', type: 'int', fallback: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable.' },
    { name: 'server-print', type: 'bool', fallback: 'true', help: 'If true, have the server return the appropriate table output.' },
    { name: 'subresource', type: 'string', help: 'If specified, gets the subresource of the requested object.' },
    { name: 'raw', type: 'string', help: 'Raw URI to request from the server.' },
  ],
  run: async (session, flags) => {
    if (flags.given('raw')) return rawGet(session, flags);
    validate(flags);
    if (flags.args.length === 0 && !flags.given('filename')) {
      session.err(
        'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
      );
      throw new CommandError(
        'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee \'kubectl get -h\' for help and examples',
      );
    }
    const selections = await selectResources(session, flags.args, { allNamespaces: true, collections: true });
    if (flags.given('subresource') && selections.some(({ names }) => names === undefined))
      throw new CommandError('subresource cannot be used when bulk resources are specified');
    if (flags.bool('watch') || flags.bool('watch-only')) {
      const { watchSelections } = await import('./get-watch.ts');
      return watchSelections(session, selections, flags);
    }
    const table = ['', 'wide'].includes(outputName(flags));
    return table ? printTables(session, selections, flags) : printObjects(session, selections, flags);
  },
};
