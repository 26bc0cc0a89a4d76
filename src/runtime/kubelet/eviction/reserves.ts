/** What a machine has left of the resources whose lack lets a node evict pods. */
import { type Quantity, quantityOf } from '../../../api/quantity.ts';
import { type Signal, type Threshold, thresholdQuantity } from '../config/thresholds.ts';

/** In bytes, inodes or processes. */
export interface Reserve {
  readonly available: number;
  readonly capacity: number;
}

export interface FileSystemReserves {
  readonly bytes: Reserve;
  readonly inodes: Reserve;
}

/** Virtual nodes share their machine. What cannot be measured is undefined, and is never short. */
export interface NodeReserves {
  readonly memory?: Reserve | undefined;
  /** The file system that holds pods' files. */
  readonly nodeFs?: FileSystemReserves | undefined;
  /** The one that holds images and containers; undefined when it is the same. */
  readonly imageFs?: FileSystemReserves | undefined;
  readonly processes?: Reserve | undefined;
}

/** What a signal was found to be. */
export interface Observation {
  readonly available: Quantity;
  readonly capacity: Quantity;
}

export type Observations = ReadonlyMap<Signal, Observation>;

export function observationsOf({ memory, nodeFs, imageFs = nodeFs, processes }: NodeReserves): Observations {
  const found = new Map<Signal, Observation>();
  const add = (signal: Signal, reserve: Reserve | undefined, format: Quantity['format']): void => {
    if (reserve === undefined) return;
    found.set(signal, {
      available: quantityOf(Math.trunc(reserve.available), format),
      capacity: quantityOf(Math.trunc(reserve.capacity), format),
    });
  };
  add('memory.available', memory, 'BinarySI');
  add('nodefs.available', nodeFs?.bytes, 'BinarySI');
  add('nodefs.inodesFree', nodeFs?.inodes, 'DecimalSI');
  add('imagefs.available', imageFs?.bytes, 'BinarySI');
  add('imagefs.inodesFree', imageFs?.inodes, 'DecimalSI');
  add('pid.available', processes, 'DecimalSI');
  return found;
}

/**
 * Those of the thresholds that are met. `resolving`: the thresholds were met before, and stay so until more than their
 * minimum is reclaimed. Source: helpers.go (thresholdsMet).
 */
export function thresholdsMet(thresholds: readonly Threshold[], observations: Observations, resolving: boolean): readonly Threshold[] {
  return thresholds.filter(({ signal, value, minReclaim }) => {
    const observed = observations.get(signal);
    if (observed === undefined) return false;
    const least = thresholdQuantity(value, observed.capacity).nanos;
    const more = resolving && minReclaim !== undefined ? thresholdQuantity(minReclaim, observed.capacity).nanos : 0n;
    return least + more > observed.available.nanos;
  });
}
