/** `kubectl get`. Source: kubectl pkg/cmd/get/get.go; cli-runtime pkg/printers/tableprinter.go. */
import { isNotFound, StatusError } from '../../api/status-error.ts';
import { parseJsonPath } from '../print/jsonpath.ts';
import { renderRows } from '../print/table.ts';
import { CommandError, type KubectlCommand } from './command.ts';
import { type ApiResource, apiVersionOf, resourceName, resourcePath } from './discovery.ts';
import type { Flags } from './flags.ts';
import { objectPrinter, outputFlags, outputName } from './output.ts';
import { type ResourceSelection, selectResources } from './resource-args.ts';
import type { ApiObject, Session } from './session.ts';
import { statusText } from './status-text.ts';
import { watchObjects } from './watch.ts';

interface TableColumn {
  readonly name: string;
  readonly priority: number;
}

interface TableRow {
  readonly cells: readonly (string | number | boolean | null)[];
  readonly object?: ApiObject;
}

/** A meta.k8s.io/v1 Table. */
export interface Table {
  readonly columnDefinitions: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
const defaultChunk = 500;

export interface CollectionQuery {
  readonly selector: string;
  readonly fieldSelector: string;
  readonly limit: number;
}

function query(parts: Readonly<Record<string, string | number>>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(parts)) if (value !== '' && value !== 0) params.set(key, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** Every page of a collection, joined. */
export async function listAll(session: Session, path: string, options: CollectionQuery, accept?: string): Promise<readonly ApiObject[]> {
  const pages: ApiObject[] = [];
  let next = '';
  do {
    const page = await session.object({
      method: 'GET',
      path: `${path}${query({ labelSelector: options.selector, fieldSelector: options.fieldSelector, limit: options.limit, continue: next })}`,
      ...(accept === undefined ? {} : { accept }),
    });
    pages.push(page);
    const token = page.metadata?.['continue'];
    next = typeof token === 'string' ? token : '';
  } while (next !== '');
  return pages;
}

const collectionQuery = (flags: Flags): CollectionQuery => ({
  selector: flags.string('selector'),
  fieldSelector: flags.string('field-selector'),
  limit: flags.given('chunk-size') ? flags.int('chunk-size') : defaultChunk,
});

/** Objects found and errors met, so that what was found is printed all the same. */
interface Fetched<T> {
  readonly selection: ResourceSelection;
  readonly answers: readonly T[];
}

async function fetchSelection(
  session: Session,
  selection: ResourceSelection,
  flags: Flags,
  accept: string | undefined,
  errors: StatusError[],
): Promise<Fetched<ApiObject>> {
  const { resource, namespace, names } = selection;
  if (names === undefined)
    return { selection, answers: await listAll(session, resourcePath(resource, namespace), collectionQuery(flags), accept) };
  const answers: ApiObject[] = [];
  for (const name of names) {
    try {
      answers.push(
        await session.object({
          method: 'GET',
          path: resourcePath(resource, namespace, name, flags.string('subresource')),
          ...(accept === undefined ? {} : { accept }),
        }),
      );
    } catch (error) {
      if (!(error instanceof StatusError) || error.code === 503) throw error;
      if (!(flags.bool('ignore-not-found') && isNotFound(error))) errors.push(error);
    }
  }
  return { selection, answers };
}

const cellText = (cell: string | number | boolean | null): string => (cell === null ? '<none>' : String(cell)).replaceAll('\n', '\\n');

interface TableStyle {
  readonly wide: boolean;
  readonly namespaces: boolean;
  readonly labelColumns: readonly string[];
  readonly showLabels: boolean;
  readonly showKind: boolean;
  readonly headers: boolean;
}

const labelsText = (labels: Readonly<Record<string, string>> | undefined): string => {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
};

function headerRow(columns: readonly TableColumn[], style: TableStyle): string[] {
  const names = columns.map((c) => c.name.toUpperCase());
  const labels = style.labelColumns.map((label) => (label.split('/').at(-1) ?? label).toUpperCase());
  return [...(style.namespaces ? ['NAMESPACE'] : []), ...names, ...labels, ...(style.showLabels ? ['LABELS'] : [])];
}

function bodyRow(row: TableRow, shown: readonly boolean[], resource: ApiResource, style: TableStyle): string[] {
  const metadata = row.object?.metadata;
  const cells = row.cells.filter((_, i) => shown[i] === true).map(cellText);
  if (style.showKind && cells[0] !== undefined) cells[0] = `${resourceName(resource)}/${cells[0]}`;
  const labels = style.labelColumns.map((label) => metadata?.labels?.[label] ?? '');
  return [
    ...(style.namespaces ? [metadata?.namespace ?? ''] : []),
    ...cells,
    ...labels,
    ...(style.showLabels ? [labelsText(metadata?.labels)] : []),
  ];
}

/** One table's text: header (unless switched off) and rows. */
export function tableText(tables: readonly Table[], resource: ApiResource, style: TableStyle): string {
  const columns = tables[0]?.columnDefinitions ?? [];
  const shown = columns.map((c) => style.wide || c.priority === 0);
  const visible = columns.filter((_, i) => shown[i] === true);
  const rows = tables.flatMap((table) => table.rows.map((row) => bodyRow(row, shown, resource, style)));
  return renderRows(style.headers ? [headerRow(visible, style), ...rows] : rows);
}

const asTable = (answer: ApiObject): Table => answer as unknown as Table; // what the Accept header asked for

function styleOf(flags: Flags, selections: readonly ResourceSelection[]): TableStyle {
  return {
    wide: outputName(flags) === 'wide',
    namespaces: flags.bool('all-namespaces') && selections.some((s) => s.resource.namespaced),
    labelColumns: flags.list('label-columns'),
    showLabels: flags.bool('show-labels'),
    showKind: flags.bool('show-kind') || new Set(selections.map((s) => s.resource.plural)).size > 1,
    headers: !flags.bool('no-headers'),
  };
}

function sortRows(tables: readonly Table[], path: string): readonly Table[] {
  const [first] = tables;
  if (first === undefined) return tables;
  const rows = tables.flatMap((t) => t.rows);
  const key = sortKey(path);
  return [{ ...first, rows: rows.toSorted((a, b) => compare(key(a.object), key(b.object))) }];
}

/** Reads the value that `--sort-by` names: a path with or without braces. */
export function sortKey(path: string): (object: ApiObject | undefined) => unknown {
  const relaxed = path.startsWith('{') ? path : `{${path.startsWith('.') ? '' : '.'}${path}}`;
  const parsed = parseJsonPath(relaxed, { allowMissing: true });
  return (object) => (object === undefined ? undefined : parsed.find(object)[0]);
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a ?? ''), String(b ?? '')];
  return left.localeCompare(right, 'en', { numeric: true });
}

