/** `kubectl run`, with the generators of old tutorials. Source: kubectl pkg/cmd/run/run.go; before 1.18 pkg/kubectl/generate/versioned/run.go. */
import type { JsonObject } from '../../api/json.ts';
import { isEnvVarName } from '../../api/names.ts';
import { isNotFound } from '../../api/status-error.ts';
import { attachTo } from './attach.ts';
import { CommandError, type KubectlCommand } from './command.ts';
import { compact } from './create/generator.ts';
import { deleteInfo } from './deletion.ts';
import { resourcePath } from './discovery.ts';
import { podTimeoutMs } from './exec.ts';
import { createGenerated } from './expose.ts';
import type { Flags } from './flags.ts';
import type { Info } from './infos.ts';
import { overrideFlags } from './overrides.ts';
import { keyChange, parseLabelList } from './pairs.ts';
import { asPod, attachablePod, type PodObject, podName } from './pods.ts';
import { findResource } from './resource-args.ts';
import type { ApiObject, Session } from './session.ts';
import { watchUntil } from './watch-until.ts';
import { deletionFlags, filenameFlags, recordFlag, saveConfigFlag, writeFlags } from './write-flags.ts';
import { Writer } from './writing.ts';

interface Generator {
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/** What `--generator` made, by its name. */
const generators: Readonly<Record<string, Generator>> = {
  'run-pod/v1': { type: 'pods', apiVersion: 'v1', kind: 'Pod' },
  'run/v1': { type: 'replicationcontrollers', apiVersion: 'v1', kind: 'ReplicationController' },
  'deployment/apps.v1': { type: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
  'deployment/apps.v1beta1': { type: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
  'deployment/v1beta1': { type: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
};

function restartPolicyOf(flags: Flags): string {
  const policy = flags.string('restart');
  if (policy === '') return flags.bool('stdin') ? 'OnFailure' : 'Always';
  if (['Always', 'OnFailure', 'Never'].includes(policy)) return policy;
  throw new CommandError(`invalid restart policy: ${policy}, valid values are: Always, OnFailure, Never`);
}

function environment(flags: Flags): readonly JsonObject[] {
  return flags.all('env').map((text) => {
    const at = text.indexOf('=');
    if (at < 1 || isEnvVarName(text.slice(0, at)).length > 0) throw new CommandError(`invalid env: ${text}`);
    return compact({ name: text.slice(0, at), value: text.slice(at + 1) });
  });
}

/** The Pod as upstream's generator makes it. Throws CommandError. */
export function generatePod(name: string, flags: Flags, args: readonly string[]): ApiObject {
  const pullPolicy = flags.string('image-pull-policy');
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(pullPolicy)) {
    throw new CommandError(`invalid image pull policy: ${pullPolicy}, valid values are: Always, IfNotPresent, Never`);
  }
  const annotations = keyChange(flags.all('annotations'), 'annotations', false).set;
  const interactive = flags.bool('stdin');
  const port = flags.string('port');
  const container = compact({
    args: flags.bool('command') ? [] : args,
    command: flags.bool('command') ? args : [],
    env: environment(flags),
    image: flags.string('image'),
    imagePullPolicy: pullPolicy,
    name,
    ports: port === '' ? [] : [{ containerPort: Number(port) }],
    securityContext: flags.bool('privileged') ? { privileged: true } : {},
    stdin: interactive,
    stdinOnce: interactive && !flags.bool('leave-stdin-open'),
    tty: flags.bool('tty'),
  });
  const labels = flags.string('labels') === '' ? { run: name } : parseLabelList(flags.string('labels'));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...(Object.keys(annotations).length === 0 ? {} : { annotations }), labels, name },
    spec: { containers: [{ ...container, resources: {} }], dnsPolicy: 'ClusterFirst', restartPolicy: restartPolicyOf(flags) },
    status: {},
  };
}

/** Wraps a pod into the controller of an old generator. */
function generateController(generator: Generator, pod: ApiObject, replicas: number): ApiObject {
  if (generator.kind === 'Pod') return pod;
  const labels = pod.metadata?.labels ?? {};
  const isDeployment = generator.kind === 'Deployment';
  return {
    apiVersion: generator.apiVersion,
    kind: generator.kind,
    metadata: { labels, name: pod.metadata?.name ?? '' },
    spec: {
      replicas,
      selector: isDeployment ? { matchLabels: labels } : labels,
      ...(isDeployment ? { strategy: {} } : {}),
      template: { metadata: { labels }, spec: pod.spec },
    },
    status: isDeployment ? {} : { replicas: 0 },
  };
}

function generateService(name: string, flags: Flags): ApiObject {
  const port = Number(flags.string('port'));
  const labels = flags.string('labels') === '' ? undefined : parseLabelList(flags.string('labels'));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...(labels === undefined ? {} : { labels }), name },
    spec: { ports: [{ port, protocol: 'TCP', targetPort: port }], selector: labels ?? { run: name } },
    status: { loadBalancer: {} },
  };
}

