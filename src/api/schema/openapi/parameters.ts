/**
 * Query parameters of the API with their types and descriptions: those of the verbs, and the fields of options types.
 */

import type { GoType } from '../facts.ts';
import { deref, type SchemaField } from '../schema.ts';
import type { OpenApiInput } from './input.ts';

interface Parameter {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const text = (description: string): Parameter => ({ type: 'string', description });
const flag = (description: string): Parameter => ({ type: 'boolean', description });
const count = (description: string): Parameter => ({ type: 'integer', description });

export const parameters = {
  allowWatchBookmarks: flag('allowWatchBookmarks requests watch events of type "BOOKMARK". Ignored if this is not a watch.'),
  continue: text('The token of a previous list with the same query, to retrieve its next page. An expired token is answered with 410.'),
  dryRun: text('When present, indicates that modifications should not be persisted. The only valid value is All.'),
  fieldManager: text('fieldManager is a name associated with the actor or entity that is making these changes, of at most 128 characters.'),
  fieldSelector: text('A selector to restrict the list of returned objects by their fields. Defaults to everything.'),
  fieldValidation: text(
    'fieldValidation instructs the server on how to handle unknown or duplicate fields. Valid values are Ignore, Warn (the default) and Strict.',
  ),
  force: flag('Force is going to "force" Apply requests: conflicting fields owned by other people are re-acquired.'),
  gracePeriodSeconds: count('The duration in seconds before the object should be deleted. Zero means delete immediately.'),
  ignoreStoreReadErrorWithClusterBreakingPotential: flag(
    'Deletes an object that cannot be read from the store, without its finalizers and preconditions. Defaults to false.',
  ),
  labelSelector: text('A selector to restrict the list of returned objects by their labels. Defaults to everything.'),
  limit: count('limit is a maximum number of responses to return for a list call.'),
  orphanDependents: flag('Deprecated: please use the PropagationPolicy. Should the dependent objects be orphaned.'),
  pretty: text("If 'true', then the output is pretty printed."),
  propagationPolicy: text("Whether and how garbage collection will be performed: 'Orphan', 'Background' or 'Foreground'."),
  resourceVersion: text('resourceVersion sets a constraint on what resource versions a request may be served from. Defaults to unset.'),
  resourceVersionMatch: text('resourceVersionMatch determines how resourceVersion is applied to list calls.'),
  sendInitialEvents: flag('sendInitialEvents may be set together with watch, to begin with synthetic events for the current objects.'),
  shardSelector: text('A selector of a range of hashes of objects, for clients that share the work. An alpha field that is not served.'),
  timeoutSeconds: count('Timeout for the list or watch call.'),
  watch: flag('Watch for changes to the described resources and return them as a stream of add, update, and remove notifications.'),
} as const satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof parameters;

export interface QueryParameter extends Parameter {
  readonly name: string;
}

/** The query parameters of an operation. */
export function queryParameters(
  { query, options }: { readonly query: readonly ParameterName[]; readonly options: string | undefined },
  { schemas, descriptions }: OpenApiInput,
): readonly QueryParameter[] {
  const fields = options === undefined ? [] : schemas.get(options).fields;
  return [
    ...query.map((name) => queryParameter(name)),
    ...fields
      .flatMap((field) => {
        const type = parameterType(field);
        return type === undefined ? [] : [{ name: field.name, type, description: optionTexts[field.name] ?? descriptions.ofField(field) }];
      })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

export const queryParameter = (name: ParameterName): QueryParameter => ({ name, ...parameters[name] });

/**
 * Descriptions of the options types. OpenAPI has no definitions for them, and the schema data describes only models
 * that have one.
 */
const optionTexts: Readonly<Record<string, string>> = {
  command: 'Command is the remote command to execute, one parameter per argument. Not executed within a shell.',
  container: 'Container to use. Defaults to the only container if there is only one container in the pod.',
  follow: 'Follow the log stream of the pod. Defaults to false.',
  insecureSkipTLSVerifyBackend: 'Whether the serving certificate of the node that the logs come from goes unchecked. Defaults to false.',
  limitBytes: 'If set, the number of bytes to read from the server before terminating the log output.',
  path: 'Path is the part of the URL that comes after the proxy.',
  ports: 'List of ports to forward. Required when using WebSockets.',
  previous: 'Return previous terminated container logs. Defaults to false.',
  sinceSeconds: 'A relative time in seconds before the current time from which to show logs.',
  stderr: 'Redirect the standard error stream of the pod for this call.',
  stdin: 'Redirect the standard input stream of the pod for this call. Defaults to false.',
  stdout: 'Redirect the standard output stream of the pod for this call.',
  stream: 'Which of the container\'s streams to show: "All" (the default), "Stdout" or "Stderr".',
  tailLines: 'If set, the number of lines from the end of the logs to show.',
  timestamps: 'If true, add an RFC3339 timestamp at the beginning of every line of log output. Defaults to false.',
  tty: 'TTY if true indicates that a tty will be allocated for the call. Defaults to false.',
};

/**
 * The parameter type of a field; undefined for structs, and for apiVersion and kind, which the path names. Source:
 * apiserver pkg/endpoints/installer.go (AddObjectParams).
 */
function parameterType({ name, type }: SchemaField): Parameter['type'] | undefined {
  return name === 'kind' || name === 'apiVersion' ? undefined : scalarType(type);
}

function scalarType(type: GoType): Parameter['type'] | undefined {
  const bare = deref(type);
  if (bare.kind === 'list') return scalarType(bare.of);
  if (bare.kind !== 'scalar') return undefined;
  if (bare.name === 'bool') return 'boolean';
  return bare.name.includes('int') ? 'integer' : 'string';
}
