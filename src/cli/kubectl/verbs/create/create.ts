/** `kubectl create`: from files, or from a generator below it. Source: kubectl pkg/cmd/create/create.go. */
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { ArgumentError } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import { visitInfos, withSource } from '../../resources/infos.ts';
import { manifestFilter } from '../../resources/label-filter.ts';
import { rawUpload } from '../../streams/raw.ts';
import { withUpdatedLastApplied } from '../../writing/last-applied.ts';
import {
  filenameFlags,
  recordFlag,
  requireFilename,
  saveConfigFlag,
  selectorFlag,
  validateFlag,
  writeFlags,
} from '../../writing/write-flags.ts';
import { Writer } from '../../writing/writing.ts';
import { createCronJob, createJob } from './batch.ts';
import { createConfigMap } from './config-map.ts';
import { createDeployment } from './deployment.ts';
import { createIngress } from './ingress.ts';
import { createNamespace } from './namespace.ts';
import { createPodDisruptionBudget, createPriorityClass, createQuota } from './policy.ts';
import { createClusterRole, createClusterRoleBinding, createRole, createRoleBinding } from './rbac.ts';
import { createSecret } from './secret.ts';
import { createService } from './service.ts';
import { createServiceAccount } from './service-account.ts';
import { createToken } from './token.ts';

async function createFromFiles(session: Session): Promise<number> {
  const { flags } = session;
  const writer = new Writer(session, 'kubectl-create');
  const filter = manifestFilter(session);
  const count = await visitInfos(session, [], filter === undefined ? {} : { filterManifests: filter }, async (info) => {
    try {
      const object = writer.recorded(withUpdatedLastApplied(flags.bool('save-config'), info.object), 'create');
      writer.print('created', info, writer.dryRun === 'client' ? object : await writer.create(info, object));
    } catch (error) {
      throw withSource('creating', info.source, error);
    }
  });
  if (count === 0) throw new CommandError('no objects passed to create');
  return 0;
}

export const create: KubectlCommand = {
  name: 'create',
  summary: 'Create a resource from a file or from stdin',
  usage: '-f FILENAME [options]',
  flags: [
    ...filenameFlags,
    ...writeFlags('kubectl-create'),
    validateFlag,
    saveConfigFlag,
    recordFlag,
    selectorFlag,
    { name: 'raw', type: 'string', help: 'Raw URI to POST to the server.' },
  ],
  subcommands: [
    createNamespace,
    createConfigMap,
    createSecret,
    createServiceAccount,
    createService,
    createDeployment,
    createToken,
    createJob,
    createCronJob,
    createIngress,
    createQuota,
    createPodDisruptionBudget,
    createPriorityClass,
    createRole,
    createClusterRole,
    createRoleBinding,
    createClusterRoleBinding,
  ],
  run: async (session, flags) => {
    if (flags.list('filename').length === 0 && !flags.given('kustomize')) {
      const [word] = flags.args;
      if (word !== undefined) throw new ArgumentError(`Unexpected args: [${flags.args.join(' ')}]`);
      throw new CommandError('must specify one of -f and -k');
    }
    requireFilename(flags);
    if (flags.args.length > 0) throw new ArgumentError(`Unexpected args: [${flags.args.join(' ')}]`);
    return flags.given('raw') ? rawUpload(session, 'POST') : createFromFiles(session);
  },
};
