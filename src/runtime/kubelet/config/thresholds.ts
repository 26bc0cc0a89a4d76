/**
 * When a node counts as short of a resource: signals with the least that must be left. Pure. Source:
 * pkg/kubelet/eviction/helpers.go (ParseThresholdConfig); pkg/kubelet/eviction/api/types.go.
 */
import { parseQuantity, type Quantity, quantityOf, tryParseQuantity } from '../../../api/quantity.ts';

/** What each signal is about: the condition that it raises, and the resource that evictions free. */
export const signals = {
  'memory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'nodefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'nodefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'imagefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'imagefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'pid.available': { condition: 'PIDPressure', resource: 'pids' },
} as const;

export type Signal = keyof typeof signals;
export type PressureCondition = (typeof signals)[Signal]['condition'];
export type StarvedResource = (typeof signals)[Signal]['resource'];

export const isSignal = (name: string): name is Signal => Object.hasOwn(signals, name);

/** An amount, or a share of the capacity from 0 to 1. */
export type ThresholdValue = { readonly quantity: Quantity } | { readonly share: number };

export interface Threshold {
  readonly signal: Signal;
  readonly value: ThresholdValue;
  /** How long it must be met before pods are evicted; 0: a hard threshold. */
  readonly graceMs: number;
  /** How much more than the threshold must be free again before it counts as resolved. */
  readonly minReclaim: ThresholdValue | undefined;
}

/** The amount that a threshold means on a node with this capacity. Source: api/types.go (GetThresholdQuantity). */
export function thresholdQuantity(value: ThresholdValue, capacity: Quantity): Quantity {
  if ('quantity' in value) return value.quantity;
  return quantityOf(Math.trunc((Number(capacity.nanos) / 1e9) * value.share), 'BinarySI');
}

/**
 * Reads a value as the kubelet's configuration has it: `100Mi` or `10%`. A string is what is wrong with it. Source:
 * helpers.go (parseThresholdStatement).
 */
export function thresholdValue(text: string): ThresholdValue | string {
  if (text.endsWith('%')) {
    const percent = Number(text.slice(0, -1));
    return /^\d+(\.\d+)?%$/.test(text) && percent <= 100 ? { share: percent / 100 } : 'must be a percentage from 0% to 100%';
  }
  const quantity = tryParseQuantity(text);
  if (quantity === undefined) return 'must be a quantity or a percentage';
  return quantity.nanos < 0n ? 'must not be negative' : { quantity };
}

/** A threshold of 0 is never met, so that it switches the signal off. */
export const isOff = (value: ThresholdValue): boolean => ('share' in value ? value.share === 0 : value.quantity.nanos === 0n);

const hard = (signal: Signal, value: ThresholdValue): Threshold => ({ signal, value, graceMs: 0, minReclaim: undefined });

/**
 * Differs: upstream asks for 10 % to 15 % of the disks and 5 % of their inodes. A machine that is used for other things
 * too is often that full, and its owner does not expect pods to be evicted for it.
 */
export const defaultThresholds: readonly Threshold[] = [
  hard('memory.available', { quantity: parseQuantity('100Mi') }),
  hard('nodefs.available', { share: 0.01 }),
  hard('nodefs.inodesFree', { share: 0.01 }),
  hard('imagefs.available', { share: 0.01 }),
  hard('imagefs.inodesFree', { share: 0.01 }),
];
