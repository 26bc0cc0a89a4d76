/** `kubectl run`, with the generators of old tutorials. Source: kubectl pkg/cmd/run/run.go. */
import { isNotFound } from '../../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { ArgumentError, type Flags } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { outputName } from '../../output/output.ts';
import type { Info } from '../../resources/infos.ts';
import { deleteInfo } from '../../writing/deletion.ts';
import { atoi } from '../../writing/generator.ts';
import { isImageName } from '../../writing/image-name.ts';
import { createGenerated, overrideFlags } from '../../writing/overrides.ts';
import { deletionFlags, filenameFlags, recordFlag, saveConfigFlag, writeFlags } from '../../writing/write-flags.ts';
import { Writer } from '../../writing/writing.ts';
import { AttachedRun, type Ended } from './run-attached.ts';
import { type Generator, generateController, generatePod, generateService, generators } from './run-generators.ts';

/** Deprecation text of flags that upstream has removed. Here they still work, because tutorials use them. */
const dropped = 'newer versions of kubectl do not know it; use --overrides or a manifest instead';

function checkFlags(flags: Flags, attaching: boolean): Generator {
  if (flags.args.length === 0 || flags.dashAt === 0) throw new ArgumentError('NAME is required for run');
  const image = flags.string('image');
  if (image === '') throw new CommandError('--image is required');
  if (!isImageName(image)) throw new CommandError(`Invalid image name ${JSON.stringify(image)}: invalid reference format`);
  if (flags.bool('tty') && !flags.bool('stdin')) throw new ArgumentError('-i/--stdin is required for containers with -t/--tty=true');
  if (flags.bool('expose') && flags.string('port') === '') throw new ArgumentError('--port must be set when exposing a service');
  if (flags.string('port') !== '') atoi(flags.string('port'));
  if (!attaching && flags.bool('rm')) throw new ArgumentError('--rm should only be used for attached containers');
  if (attaching && flags.given('dry-run') && flags.string('dry-run') !== 'none') {
    throw new ArgumentError("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)");
  }
  const name = flags.string('generator') === '' ? 'run-pod/v1' : flags.string('generator');
  const generator = generators[name];
  if (generator === undefined) throw new CommandError(`generator ${JSON.stringify(name)} not found`);
  return generator;
}

