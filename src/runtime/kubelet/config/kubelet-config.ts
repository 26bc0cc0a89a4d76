/**
 * What users can set of a kubelet: the fields of upstream's KubeletConfiguration that have a meaning here. Pure.
 * Source: staging/src/k8s.io/kubelet/config/v1beta1/types.go; pkg/kubelet/apis/config/v1beta1/defaults.go.
 */
import { goDuration, goDurationText } from '../../../api/go-duration.ts';
import { isRecord, type JsonObject } from '../../../api/json.ts';
import { formatQuantity, isWhole, parseQuantity, type Quantity, tryParseQuantity } from '../../../api/quantity.ts';
import { allowlistProblem, type PullVerification, verificationPolicies } from '../images/pull-verification.ts';
import { type ShutdownPeriod, shutdownPeriods } from '../node/shutdown-groups.ts';
import { sysctlPatternError } from '../pods/sysctls.ts';
import { defaultThresholds, isOff, isSignal, type Threshold, type ThresholdValue, thresholdValue } from './thresholds.ts';

/** Durations are in milliseconds. */
export interface KubeletConfig {
  readonly maxPods: number;
  /** How many images the node's status lists; -1: all. */
  readonly nodeStatusMaxImages: number;
  readonly evictionThresholds: readonly Threshold[];
  /** How long a condition stays after its threshold was last met. */
  readonly evictionPressureTransitionPeriodMs: number;
  /** The longest grace period of evictions by soft thresholds, in seconds. */
  readonly evictionMaxPodGracePeriod: number;
  /** Usage of the images' disk, in percent, above which unused images are removed; 100: never. */
  readonly imageGCHighThresholdPercent: number;
  /** The usage that the removal goes down to. */
  readonly imageGCLowThresholdPercent: number;
  readonly imageMinimumGCAgeMs: number;
  /** How long an image may be unused, whatever the disk has left; 0: for ever. */
  readonly imageMaximumGCAgeMs: number;
  /** How many images are pulled at once. */
  readonly maxParallelImagePulls: number;
  /** For which images that are here already it is verified that a pod could pull them. */
  readonly imagePullVerification: PullVerification;
  /** A folder with manifests of static pods, or such a file; undefined: none. */
  readonly staticPodPath: string | undefined;
  /** Patterns of the sysctls that pods may set beside the safe ones. */
  readonly allowedUnsafeSysctls: readonly string[];
  /** How many processes each container of a pod may have; -1: as many as the node. */
  readonly podPidsLimit: number;
  /** Whether containers that name no seccomp profile get the engine's; else they get none. */
  readonly seccompDefault: boolean;
  /** The longest back-off of a container that crashes. */
  readonly maxContainerRestartPeriodMs: number;
  /** The size from which the files are rotated that log-collecting pods read; negative: none is. */
  readonly containerLogMaxSize: Quantity;
  /** How many files of one container's log there are at most; at least 2. */
  readonly containerLogMaxFiles: number;
  /** How long pods get when the node shuts down gracefully; empty: it does not. */
  readonly shutdownPeriods: readonly ShutdownPeriod[];
  /** The fields that say so, as they were given. */
  readonly shutdownFields: JsonObject;
}

/** A configuration that cannot be used; `message` names the field. */
export class KubeletConfigError extends Error {}

/**
 * Differs: upstream collects images from 85 % on, down to 80 %, and pulls one at a time. Disks of machines that are
 * used for other things too are often that full. Upstream confines containers without a seccomp profile only when
 * asked to.
 */
export const defaultKubeletConfig: KubeletConfig = {
  maxPods: 110,
  nodeStatusMaxImages: 50,
  evictionThresholds: defaultThresholds,
  evictionPressureTransitionPeriodMs: 300_000,
  evictionMaxPodGracePeriod: 0,
  imageGCHighThresholdPercent: 95,
  imageGCLowThresholdPercent: 90,
  imageMinimumGCAgeMs: 120_000,
  imageMaximumGCAgeMs: 0,
  maxParallelImagePulls: Number.POSITIVE_INFINITY,
  imagePullVerification: { policy: 'NeverVerifyPreloadedImages', allowlist: [] },
  staticPodPath: undefined,
  allowedUnsafeSysctls: [],
  podPidsLimit: -1,
  seccompDefault: true,
  maxContainerRestartPeriodMs: 300_000,
  containerLogMaxSize: parseQuantity('10Mi'),
  containerLogMaxFiles: 5,
  shutdownPeriods: [],
  shutdownFields: { shutdownGracePeriod: '0s', shutdownGracePeriodCriticalPods: '0s' },
};

class Fields {
  readonly #object: JsonObject;
  readonly #read = new Set(['apiVersion', 'kind']);

  constructor(object: JsonObject) {
    this.#object = object;
  }

