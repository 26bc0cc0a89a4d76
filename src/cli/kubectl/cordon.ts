/** `kubectl cordon` and `uncordon`. Source: kubectl pkg/cmd/drain/drain.go, pkg/drain/cordon.go. */
import { CommandError, type KubectlCommand } from './command.ts';
import { ArgumentError } from './flags.ts';
import { visitInfos } from './infos.ts';
import { selectorFlag, writeFlags } from './write-flags.ts';
import { patchTypes, Writer } from './writing.ts';

const cordonCommand = (name: 'cordon' | 'uncordon', summary: string): KubectlCommand => ({
  name,
  summary,
  usage: 'NODE [options]',
  flags: [...writeFlags.filter((flag) => flag.name !== 'field-manager'), selectorFlag],
  run: async (session, flags) => {
    if (flags.args.length === 0 && !flags.given('selector')) throw new ArgumentError(`USAGE: ${name} NODE [flags]`);
    if (flags.args.length > 0 && flags.given('selector'))
      throw new CommandError('error: cannot specify both a node name and a --selector option');
    const wanted = name === 'cordon';
    const writer = new Writer(session, '');
    await visitInfos(
      session,
      flags.args.length === 0 ? ['nodes'] : flags.args.map((arg) => (arg.includes('/') ? arg : `nodes/${arg}`)),
      {},
      async (info) => {
        const { spec } = info.object as { readonly spec?: { readonly unschedulable?: boolean } };
        if ((spec?.unschedulable === true) === wanted) return writer.print(`already ${name}ed`, info, info.object);
        const patch = { spec: { unschedulable: wanted ? true : null } };
        const object = writer.dryRun === 'client' ? info.object : await writer.patch(info, { type: patchTypes.strategic, patch });
        writer.print(`${name}ed`, info, object);
      },
    );
    return 0;
  },
});

export const cordon = cordonCommand('cordon', 'Mark node as unschedulable');
export const uncordon = cordonCommand('uncordon', 'Mark node as schedulable');
