/** `kubectl create job|cronjob`. Source: kubectl pkg/cmd/create/{create_job,create_cronjob}.go. */
import type { JsonObject } from '../../../../api/json.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { isKind } from '../../kinds/kinds.ts';
import { goType, readOne } from '../../streams/pods.ts';
import { compact, createObject, generatorFlags } from '../../writing/generator.ts';
import { nameArgument } from '../../writing/writing.ts';

const podTemplate = (name: string, image: string, command: readonly string[], restartPolicy: string): JsonObject => ({
  metadata: {},
  spec: compact({ containers: [{ ...compact({ command, image, name }), resources: {} }], restartPolicy }),
});

interface CronJob {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly jobTemplate: {
      readonly metadata?: { readonly labels?: JsonObject; readonly annotations?: JsonObject };
      readonly spec: JsonObject;
    };
  };
}

/** The Job that a CronJob would start now. Rejects with CommandError when `--from` does not name a CronJob. */
async function jobFrom(session: Session, name: string, from: string): Promise<ApiObject> {
  const { resource, object } = await readOne(session, from, from.includes('/') ? {} : { name: '' });
  if (!isKind(resource, 'CronJob')) throw new CommandError(`unknown object type ${goType(resource)}`);
  const { metadata, spec } = object as unknown as CronJob; // its kind says so
  const template = spec.jobTemplate;
  const owner = { apiVersion: 'batch/v1', controller: true, kind: 'CronJob', name: metadata.name, uid: metadata.uid };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', ...template.metadata?.annotations } as Readonly<Record<string, string>>, // annotations are strings
      ...compact({ labels: template.metadata?.labels ?? {} }),
      ownerReferences: [owner],
    },
    spec: template.spec,
    status: {},
  };
}

export const createJob: KubectlCommand = {
  name: 'job',
  summary: 'Create a job with the specified name',
  usage: 'NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]',
  flags: [
    ...generatorFlags,
    { name: 'image', type: 'string', help: 'Image name to run.' },
    { name: 'from', type: 'string', help: 'The name of the resource to create a Job from (only CronJob is supported).' },
  ],
  run: async (session, flags) => {
    const name = nameArgument(session);
    const [, ...command] = flags.args;
    const [image, from] = [flags.string('image'), flags.string('from')];
    if ((image === '') === (from === '')) throw new CommandError('either --image or --from must be specified');
    if (command.length > 0 && from !== '') throw new CommandError('cannot specify --from and command');
    const job: ApiObject =
      from === ''
        ? {
            apiVersion: 'batch/v1',
            kind: 'Job',
            metadata: { name },
            spec: { template: podTemplate(name, image, command, 'Never') },
            status: {},
          }
        : await jobFrom(session, name, from);
    return createObject(session, job, 'job:', { plural: 'jobs', namespaced: true });
  },
};

export const createCronJob: KubectlCommand = {
  name: 'cronjob',
  aliases: ['cj'],
  summary: 'Create a cron job with the specified name',
  usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [options]",
  flags: [
    ...generatorFlags,
    { name: 'image', required: true, type: 'string', help: 'Image name to run.' },
    { name: 'schedule', required: true, type: 'string', help: 'A schedule in the Cron format the job should be run with.' },
    { name: 'restart', type: 'string', help: "job's restart policy. supported values: OnFailure, Never" },
  ],
  run: async (session, flags) => {
    const name = nameArgument(session);
    const [, ...command] = flags.args;
    const template = podTemplate(name, flags.string('image'), command, flags.given('restart') ? flags.string('restart') : 'OnFailure');
    const object: ApiObject = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name },
      spec: { jobTemplate: { metadata: { name }, spec: { template } }, schedule: flags.string('schedule') },
      status: {},
    };
    return createObject(session, object, 'cronjob:', { plural: 'cronjobs', namespaced: true });
  },
};