async function printTables(session: Session, selections: readonly ResourceSelection[], flags: Flags): Promise<number> {
  const errors: StatusError[] = [];
  const style = styleOf(flags, selections);
  const needsObjects = style.namespaces || style.showLabels || style.labelColumns.length > 0 || flags.given('sort-by');
  const accept = flags.given('sort-by') ? tableAccept.replaceAll('as=Table', 'as=Table') : tableAccept;
  let printed = 0;
  for (const group of groupByResource(selections)) {
    const resource = group[0]?.resource;
    if (resource === undefined) continue;
    const fetched = await Promise.all(group.map((s) => fetchSelection(session, s, flags, needsObjects ? accept : tableAccept, errors)));
    let tables = fetched.flatMap((f) => f.answers.map(asTable));
    if (flags.given('sort-by')) tables = [...sortRows(await withFullObjects(session, group, flags, tables), flags.string('sort-by'))];
    if (tables.every((t) => t.rows.length === 0)) continue;
    if (printed > 0) session.out('\n');
    session.out(tableText(tables, resource, { ...style, namespaces: style.namespaces && resource.namespaced }));
    printed += 1;
  }
  for (const error of errors) session.err(`${statusText(error)}\n`);
  if (printed === 0 && errors.length === 0 && !flags.bool('ignore-not-found')) {
    const everywhere = flags.bool('all-namespaces') || selections.every((s) => !s.resource.namespaced);
    session.err(everywhere ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`);
  }
  return errors.length > 0 ? 1 : 0;
}

/** Tables carry metadata only; sorting may look anywhere, so the objects themselves are fetched. */
async function withFullObjects(
  session: Session,
  group: readonly ResourceSelection[],
  flags: Flags,
  tables: readonly Table[],
): Promise<readonly Table[]> {
  const byUid = new Map<string, ApiObject>();
  for (const selection of group) {
    const { answers } = await fetchSelection(session, selection, flags, undefined, []);
    for (const answer of answers)
      for (const item of Array.isArray(answer['items']) ? (answer['items'] as ApiObject[]) : [answer])
        byUid.set(item.metadata?.uid ?? '', item);
  }
  return tables.map((table) => ({
    ...table,
    rows: table.rows.map((row) => ({ ...row, object: byUid.get(row.object?.metadata?.uid ?? '') ?? row.object ?? {} })),
  }));
}

function groupByResource(selections: readonly ResourceSelection[]): readonly ResourceSelection[][] {
  return [...Map.groupBy(selections, (s) => `${s.resource.plural}.${apiVersionOf(s.resource)}`).values()];
}

async function printObjects(session: Session, selections: readonly ResourceSelection[], flags: Flags): Promise<number> {
  const errors: StatusError[] = [];
  const resources = new Map(selections.map((s) => [`${apiVersionOf(s.resource)} ${s.resource.kind}`, s.resource]));
  const printer = objectPrinter(
    flags,
    (object) => resources.get(`${object.apiVersion ?? ''} ${object.kind ?? ''}`) ?? { group: '', kind: object.kind ?? '' },
  );
  if (printer === undefined) return 1;
  const objects: ApiObject[] = [];
  let single = selections.length === 1;
  for (const selection of selections) {
    const { answers } = await fetchSelection(session, selection, flags, undefined, errors);
    if (selection.names === undefined || selection.names.length > 1) single = false;
    for (const answer of answers) {
      const items = Array.isArray(answer['items']) && selection.names === undefined ? (answer['items'] as ApiObject[]) : [answer];
      const kind = selection.resource.kind;
      objects.push(...items.map((item) => ({ apiVersion: apiVersionOf(selection.resource), kind, ...item })));
    }
  }
  const sorted = flags.given('sort-by')
    ? objects.toSorted((a, b) => compare(sortKey(flags.string('sort-by'))(a), sortKey(flags.string('sort-by'))(b)))
    : objects;
  const [only] = sorted;
  if (single && only !== undefined) session.out(printer(only));
  else if (!single && (errors.length === 0 || sorted.length > 0)) {
    if (sorted.length > 0 || outputName(flags) !== 'name')
      session.out(printer({ apiVersion: 'v1', items: sorted, kind: 'List', metadata: { resourceVersion: '' } }));
  }
  for (const error of errors) session.err(`${statusText(error)}\n`);
  return errors.length > 0 ? 1 : 0;
}

async function printWatch(session: Session, selections: readonly ResourceSelection[], flags: Flags): Promise<number> {
  const [selection, ...more] = selections;
  if (selection === undefined || more.length > 0 || (selection.names?.length ?? 0) > 1)
    throw new CommandError('you may only specify a single resource type');
  const { resource } = selection;
  const style = styleOf(flags, selections);
  const printer = objectPrinter(flags, () => resource);
  let headers = style.headers;
  await watchObjects(
    session,
    {
      selection,
      selector: flags.string('selector'),
      fieldSelector: flags.string('field-selector'),
      initial: !flags.bool('watch-only'),
      ...(printer === undefined ? { accept: tableAccept } : {}),
    },
    ({ type, object }) => {
      const prefix = flags.bool('output-watch-events') ? type : undefined;
      if (printer !== undefined) {
        session.out(prefix === undefined ? printer(object) : printer({ type: prefix, object }));
        return;
      }
      const table = asTable(object);
      if (table.rows.length === 0) return;
      const withEvent: Table =
        prefix === undefined
          ? table
          : {
              ...table,
              columnDefinitions: [{ name: 'Event', priority: 0 }, ...table.columnDefinitions],
              rows: table.rows.map((row) => ({ ...row, cells: [prefix.padEnd(8), ...row.cells] })),
            };
      session.out(tableText([withEvent], resource, { ...style, headers }));
      headers = false;
    },
  );
  return 0;
}

async function rawGet(session: Session, path: string): Promise<number> {
  const body = await session.transport.stream({ method: 'GET', path, signal: session.signal });
  for await (const chunk of body) session.out(Buffer.from(chunk).toString('utf8'));
  return 0;
}

export const get: KubectlCommand = {
  name: 'get',
  summary: 'Display one or many resources',
  usage:
    '[(-o|--output=)json|yaml|name|go-template|…] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]',
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
    { name: 'show-all', short: 'a', type: 'bool', deprecated: 'show-all is deprecated; terminated pods are always shown' },
    { name: 'export', type: 'bool', deprecated: 'this flag is deprecated and has no effect' },
  ],
  run: async (session, flags) => {
    if (flags.given('raw')) return rawGet(session, flags.string('raw'));
    const selections = await selectResources(session, flags.args, { allNamespaces: true, collections: true });
    if (flags.bool('watch') || flags.bool('watch-only')) return printWatch(session, selections, flags);
    const table = ['', 'wide'].includes(outputName(flags));
    return table ? printTables(session, selections, flags) : printObjects(session, selections, flags);
  },
};
