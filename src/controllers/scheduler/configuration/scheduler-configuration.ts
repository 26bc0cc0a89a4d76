/**
 * The configuration of the scheduler, as kube-scheduler reads it from the file of `--config`: a
 * KubeSchedulerConfiguration. What concerns a process of its own (leader election, its client, its debugging) is read
 * and has no effect; extenders are refused. Source: k8s.io/kube-scheduler config/v1/types.go;
 * pkg/scheduler/apis/config/{v1/defaults,validation/validation}.go.
 */
import { type FieldError, FieldPath, fieldErrors, renderFieldError } from '../../../api/field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import { sameJson } from '../../../api/same-json.ts';
import { checkShape, objectsIn, presentIn, type Shape } from './decode.ts';
import { type ConfigurablePlugin, defaultArgs, defaultResources, type PluginArgs, type WeightedResource } from './plugin-args.ts';
import {
  type ExtensionPoint,
  extensionPoints,
  mergedWithDefaults,
  type PluginChoice,
  type PluginSet,
  SchedulerConfigurationError,
  type SchedulerProfile,
} from './profile.ts';
import { argsErrors } from './validate-args.ts';

export interface SchedulerConfiguration {
  /** At least one; their names differ. */
  readonly profiles: readonly SchedulerProfile[];
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** That of a scheduler without a file: one profile with all plugins that there are. */
export const defaultConfiguration: SchedulerConfiguration = {
  profiles: [{ schedulerName: 'default-scheduler', percentageOfNodesToScore: 0, plugins: undefined, args: defaultArgs }],
  initialBackoffMs: 1000,
  maxBackoffMs: 10_000,
};

const apiVersion = 'kubescheduler.config.k8s.io/v1';
const typeFields = { apiVersion: 'text', kind: 'text' } as const;
const choice = { fields: { name: 'text', weight: 'integer' } } as const satisfies Shape;
const pluginSet = { fields: { enabled: { list: choice }, disabled: { list: choice } } } as const satisfies Shape;
const resources = { list: { fields: { name: 'text', weight: 'integer' } } } as const satisfies Shape;

const argsShapes: Readonly<Record<ConfigurablePlugin, Readonly<Record<string, Shape>>>> = {
  DefaultPreemption: { minCandidateNodesPercentage: 'integer', minCandidateNodesAbsolute: 'integer' },
  DynamicResources: { filterTimeout: 'text', bindingTimeout: 'text' },
  InterPodAffinity: { hardPodAffinityWeight: 'integer', ignorePreferredTermsOfExistingPods: 'flag' },
  NodeAffinity: { addedAffinity: 'any' },
  NodeResourcesBalancedAllocation: { resources },
  NodeResourcesFit: {
    ignoredResources: { list: 'text' },
    ignoredResourceGroups: { list: 'text' },
    scoringStrategy: {
      fields: {
        type: 'text',
        resources,
        requestedToCapacityRatio: { fields: { shape: { list: { fields: { utilization: 'integer', score: 'integer' } } } } },
      },
    },
  },
  PodTopologySpread: { defaultConstraints: { list: 'any' }, defaultingType: 'text' },
  VolumeBinding: { bindTimeoutSeconds: 'integer', shape: 'any' },
};

const isConfigurable = (name: string): name is ConfigurablePlugin => Object.hasOwn(argsShapes, name);

const points = ['multiPoint', ...extensionPoints, 'placementGenerate', 'placementScore'];
const file: Shape = {
  fields: {
    ...typeFields,
    ...{ parallelism: 'integer', leaderElection: 'any', clientConnection: 'any', enableProfiling: 'flag' },
    ...{ enableContentionProfiling: 'flag', percentageOfNodesToScore: 'integer', podInitialBackoffSeconds: 'integer' },
    ...{ podMaxBackoffSeconds: 'integer', extenders: { list: 'any' }, delayCacheUntilActive: 'flag' },
    profiles: {
      list: {
        fields: {
          schedulerName: 'text',
          percentageOfNodesToScore: 'integer',
          plugins: { fields: Object.fromEntries(points.map((point) => [point, pluginSet])) },
          pluginConfig: { list: { fields: { name: 'text', args: 'any' } } },
        },
      },
    },
  },
};

const removedPlugins = ['AzureDiskLimits', 'CinderLimits', 'EBSLimits', 'GCEPDLimits'];
const wasRemoved = (name: string, at: FieldPath): readonly FieldError[] =>
  removedPlugins.includes(name)
    ? [fieldErrors.invalid(at, name, `was invalid in version "${apiVersion}" (KubeSchedulerConfiguration is version "${apiVersion}")`)]
    : [];

const integerIn = (object: JsonObject, field: string, otherwise: number): number => {
  const value = object[field];
  return typeof value === 'number' ? value : otherwise;
};

function setOf(value: JsonValue | undefined): PluginSet {
  const { enabled, disabled } = presentIn(value);
  const choices = (list: JsonValue | undefined): readonly PluginChoice[] =>
    objectsIn(list).map(({ name, weight }) => ({
      name: typeof name === 'string' ? name : '',
      ...(typeof weight === 'number' ? { weight } : {}),
    }));
  return { enabled: choices(enabled), disabled: choices(disabled).map(({ name }) => name) };
}

/** A weight of 0, or none, is 1. */
const withWeights = (given: readonly WeightedResource[] | undefined): readonly WeightedResource[] =>
  given === undefined || given.length === 0 ? defaultResources : given.map(({ name, weight }) => ({ name, weight: weight || 1 }));

/** The defaults that depend on what is given. */
function completed(args: PluginArgs): PluginArgs {
  const { NodeResourcesFit: fit, NodeResourcesBalancedAllocation: balance } = args;
  const { scoringStrategy: strategy } = fit;
  return {
    ...args,
    NodeResourcesFit: { ...fit, scoringStrategy: { ...strategy, resources: withWeights(strategy.resources) } },
    NodeResourcesBalancedAllocation: { resources: withWeights(balance.resources) },
  };
}

class ConfigurationReader {
  readonly #errors: FieldError[] = [];
  readonly #defaults: readonly PluginChoice[];

