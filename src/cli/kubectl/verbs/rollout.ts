/** `kubectl rollout status|history|undo|pause|resume|restart`. Source: kubectl pkg/cmd/rollout. */
import { StatusError } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import { alignCells } from '../../print/table.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { FlagSpec } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import type { Revision, RolloutHistory, RolloutTraits } from '../kinds/kind-traits.ts';
import { groupKind, traitsOf } from '../kinds/kinds.ts';
import { unregistered } from '../kinds/registered.ts';
import { outputFlags, outputName } from '../output/output.ts';
import { groupResource } from '../resources/discovery.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { watchUntil } from '../waiting/watch-until.ts';
import { lastAppliedAnnotation } from '../writing/last-applied.ts';
import { dryRunFlags, filenameFlags, managerFlag, recordFlag, selectorFlag } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';

const targetFlags: readonly FlagSpec[] = [...filenameFlags, selectorFlag];
const latest = { latest: true, collections: true, refuse: unregistered } as const;

/** The fields that all kinds with rollouts share. */
interface Rolled {
  readonly spec?: { readonly paused?: boolean };
}

const isPaused = (info: Info): boolean => (info.object as unknown as Rolled).spec?.paused === true;

async function followStatus(session: Session, info: Info): Promise<void> {
  const { flags } = session;
  const revision = flags.int('revision');
  if (revision < 0) throw new CommandError(`revision must be a positive integer: ${revision}`);
  const progress = await traitsOf(info.resource)?.rollout?.status();
  if (progress === undefined) throw new CommandError(`no status viewer has been implemented for ${groupKind(info.resource)}`);
  if (!flags.bool('watch')) {
    session.out(progress(info.object, revision).text);
    return;
  }
  const reached = await watchUntil(
    session,
    info,
    (object) => {
      if (object === undefined) throw new CommandError('object has been deleted');
      const { text, done } = progress(object, revision);
      session.out(text);
      return done;
    },
    flags.durationMs('timeout') === 0 ? Number.MAX_SAFE_INTEGER : flags.durationMs('timeout'),
  );
  if (!reached) throw new CommandError('timed out waiting for the condition');
}

const status: KubectlCommand = {
  name: 'status',
  summary: 'Show the status of the rollout',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  flags: [
    ...targetFlags,
    { name: 'watch', short: 'w', type: 'bool', fallback: 'true', help: "Watch the status of the rollout until it's done." },
    {
      name: 'revision',
      type: 'int',
      fallback: '0',
      help: 'Pin to a specific revision for showing its status. Defaults to 0 (last revision).',
    },
    { name: 'timeout', type: 'duration', fallback: '0s', help: 'The length of time to wait before ending watch, zero means never.' },
  ],
  run: async (session, flags) => {
    if (flags.args.length === 0 && !flags.given('filename')) throw new CommandError('required resource not specified');
    const count = await visitInfos(session, flags.args, latest, (info) => followStatus(session, info));
    if (count === 0) session.err(`No resources found in ${session.namespace} namespace.\n`);
    return 0;
  },
};

/**
 * The rollout history of a kind. Rejects with CommandError when the kind keeps none. Source:
 * polymorphichelpers/{history,rollback}.go, pkg/apps/kind_visitor.go.
 */
async function historyOf({ resource }: Info, viewer: 'history viewer' | 'rollbacker'): Promise<RolloutHistory> {
  const traits = traitsOf(resource);
  const found = await traits?.rollout?.history?.();
  if (found !== undefined) return found;
  const kind = JSON.stringify(groupKind(resource));
  if (traits?.podSpecPath !== undefined) throw new CommandError(`no ${viewer} has been implemented for ${kind}`);
  throw new CommandError(
    `error retrieving ${viewer === 'rollbacker' ? viewer : 'history'} for ${kind}, no visitor method exists for {${resource.group} ${resource.kind}}`,
  );
}

function overview(revisions: readonly Revision[]): string {
  const rows = revisions.map((r) => `${r.number}\t${r.changeCause === '' ? '<none>' : r.changeCause}\n`);
  return alignCells(`REVISION\tCHANGE-CAUSE\n${rows.join('')}`, { minWidth: 0, padding: 2 });
}

const history: KubectlCommand = {
  name: 'history',
  summary: 'View rollout history',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  flags: [
    ...targetFlags,
    ...outputFlags,
    { name: 'revision', type: 'int', fallback: '0', help: 'See the details, including podTemplate of the revision specified' },
  ],
  run: async (session, flags) => {
    if (flags.args.length === 0 && !flags.given('filename')) throw new CommandError('required resource not specified');
    const wanted = flags.int('revision');
    if (wanted < 0) throw new CommandError(`revision must be a positive integer: ${wanted}`);
    const writer = new Writer(session, '');
    await visitInfos(session, flags.args, latest, async (info) => {
      const revisions = await (await historyOf(info, 'history viewer')).revisionsOf(session, info);
      const found = revisions.find((r) => r.number === wanted);
      if (outputName(flags) !== '') {
        for (const revision of wanted === 0 ? revisions : [found ?? notFound()])
          writer.print('', { resource: { ...info.resource, kind: revision.kind } }, revision.object);
        return;
      }
      const text = (): string => (wanted > 0 ? (found ?? notFound()).text() : overview(revisions));
      const which = wanted > 0 ? `with revision #${wanted}` : '';
      writer.print(`${which}\n${revisions.length === 0 ? 'No rollout history found.' : text()}`, info, info.object);
    });
    return 0;
  },
};

