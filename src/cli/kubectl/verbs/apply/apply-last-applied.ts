/**
 * `kubectl apply view-last-applied|set-last-applied`. Source: kubectl pkg/cmd/apply/apply_{view,set}_last_applied.go.
 */
import { toJson } from '../../../print/json.ts';
import { toYaml } from '../../../print/yaml.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { ArgumentError } from '../../command/flags.ts';
import { collectInfos, type Info, visitInfos } from '../../resources/infos.ts';
import { configurationOf, lastApplied, lastAppliedAnnotation } from '../../writing/last-applied.ts';
import { allNamespacesFlag, dryRunFlags, filenameFlags, requireFilename, selectorFlag } from '../../writing/write-flags.ts';
import { patchTypes, Writer } from '../../writing/writing.ts';

export const viewLastApplied: KubectlCommand = {
  name: 'view-last-applied',
  summary: 'View the latest last-applied-configuration annotations of a resource/object',
  usage: '(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]',
  flags: [
    ...filenameFlags,
    selectorFlag,
    allNamespacesFlag,
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types' },
    { name: 'output', short: 'o', type: 'string', fallback: 'yaml', help: 'Output format. Must be one of (yaml, json)' },
  ],
  run: async (session, flags) => {
    const format = flags.string('output');
    if (format !== 'yaml' && format !== 'json')
      throw new ArgumentError(`Unexpected -o output mode: ${format}, the flag 'output' must be one of yaml|json`);
    const infos = await collectInfos(session, flags.args, { latest: true });
    const texts = infos.map((info) => {
      const text = lastApplied(info.object);
      if (text === undefined) throw new CommandError(`no last-applied-configuration annotation found on resource: ${info.name}`);
      return text;
    });
    for (const text of texts) session.out(format === 'json' ? toJson(JSON.parse(text)) : toYaml(JSON.parse(text)));
    return 0;
  },
};

export const setLastApplied: KubectlCommand = {
  name: 'set-last-applied',
  summary: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
  usage: '-f FILENAME [options]',
  flags: [
    ...filenameFlags,
    ...dryRunFlags,
    {
      name: 'create-annotation',
      type: 'bool',
      help: "Will create 'last-applied-configuration' annotations if current objects doesn't have one",
    },
  ],
  run: async (session, flags) => {
    requireFilename(flags);
    const writer = new Writer(session, 'kubectl-set-last-applied');
    const pending: { readonly info: Info; readonly text: string }[] = [];
    await visitInfos(session, [], {}, async (info) => {
      const current = await writer.get(info);
      if (lastApplied(current) === undefined && !flags.bool('create-annotation')) {
        throw new CommandError(
          `no last-applied-configuration annotation found on resource: ${info.name}, to create the annotation, run the command with --create-annotation`,
        );
      }
      pending.push({ info, text: configurationOf(info.object) });
    });
    for (const { info, text } of pending) {
      const patch = { metadata: { annotations: { [lastAppliedAnnotation]: text } } };
      const object = writer.dryRun === 'client' ? info.object : await writer.patch(info, { type: patchTypes.merge, patch });
      writer.print('configured', info, object);
    }
    return 0;
  },
};
