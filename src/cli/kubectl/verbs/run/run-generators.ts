/**
 * Makes the objects of `kubectl run`, including those of the former generators. Source: kubectl
 * pkg/generate/versioned/run.go, until 1.17 with all of them.
 */
import type { JsonObject } from '../../../../api/json.ts';
import { isEnvVarName } from '../../../../api/names.ts';
import { canonicalQuantity, QuantityError } from '../../../../api/quantity.ts';
import { CommandError } from '../../command/command.ts';
import { ArgumentError, type Flags } from '../../command/flags.ts';
import { keyChange, parseLabelList } from '../../command/pairs.ts';
import type { ApiObject } from '../../command/session.ts';
import { compact } from '../../writing/generator.ts';

export interface Generator {
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/** The former generators, by the value of `--generator`. */
export const generators: Readonly<Record<string, Generator>> = {
  'run-pod/v1': { type: 'pods', apiVersion: 'v1', kind: 'Pod' },
  'run/v1': { type: 'replicationcontrollers', apiVersion: 'v1', kind: 'ReplicationController' },
  'deployment/apps.v1': { type: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
  'deployment/apps.v1beta1': { type: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
  'deployment/v1beta1': { type: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
};

/** `--restart`. Throws CommandError. */
export function restartPolicyOf(flags: Flags): string {
  const policy = flags.string('restart');
  if (policy === '') return flags.bool('stdin') ? 'OnFailure' : 'Always';
  if (['Always', 'OnFailure', 'Never'].includes(policy)) return policy;
  throw new ArgumentError(`invalid restart policy: ${policy}`);
}

function environment(flags: Flags): readonly JsonObject[] {
  return flags.all('env').map((text) => {
    const at = text.indexOf('=');
    if (at < 1 || isEnvVarName(text.slice(0, at)).length > 0) throw new CommandError(`invalid env: ${text}`);
    return compact({ name: text.slice(0, at), value: text.slice(at + 1) });
  });
}

/** `cpu=200m,memory=512Mi`; absent when empty. Throws CommandError. */
function resourceList(text: string): Readonly<Record<string, string>> | undefined {
  if (text === '') return undefined;
  const entries = text.split(',').map((statement) => {
    const [name = '', value, ...more] = statement.split('=');
    if (value === undefined || more.length > 0) throw new CommandError(`Invalid argument syntax ${statement}, expected <resource>=<value>`);
    try {
      return [name, canonicalQuantity(value)] as const;
    } catch (error) {
      if (error instanceof QuantityError) throw new CommandError(error.message);
      throw error;
    }
  });
  return Object.fromEntries(entries);
}

function containerPorts(flags: Flags): readonly JsonObject[] {
  const hostPort = flags.int('hostport');
  if (flags.string('port') !== '') return [compact({ containerPort: Number(flags.string('port')), hostPort: Math.max(hostPort, 0) })];
  if (hostPort > 0) throw new CommandError('--hostport requires --port to be specified');
  return [];
}

/** The Pod as upstream's generator makes it. Throws CommandError. */
export function generatePod(name: string, flags: Flags, args: readonly string[]): ApiObject {
  const pullPolicy = flags.string('image-pull-policy');
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(pullPolicy)) {
    throw new ArgumentError(`invalid image pull policy: ${pullPolicy}`);
  }
  const annotations = keyChange(flags.all('annotations'), 'annotations', false).set;
  const interactive = flags.bool('stdin');
  const container = compact({
    args: flags.bool('command') ? [] : args,
    command: flags.bool('command') ? args : [],
    env: environment(flags),
    image: flags.string('image'),
    imagePullPolicy: pullPolicy,
    name,
    ports: containerPorts(flags),
    securityContext: flags.bool('privileged') ? { privileged: true } : {},
    stdin: interactive,
    stdinOnce: interactive && !flags.bool('leave-stdin-open'),
    tty: flags.bool('tty'),
  });
  const labels = flags.string('labels') === '' ? { run: name } : parseLabelList(flags.string('labels'));
  const resources = compact({ limits: resourceList(flags.string('limits')), requests: resourceList(flags.string('requests')) });
  const account = compact({ serviceAccountName: flags.string('serviceaccount') });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...(Object.keys(annotations).length === 0 ? {} : { annotations }), labels, name },
    spec: { containers: [{ ...container, resources }], dnsPolicy: 'ClusterFirst', restartPolicy: restartPolicyOf(flags), ...account },
    status: {},
  };
}

/** Wraps a pod into the controller of an old generator. */
export function generateController(generator: Generator, pod: ApiObject, replicas: number): ApiObject {
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

/** The Service of `--expose`. */
export function generateService(name: string, flags: Flags): ApiObject {
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
