/** `kubectl label` and `kubectl annotate`. Source: kubectl pkg/cmd/label/label.go, pkg/cmd/annotate/annotate.go. */
import { isLabelValue } from '../../../api/names.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { FlagSpec, Flags } from '../command/flags.ts';
import { type KeyChange, keyChange, splitPairs } from '../command/pairs.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { type Info, infosOf, throwAll } from '../resources/infos.ts';
import { allNamespacesFlag, fieldSelectorFlag, filenameFlags, recordFlag, selectorFlag, writeFlags } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';

/** The differences between `label` and `annotate`. */
interface Dialect {
  readonly verb: 'label' | 'annotate';
  readonly field: 'labels' | 'annotations';
  readonly singular: 'label' | 'annotation';
  parse(pairs: readonly string[]): KeyChange;
  /** Throws CommandError when a value would be overwritten. */
  refuseOverwrite(current: Readonly<Record<string, string>>, change: KeyChange): void;
  operation(added: number, removed: number): string;
}

const labels: Dialect = {
  verb: 'label',
  field: 'labels',
  singular: 'label',
  parse: (pairs) => {
    const set: Record<string, string> = {};
    const remove: string[] = [];
    for (const pair of pairs) {
      if (pair.includes('=')) {
        const [key = '', value = '', ...more] = pair.split('=');
        if (more.length > 0) throw new CommandError(`invalid label spec: ${pair}`);
        const complaints = isLabelValue(value);
        if (complaints.length > 0) throw new CommandError(`invalid label value: ${JSON.stringify(pair)}: ${complaints.join(';')}`);
        set[key] = value;
      } else if (pair.endsWith('-')) remove.push(pair.slice(0, -1));
      else throw new CommandError(`unknown label spec: ${pair}`);
    }
    if (remove.some((key) => set[key] !== undefined)) throw new CommandError('can not both modify and remove a label in the same command');
    return { set, remove };
  },
  refuseOverwrite: (current, { set }) => {
    const clashes = Object.entries(set).filter(([key, value]) => current[key] !== undefined && current[key] !== value);
    const texts = clashes.map(([key]) => `'${key}' already has a value (${current[key] ?? ''}), and --overwrite is false`);
    if (texts.length === 1) throw new CommandError(texts[0] ?? '');
    if (texts.length > 1) throw new CommandError(`[${texts.join(', ')}]`);
  },
  operation: (added, removed) =>
    added > 0 && removed > 0 ? 'modified' : added > 0 ? 'labeled' : removed > 0 ? 'unlabeled' : 'not labeled',
};

const annotations: Dialect = {
  verb: 'annotate',
  field: 'annotations',
  singular: 'annotation',
  parse: (pairs) => {
    const change = keyChange(pairs, 'annotation');
    const both = change.remove.filter((key) => change.set[key] !== undefined);
    if (both.length > 0)
      throw new CommandError(`can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`);
    return change;
  },
  refuseOverwrite: (current, { set }) => {
    const clashes = Object.entries(set).filter(
      ([key, value]) => key !== 'kubernetes.io/change-cause' && current[key] !== undefined && current[key] !== value,
    );
    if (clashes.length === 0) return;
    const texts = clashes.map(([key]) => `'${key}' already has a value (${current[key] ?? ''})`);
    throw new CommandError(`--overwrite is false but found the following declared annotation(s): ${texts.join('; ')}`);
  },
  operation: () => 'annotated',
};

function checkFlags(flags: Flags, dialect: Dialect, resources: readonly string[], change: KeyChange): void {
  if (flags.bool('list') && flags.given('output')) throw new CommandError('--list and --output may not be specified together');
  if (flags.bool('all') && flags.given('selector')) throw new CommandError('cannot set --all and --selector at the same time');
  if (flags.bool('all') && flags.given('field-selector')) throw new CommandError('cannot set --all and --field-selector at the same time');
  const files = flags.list('filename').length > 0;
  if (flags.bool('local')) {
    if (flags.string('dry-run') === 'server')
      throw new CommandError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?');
    if (resources.length > 0)
      throw new CommandError('can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set');
    if (!files) throw new CommandError('one or more files must be specified as -f pod.yaml or --filename=pod.json');
  } else if (resources.length === 0 && !files) {
    throw new CommandError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  }
  if (Object.keys(change.set).length === 0 && change.remove.length === 0 && !flags.bool('list')) {
    throw new CommandError(`at least one ${dialect.singular} update is required`);
  }
}

class KeyEditor {
  readonly #session: Session;
  readonly #dialect: Dialect;
  readonly #change: KeyChange;
  readonly #writer: Writer;
  readonly #single: boolean;

  constructor(session: Session, dialect: Dialect, change: KeyChange, single: boolean) {
    this.#session = session;
    this.#dialect = dialect;
    this.#change = change;
    this.#single = single;
    this.#writer = new Writer(session, `kubectl-${dialect.verb}`);
  }

