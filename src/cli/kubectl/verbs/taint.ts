/** `kubectl taint`. Source: kubectl pkg/cmd/taint. */
import { isLabelValue, isQualifiedName } from '../../../api/names.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import { ArgumentError } from '../command/flags.ts';
import { isKind } from '../kinds/kinds.ts';
import { visitInfos } from '../resources/infos.ts';
import { findResource } from '../resources/resource-args.ts';
import { selectorFlag, validateFlag, writeFlags } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect?: string;
  readonly timeAdded?: string;
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** `key=value:Effect`, `key:Effect`, `key`. Throws CommandError. */
function parseTaint(text: string): Taint {
  const invalid = (why = ''): CommandError => new CommandError(`invalid taint spec: ${text}${why === '' ? '' : `, ${why}`}`);
  const [head = '', effect, ...more] = text.split(':');
  if (more.length > 0) throw invalid();
  if (effect !== undefined && !effects.includes(effect))
    throw new CommandError(`invalid taint effect: ${effect}, unsupported taint effect`);
  const [key = '', value, ...rest] = effect === undefined ? [head] : head.split('=');
  if (rest.length > 0) throw invalid();
  const complaints = [...(value === undefined ? [] : isLabelValue(value)), ...isQualifiedName(key)];
  if (complaints.length > 0) throw invalid(complaints.join('; '));
  return { key, ...(value === undefined || value === '' ? {} : { value }), ...(effect === undefined ? {} : { effect }) };
}

/** Parses the arguments that follow the nodes. Throws CommandError. */
export function parseTaints(specs: readonly string[]): { readonly add: readonly Taint[]; readonly remove: readonly Taint[] } {
  const add: Taint[] = [];
  const remove: Taint[] = [];
  for (const spec of specs) {
    if (spec.endsWith('-')) {
      const { key, effect } = parseTaint(spec.slice(0, -1));
      remove.push({ key, ...(effect === undefined ? {} : { effect }) });
      continue;
    }
    const taint = parseTaint(spec);
    if (taint.effect === undefined) throw new CommandError(`invalid taint spec: ${spec}`);
    if (add.some((t) => t.key === taint.key && t.effect === taint.effect)) {
      throw new CommandError(`duplicated taints with the same key and effect: {${taint.key} ${taint.value ?? ''} ${taint.effect} <nil>}`);
    }
    add.push(taint);
  }
  return { add, remove };
}

/** Throws CommandError when a taint is both added and removed. */
export function refuseBoth({ add, remove }: ReturnType<typeof parseTaints>): void {
  const both = add.flatMap((a) => remove.filter((r) => r.key === a.key && (r.effect === undefined || r.effect === a.effect)));
  if (both.length > 0) {
    throw new CommandError(
      `can not both modify and remove the following taint(s) in the same command: ${both.map((r) => `${r.key}=${r.effect ?? ''}`).join(', ')}`,
    );
  }
}

const same = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

/** The taints after a change, and the word by which its message names the change. Throws CommandError. */
export function changeTaints(
  old: readonly Taint[],
  change: { readonly add: readonly Taint[]; readonly remove: readonly Taint[] },
  overwrite: boolean,
  node: string,
): { readonly taints: readonly Taint[]; readonly operation: string } {
  const exists = change.add.filter((t) => old.some((o) => same(o, t))).map((t) => t.key);
  if (!overwrite && exists.length > 0)
    throw new CommandError(`node ${node} already has ${exists.join(',')} taint(s) with same effect(s) and --overwrite is false`);
  let taints = [...change.add, ...old.filter((o) => !change.add.some((t) => same(t, o)))];
  const added = taints.length !== old.length;
  let deleted = false;
  for (const gone of change.remove) {
    const left = taints.filter((t) => !(t.key === gone.key && (gone.effect === undefined || t.effect === gone.effect)));
    deleted = left.length !== taints.length;
    if (!deleted)
      throw new CommandError(`taint ${JSON.stringify(`${gone.key}${gone.effect === undefined ? '' : `:${gone.effect}`}`)} not found`);
    taints = left;
  }
  return { taints, operation: (added && deleted) || overwrite ? 'modified' : added ? 'tainted' : 'untainted' };
}

/** Rejects what cannot be parsed as wrong usage. Throws ArgumentError. */
function readTaints(specs: readonly string[]): ReturnType<typeof parseTaints> {
  try {
    return parseTaints(specs);
  } catch (error) {
    throw error instanceof CommandError ? new ArgumentError(error.message) : error;
  }
}

const isSpec = (arg: string): boolean => arg.includes('=') || arg.includes(':') || arg.endsWith('-');

export const taint: KubectlCommand = {
  name: 'taint',
  summary: 'Update the taints on one or more nodes',
  usage: 'NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]',
  flags: [
    ...writeFlags('kubectl-taint'),
    validateFlag,
    selectorFlag,
    {
      name: 'overwrite',
      type: 'bool',
      help: 'If true, allow taints to be overwritten, otherwise reject taint updates that overwrite existing taints.',
    },
    { name: 'all', type: 'bool', help: 'Select all nodes in the cluster' },
  ],
  run: async (session, flags) => {
    const resources = flags.args.filter((arg) => !isSpec(arg));
    const specs = flags.args.filter(isSpec);
    const [type] = resources;
    if (type === undefined) throw new CommandError('one or more resources must be specified as <resource> <name>');
    if (specs.length === 0) throw new CommandError('at least one taint update is required');
    const misplaced = flags.args.slice(flags.args.findIndex(isSpec)).find((arg) => !isSpec(arg));
    if (misplaced !== undefined) throw new CommandError(`all resources must be specified before taint changes: ${misplaced}`);
    const change = readTaints(specs);
    const resource = await findResource(session, type.split('/')[0] ?? type);
    if (!isKind(resource, 'Node')) throw new CommandError(`invalid resource type ${type}, only node types are supported`);
    refuseBoth(change);
    if (flags.bool('all') && flags.string('selector') !== '')
      throw new CommandError("setting 'all' parameter with a non empty selector is prohibited");
    const chosen = flags.bool('all') || flags.string('selector') !== '' || resources.length > 1 || type.includes('/');
    if (!chosen) throw new CommandError("at least one resource name must be specified since 'all' parameter is not set");
    const writer = new Writer(session, 'kubectl-taint');
    await visitInfos(session, resources, {}, async (info) => {
      const { spec } = info.object as { readonly spec?: { readonly taints?: readonly (Taint & Record<string, string>)[] } };
      const { taints, operation } = changeTaints(spec?.taints ?? [], change, flags.bool('overwrite'), info.name);
      const patch = { spec: { taints: taints.map((t) => ({ ...t })) } };
      const object = writer.dryRun === 'client' ? info.object : await writer.patch(info, { type: patchTypes.merge, patch });
      // As upstream, which does not say here that it was a dry run.
      writer.print(operation, info, object, false);
    });
    return 0;
  },
};