  constructor(defaults: readonly PluginChoice[]) {
    this.#defaults = defaults;
  }

  read(given: JsonObject): SchedulerConfiguration {
    const root = FieldPath.root;
    const at = root.field('profiles');
    if (integerIn(given, 'parallelism', 16) <= 0) {
      this.#refuse(root.field('parallelism'), given.parallelism, 'should be an integer value greater than zero');
    }
    const listed = objectsIn(given.profiles);
    const all = listed.length === 0 ? [{}] : listed;
    const percentage = this.#percentage(given, root, 0);
    const profiles = all.map((profile, i) => this.#profile(presentIn(profile), at.index(i), { only: all.length === 1, percentage }));
    for (const [i, { schedulerName }] of profiles.entries()) {
      const first = profiles.findIndex((other) => other.schedulerName === schedulerName);
      if (first < i)
        this.#errors.push(fieldErrors.duplicate(at.index(i).field('schedulerName'), String(at.index(first).field('schedulerName'))));
    }
    this.#sameOrder(profiles, at);
    const initial = integerIn(given, 'podInitialBackoffSeconds', 1);
    const max = integerIn(given, 'podMaxBackoffSeconds', 10);
    if (initial <= 0) this.#refuse(root.field('podInitialBackoffSeconds'), initial, 'must be greater than 0');
    if (max < initial) this.#refuse(root.field('podMaxBackoffSeconds'), max, 'must be greater than or equal to PodInitialBackoffSeconds');
    if (objectsIn(given.extenders).length > 0) {
      this.#errors.push(
        fieldErrors.forbidden(root.field('extenders'), 'minik has no extenders: run a kube-scheduler of your own (--scheduler=false)'),
      );
    }
    const [error, ...others] = this.#errors.map(renderFieldError);
    if (error !== undefined) throw new SchedulerConfigurationError(others.length === 0 ? error : `[${[error, ...others].join(', ')}]`);
    return { profiles, initialBackoffMs: initial * 1000, maxBackoffMs: max * 1000 };
  }

  #refuse(at: FieldPath, value: unknown, detail: string): void {
    this.#errors.push(fieldErrors.invalid(at, value, detail));
  }

