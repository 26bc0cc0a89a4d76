/**
 * How much simulated containers use. What a container has used grows at the rates that are declared when it is read, so
 * that a change of them shows in the next sample.
 */
import type { Behaviour } from '../../../api/simulated/behaviour.ts';
import { integral, valueAt } from '../../../api/simulated/timeline.ts';
import type { ContainerRecord } from './simulated-engine.ts';

export interface SimulatedUsage {
  readonly cpuUsageNs: number;
  readonly memoryBytes: number;
  readonly writableLayerBytes: number;
}

/** What a container uses that nothing is said of. */
const idleMillicores = 1;
const idleMemoryBytes = 1024 * 1024;

interface Counted {
  readonly startedAtMs: number;
  readonly untilMs: number;
  readonly cpuUsageNs: number;
}

/** Counts what containers have used. */
export class UsageCounter {
  readonly #counted = new WeakMap<ContainerRecord, Counted>();

  /** `declared`: what is said of the container now. */
  read(record: ContainerRecord, declared: Behaviour, nowMs: number): SimulatedUsage {
    const { view, behaviour } = record;
    const ageMs = nowMs - view.startedAtMs;
    const writableLayerBytes = Math.ceil(valueAt(declared.ephemeralStorage, ageMs) ?? behaviour.writableLayerBytes ?? 0);
    if (view.state !== 'running') return { cpuUsageNs: 0, memoryBytes: 0, writableLayerBytes };
    const memoryBytes = Math.ceil(valueAt(declared.memory, ageMs) ?? behaviour.memoryBytes ?? idleMemoryBytes);
    const cpus = (behaviour.cpuMillicores ?? idleMillicores) / 1000;
    const known = this.#counted.get(record);
    const before = known?.startedAtMs === view.startedAtMs ? known : { untilMs: view.startedAtMs, cpuUsageNs: 0 };
    const used = integral(declared.cpu, before.untilMs - view.startedAtMs, ageMs, cpus);
    const cpuUsageNs = before.cpuUsageNs + Math.round(used * 1e6);
    this.#counted.set(record, { startedAtMs: view.startedAtMs, untilMs: nowMs, cpuUsageNs });
    return { cpuUsageNs, memoryBytes, writableLayerBytes };
  }
}