function notFound(): never {
  throw new CommandError('unable to find the specified revision');
}

/** The revision to restore: the requested one, or with 0 the one before the latest. Throws CommandError. */
function revisionToRestore(revisions: readonly Revision[], wanted: number, none: string): Revision {
  const found = wanted > 0 ? revisions.find((r) => r.number === wanted) : revisions.at(-2);
  if (found !== undefined) return found;
  throw new CommandError(wanted > 0 ? `unable to find specified revision ${wanted} in history` : none);
}

/** Restores a revision; resolves with the object and a word for what was done. Rejects with CommandError. */
async function rollBack(writer: Writer, info: Info, wanted: number): Promise<{ readonly done: string; readonly object: ApiObject }> {
  const { revisionsOf, noneBefore, trial } = await historyOf(info, 'rollbacker');
  if (wanted < 0) throw new CommandError(`unable to find specified revision ${wanted} in history`);
  const revision = revisionToRestore(await revisionsOf(writer.session, info), wanted, noneBefore(info.name));
  if (writer.dryRun === 'client') return { done: `${trial}${revision.text()}`, object: info.object };
  const patch = revision.restoring(info.object);
  if (patch === undefined) return { done: `skipped rollback (current template already matches revision ${wanted})`, object: info.object };
  try {
    return { done: 'rolled back', object: await writer.patch(info, patch) };
  } catch (error) {
    throw error instanceof StatusError ? new CommandError(`failed restoring revision ${wanted}: ${error.message}`) : error;
  }
}

const undo: KubectlCommand = {
  name: 'undo',
  summary: 'Undo a previous rollout',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  flags: [
    ...targetFlags,
    ...dryRunFlags,
    recordFlag,
    { name: 'to-revision', type: 'int', fallback: '0', help: 'The revision to rollback to. Default to 0 (last revision).' },
  ],
  run: async (session, flags) => {
    if (flags.args.length === 0 && !flags.given('filename')) throw new CommandError('required resource not specified');
    const writer = new Writer(session, '');
    await visitInfos(session, flags.args, latest, async (info) => {
      if (info.object.metadata?.annotations?.[lastAppliedAnnotation] !== undefined) {
        session.err(
          `Warning: resource ${info.resource.plural}/${info.name} was previously managed with 'kubectl apply'. Rolling back will not update the ${lastAppliedAnnotation} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`,
        );
      }
      const { done, object } = await rollBack(writer, info, flags.int('to-revision'));
      writer.print(done, info, object);
    });
    return 0;
  },
};

interface Change {
  readonly name: string;
  readonly summary: string;
  readonly operation: string;
  /** The word for the change in its error messages. */
  readonly doing: string;
  supports(rollout: RolloutTraits): boolean;
  /** The merge patch. Throws CommandError with the reason why not. */
  patch(info: Info): {
    readonly spec: {
      readonly paused?: boolean;
      readonly template?: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };
    };
  };
}

/** pause, resume and restart: a small patch each. */
const changeCommand = (change: Change): KubectlCommand => ({
  name: change.name,
  summary: change.summary,
  usage: 'RESOURCE [options]',
  flags: [...targetFlags, ...outputFlags, managerFlag('kubectl-rollout'), recordFlag],
  run: async (session, flags) => {
    if (flags.args.length === 0 && !flags.given('filename')) throw new CommandError('required resource not specified');
    const writer = new Writer(session, `kubectl-rollout`);
    const count = await visitInfos(session, flags.args, latest, async (info) => {
      const { resource } = info;
      const refuse = (why: string): CommandError => new CommandError(`${groupResource(resource)} ${JSON.stringify(info.name)} ${why}`);
      const traits = traitsOf(resource)?.rollout;
      if (traits === undefined || !change.supports(traits)) throw refuse(`${change.doing} is not supported`);
      const patch = attempt(() => change.patch(info), refuse);
      const object = writer.dryRun === 'client' ? info.object : await writer.patch(info, { type: patchTypes.merge, patch });
      writer.print(change.operation, info, object);
    });
    if (count === 0) session.err(`No resources found in ${session.namespace} namespace.\n`);
    return 0;
  },
});

function attempt<T>(make: () => T, refuse: (why: string) => CommandError): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof CommandError ? refuse(error.message) : error;
  }
}

const pause = changeCommand({
  name: 'pause',
  summary: 'Mark the provided resource as paused',
  operation: 'paused',
  doing: 'pausing',
  supports: ({ pausable }) => pausable === true,
  patch: (info) => {
    if (isPaused(info)) throw new CommandError('is already paused');
    return { spec: { paused: true } };
  },
});

const resume = changeCommand({
  name: 'resume',
  summary: 'Resume a paused resource',
  operation: 'resumed',
  doing: 'resuming',
  supports: ({ pausable }) => pausable === true,
  patch: (info) => {
    if (!isPaused(info)) throw new CommandError('is not paused');
    return { spec: { paused: false } };
  },
});

const restart = changeCommand({
  name: 'restart',
  summary: 'Restart a resource',
  operation: 'restarted',
  doing: 'restarting',
  supports: () => true,
  patch: (info) => {
    if (isPaused(info)) throw new CommandError("can't restart paused deployment (run rollout resume first)");
    return { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': rfc3339(Date.now()) } } } } };
  },
});

export const rollout: KubectlCommand = {
  name: 'rollout',
  summary: 'Manage the rollout of a resource',
  usage: 'SUBCOMMAND [options]',
  subcommands: [history, pause, restart, resume, status, undo],
};
