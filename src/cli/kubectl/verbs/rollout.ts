/** `kubectl rollout status|history|undo|pause|resume|restart`. Source: kubectl pkg/cmd/rollout. */
import { rfc3339 } from '../../../api/time.ts';
import { alignCells } from '../../print/table.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { FlagSpec } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import type { RolloutHistory, RolloutTraits } from '../kinds/kind-traits.ts';
import { groupKind, traitsOf } from '../kinds/kinds.ts';
import { unregistered } from '../kinds/registered.ts';
import { outputFlags, outputName } from '../output/output.ts';
import { groupResource } from '../resources/discovery.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { watchUntil } from '../waiting/watch-until.ts';
import { dryRunFlags, filenameFlags, managerFlag, recordFlag, selectorFlag } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';

const targetFlags: readonly FlagSpec[] = [...filenameFlags, selectorFlag];
const latest = { latest: true, collections: true, refuse: unregistered } as const;

/** What a workload of any of the kinds with a rollout has. */
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

/** The history of a kind's roll-outs. Rejects with CommandError when it keeps none. Source: polymorphichelpers/{history,rollback}.go, pkg/apps/kind_visitor.go. */
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
      const { revisionsOf, revisionText } = await historyOf(info, 'history viewer');
      const revisions = await revisionsOf(session, info);
      const found = revisions.find((r) => r.number === wanted);
      if (outputName(flags) !== '') {
        for (const revision of wanted === 0 ? revisions : [found ?? notFound()])
          writer.print('', { resource: { ...info.resource, kind: revision.kind } }, revision.object);
        return;
      }
      if (wanted > 0) return writer.print(`with revision #${wanted}\n${revisionText(found ?? notFound())}`, info, info.object);
      const rows = revisions.map((r) => `${r.number}\t${r.changeCause === '' ? '<none>' : r.changeCause}\n`);
      writer.print(
        revisions.length === 0
          ? '\nNo rollout history found.'
          : `\n${alignCells(`REVISION\tCHANGE-CAUSE\n${rows.join('')}`, { minWidth: 0, padding: 2 })}`,
        info,
        info.object,
      );
    });
    return 0;
  },
};

function notFound(): never {
  throw new CommandError('unable to find the specified revision');
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
      const { revisionsOf, revisionToRestore, restorePatch, revisionText } = await historyOf(info, 'rollbacker');
      const wanted = flags.int('to-revision');
      if (wanted < 0) throw new CommandError(`unable to find specified revision ${wanted} in history`);
      const revision = revisionToRestore(await revisionsOf(session, info), wanted, info.name);
      if (writer.dryRun === 'client') return writer.print(revisionText(revision), info, info.object);
      const patch = restorePatch(info.object, revision);
      if (patch === undefined)
        return writer.print(`skipped rollback (current template already matches revision ${wanted})`, info, info.object);
      writer.print('rolled back', info, await writer.patch(info, { type: patchTypes.json, patch }));
    });
    return 0;
  },
};

interface Change {
  readonly name: string;
  readonly summary: string;
  readonly operation: string;
  /** What it is called where it cannot be done. */
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