function checkFlags(flags: Flags, attaching: boolean): Generator {
  if (flags.args.length === 0 || flags.dashAt === 0) throw new CommandError('NAME is required for run');
  if (!flags.given('image')) throw new CommandError('required flag(s) "image" not set');
  const image = flags.string('image');
  if (image === '') throw new CommandError('--image is required');
  if (!/^[\w][\w.:/@+-]*$/.test(image) || /[A-Z]/.test(image.split('/').at(-1)?.split(/[:@]/)[0] ?? '')) {
    throw new CommandError(`invalid image name ${JSON.stringify(image)}: invalid reference format`);
  }
  if (flags.bool('tty') && !flags.bool('stdin')) throw new CommandError('-i/--stdin is required for containers with -t/--tty=true');
  if (flags.bool('expose') && flags.string('port') === '') throw new CommandError('--port must be set when exposing a service');
  if (flags.string('port') !== '' && !/^[+-]?\d+$/.test(flags.string('port'))) throw new CommandError('--port must be a number');
  if (!attaching && flags.bool('rm')) throw new CommandError('--rm should only be used for attached containers');
  if (attaching && flags.given('dry-run') && flags.string('dry-run') !== 'none') {
    throw new CommandError("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)");
  }
  const name = flags.string('generator') === '' ? 'run-pod/v1' : flags.string('generator');
  const generator = generators[name];
  if (generator === undefined) throw new CommandError(`generator ${JSON.stringify(name)} not found`);
  return generator;
}

interface Ended {
  readonly code: number;
  readonly text: string;
}

class AttachedRun {
  readonly #session: Session;
  readonly #created: Info;

  constructor(session: Session, created: Info) {
    this.#session = session;
    this.#created = created;
  }

