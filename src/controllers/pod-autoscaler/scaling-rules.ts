/**
 * Bounds a recommended number of replicas: by the limits of the object, the rates of its policies, and earlier
 * recommendations. Source: pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas…).
 */
import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../api/generated/autoscaling/v2.ts';
import type { ScaleEvent, ScalingHistory } from './scaling-history.ts';

/** `--horizontal-pod-autoscaler-downscale-stabilization`. */
const downStabilizationMs = 300_000;
const upFactor = 2;
const upAtLeast = 4;
const maxInt32 = 2 ** 31 - 1;
const minInt32 = -(2 ** 31);

/** What is asked for. */
export interface Wish {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
}

/** A state, as a condition shows it. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

/** What is done. */
export interface Bounded {
  readonly replicas: number;
  readonly able: Verdict;
  /** What limits the number; `isLimited` is false when nothing does. */
  readonly limit: Verdict & { readonly isLimited: boolean };
}

const ready: Verdict = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const upStabilized: Verdict = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const downStabilized: Verdict = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const within: Verdict = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const tooMany: Verdict = { reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' };
const tooFew: Verdict = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' };
const upLimit: Verdict = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const downLimit: Verdict = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};

type Limited = readonly [replicas: number, verdict: Verdict];

const bounded = (wished: number, stabilized: number, able: Verdict, [replicas, verdict]: Limited): Bounded => ({
  replicas,
  able: stabilized === wished ? ready : able,
  limit: { ...verdict, isLimited: replicas !== stabilized },
});

/** Without rules of the object: doubles at most, and shrinks only when all recommendations of five minutes agree. */
export function bound(wish: Wish, history: ScalingHistory, nowMs: number): Bounded {
  const cutoff = nowMs - downStabilizationMs;
  const stabilized = Math.max(wish.desired, ...history.recommended((atMs) => atMs >= cutoff));
  history.recommend(wish.desired, nowMs, cutoff);
  return bounded(wish.desired, stabilized, downStabilized, withinLimits({ ...wish, desired: stabilized }));
}

/** Source: convertDesiredReplicasWithRules. */
function withinLimits({ current, desired, min, max }: Wish): Limited {
  const rate = Math.max(upFactor * current, upAtLeast);
  const [most, verdict] = max > rate ? [rate, upLimit] : [max, tooMany];
  if (desired < min) return [min, tooFew];
  return desired > most ? [most, verdict] : [desired, within];
}

/** By the rules of the object. */
export function boundByRules(wish: Wish, behavior: HorizontalPodAutoscalerBehavior, history: ScalingHistory, nowMs: number): Bounded {
  const { scaleUp: up = {}, scaleDown: down = {} } = behavior;
  const [stabilized, able] = stabilize(wish, up, down, history, nowMs);
  const limited = withinRates({ ...wish, desired: stabilized }, up, down, history, nowMs);
  return bounded(wish.desired, stabilized, able, limited);
}

const windowMs = ({ stabilizationWindowSeconds: seconds }: HPAScalingRules, otherwiseMs: number): number =>
  seconds === undefined ? otherwiseMs : seconds * 1000;

/** Source: stabilizeRecommendationWithBehaviors. */
function stabilize(
  { current, desired }: Wish,
  up: HPAScalingRules,
  down: HPAScalingRules,
  history: ScalingHistory,
  nowMs: number,
): Limited {
  const upCutoff = nowMs - windowMs(up, 0);
  const downCutoff = nowMs - windowMs(down, downStabilizationMs);
  const lowest = Math.min(desired, ...history.recommended((atMs) => atMs > upCutoff));
  const highest = Math.max(desired, ...history.recommended((atMs) => atMs > downCutoff));
  history.recommend(desired, nowMs, Math.min(upCutoff, downCutoff));
  return [Math.min(Math.max(current, lowest), highest), desired >= current ? upStabilized : downStabilized];
}

/** Source: convertDesiredReplicasWithBehaviorRate. */
function withinRates(
  { current, desired, min, max }: Wish,
  up: HPAScalingRules,
  down: HPAScalingRules,
  history: ScalingHistory,
  nowMs: number,
): Limited {
  const changes = { current, history, nowMs };
  if (desired > current) {
    const rate = Math.max(current, upRate(up, changes));
    const [most, verdict] = max > rate ? [rate, upLimit] : [max, tooMany];
    if (desired > most) return [most, verdict];
  } else if (desired < current) {
    const rate = Math.min(current, downRate(down, changes));
    const [least, verdict] = min < rate ? [rate, downLimit] : [min, tooFew];
    if (desired < least) return [least, verdict];
  }
  return [desired, within];
}

interface Changes {
  readonly current: number;
  readonly history: ScalingHistory;
  readonly nowMs: number;
}

const changed = (events: readonly ScaleEvent[], sinceMs: number): number =>
  events.filter(({ atMs }) => atMs > sinceMs).reduce((sum, { change }) => sum + change, 0);

/** How many replicas there were at the beginning of a policy's period. */
const atStart = ({ current, history: { ups, downs }, nowMs }: Changes, periodSeconds: number): number =>
  current - changed(ups, nowMs - periodSeconds * 1000) + changed(downs, nowMs - periodSeconds * 1000);

/** Source: calculateScaleUpLimitWithScalingRules. */
function upRate({ selectPolicy, policies = [] }: HPAScalingRules, changes: Changes): number {
  if (selectPolicy === 'Disabled') return changes.current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = atStart(changes, periodSeconds);
    // Rounded up, or a small number would never grow.
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return selectPolicy === 'Min' ? Math.min(maxInt32, ...limits) : Math.max(minInt32, ...limits);
}

/** Source: calculateScaleDownLimitWithBehaviors. */
function downRate({ selectPolicy, policies = [] }: HPAScalingRules, changes: Changes): number {
  if (selectPolicy === 'Disabled') return changes.current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = atStart(changes, periodSeconds);
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  return selectPolicy === 'Min' ? Math.max(minInt32, ...limits) : Math.min(maxInt32, ...limits);
}

/** The longest period of the policies of a direction, in milliseconds. */
export const longestPeriodMs = ({ policies = [] }: HPAScalingRules = {}): number =>
  Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds * 1000));
