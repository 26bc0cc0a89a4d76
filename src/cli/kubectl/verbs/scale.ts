/** `kubectl scale`. Source: kubectl pkg/cmd/scale/scale.go, pkg/scale/scale.go. */
import { isConflict } from '../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { type Info, infoPath, infosOf, throwAll } from '../resources/infos.ts';
import { watchUntil } from '../waiting/watch-until.ts';
import { dryRunFlags, filenameFlags, recordFlag, selectorFlag } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';

interface Replicas {
  readonly replicas?: number;
}

const specOf = (object: ApiObject): Replicas => (object.spec ?? {}) as Replicas; // Scale objects and workloads both have it
const statusOf = (object: ApiObject): Replicas => (object.status ?? {}) as Replicas; // likewise

function withReplicas(info: Info, object: ApiObject, replicas: number): ApiObject {
  if (info.resource.group !== 'apps' && info.resource.group !== '') return object;
  return { ...object, spec: { ...(object.spec as object), replicas } };
}

const retryPauseMs = 1000;

async function scaleOnce(writer: Writer, info: Info, flags: Flags): Promise<number> {
  const replicas = flags.int('replicas');
  const wanted = { size: flags.int('current-replicas'), version: flags.string('resource-version') };
  if (wanted.size === -1 && wanted.version === '') {
    return specOf(await writer.patch(info, { type: patchTypes.merge, patch: { spec: { replicas } }, subresource: 'scale' })).replicas ?? 0;
  }
  const scale = await writer.session.object({ method: 'GET', path: infoPath(info, 'scale') });
  const size = specOf(scale).replicas ?? 0;
  if (wanted.size !== -1 && size !== wanted.size) throw new CommandError(`Expected replicas to be ${wanted.size}, was ${size}`);
  const version = scale.metadata?.resourceVersion ?? '';
  if (wanted.version !== '' && version !== wanted.version)
    throw new CommandError(`Expected resource version to be ${wanted.version}, was ${version}`);
  return specOf(await writer.replace(info, { ...scale, spec: { ...(scale.spec as object), replicas } }, 'scale')).replicas ?? 0;
}

async function scaleInfo(writer: Writer, info: Info, flags: Flags): Promise<number> {
  for (;;) {
    try {
      return await scaleOnce(writer, info, flags);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
  }
}

async function waitForReplicas(session: Session, info: Info, replicas: number, timeoutMs: number): Promise<void> {
  const done = (object: ApiObject | undefined): boolean => {
    const wanted = object === undefined ? -1 : (specOf(object).replicas ?? 0);
    return wanted !== replicas || (object !== undefined && (statusOf(object).replicas ?? 0) === replicas);
  };
  if (!(await watchUntil(session, info, done, timeoutMs)))
    throw new CommandError(`timed out waiting for ${JSON.stringify(info.name)} to be synced`);
}

export const scale: KubectlCommand = {
  name: 'scale',
  summary: 'Set a new size for a deployment, replica set, or replication controller',
  usage: '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  flags: [
    ...filenameFlags,
    ...dryRunFlags,
    recordFlag,
    selectorFlag,
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types' },
    { name: 'resource-version', type: 'string', help: 'Precondition for resource version.' },
    { name: 'current-replicas', type: 'int', fallback: '-1', help: 'Precondition for current size. -1 (default) for no condition.' },
    { name: 'replicas', required: true, type: 'int', fallback: '0', help: 'The new desired number of replicas. Required.' },
    {
      name: 'timeout',
      type: 'duration',
      fallback: '0s',
      help: "The length of time to wait before giving up on a scale operation, zero means don't wait.",
    },
  ],
  run: async (session, flags) => {
    if (flags.int('replicas') < 0)
      throw new CommandError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
    if (flags.int('current-replicas') < -1) throw new CommandError('The --current-replicas must specify an integer of -1 or greater');
    const writer = new Writer(session, '');
    const infos: Info[] = [];
    const errors: Error[] = [];
    for await (const info of infosOf(session, flags.args, { latest: true })) {
      if (info instanceof Error) errors.push(info);
      else infos.push(info);
    }
    if (flags.string('resource-version') !== '' && infos.length > 1)
      throw new CommandError('cannot use --resource-version with multiple resources');
    if (infos.length === 0 && errors.length === 0) throw new CommandError('no objects passed to scale');
    for (const info of infos) {
      const size = writer.dryRun === 'client' ? flags.int('replicas') : await scaleInfo(writer, info, flags);
      if (flags.durationMs('timeout') > 0 && writer.dryRun === 'none')
        await waitForReplicas(session, info, size, flags.durationMs('timeout'));
      if (flags.bool('record') && writer.dryRun === 'none') {
        const patch = { metadata: { annotations: { 'kubernetes.io/change-cause': writer.changeCause('scale') } } };
        await writer.patch(info, { type: patchTypes.merge, patch });
      }
      writer.print('scaled', info, withReplicas(info, info.object, size));
    }
    const [first] = errors;
    if (infos.length === 0 && first !== undefined) throw new CommandError(`no objects passed to scale ${first.message}`);
    throwAll(session, errors);
    return 0;
  },
};
