/** `-o`: how objects are printed. Source: cli-runtime pkg/genericclioptions/print_flags.go. */
import { readFileSync } from 'node:fs';
import type { JsonValue } from '../../../api/json.ts';
import { type ColumnSource, parseCustomColumns } from '../../print/custom-columns.ts';
import { parseGoTemplate } from '../../print/go-template.ts';
import { toCompactJson, toJson } from '../../print/json.ts';
import { parseJsonPath } from '../../print/jsonpath.ts';
import { toKyaml } from '../../print/kyaml.ts';
import { toYaml } from '../../print/yaml.ts';
import { CommandError } from '../command/command.ts';
import type { FlagSpec, Flags } from '../command/flags.ts';
import type { ApiObject } from '../command/session.ts';
import type { ApiResource } from '../resources/discovery.ts';
import { resourceName } from '../resources/discovery.ts';

export const outputFlags: readonly FlagSpec[] = [
  {
    name: 'output',
    short: 'o',
    type: 'string',
    help: 'Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file).',
  },
  { name: 'template', type: 'string', help: 'Template string or path to template file to use when -o=go-template, -o=go-template-file.' },
  {
    name: 'allow-missing-template-keys',
    type: 'bool',
    fallback: 'true',
    help: 'If true, ignore any errors in templates when a field or map key is missing in the template.',
  },
  { name: 'show-managed-fields', type: 'bool', help: 'If true, keep the managedFields when printing objects in JSON or YAML format.' },
];

/** Prints one object (or a List of them). */
export type ObjectPrinter = (object: ApiObject) => string;

/** The output formats of verbs that write. */
export const writtenFormats = [
  'go-template',
  'go-template-file',
  'json',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
  'kyaml',
  'name',
  'template',
  'templatefile',
  'yaml',
] as const;

/** The output formats of `get`. */
const readFormats = ['custom-columns', 'custom-columns-file', ...writtenFormats, 'wide'] as const;

/** Source: cli-runtime pkg/genericclioptions/print_flags.go NoCompatiblePrinterError. */
export const noPrinter = (format: string, allowed: readonly string[]): CommandError =>
  new CommandError(
    `unable to match a printer suitable for the output format ${JSON.stringify(format)}, allowed formats are: ${allowed.toSorted().join(',')}`,
  );

/** Whether an object is the wrapper that `--output-watch-events` prints around an API object. */
const isWatchEvent = (object: ApiObject): boolean =>
  object.kind === undefined && typeof object.type === 'string' && object.object !== undefined;

function withoutManagedFields(object: ApiObject): ApiObject {
  const { items } = object;
  // The object of a watch event is an API object.
  if (isWatchEvent(object)) return { ...object, object: withoutManagedFields(object.object as ApiObject) };
  if (Array.isArray(items)) return { ...object, items: items.map((item: ApiObject) => withoutManagedFields(item)) };
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Items of a List, or the object itself. */
export const itemsOf = (object: ApiObject): readonly ApiObject[] =>
  Array.isArray(object.items) ? (object.items as readonly ApiObject[]) : [object];

interface Format {
  readonly name: string;
  readonly argument: string;
}

function formatOf(flags: Flags): Format {
  const text = flags.string('output');
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  const argument = equals === -1 ? flags.string('template') : text.slice(equals + 1);
  if (text === '' && argument !== '') return { name: 'go-template', argument };
  return { name, argument };
}

/** The format's name: '' for the table, `wide`, `yaml`, … */
export const outputName = (flags: Flags): string => formatOf(flags).name;

type Shown = (object: ApiObject) => JsonValue;

/** A printer of custom columns. It prints the headers only before the first object. */
function columnsPrinter(source: ColumnSource, headers: boolean): ObjectPrinter {
  const print = parseCustomColumns(source);
  let due = headers;
  return (object) => {
    const text = print(itemsOf(object), due);
    due = false;
    return text;
  };
}

/** A watch event as JSON with `type` first, as in upstream's struct. */
const watchEventLine = (event: JsonValue): string => {
  const { type = '', object = null } = event as ApiObject;
  return `{"type":${JSON.stringify(type)},"object":${toCompactJson(object)}}\n`;
};

const templated = new Set(['jsonpath', 'jsonpath-file', 'jsonpath-as-json', 'go-template', 'template', 'go-template-file', 'templatefile']);

/** Printers whose format takes an argument. They see managed fields. Source: kubectl pkg/cmd/get/get_flags.go. */
function argumentPrinter({ name, argument }: Format, flags: Flags): ObjectPrinter | undefined {
  if (templated.has(name) && argument === '') throw new CommandError('template format specified but no template given');
  const allowMissing = flags.bool('allow-missing-template-keys');
  const text = name.endsWith('file') ? readTemplate(name, argument) : argument;
  if (name.startsWith('jsonpath')) {
    const path = parseJsonPath(text, { allowMissing });
    return name === 'jsonpath-as-json' ? (object) => path.printJson(object) : (object) => path.print(object);
  }
  if (templated.has(name)) {
    const template = parseGoTemplate(text, { allowMissing });
    return (object) => template.execute(object);
  }
  if (argument === '') throw new CommandError('custom-columns format specified but no custom columns given');
  return columnsPrinter(name === 'custom-columns' ? { spec: text } : { file: text }, !flags.bool('no-headers'));
}

function readTemplate(name: string, path: string): string {
  if (path === '') throw new CommandError(`${name} format specified but no template file given`);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new CommandError(
      name.startsWith('custom-columns')
        ? `error reading template ${path}, open ${path}: no such file or directory`
        : `error reading --template ${path}, open ${path}: no such file or directory`,
    );
  }
}

/**
 * The printer that `-o` asks for; undefined for a table ('' and `wide`). Throws CommandError on an unknown format,
 * PrintError on a bad template. `resourceOf` names objects for `-o name`.
 */
export function objectPrinter(
  flags: Flags,
  resourceOf: (object: ApiObject) => Pick<ApiResource, 'group' | 'kind'>,
  allowed: readonly string[] = readFormats,
): ObjectPrinter | undefined {
  const format = formatOf(flags);
  const shown: Shown = (object) => (flags.bool('show-managed-fields') ? object : withoutManagedFields(object));
  const takesArgument = templated.has(format.name) || format.name.startsWith('custom-columns');
  const known = format.name === '' || allowed.includes(format.name);
  if (!known || (!takesArgument && flags.string('output').includes('='))) throw noPrinter(flags.string('output'), allowed);
  switch (format.name) {
    case '':
    case 'wide':
      return undefined;
    case 'json':
      // Each watch event is one line.
      return (object) => (isWatchEvent(object) ? watchEventLine(shown(object)) : toJson(shown(object)));
    case 'yaml':
      return (object) => toYaml(shown(object));
    case 'kyaml':
      return (object) => toKyaml(shown(object));
    case 'name':
      return (object) =>
        itemsOf(isWatchEvent(object) ? (object.object as ApiObject) : object)
          .map((item) => `${resourceName(resourceOf(item))}/${item.metadata?.name ?? ''}\n`)
          .join('');
    default:
      return argumentPrinter(format, flags);
  }
}