  number(name: string, least: number, most: number): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new KubeletConfigError(`${name} must be a whole number from ${least} to ${most}`);
  }

  yes(name: string): boolean | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw new KubeletConfigError(`${name} must be true or false`);
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'string') return value;
    throw new KubeletConfigError(`${name} must be a text`);
  }

  durationMs(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : durationMs(name, text);
  }

  /** A field whose value maps names to texts. */
  texts(name: string): ReadonlyMap<string, string> | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (!isRecord(value)) throw new KubeletConfigError(`${name} must map signals to values`);
    return new Map(
      Object.entries(value).map(([key, entry]) => {
        if (typeof entry !== 'string') throw new KubeletConfigError(`${name}[${key}] must be a text`);
        return [key, entry];
      }),
    );
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
    throw new KubeletConfigError(`${name} must be a list of texts`);
  }

  records(name: string): readonly Readonly<Record<string, unknown>>[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every(isRecord)) return value;
    throw new KubeletConfigError(`${name} must be a list of objects`);
  }

  /** Throws for the first field that was not asked for. */
  refuseOthers(): void {
    const other = Object.keys(this.#object).find((name) => !this.#read.has(name));
    if (other === undefined) return;
    const known = [...this.#read].slice(2).join(', ');
    throw new KubeletConfigError(`${other} is not a field that minik reads; it reads ${known}`);
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.#object[name] ?? undefined;
  }
}

function durationMs(name: string, text: string): number {
  const read = goDuration(text);
  if ('ms' in read && read.ms >= 0) return read.ms;
  throw new KubeletConfigError(`${name} must be a duration, such as 30s or 5m, and is ${JSON.stringify(text)}`);
}

function valuesOf(name: string, texts: ReadonlyMap<string, string>): ReadonlyMap<string, ThresholdValue> {
  return new Map(
    [...texts].map(([signal, text]) => {
      if (!isSignal(signal)) throw new KubeletConfigError(`${name}: unsupported eviction signal ${signal}`);
      const value = thresholdValue(text);
      if (typeof value === 'string') throw new KubeletConfigError(`${name}[${signal}] ${value}`);
      return [signal, value];
    }),
  );
}

/** Source: helpers.go (ParseThresholdConfig). */
function thresholdsIn(fields: Fields): readonly Threshold[] {
  const reclaim = valuesOf('evictionMinimumReclaim', fields.texts('evictionMinimumReclaim') ?? new Map());
  const graces = fields.texts('evictionSoftGracePeriod') ?? new Map<string, string>();
  const given = fields.texts('evictionHard');
  const soft = valuesOf('evictionSoft', fields.texts('evictionSoft') ?? new Map());
  const hard =
    given === undefined ? defaultThresholds.map(({ signal, value }) => [signal, value] as const) : [...valuesOf('evictionHard', given)];
  const make = (signal: string, value: ThresholdValue, graceMs: number): Threshold[] =>
    // Signals were checked when their values were read.
    isSignal(signal) && !isOff(value) ? [{ signal, value, graceMs, minReclaim: reclaim.get(signal) }] : [];
  return [
    ...hard.flatMap(([signal, value]) => make(signal, value, 0)),
    ...[...soft].flatMap(([signal, value]) => {
      const grace = graces.get(signal);
      if (grace === undefined) {
        throw new KubeletConfigError(`evictionSoftGracePeriod: grace period must be specified for the soft eviction threshold ${signal}`);
      }
      return make(signal, value, durationMs(`evictionSoftGracePeriod[${signal}]`, grace));
    }),
  ];
}

function parallelPulls(fields: Fields): number {
  const most = fields.number('maxParallelImagePulls', 1, 1_000_000);
  const serialized = fields.yes('serializeImagePulls');
  if (serialized === true && most !== undefined && most > 1)
    throw new KubeletConfigError('maxParallelImagePulls cannot be larger than 1 unless serializeImagePulls is false');
  return serialized === true ? 1 : (most ?? defaultKubeletConfig.maxParallelImagePulls);
}

/** Source: pkg/kubelet/apis/config/validation/validation.go. */
function pullVerification(fields: Fields): PullVerification {
  const name = 'imagePullCredentialsVerificationPolicy';
  const given = fields.text(name) ?? defaultKubeletConfig.imagePullVerification.policy;
  const policy = verificationPolicies.find((each) => each === given);
  if (policy === undefined) throw new KubeletConfigError(`${name} must be one of ${verificationPolicies.join(', ')}`);
  const allowlist = fields.list('preloadedImagesVerificationAllowlist') ?? [];
  if (allowlist.length > 0 && policy !== 'NeverVerifyAllowlistedImages')
    throw new KubeletConfigError(`can't set preloadedImagesVerificationAllowlist if ${name} is not "NeverVerifyAllowlistedImages"`);
  for (const pattern of allowlist) {
    const problem = allowlistProblem(pattern);
    if (problem !== undefined) throw new KubeletConfigError(`preloadedImagesVerificationAllowlist: ${problem}`);
  }
  return { policy, allowlist };
}

function allowedSysctls(fields: Fields): readonly string[] {
  const patterns = fields.list('allowedUnsafeSysctls') ?? [];
  for (const pattern of patterns) {
    const problem = sysctlPatternError(pattern);
    if (problem !== undefined) throw new KubeletConfigError(`allowedUnsafeSysctls: ${problem}`);
  }
  return patterns;
}

/** Source: pkg/kubelet/apis/config/validation/validation.go (CrashLoopBackOff). */
function restartPeriodMs(fields: Fields): number | undefined {
  const text = fields.texts('crashLoopBackOff')?.get('maxContainerRestartPeriod');
  if (text === undefined) return undefined;
  const ms = durationMs('crashLoopBackOff.maxContainerRestartPeriod', text);
  if (ms >= 1000 && ms <= 300_000) return ms;
  throw new KubeletConfigError('crashLoopBackOff.maxContainerRestartPeriod must be set between 1s and 300s');
}

/** Source: pkg/kubelet/logs/container_log_manager.go (parseMaxSize). */
function logMaxSize(fields: Fields): Quantity | undefined {
  const text = fields.text('containerLogMaxSize');
  if (text === undefined) return undefined;
  const quantity = tryParseQuantity(text);
  if (quantity !== undefined && isWhole(quantity)) return quantity;
  throw new KubeletConfigError(`containerLogMaxSize must be a number of bytes, such as 10Mi, and is ${JSON.stringify(text)}`);
}

/** Source: pkg/kubelet/apis/config/validation/validation.go. */
function shutdownIn(fields: Fields): Pick<KubeletConfig, 'shutdownPeriods' | 'shutdownFields'> {
  const [total, critical] = ['shutdownGracePeriod', 'shutdownGracePeriodCriticalPods'].map((name) => {
    const ms = fields.durationMs(name) ?? 0;
    if (ms > 0 && ms < 1000) throw new KubeletConfigError(`${name} ${goDurationText(ms)} must be either zero or otherwise >= 1 sec`);
    return ms;
  }) as [number, number]; // of two names
  const byPriority = fields.records('shutdownGracePeriodByPodPriority');
  const [totalText, criticalText] = [goDurationText(total), goDurationText(critical)];
  if (critical > total)
    throw new KubeletConfigError(`shutdownGracePeriodCriticalPods ${criticalText} must be <= shutdownGracePeriod ${totalText}`);
  if (byPriority === undefined || byPriority.length === 0) {
    return {
      shutdownPeriods: shutdownPeriods(Math.trunc(total / 1000), Math.trunc(critical / 1000)),
      shutdownFields: { shutdownGracePeriod: totalText, shutdownGracePeriodCriticalPods: criticalText },
    };
  }
  if (total > 0 || critical > 0)
    throw new KubeletConfigError('cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time');
  const periods = byPriority.map(({ priority = 0, shutdownGracePeriodSeconds = 0 }) => {
    if (!isWholeNumber(priority) || !isWholeNumber(shutdownGracePeriodSeconds) || shutdownGracePeriodSeconds < 0)
      throw new KubeletConfigError('shutdownGracePeriodByPodPriority must have whole numbers as priority and shutdownGracePeriodSeconds');
    return { priority, seconds: shutdownGracePeriodSeconds };
  });
  const shown = periods.map(({ priority, seconds }) => ({ priority, shutdownGracePeriodSeconds: seconds }));
  return { shutdownPeriods: periods, shutdownFields: { shutdownGracePeriodByPodPriority: shown } };
}

const isWholeNumber = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);

