/** `kubectl autoscale`. Source: kubectl pkg/cmd/autoscale/autoscale.go. */
import type { JsonObject } from '../../../api/json.ts';
import { canonicalQuantity, tryParseQuantity } from '../../../api/quantity.ts';
import { StatusError } from '../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { apiVersionOf } from '../resources/discovery.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { findResource } from '../resources/resource-args.ts';
import { withUpdatedLastApplied } from '../writing/last-applied.ts';
import { filenameFlags, recordFlag, saveConfigFlag, writeFlags } from '../writing/write-flags.ts';
import { Writer } from '../writing/writing.ts';

type ResourceName = 'cpu' | 'memory';

/** The unit of numbers that are given without one. */
const units: Readonly<Record<ResourceName, string>> = { cpu: 'm', memory: 'Mi' };
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The target of a resource, from `70%`, `500m`, `500`. Throws CommandError. Source: parseResourceInput. */
export function targetOf(text: string, resource: ResourceName): JsonObject {
  const input = text.trim();
  if (input === '') throw new CommandError('empty input');
  if (input.endsWith('%')) {
    const percent = input.slice(0, -1);
    const value = Number(percent);
    if (!/^\+?\d+$/.test(percent) || value > 2 ** 31 - 1) throw new CommandError(`invalid percentage value: ${percent}`);
    return { type: 'Utilization', averageUtilization: value };
  }
  const amount = number.test(input) ? `${Number(input)}${units[resource]}` : input;
  if (tryParseQuantity(amount) === undefined) throw new CommandError(`invalid resource ${resource} value: ${input}`);
  return { type: 'AverageValue', averageValue: canonicalQuantity(amount) };
}

const metricOf = (name: ResourceName, target: JsonObject): JsonObject => ({ type: 'Resource', resource: { name, target } });

/** Throws CommandError for flags that contradict each other. */
function metricsOf(flags: Flags): readonly JsonObject[] {
  const percent = flags.int('cpu-percent');
  const [cpu, memory] = [flags.string('cpu'), flags.string('memory')];
  if (percent > 0 && cpu !== '') throw new CommandError('--cpu-percent and --cpu are mutually exclusive');
  return [
    ...(percent > 0 ? [metricOf('cpu', { type: 'Utilization', averageUtilization: percent })] : []),
    ...(cpu === '' ? [] : [metricOf('cpu', targetOf(cpu, 'cpu'))]),
    ...(memory === '' ? [] : [metricOf('memory', targetOf(memory, 'memory'))]),
  ];
}

function checkBounds(min: number, max: number): void {
  if (max < 1) throw new CommandError(`--max=MAXPODS is required and must be at least 1, max: ${max}`);
  if (max < min) throw new CommandError(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`);
}

/** The old form, for servers without autoscaling/v2; undefined when it cannot say what is wanted. */
function oldForm(current: ApiObject, spec: JsonObject, metrics: readonly JsonObject[]): ApiObject | undefined {
  const [metric, ...more] = metrics;
  const { resource } = (metric ?? {}) as { readonly resource?: { readonly name: string; readonly target: JsonObject } }; // as made above
  const percent = resource?.target.averageUtilization;
  if (more.length > 0 || (resource !== undefined && (resource.name !== 'cpu' || percent === undefined))) return undefined;
  const { metrics: _, ...rest } = spec;
  const target = percent === undefined ? {} : { targetCPUUtilizationPercentage: percent };
  const status = { currentReplicas: 0, desiredReplicas: 0 };
  return { ...current, apiVersion: 'autoscaling/v1', spec: { ...rest, ...target }, status };
}

async function create(session: Session, writer: Writer, object: ApiObject): Promise<{ readonly info: Info; readonly object: ApiObject }> {
  const version = object.apiVersion?.split('/')[1] ?? '';
  const resource = await findResource(session, `horizontalpodautoscalers.${version}.autoscaling`);
  const recorded = writer.recorded(object, 'autoscale');
  const info: Info = { resource, namespace: session.namespace, name: object.metadata?.name ?? '', object: recorded, source: '' };
  if (writer.dryRun === 'client') return { info, object: recorded };
  return { info, object: await writer.create(info, withUpdatedLastApplied(session.flags.bool('save-config'), recorded)) };
}

async function autoscaleOne(session: Session, writer: Writer, { resource, name }: Info, metrics: readonly JsonObject[]): Promise<void> {
  const { flags } = session;
  if (!resource.subresources.includes('scale')) {
    const shown = `${resource.group}/${resource.version}, Resource=${resource.plural}`;
    throw new CommandError(`cannot autoscale a ${resource.kind}: could not find scale subresource for ${shown} in discovery information`);
  }
  const min = flags.int('min');
  const spec: JsonObject = {
    scaleTargetRef: { kind: resource.kind, name, apiVersion: apiVersionOf(resource) },
    ...(min > 0 ? { minReplicas: min } : {}),
    maxReplicas: flags.int('max'),
    ...(metrics.length === 0 ? {} : { metrics }),
  };
  const metadata = {
    name: flags.string('name') === '' ? name : flags.string('name'),
    ...(session.namespaceGiven ? { namespace: session.namespace } : {}),
  };
  const status = { currentMetrics: null, desiredReplicas: 0 };
  const current: ApiObject = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata, spec, status };
  const made = await create(session, writer, current).catch((error: unknown) => {
    const old = oldForm(current, spec, metrics);
    if (!(error instanceof StatusError) && !(error instanceof CommandError)) throw error;
    if (old !== undefined) return create(session, writer, old);
    throw new CommandError(
      `failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: ${error.message}`,
    );
  });
  writer.print(writer.dryRun === 'client' ? 'created' : 'autoscaled', made.info, made.object);
}

export const autoscale: KubectlCommand = {
  name: 'autoscale',
  summary: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  usage: '(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]',
  flags: [
    ...filenameFlags,
    ...writeFlags('kubectl-autoscale'),
    recordFlag,
    saveConfigFlag,
    {
      name: 'min',
      type: 'int',
      fallback: '-1',
      help: "The lower limit for the number of pods that can be set by the autoscaler. If it's not specified or negative, the server will apply a default value.",
    },
    {
      name: 'max',
      type: 'int',
      fallback: '-1',
      required: true,
      help: 'The upper limit for the number of pods that can be set by the autoscaler. Required.',
    },
    {
      name: 'cpu-percent',
      type: 'int',
      fallback: '-1',
      help: 'The target average CPU utilization (represented as a percent of requested CPU) over all the pods.',
      deprecated: "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
    },
    {
      name: 'cpu',
      type: 'string',
      help: 'Target CPU utilization over all the pods: a percentage of what they request ("70%"), or an average amount ("500m"; "500" is "500m").',
    },
    {
      name: 'memory',
      type: 'string',
      help: 'Target memory utilization over all the pods: a percentage of what they request ("60%"), or an average amount ("200Mi"; "200" is "200Mi").',
    },
    {
      name: 'name',
      type: 'string',
      help: 'The name for the newly created object. If not specified, the name of the input resource will be used.',
    },
  ],
  run: async (session, flags) => {
    checkBounds(flags.int('min'), flags.int('max'));
    const metrics = metricsOf(flags);
    const writer = new Writer(session, 'kubectl-autoscale');
    const count = await visitInfos(session, flags.args, { ignoreSelector: true }, (info) => autoscaleOne(session, writer, info, metrics));
    if (count === 0) throw new CommandError('no objects passed to autoscale');
    return 0;
  },
};
