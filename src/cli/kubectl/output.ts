/** `-o`: how objects are printed. Source: cli-runtime pkg/genericclioptions/print_flags.go. */
import { readFileSync } from 'node:fs';
import type { JsonValue } from '../../api/json.ts';
import { customColumns } from '../print/custom-columns.ts';
import { parseGoTemplate } from '../print/go-template.ts';
import { toJson } from '../print/json.ts';
import { parseJsonPath } from '../print/jsonpath.ts';
import { toYaml } from '../print/yaml.ts';
import { CommandError } from './command.ts';
import type { ApiResource } from './discovery.ts';
import { resourceName } from './discovery.ts';
import type { Flags, FlagSpec } from './flags.ts';
import type { ApiObject } from './session.ts';

export const outputFlags: readonly FlagSpec[] = [
  { name: 'output', short: 'o', type: 'string', help: 'Output format. One of: (json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file).' },
  { name: 'template', type: 'string', help: 'Template string or path to template file to use when -o=go-template, -o=go-template-file.' },
  { name: 'allow-missing-template-keys', type: 'bool', fallback: 'true', help: 'If true, ignore any errors in templates when a field or map key is missing in the template.' },
  { name: 'show-managed-fields', type: 'bool', help: 'If true, keep the managedFields when printing objects in JSON or YAML format.' },
];

/** Prints one object (or a List of them). */
export type ObjectPrinter = (object: ApiObject) => string;

const formats = 'custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml';

function withoutManagedFields(object: ApiObject): ApiObject {
  const { items } = object;
  if (Array.isArray(items)) return { ...object, items: items.map((item: ApiObject) => withoutManagedFields(item)) };
  if (object.metadata?.['managedFields'] === undefined) return object;
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Items of a List, or the object itself. */
export const itemsOf = (object: ApiObject): readonly ApiObject[] => (Array.isArray(object['items']) ? (object['items'] as readonly ApiObject[]) : [object]);

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

/**
 * The printer that `-o` asks for; undefined for a table ('' and `wide`). Throws CommandError on an unknown format or a bad template.
 * `resourceOf` names objects for `-o name`.
 */
export function objectPrinter(flags: Flags, resourceOf: (object: ApiObject) => Pick<ApiResource, 'group' | 'kind'>): ObjectPrinter | undefined {
  const { name, argument } = formatOf(flags);
  const allowMissing = flags.bool('allow-missing-template-keys');
  const shown = (object: ApiObject): JsonValue => (flags.bool('show-managed-fields') ? object : withoutManagedFields(object));
  const file = (): string => readFileSync(argument, 'utf8');
  switch (name) {
    case '':
    case 'wide':
      return undefined;
    case 'json':
      return (object) => toJson(shown(object));
    case 'yaml':
      return (object) => toYaml(shown(object));
    case 'name':
      return (object) => itemsOf(object).map((item) => `${resourceName(resourceOf(item))}/${item.metadata?.name ?? ''}\n`).join('');
    case 'jsonpath':
    case 'jsonpath-file':
    case 'jsonpath-as-json': {
      if (argument === '') throw new CommandError(`template format specified but no template given`);
      const path = parseJsonPath(name === 'jsonpath-file' ? file().trim() : argument, { allowMissing });
      return name === 'jsonpath-as-json' ? (object) => `${JSON.stringify(path.find(shown(object)), undefined, 4)}\n` : (object) => path.print(shown(object));
    }
    case 'go-template':
    case 'template':
    case 'go-template-file':
    case 'templatefile': {
      if (argument === '') throw new CommandError('template format specified but no template given');
      const template = parseGoTemplate(name.endsWith('file') ? file() : argument, { allowMissing });
      return (object) => template.execute(shown(object));
    }
    case 'custom-columns':
    case 'custom-columns-file':
      if (argument === '') throw new CommandError('custom-columns format specified but no custom columns given');
      return (object) => customColumns(name === 'custom-columns-file' ? { file: file() } : { spec: argument }, itemsOf(object), !flags.bool('no-headers'));
    default:
      throw new CommandError(`unable to match a printer suitable for the output format ${JSON.stringify(name)}, allowed formats are: ${formats}`);
  }
}