  async edit(info: Info): Promise<void> {
    const { flags } = this.#session;
    const { field, singular } = this.#dialect;
    const current = info.object.metadata?.[field] ?? {};
    const local = this.#writer.dryRun === 'client' || flags.bool('local') || flags.bool('list');
    if (!local && field === 'labels') {
      for (const key of this.#change.remove)
        if (current[key] === undefined) this.#session.out(`${singular} ${JSON.stringify(key)} not found.\n`);
    }
    if (!flags.bool('overwrite')) this.#dialect.refuseOverwrite(current, this.#change);
    const added = Object.entries(this.#change.set).filter(([key, value]) => current[key] !== value);
    const removed = this.#change.remove.filter((key) => current[key] !== undefined);
    const next = Object.fromEntries(
      Object.entries({ ...current, ...this.#change.set }).filter(([key]) => !this.#change.remove.includes(key)),
    );
    if (flags.bool('list')) return this.#list(info, next);
    const changes = added.length > 0 || removed.length > 0;
    const object = local
      ? { ...info.object, metadata: { ...info.object.metadata, [field]: next } }
      : await this.#send(info, added, removed, changes);
    this.#writer.print(this.#dialect.operation(added.length, removed.length), info, object);
  }

  async #send(info: Info, added: readonly (readonly [string, string])[], removed: readonly string[], changes: boolean): Promise<ApiObject> {
    const { flags } = this.#session;
    const { field, verb } = this.#dialect;
    const version = flags.string('resource-version');
    const recorded = flags.bool('record') ? { 'kubernetes.io/change-cause': this.#writer.changeCause(verb) } : {};
    if (!changes && version === '' && !flags.bool('record') && field === 'labels') return info.object;
    const keys = { ...Object.fromEntries(added), ...Object.fromEntries(removed.map((key) => [key, null])) };
    const metadata = {
      ...(version === '' ? {} : { resourceVersion: version }),
      ...(Object.keys(recorded).length === 0 ? {} : { annotations: recorded }),
      ...(Object.keys(keys).length === 0 ? {} : { [field]: field === 'annotations' ? { ...recorded, ...keys } : keys }),
    };
    return this.#writer.patch(info, { type: patchTypes.merge, patch: Object.keys(metadata).length === 0 ? {} : { metadata } });
  }

  #list(info: Info, keys: Readonly<Record<string, string>>): void {
    const { resource } = info;
    if (!this.#single) this.#session.out(`Listing ${this.#dialect.field} for ${resource.kind}.${resource.group}/${info.name}:\n`);
    for (const [key, value] of Object.entries(keys)) this.#session.out(`${this.#single ? '' : ' '}${key}=${value}\n`);
  }
}

async function runKeys(session: Session, flags: Flags, dialect: Dialect): Promise<number> {
  const { resources, pairs } = splitPairs(flags.args, dialect.singular);
  const change = dialect.parse(pairs);
  checkFlags(flags, dialect, resources, change);
  const infos: Info[] = [];
  const errors: Error[] = [];
  for await (const info of infosOf(session, resources, { allNamespaces: true, latest: !flags.bool('local') })) {
    if (info instanceof Error) errors.push(info);
    else infos.push(info);
  }
  const single = infos.length + errors.length === 1 && !flags.given('selector') && !flags.bool('all');
  if (!single && flags.string('resource-version') !== '')
    throw new CommandError('--resource-version may only be used with a single resource');
  const editor = new KeyEditor(session, dialect, change, single);
  for (const info of infos) {
    try {
      await editor.edit(info);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      errors.push(error);
    }
  }
  throwAll(session, errors);
  return 0;
}

const keyFlags = (dialect: Dialect): readonly FlagSpec[] => [
  ...filenameFlags,
  ...writeFlags(`kubectl-${dialect.verb}`),
  recordFlag,
  selectorFlag,
  fieldSelectorFlag,
  allNamespacesFlag,
  {
    name: 'overwrite',
    type: 'bool',
    help: `If true, allow ${dialect.field} to be overwritten, otherwise reject updates that overwrite existing ${dialect.field}.`,
  },
  { name: 'list', type: 'bool', help: `If true, display the ${dialect.field} for a given resource.` },
  { name: 'local', type: 'bool', help: `If true, ${dialect.verb} will NOT contact api-server but run locally.` },
  { name: 'all', type: 'bool', help: 'Select all resources, in the namespace of the specified resource types' },
  {
    name: 'resource-version',
    type: 'string',
    help: 'If non-empty, the update will only succeed if this is the current resource-version for the object.',
  },
];

export const label: KubectlCommand = {
  name: 'label',
  summary: 'Update the labels on a resource',
  usage: '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  flags: keyFlags(labels),
  run: (session, flags) => runKeys(session, flags, labels),
};

export const annotate: KubectlCommand = {
  name: 'annotate',
  summary: 'Update the annotations on a resource',
  usage: '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  flags: keyFlags(annotations),
  run: (session, flags) => runKeys(session, flags, annotations),
};