/** Reads a KubeletConfiguration. Throws `KubeletConfigError`. */
export function kubeletConfiguration(object: unknown): KubeletConfig {
  if (!isRecord(object)) throw new KubeletConfigError('it is no object');
  const { apiVersion, kind } = object;
  if (apiVersion !== 'kubelet.config.k8s.io/v1beta1' || kind !== 'KubeletConfiguration')
    throw new KubeletConfigError('it is no KubeletConfiguration of kubelet.config.k8s.io/v1beta1');
  const fields = new Fields(object as JsonObject); // read from YAML
  const defaults = defaultKubeletConfig;
  const config: KubeletConfig = {
    maxPods: fields.number('maxPods', 1, 100_000) ?? defaults.maxPods,
    nodeStatusMaxImages: fields.number('nodeStatusMaxImages', -1, 100_000) ?? defaults.nodeStatusMaxImages,
    evictionThresholds: thresholdsIn(fields),
    evictionPressureTransitionPeriodMs:
      fields.durationMs('evictionPressureTransitionPeriod') ?? defaults.evictionPressureTransitionPeriodMs,
    evictionMaxPodGracePeriod: fields.number('evictionMaxPodGracePeriod', 0, 1_000_000) ?? defaults.evictionMaxPodGracePeriod,
    imageGCHighThresholdPercent: fields.number('imageGCHighThresholdPercent', 0, 100) ?? defaults.imageGCHighThresholdPercent,
    imageGCLowThresholdPercent: fields.number('imageGCLowThresholdPercent', 0, 100) ?? defaults.imageGCLowThresholdPercent,
    imageMinimumGCAgeMs: fields.durationMs('imageMinimumGCAge') ?? defaults.imageMinimumGCAgeMs,
    imageMaximumGCAgeMs: fields.durationMs('imageMaximumGCAge') ?? defaults.imageMaximumGCAgeMs,
    maxParallelImagePulls: parallelPulls(fields),
    imagePullVerification: pullVerification(fields),
    staticPodPath: fields.text('staticPodPath'),
    allowedUnsafeSysctls: allowedSysctls(fields),
    podPidsLimit: fields.number('podPidsLimit', -1, 4_194_304) ?? defaults.podPidsLimit,
    seccompDefault: fields.yes('seccompDefault') ?? defaults.seccompDefault,
    maxContainerRestartPeriodMs: restartPeriodMs(fields) ?? defaults.maxContainerRestartPeriodMs,
    containerLogMaxSize: logMaxSize(fields) ?? defaults.containerLogMaxSize,
    containerLogMaxFiles: fields.number('containerLogMaxFiles', 2, 100_000) ?? defaults.containerLogMaxFiles,
    ...shutdownIn(fields),
  };
  fields.refuseOthers();
  if (config.imageGCLowThresholdPercent >= config.imageGCHighThresholdPercent)
    throw new KubeletConfigError('imageGCLowThresholdPercent must be less than imageGCHighThresholdPercent');
  if (config.imageMaximumGCAgeMs !== 0 && config.imageMaximumGCAgeMs <= config.imageMinimumGCAgeMs)
    throw new KubeletConfigError('imageMaximumGCAge must be greater than imageMinimumGCAge');
  return config;
}