  #percentage(given: JsonObject, at: FieldPath, otherwise: number): number {
    const percentage = integerIn(given, 'percentageOfNodesToScore', otherwise);
    if (percentage < 0 || percentage > 100) this.#refuse(at.field('percentageOfNodesToScore'), percentage, 'not in valid range [0-100]');
    return percentage;
  }

  #profile(given: JsonObject, at: FieldPath, of: { readonly only: boolean; readonly percentage: number }): SchedulerProfile {
    const plugins = presentIn(given.plugins);
    const { schedulerName = of.only ? 'default-scheduler' : '' } = given;
    if (schedulerName === '') this.#errors.push(fieldErrors.required(at.field('schedulerName')));
    const percentageOfNodesToScore = this.#percentage(given, at, of.percentage);
    for (const point of extensionPoints) {
      for (const [i, { name }] of setOf(plugins[point]).enabled.entries()) {
        this.#errors.push(...wasRemoved(name, at.field('plugins', point, 'enabled').index(i)));
      }
    }
    return {
      schedulerName: String(schedulerName),
      percentageOfNodesToScore,
      plugins: {
        multiPoint: mergedWithDefaults(this.#defaults, setOf(plugins.multiPoint)),
        // One entry for each point.
        points: Object.fromEntries(extensionPoints.map((point) => [point, setOf(plugins[point])])) as Record<ExtensionPoint, PluginSet>,
      },
      args: this.#args(objectsIn(given.pluginConfig), at.field('pluginConfig')),
    };
  }

  #args(configs: readonly JsonObject[], at: FieldPath): PluginArgs {
    const given: Record<string, object> = {};
    for (const [i, { name: named, args }] of configs.entries()) {
      const here = at.index(i);
      const name = String(named ?? '');
      if (name in given) this.#errors.push(fieldErrors.duplicate(here, name));
      this.#errors.push(...wasRemoved(name, here));
      given[name] = {};
      // As upstream, arguments of plugins that take none are left alone.
      if (!isConfigurable(name)) continue;
      given[name] = this.#argsOf(name, presentIn(args), here.field('args'));
    }
    // Shapes were checked, so that what is given has the types of the arguments, and the rest is complete.
    const merged = Object.fromEntries(
      Object.entries(defaultArgs).map(([name, defaults]) => [name, { ...defaults, ...given[name] }]),
    ) as unknown as PluginArgs;
    const args = completed(merged);
    for (const [i, { name }] of configs.entries()) {
      if (typeof name === 'string' && isConfigurable(name)) this.#errors.push(...argsErrors(name, args, at.index(i).field('args')));
    }
    return args;
  }

  #argsOf(name: ConfigurablePlugin, args: JsonObject, at: FieldPath): JsonObject {
    checkShape(args, { fields: { ...typeFields, ...argsShapes[name] } }, at);
    const { apiVersion: version = apiVersion, kind = `${name}Args`, ...rest } = args;
    if (version !== apiVersion || kind !== `${name}Args`) {
      const wanted = `${name}Args.kubescheduler.config.k8s.io`;
      throw new SchedulerConfigurationError(`args for plugin ${name} were not of type ${wanted}, got ${kind}`);
    }
    if (rest.shape !== undefined) {
      const detail = 'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring';
      this.#refuse(at.field('shape'), rest.shape, detail);
    }
    return rest;
  }

  /** There is one queue. */
  #sameOrder([first, ...others]: readonly SchedulerProfile[], at: FieldPath): void {
    for (const [i, { plugins }] of others.entries()) {
      const own = plugins?.points.queueSort;
      if (first !== undefined && !sameJson(first.plugins?.points.queueSort, own)) {
        this.#refuse(at.index(i + 1).field('plugins', 'queueSort'), own, 'must be the same for all profiles');
      }
    }
  }
}

/**
 * Interprets a parsed file; `defaults` are the plugins of a profile that names none. Throws
 * SchedulerConfigurationError.
 */
export function schedulerConfiguration(given: JsonValue, defaults: readonly PluginChoice[]): SchedulerConfiguration {
  if (!isObject(given)) throw new SchedulerConfigurationError('a KubeSchedulerConfiguration is expected');
  if (given.kind !== 'KubeSchedulerConfiguration' || given.apiVersion !== apiVersion) {
    const shown = `${JSON.stringify(given.kind ?? null)} in version ${JSON.stringify(given.apiVersion ?? null)}`;
    throw new SchedulerConfigurationError(`no kind ${shown} is known; a KubeSchedulerConfiguration in version "${apiVersion}" is expected`);
  }
  checkShape(given, file);
  return new ConfigurationReader(defaults).read(presentIn(given));
}
