/** Query parameters of the API, with their types and meaning. */

interface Parameter {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const text = (description: string): Parameter => ({ type: 'string', description });
const flag = (description: string): Parameter => ({ type: 'boolean', description });
const count = (description: string): Parameter => ({ type: 'integer', description });

export const parameters = {
  allowWatchBookmarks: flag('allowWatchBookmarks requests watch events of type "BOOKMARK". Ignored if this is not a watch.'),
  command: text('Command is the remote command to execute, one parameter per argument. Not executed within a shell.'),
  container: text('Container to use. Defaults to the only container if there is only one container in the pod.'),
  continue: text('The token of a previous list with the same query, to retrieve its next page. An expired token is answered with 410.'),
  dryRun: text('When present, indicates that modifications should not be persisted. The only valid value is All.'),
  fieldManager: text('fieldManager is a name associated with the actor or entity that is making these changes, of at most 128 characters.'),
  fieldSelector: text('A selector to restrict the list of returned objects by their fields. Defaults to everything.'),
  fieldValidation: text(
    'fieldValidation instructs the server on how to handle unknown or duplicate fields. Valid values are Ignore, Warn (the default) and Strict.',
  ),
  follow: flag('Follow the log stream of the pod. Defaults to false.'),
  force: flag('Force is going to "force" Apply requests: conflicting fields owned by other people are re-acquired.'),
  gracePeriodSeconds: count('The duration in seconds before the object should be deleted. Zero means delete immediately.'),
  labelSelector: text('A selector to restrict the list of returned objects by their labels. Defaults to everything.'),
  limit: count('limit is a maximum number of responses to return for a list call.'),
  limitBytes: count('If set, the number of bytes to read from the server before terminating the log output.'),
  orphanDependents: flag('Deprecated: please use the PropagationPolicy. Should the dependent objects be orphaned.'),
  path: text('Path is the part of the URL that comes after the proxy.'),
  ports: count('List of ports to forward. Required when using WebSockets.'),
  pretty: text("If 'true', then the output is pretty printed."),
  previous: flag('Return previous terminated container logs. Defaults to false.'),
  propagationPolicy: text("Whether and how garbage collection will be performed: 'Orphan', 'Background' or 'Foreground'."),
  resourceVersion: text('resourceVersion sets a constraint on what resource versions a request may be served from. Defaults to unset.'),
  resourceVersionMatch: text('resourceVersionMatch determines how resourceVersion is applied to list calls.'),
  sendInitialEvents: flag('sendInitialEvents may be set together with watch, to begin with synthetic events for the current objects.'),
  sinceSeconds: count('A relative time in seconds before the current time from which to show logs.'),
  stderr: flag('Redirect the standard error stream of the pod for this call.'),
  stdin: flag('Redirect the standard input stream of the pod for this call. Defaults to false.'),
  stdout: flag('Redirect the standard output stream of the pod for this call.'),
  tailLines: count('If set, the number of lines from the end of the logs to show.'),
  timeoutSeconds: count('Timeout for the list or watch call.'),
  timestamps: flag('If true, add an RFC3339 timestamp at the beginning of every line of log output. Defaults to false.'),
  tty: flag('TTY if true indicates that a tty will be allocated for the call. Defaults to false.'),
  watch: flag('Watch for changes to the described resources and return them as a stream of add, update, and remove notifications.'),
} as const satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof parameters;
