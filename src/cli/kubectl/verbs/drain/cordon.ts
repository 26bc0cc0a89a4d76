/** `kubectl cordon` and `uncordon`. Source: kubectl pkg/cmd/drain/drain.go, pkg/drain/cordon.go. */
import { StatusError } from '../../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { ArgumentError } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import { isKind } from '../../kinds/kinds.ts';
import { collectInfos, type Info } from '../../resources/infos.ts';
import { dryRunFlag, selectorFlag } from '../../writing/write-flags.ts';
import { patchTypes, Writer } from '../../writing/writing.ts';

/** The nodes that arguments or `-l` name. Rejects with ArgumentError, CommandError and StatusError. */
export async function chosenNodes(session: Session, verb: string): Promise<readonly Info[]> {
  const { flags } = session;
  if (flags.args.length === 0 && !flags.given('selector')) throw new ArgumentError(`USAGE: ${verb} NODE [flags]`);
  if (flags.args.length > 0 && flags.given('selector')) throw new ArgumentError('cannot specify both a node name and a --selector option');
  const nodes = await collectInfos(
    session,
    flags.args.length === 0 ? ['nodes'] : flags.args.map((arg) => (arg.includes('/') ? arg : `nodes/${arg}`)),
  );
  const other = nodes.find(({ resource }) => !isKind(resource, 'Node'));
  if (other === undefined) return nodes;
  const { resource } = other;
  throw new CommandError(
    `error: expected resource of type node, got ${JSON.stringify(`${resource.group}/${resource.version}, Resource=${resource.plural}`)}`,
  );
}

/** Marks nodes as (un)schedulable and prints each. A failure for one node does not prevent the others. */
export async function cordonNodes(writer: Writer, nodes: readonly Info[], wanted: boolean): Promise<void> {
  const verb = wanted ? 'cordon' : 'uncordon';
  for (const info of nodes) {
    const { spec } = info.object as { readonly spec?: { readonly unschedulable?: boolean } };
    if ((spec?.unschedulable === true) === wanted) {
      writer.print(`already ${verb}ed`, info, info.object);
      continue;
    }
    try {
      const patch = { spec: { unschedulable: wanted ? true : null } };
      if (writer.dryRun !== 'client') await writer.patch(info, { type: patchTypes.strategic, patch });
      writer.print(`${verb}ed`, info, info.object);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      writer.session.err(`error: unable to ${verb} node ${JSON.stringify(info.name)}: ${error.message}\n`);
    }
  }
}

const cordonCommand = (name: 'cordon' | 'uncordon', summary: string): KubectlCommand => ({
  name,
  summary,
  usage: 'NODE [options]',
  flags: [dryRunFlag, selectorFlag],
  run: async (session) => {
    const writer = new Writer(session, '');
    await cordonNodes(writer, await chosenNodes(session, name), name === 'cordon');
    return 0;
  },
});

export const cordon = cordonCommand('cordon', 'Mark node as unschedulable');
export const uncordon = cordonCommand('uncordon', 'Mark node as schedulable');