async function remove(session: Session, infos: readonly Info[]): Promise<void> {
  for (const info of infos) {
    try {
      await deleteInfo(session, info, {
        cascade: 'Background',
        gracePeriod: -1,
        dryRun: 'none',
        output: '',
        quiet: session.flags.bool('quiet'),
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

async function runPod(session: Session, flags: Flags): Promise<number> {
  const attaching = flags.given('attach') ? flags.bool('attach') : flags.bool('stdin');
  const generator = checkFlags(flags, attaching);
  const writer = new Writer(session, 'kubectl-run');
  const [name = '', ...args] = flags.args;
  if (flags.given('generator')) {
    if (generator.kind !== 'Pod')
      session.err(
        `kubectl run --generator=${flags.string('generator')} is DEPRECATED and will be removed in a future version. Use kubectl run --generator=run-pod/v1 or kubectl create instead.\n`,
      );
    else session.err('Flag --generator has been deprecated, has no effect and will be removed in the future.\n');
  }
  const object = generateController(generator, generatePod(name, flags, args), flags.given('replicas') ? flags.int('replicas') : 1);
  const make = (type: string, generated: ApiObject) => createGenerated(session, writer, type, generated, 'run');
  // Upstream creates and prints the Service first.
  const service = flags.bool('expose') ? await make('services', generateService(name, flags)) : undefined;
  const main = await make(generator.type, object);
  const made = service === undefined ? [main] : [service, main];
  if (attaching) {
    let ended: Ended;
    try {
      ended = await new AttachedRun(session, { ...main.info, object: main.object }).run();
    } finally {
      if (flags.bool('rm'))
        await remove(
          session,
          made.map((m) => m.info),
        );
    }
    session.err(ended.text);
    return ended.code;
  }
  for (const each of made) {
    writer.print('created', each.info, each.object);
    // Upstream prints two separators between the Service and the next document.
    if (each === service && outputName(flags) === 'yaml') session.out('---\n');
  }
  return 0;
}

export const run: KubectlCommand = {
  name: 'run',
  summary: 'Run a particular image on the cluster',
  usage:
    'NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  flags: [
    ...filenameFlags.map((flag) =>
      flag.name === 'filename' ? { ...flag, deprecated: 'it is ignored by kubectl run and will be removed in a future release' } : flag,
    ),
    ...deletionFlags,
    ...writeFlags('kubectl-run'),
    ...overrideFlags,
    recordFlag,
    saveConfigFlag,
    { name: 'annotations', type: 'array', help: 'Annotations to apply to the pod.' },
    { name: 'image', required: true, type: 'string', help: 'The image for the container to run.' },
    { name: 'image-pull-policy', type: 'string', help: 'The image pull policy for the container.' },
    { name: 'rm', type: 'bool', help: 'If true, delete the pod after it exits. Only valid when attaching to the container.' },
    { name: 'env', type: 'array', help: 'Environment variables to set in the container.' },
    { name: 'port', type: 'string', help: 'The port that this container exposes.' },
    { name: 'labels', short: 'l', type: 'string', help: 'Comma separated labels to apply to the pod. Will override previous values.' },
    { name: 'stdin', short: 'i', type: 'bool', help: 'Keep stdin open on the container in the pod, even if nothing is attached.' },
    { name: 'tty', short: 't', type: 'bool', help: 'Allocate a TTY for the container in the pod.' },
    { name: 'attach', type: 'bool', help: 'If true, wait for the Pod to start running, and then attach to the Pod.' },
    {
      name: 'leave-stdin-open',
      type: 'bool',
      help: 'If the pod is started in interactive mode or with stdin, leave stdin open after the first attach completes.',
    },
    {
      name: 'restart',
      type: 'string',
      fallback: 'Always',
      help: 'The restart policy for this Pod. Legal values [Always, OnFailure, Never].',
    },
    {
      name: 'command',
      type: 'bool',
      help: "If true and extra arguments are present, use them as the 'command' field in the container, rather than the 'args' field.",
    },
    { name: 'expose', type: 'bool', help: 'If true, create a ClusterIP service associated with the pod. Requires --port.' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'If true, suppress prompt messages.' },
    { name: 'privileged', type: 'bool', help: 'If true, run the container in privileged mode.' },
    {
      name: 'pod-running-timeout',
      type: 'duration',
      fallback: '1m0s',
      help: 'The length of time to wait until at least one pod is running',
    },
    { name: 'generator', hidden: true, type: 'string', help: 'The name of the API generator to use.' },
    {
      name: 'replicas',
      hidden: true,
      short: 'r',
      type: 'int',
      fallback: '1',
      help: 'Number of replicas to create for this container with an old --generator.',
    },
    {
      name: 'limits',
      type: 'string',
      help: "The resource requirement limits for this container. For example, 'cpu=200m,memory=512Mi'.",
      deprecated: dropped,
    },
    {
      name: 'requests',
      type: 'string',
      help: "The resource requirement requests for this container. For example, 'cpu=100m,memory=256Mi'.",
      deprecated: dropped,
    },
    {
      name: 'hostport',
      type: 'int',
      fallback: '-1',
      help: 'The host port mapping for the container port.',
      deprecated: dropped,
    },
    {
      name: 'serviceaccount',
      type: 'string',
      help: 'Service account to set in the pod spec.',
      deprecated: dropped,
    },
    { name: 'wait', type: 'bool', help: 'If true, wait for resources to be gone before returning.' },
  ],
  run: runPod,
};
