/**
 * How much simulated containers use. What a container has used grows at the rate that applies when it is read, so that
 * a change shows in the next sample.
 */
import { simulatedAmount } from '../../../api/simulated-annotations.ts';
import type { ContainerRecord } from './simulated-engine.ts';

export interface SimulatedUsage {
  readonly cpuUsageNs: number;
  readonly memoryBytes: number;
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

  /** `annotations`: those of the pod as they are now. */
  read(record: ContainerRecord, annotations: Readonly<Record<string, string>>, nowMs: number): SimulatedUsage {
    const { view, behaviour } = record;
    if (view.state !== 'running') return { cpuUsageNs: 0, memoryBytes: 0 };
    const cpu = simulatedAmount(annotations, view.name, 'cpu');
    const memory = simulatedAmount(annotations, view.name, 'memory');
    const millicores = cpu === undefined ? (behaviour.cpuMillicores ?? idleMillicores) : Number(cpu) / 1e6;
    const memoryBytes = memory === undefined ? (behaviour.memoryBytes ?? idleMemoryBytes) : Math.ceil(Number(memory) / 1e9);
    const known = this.#counted.get(record);
    const before = known?.startedAtMs === view.startedAtMs ? known : { untilMs: view.startedAtMs, cpuUsageNs: 0 };
    const cpuUsageNs = before.cpuUsageNs + Math.round((nowMs - before.untilMs) * millicores * 1000);
    this.#counted.set(record, { startedAtMs: view.startedAtMs, untilMs: nowMs, cpuUsageNs });
    return { cpuUsageNs, memoryBytes };
  }
}
