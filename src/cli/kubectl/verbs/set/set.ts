/** `kubectl set`. Source: kubectl pkg/cmd/set. */
import { applyMergePatch } from '../../../../api/patch/merge-patch.ts';
import { tryParseQuantity } from '../../../../api/quantity.ts';
import { parseLabelSelector } from '../../../../api/selector.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { isKind } from '../../kinds/kinds.ts';
import { unregistered } from '../../kinds/registered.ts';
import { nothingNamed, visitInfos } from '../../resources/infos.ts';
import { patchTypes, Writer } from '../../writing/writing.ts';
import { setEnv } from './env.ts';
import { setImage } from './image.ts';
import { changePodSpecs, containersFlag, containersOf, mapContainers, setFlags } from './pod-template.ts';
import { setSubject } from './subject.ts';

/** `cpu=200m,memory=512Mi`. Throws CommandError. */
export function parseResourceList(text: string): Readonly<Record<string, string>> {
  if (text === '') return {};
  return Object.fromEntries(
    text.split(',').map((statement) => {
      const parts = statement.split('=');
      if (parts.length !== 2) throw new CommandError(`invalid argument syntax ${statement}, expected <resource>=<value>`);
      if (tryParseQuantity(parts[1]) === undefined)
        throw new CommandError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
      return [parts[0] ?? '', parts[1] ?? ''];
    }),
  );
}

const setResources: KubectlCommand = {
  name: 'resources',
  summary: 'Update resource requests/limits on objects with pod templates',
  usage: '(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS] [options]',
  flags: [
    ...setFlags,
    containersFlag,
    { name: 'limits', type: 'string', help: "The resource requirement limits for this container. For example, 'cpu=100m,memory=256Mi'." },
    {
      name: 'requests',
      type: 'string',
      help: "The resource requirement requests for this container. For example, 'cpu=100m,memory=256Mi'.",
    },
  ],
  run: async (session, flags) => {
    if (flags.args.length === 0 && flags.list('filename').length === 0) throw new CommandError(nothingNamed);
    const limits = parseResourceList(flags.string('limits'));
    const requests = parseResourceList(flags.string('requests'));
    if (flags.string('limits') === '' && flags.string('requests') === '') {
      throw new CommandError('you must specify an update to requests or limits (in the form of --requests/--limits)');
    }
    const pattern = flags.string('containers');
    return changePodSpecs(session, flags.args, {
      what: 'resource requirements',
      failure: 'resources update to pod template',
      change: (spec) => {
        if (containersOf(spec, pattern).length === 0) throw new CommandError(`error: unable to find container named ${pattern}`);
        return mapContainers(spec, pattern, (container) => {
          const old = (container.resources ?? {}) as Readonly<Record<string, Readonly<Record<string, string>>>>; // quantities by name
          const both = { ...old, ...(Object.keys(limits).length === 0 ? {} : { limits: { ...old.limits, ...limits } }) };
          return {
            ...container,
            resources: { ...both, ...(Object.keys(requests).length === 0 ? {} : { requests: { ...old.requests, ...requests } }) },
          };
        });
      },
    });
  },
};

const setServiceAccount: KubectlCommand = {
  name: 'serviceaccount',
  aliases: ['sa'],
  summary: 'Update the service account of a resource',
  usage: '(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]',
  flags: setFlags,
  run: async (session, flags) => {
    const name = flags.args.at(-1);
    if (name === undefined) throw new CommandError('serviceaccount is required');
    return changePodSpecs(session, flags.args.slice(0, -1), {
      what: 'serviceaccount',
      failure: 'ServiceAccountName',
      always: true,
      change: (spec) => ({ ...spec, serviceAccountName: name }),
    });
  },
};

const setSelector: KubectlCommand = {
  name: 'selector',
  summary: 'Set the selector on a resource',
  usage: '(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]',
  flags: [
    ...setFlags,
    {
      name: 'resource-version',
      type: 'string',
      help: 'If non-empty, the selectors update will only succeed if this is the current resource-version for the object.',
    },
  ],
  run: async (session, flags) => {
    const text = flags.args.at(-1);
    if (text === undefined) throw new CommandError('one selector is required');
    const parsed = parseLabelSelector(text);
    if (!parsed.ok) throw new CommandError(parsed.error);
    const writer = new Writer(session, 'kubectl-set');
    await visitInfos(session, flags.args.slice(0, -1), { latest: true, refuse: unregistered }, async (info) => {
      if (!isKind(info.resource, 'Service')) throw new CommandError('setting a selector is only supported for Services');
      const selector = Object.fromEntries(
        text
          .split(',')
          .map((part) => part.split(/==?/))
          .map(([key = '', value = '']) => [key.trim(), value.trim()]),
      );
      const gone = Object.keys(((info.object as { readonly spec?: { readonly selector?: object } }).spec?.selector ?? {}) as object).filter(
        (key) => selector[key] === undefined,
      );
      const version = flags.string('resource-version');
      const patch = {
        spec: { selector: { ...Object.fromEntries(gone.map((key) => [key, null])), ...selector } },
        ...(version === '' ? {} : { metadata: { resourceVersion: version } }),
      };
      const local = flags.bool('local') || writer.dryRun === 'client';
      const object = local ? applyMergePatch(info.object, patch) : await writer.patch(info, { type: patchTypes.merge, patch });
      writer.print('selector updated', info, object);
    });
    return 0;
  },
};

export const setCommand: KubectlCommand = {
  name: 'set',
  summary: 'Set specific features on objects',
  usage: 'SUBCOMMAND [options]',
  subcommands: [setEnv, setImage, setResources, setSelector, setServiceAccount, setSubject],
};