  /** Resolves with the exit code and what is to be said of it. */
  async run(): Promise<Ended> {
    const { flags } = this.#session;
    const timeoutMs = podTimeoutMs(flags);
    const pod = await attachablePod(this.#session, this.#created.resource, this.#created.object, timeoutMs);
    await this.#follow(await this.#until(podName(pod), readyOrDone, timeoutMs));
    const policy = restartPolicyOf(flags);
    if (flags.bool('leave-stdin-open') || policy === 'Always') return { code: 0, text: '' };
    const ended = (p: PodObject): boolean => p.status.phase === 'Succeeded' || (policy === 'Never' && p.status.phase === 'Failed');
    return this.#exitCode(await this.#until(podName(pod), ended, timeoutMs));
  }

  async #until(name: string, done: (pod: PodObject) => boolean, timeoutMs: number): Promise<PodObject> {
    const pods = await findResource(this.#session, 'pods');
    let last: PodObject | undefined;
    const reached = await watchUntil(
      this.#session,
      { resource: pods, namespace: this.#session.namespace, name },
      (object) => {
        if (object === undefined) throw new CommandError(`pods ${JSON.stringify(name)} not found`);
        last = asPod(object);
        return done(last);
      },
      timeoutMs,
    );
    if (!reached || last === undefined) throw new CommandError('timed out waiting for the condition');
    return last;
  }

  /** Attaches while the pod runs; what it said before is in its log. */
  async #follow(pod: PodObject): Promise<void> {
    const { flags } = this.#session;
    if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') return this.#log(pod);
    const quiet = flags.bool('quiet');
    await this.#log(pod);
    const since = new Date().toISOString();
    try {
      await attachTo(this.#session, pod, { container: '', stdin: flags.bool('stdin'), tty: flags.bool('tty'), quiet });
    } catch (error) {
      if (this.#session.signal.aborted) throw error;
      this.#session.err(
        `warning: couldn't attach to pod/${podName(pod)}, falling back to streaming logs: ${error instanceof Error ? error.message : String(error)}\n`,
      );
      await this.#log(pod, since);
    }
  }

  async #log(pod: PodObject, sinceTime = ''): Promise<void> {
    const pods = await findResource(this.#session, 'pods');
    const params = new URLSearchParams({ container: pod.spec.containers[0]?.name ?? '', ...(sinceTime === '' ? {} : { sinceTime }) });
    const path = `${resourcePath(pods, this.#session.namespace, podName(pod), 'log')}?${params}`;
    const body = await this.#session.transport.stream({ method: 'GET', path, signal: this.#session.signal });
    for await (const chunk of body) this.#session.terminal.stdout.write(chunk);
  }

  #exitCode(pod: PodObject): Ended {
    if (pod.status.phase === 'Succeeded') return { code: 0, text: '' };
    const where = `${this.#session.namespace}/${podName(pod)}`;
    const terminated = pod.status.containerStatuses?.[0]?.state?.terminated;
    if (terminated === undefined || terminated.exitCode === 0) throw new CommandError(`pod ${where} failed with unknown exit code`);
    return { code: terminated.exitCode, text: `pod ${where} terminated (${terminated.reason ?? ''})\n${terminated.message ?? ''}` };
  }
}

function readyOrDone(pod: PodObject): boolean {
  const { phase, conditions = [] } = pod.status;
  return (
    phase === 'Succeeded' ||
    phase === 'Failed' ||
    (phase === 'Running' && conditions.some((c) => c.type === 'Ready' && c.status === 'True'))
  );
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
  const made = [await createGenerated(session, writer, generator.type, object, 'run')];
  if (flags.bool('expose')) made.push(await createGenerated(session, writer, 'services', generateService(name, flags), 'run'));
  const [first] = made;
  if (attaching && first !== undefined) {
    let ended: Ended;
    try {
      ended = await new AttachedRun(session, { ...first.info, object: first.object }).run();
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
  for (const { info, object: created } of made) writer.print('created', info, created);
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
    ...writeFlags,
    ...overrideFlags,
    recordFlag,
    saveConfigFlag,
    { name: 'annotations', type: 'string', help: 'Annotations to apply to the pod.' },
    { name: 'image', type: 'string', help: 'The image for the container to run.' },
    { name: 'image-pull-policy', type: 'string', help: 'The image pull policy for the container.' },
    { name: 'rm', type: 'bool', help: 'If true, delete the pod after it exits. Only valid when attaching to the container.' },
    { name: 'env', type: 'string', help: 'Environment variables to set in the container.' },
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
    { name: 'detach-keys', type: 'string', help: 'Override the key sequence for detaching a container.' },
    {
      name: 'pod-running-timeout',
      type: 'duration',
      fallback: '1m0s',
      help: 'The length of time to wait until at least one pod is running',
    },
    { name: 'generator', type: 'string', help: 'The name of the API generator to use.' },
    {
      name: 'replicas',
      short: 'r',
      type: 'int',
      fallback: '1',
      help: 'Number of replicas to create for this container with an old --generator.',
    },
    {
      name: 'limits',
      type: 'string',
      help: 'The resource requirement limits for this container.',
      deprecated: 'has no effect and will be removed in the future.',
    },
    {
      name: 'requests',
      type: 'string',
      help: 'The resource requirement requests for this container.',
      deprecated: 'has no effect and will be removed in the future.',
    },
    {
      name: 'hostport',
      type: 'int',
      fallback: '-1',
      help: 'The host port mapping for the container port.',
      deprecated: 'has no effect and will be removed in the future.',
    },
    {
      name: 'serviceaccount',
      type: 'string',
      help: 'Service account to set in the pod spec.',
      deprecated: 'has no effect and will be removed in the future.',
    },
    { name: 'wait', type: 'bool', help: 'If true, wait for resources to be gone before returning.' },
  ],
  run: runPod,
};
