/**
 * What a simulated node has left: all of it, unless annotations of the Node say otherwise. docs/simulated.md describes
 * them for users.
 */

import { toNumber, tryParseQuantity } from '../api/quantity.ts';
import { SIMULATED_ANNOTATION_PREFIX } from '../api/simulated/annotations.ts';
import type { NodeReserves, Reserve } from '../runtime/kubelet/eviction/reserves.ts';

export interface SimulatedCapacity {
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
}

const inodeCapacity = 6_553_600;
const processCapacity = 32_768;

/** What is not given, or cannot be read, is not short. */
export function simulatedReserves(annotations: Readonly<Record<string, string>>, capacity: SimulatedCapacity): NodeReserves {
  const reserve = (name: string, most: number): Reserve => {
    const given = tryParseQuantity(annotations[`${SIMULATED_ANNOTATION_PREFIX}${name}-available`]);
    const available = given === undefined || given.nanos < 0n ? most : Math.min(most, toNumber(given));
    return { available, capacity: most };
  };
  return {
    memory: reserve('memory', capacity.memoryBytes),
    nodeFs: { bytes: reserve('disk', capacity.ephemeralStorageBytes), inodes: reserve('inodes', inodeCapacity) },
    processes: reserve('processes', processCapacity),
  };
}
