/** The sandboxes and containers of a simulated engine at one moment, to which it can be brought back. */
import { type ContainerRecord, containerName, type SandboxRecord, type SimulatedEngine, sandboxName } from './simulated-engine.ts';

interface Kept<R extends { view: unknown }> {
  readonly record: R;
  readonly view: R['view'];
}

const keptOf = <R extends { view: unknown }>(records: ReadonlyMap<string, R>): ReadonlyMap<string, Kept<R>> =>
  new Map([...records].map(([id, record]) => [id, { record, view: record.view }]));

const isAsKept = <R extends { view: unknown }>(kept: Kept<R> | undefined, record: R | undefined): boolean =>
  kept !== undefined && kept.record === record && kept.view === record.view;

/**
 * Keeps what an engine holds; returns the function that restores it, as often as it is called. Containers that ran then
 * and do not run now begin anew, by `run`, with an empty log; those that have run since go on. Readers of events are
 * told nothing: call `resync` when the pods are as they were, too.
 */
export function keepEngine(engine: SimulatedEngine, run: (record: ContainerRecord) => void): () => void {
  const sandboxes = keptOf(engine.sandboxes);
  const containers = keptOf(engine.containers);
  // What a restoration has put back counts as kept from then on.
  const current = { sandboxes: new Map(sandboxes), containers: new Map(containers) };
  return () => {
    for (const [id, record] of engine.containers) if (!isAsKept(current.containers.get(id), record)) dropContainer(engine, id, record);
    for (const [id, record] of engine.sandboxes) if (!isAsKept(current.sandboxes.get(id), record)) dropSandbox(engine, id, record);
    for (const [id, { record, view }] of sandboxes)
      if (!engine.sandboxes.has(id)) current.sandboxes.set(id, putSandbox(engine, { ...record, view }));
    for (const [id, { record, view }] of containers) {
      if (engine.containers.has(id)) continue;
      const anew: ContainerRecord = {
        ...{ ...record, view, logs: undefined, endProcess: undefined, lines: undefined, nextChange: undefined, stdin: undefined },
        ...{ listeners: new Set(), onExit: new Set() },
      };
      engine.containers.set(id, anew);
      engine.names.set(containerName(record.cluster, view.pod.uid, view.name, view.attempt), id);
      if (view.state === 'running') run(anew);
      current.containers.set(id, { record: anew, view: anew.view });
    }
  };
}

function dropContainer(engine: SimulatedEngine, id: string, record: ContainerRecord): void {
  record.endProcess?.();
  for (const callback of record.onExit) callback();
  engine.containers.delete(id);
  engine.names.delete(containerName(record.cluster, record.view.pod.uid, record.view.name, record.view.attempt));
}

function dropSandbox(engine: SimulatedEngine, id: string, { cluster, view }: SandboxRecord): void {
  engine.ips.giveBack(view.ip);
  engine.sandboxes.delete(id);
  engine.names.delete(sandboxName(cluster, view.pod.uid, view.attempt));
}

function putSandbox(engine: SimulatedEngine, record: SandboxRecord): Kept<SandboxRecord> {
  const { id, pod, attempt, ip } = record.view;
  engine.ips.claim(ip);
  engine.sandboxes.set(id, record);
  engine.names.set(sandboxName(record.cluster, pod.uid, attempt), id);
  return { record, view: record.view };
}
