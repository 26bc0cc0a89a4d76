/**
 * Flags that several verbs that write share. Source: kubectl pkg/cmd/util/helpers.go; cli-runtime
 * pkg/genericclioptions.
 */
import { CommandError } from '../command/command.ts';
import type { FlagSpec, Flags } from '../command/flags.ts';
import { outputFlags } from '../output/output.ts';

export const dryRunFlag: FlagSpec = {
  name: 'dry-run',
  type: 'string',
  bare: 'unchanged',
  fallback: 'none',
  help: 'Must be "none", "server", or "client". If client strategy, only print the object that would be sent, without sending it.',
};

export const recordFlag: FlagSpec = {
  name: 'record',
  type: 'bool',
  help: 'Record current kubectl command in the resource annotation.',
  deprecated: '--record will be removed in the future',
};

export const validateFlag: FlagSpec = {
  name: 'validate',
  type: 'string',
  bare: 'strict',
  fallback: 'strict',
  help: 'Must be one of: strict (or true), warn, ignore (or false).',
};

export const saveConfigFlag: FlagSpec = {
  name: 'save-config',
  type: 'bool',
  help: 'If true, the configuration of current object will be saved in its annotation.',
};

export const managerFlag = (fallback: string): FlagSpec => ({
  name: 'field-manager',
  type: 'string',
  fallback,
  help: 'Name of the manager used to track field ownership.',
});

export const filenameFlags: readonly FlagSpec[] = [
  { name: 'filename', short: 'f', type: 'list', help: 'Filename, directory, or URL to files that contain the configuration.' },
  { name: 'recursive', short: 'R', type: 'bool', help: 'Process the directory used in -f, --filename recursively.' },
  { name: 'kustomize', short: 'k', type: 'string', help: 'Process a kustomization directory.' },
];

export const selectorFlag: FlagSpec = { name: 'selector', short: 'l', type: 'string', help: 'Selector (label query) to filter on' };
export const fieldSelectorFlag: FlagSpec = { name: 'field-selector', type: 'string', help: 'Selector (field query) to filter on' };
export const allNamespacesFlag: FlagSpec = {
  name: 'all-namespaces',
  short: 'A',
  type: 'bool',
  help: 'If true, check the specified action in all namespaces.',
};

/** `-o`, `--dry-run`, `--field-manager` with its default: the flags of every verb that writes a series of objects. */
export const writeFlags = (manager: string): readonly FlagSpec[] => [...outputFlags, dryRunFlag, managerFlag(manager)];

/** The same flags without `--field-manager`. */
export const dryRunFlags: readonly FlagSpec[] = [...outputFlags, dryRunFlag];

/** The flags that describe a deletion. Source: kubectl pkg/cmd/delete/delete_flags.go. */
export const deletionFlags: readonly FlagSpec[] = [
  {
    name: 'cascade',
    type: 'string',
    bare: 'background',
    fallback: 'background',
    help: 'Must be "background", "orphan", or "foreground". Selects the deletion cascading strategy for the dependents.',
  },
  { name: 'force', type: 'bool', help: 'If true, immediately remove resources from API and bypass graceful deletion.' },
  {
    name: 'grace-period',
    type: 'int',
    fallback: '-1',
    help: 'Period of time in seconds given to the resource to terminate gracefully. Ignored if negative.',
  },
  {
    name: 'timeout',
    type: 'duration',
    fallback: '0s',
    help: 'The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object',
  },
];

export type DryRun = 'none' | 'client' | 'server';

/** A line in the format of Go's klog, in which upstream warns of a deprecated flag value. */
const klogWarning = (text: string, now: Date): string => {
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${String(now.getMilliseconds()).padStart(3, '0')}000`;
  return `W${two(now.getMonth() + 1)}${two(now.getDate())} ${time} ${String(process.pid).padStart(7)} helpers.go:703] ${text}\n`;
};

/** The value of `--dry-run`. Throws CommandError. Source: helpers.go GetDryRunStrategy. */
export function dryRunOf(flags: Flags, warn: (text: string) => void): DryRun {
  const value = flags.string('dry-run');
  switch (value) {
    case '':
    case 'none':
    case 'client':
    case 'server':
      return value === '' ? 'none' : value;
    case 'unchanged':
      warn(klogWarning('--dry-run is deprecated and can be replaced with --dry-run=client.', new Date()));
      return 'client';
    default:
  }
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) {
    warn(klogWarning('--dry-run=true is deprecated (boolean value) and can be replaced with --dry-run=client.', new Date()));
    return 'client';
  }
  if (/^(0|f|F|false|FALSE|False)$/.test(value)) {
    warn(klogWarning('--dry-run=false is deprecated (boolean value) and can be replaced with --dry-run=none.', new Date()));
    return 'none';
  }
  throw new CommandError(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
}

/**
 * The value of `--validate`, as the API's `fieldValidation`. Throws CommandError. Source: helpers.go
 * GetValidationDirective.
 */
export function validationOf(flags: Flags): string {
  const value = flags.string('validate');
  switch (value) {
    case '':
      return '';
    case 'true':
    case 'strict':
      return 'Strict';
    case 'warn':
      return 'Warn';
    case 'false':
    case 'ignore':
      return 'Ignore';
    default:
      throw new CommandError(
        `invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`,
      );
  }
}

export type Cascade = 'Background' | 'Orphan' | 'Foreground';

/**
 * The value of `--cascade`, including the former booleans. Throws CommandError. Source: helpers.go
 * GetCascadingStrategy.
 */
export function cascadeOf(flags: Flags, warn: (text: string) => void): Cascade {
  const value = flags.string('cascade');
  switch (value) {
    case 'background':
    case 'orphan':
    case 'foreground':
      return `${value.slice(0, 1).toUpperCase()}${value.slice(1)}` as Cascade; // the three words above
    default:
  }
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) {
    warn(klogWarning('--cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.', new Date()));
    return 'Background';
  }
  if (/^(0|f|F|false|FALSE|False)$/.test(value)) {
    warn(klogWarning('--cascade=false is deprecated (boolean value) and can be replaced with --cascade=orphan.', new Date()));
    return 'Orphan';
  }
  throw new CommandError(`invalid cascade value (${value}). Must be "background", "foreground", or "orphan"`);
}

/**
 * Refuses a call without `-f`. Throws CommandError. Source: cli-runtime pkg/resource/builder.go
 * RequireFilenameOrKustomize.
 */
export function requireFilename(flags: Flags): void {
  if (flags.list('filename').every((name) => name === '')) throw new CommandError('must specify one of -f and -k');
}