const valueText = (value: ThresholdValue): string =>
  'share' in value ? `${Math.round(value.share * 1e6) / 1e4}%` : formatQuantity(value.quantity);

const table = (thresholds: readonly Threshold[], of: (threshold: Threshold) => string): JsonObject =>
  Object.fromEntries(thresholds.map((threshold) => [threshold.signal, of(threshold)]));

/** The configuration as `/configz` shows it. */
export function shownConfiguration(config: KubeletConfig): JsonObject {
  const hard = config.evictionThresholds.filter(({ graceMs }) => graceMs === 0);
  const soft = config.evictionThresholds.filter(({ graceMs }) => graceMs > 0);
  const parallel = config.maxParallelImagePulls;
  return {
    maxPods: config.maxPods,
    nodeStatusMaxImages: config.nodeStatusMaxImages,
    evictionHard: table(hard, ({ value }) => valueText(value)),
    ...(soft.length === 0
      ? {}
      : {
          evictionSoft: table(soft, ({ value }) => valueText(value)),
          evictionSoftGracePeriod: table(soft, ({ graceMs }) => goDurationText(graceMs)),
        }),
    evictionPressureTransitionPeriod: goDurationText(config.evictionPressureTransitionPeriodMs),
    evictionMaxPodGracePeriod: config.evictionMaxPodGracePeriod,
    imageGCHighThresholdPercent: config.imageGCHighThresholdPercent,
    imageGCLowThresholdPercent: config.imageGCLowThresholdPercent,
    imageMinimumGCAge: goDurationText(config.imageMinimumGCAgeMs),
    imageMaximumGCAge: goDurationText(config.imageMaximumGCAgeMs),
    serializeImagePulls: parallel === 1,
    ...(Number.isFinite(parallel) ? { maxParallelImagePulls: parallel } : {}),
    imagePullCredentialsVerificationPolicy: config.imagePullVerification.policy,
    ...(config.imagePullVerification.allowlist.length === 0
      ? {}
      : { preloadedImagesVerificationAllowlist: [...config.imagePullVerification.allowlist] }),
    ...(config.staticPodPath === undefined ? {} : { staticPodPath: config.staticPodPath }),
    allowedUnsafeSysctls: [...config.allowedUnsafeSysctls],
    podPidsLimit: config.podPidsLimit,
    seccompDefault: config.seccompDefault,
    crashLoopBackOff: { maxContainerRestartPeriod: goDurationText(config.maxContainerRestartPeriodMs) },
    containerLogMaxSize: formatQuantity(config.containerLogMaxSize),
    containerLogMaxFiles: config.containerLogMaxFiles,
    ...config.shutdownFields,
  };
}
