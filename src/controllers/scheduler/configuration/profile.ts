/**
 * A profile: which plugins a scheduler of a name runs, at which extension points, and with what. Source:
 * k8s.io/kube-scheduler config/v1/types.go; pkg/scheduler/apis/config/v1/default_plugins.go mergePlugins;
 * pkg/scheduler/framework/runtime/framework.go expandMultiPointPlugins.
 */
import type { PluginArgs } from './plugin-args.ts';

export const extensionPoints = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;

export type ExtensionPoint = (typeof extensionPoints)[number];

export interface PluginChoice {
  readonly name: string;
  /** The factor of its scores; 0 or absent: 1. */
  readonly weight?: number;
}

export interface PluginSet {
  readonly enabled: readonly PluginChoice[];
  /** Names; `*` means all. */
  readonly disabled: readonly string[];
}

export interface SchedulerProfile {
  /** Pods are for this profile when they name it in `spec.schedulerName`. */
  readonly schedulerName: string;
  /** How many of the nodes are enough to choose from, 0 to 100; 0: minik's choice, by the size of the cluster. */
  readonly percentageOfNodesToScore: number;
  /** Undefined: all plugins that there are run wherever they can. */
  readonly plugins: PluginPlaces | undefined;
  readonly args: PluginArgs;
}

export interface PluginPlaces {
  /** Run at every extension point that they implement, merged with the default ones. */
  readonly multiPoint: PluginSet;
  readonly points: Readonly<Record<ExtensionPoint, PluginSet>>;
}

/** Thrown for a configuration that cannot be used; the message says why. */
export class SchedulerConfigurationError extends Error {}

/** The default plugins with what a user changes of them: a default plugin that is named again keeps its place. */
export function mergedWithDefaults(defaults: readonly PluginChoice[], { enabled, disabled }: PluginSet): PluginSet {
  const kept = disabled.includes('*') ? [] : defaults.filter(({ name }) => !disabled.includes(name));
  const replacement = ({ name }: PluginChoice) => enabled.findLastIndex((choice) => choice.name === name);
  const replaced = new Set(kept.map(replacement));
  return {
    enabled: [...kept.map((plugin) => enabled[replacement(plugin)] ?? plugin), ...enabled.filter((_, i) => !replaced.has(i))],
    disabled,
  };
}

const typeNames: Readonly<Record<string, string>> = { queueSort: 'QueueSortPlugin' };
const typeName = (point: ExtensionPoint): string => typeNames[point] ?? `${point[0]?.toUpperCase()}${point.slice(1)}Plugin`;

/**
 * The names of the plugins that run at an extension point, in their order: first those that are named for it and at
 * `multiPoint`, then the others of `multiPoint`, then the others that are named. Throws SchedulerConfigurationError.
 */
export function pluginsAt(
  point: ExtensionPoint,
  { points, multiPoint }: PluginPlaces,
  known: { readonly implementing: ReadonlySet<string>; readonly all: ReadonlySet<string> },
): readonly string[] {
  const set = points[point];
  const type = typeName(point);
  const named: string[] = [];
  const add = (names: string[], name: string): void => {
    if (names.includes(name))
      throw new SchedulerConfigurationError(`plugin ${JSON.stringify(name)} already registered as ${JSON.stringify(type)}`);
    names.push(name);
  };
  for (const { name } of set.enabled) {
    if (!known.all.has(name)) throw new SchedulerConfigurationError(`${type} ${JSON.stringify(name)} does not exist`);
    if (!known.implementing.has(name)) {
      throw new SchedulerConfigurationError(`plugin ${JSON.stringify(name)} does not extend ${type} plugin`);
    }
    add(named, name);
  }
  if (set.disabled.includes('*')) return named;
  const everywhere: string[] = [];
  const overridden = new Set<string>();
  for (const { name } of multiPoint.enabled) {
    if (!known.all.has(name)) throw new SchedulerConfigurationError(`${type} ${JSON.stringify(name)} does not exist`);
    if (!known.implementing.has(name) || set.disabled.includes(name)) continue;
    if (named.includes(name)) overridden.add(name);
    else add(everywhere, name);
  }
  return [...named.filter((name) => overridden.has(name)), ...everywhere, ...named.filter((name) => !overridden.has(name))];
}

/** The factor of a plugin's scores. */
export function weightOf(name: string, { points, multiPoint }: PluginPlaces): number {
  return [...points.score.enabled, ...multiPoint.enabled].find((choice) => choice.name === name)?.weight || 1;
}
