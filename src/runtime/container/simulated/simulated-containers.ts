import {
  type Container,
  type ContainerConfig,
  type ContainerResources,
  type ContainerSecurity,
  type ContainerStats,
  type Containers,
  type ProcessUser,
  RuntimeError,
  START_FAILURE,
} from '../container-runtime.ts';
import { canonicalImageName, parseImageReference } from '../image-reference.ts';
import { delay } from '../runtime-clock.ts';
import { type ContainerBehaviour, containerBehaviour } from './behaviour.ts';
import type { ContainerEnd, ContainerStrike } from './container-faults.ts';
import type { DeclaredBehaviours } from './declared-behaviours.ts';
import { LogBuffer } from './log-buffer.ts';
import { runProgram } from './program.ts';
import { ScheduledLines } from './scheduled-lines.ts';
import { type ContainerRecord, containerName, type SimulatedContainerConfig, type SimulatedEngine } from './simulated-engine.ts';
import { UsageCounter } from './simulated-usage.ts';

/** Containers of one cluster on a simulated engine. */
export class SimulatedContainers implements Containers {
  readonly #engine: SimulatedEngine;
  readonly #cluster: string;
  readonly #declared: DeclaredBehaviours;
  readonly #usage = new UsageCounter();

  constructor(engine: SimulatedEngine, cluster: string, declared: DeclaredBehaviours) {
    this.#declared = declared;
    this.#engine = engine;
    this.#cluster = cluster;
    declared.onFault((endOf) => {
      for (const record of [...engine.containers.values()]) {
        if (record.cluster !== cluster || record.view.state !== 'running') continue;
        const end = endOf(record.config);
        if (end !== undefined) this.#endBy(record, end);
      }
    });
  }

  async create(config: ContainerConfig): Promise<string> {
    const engine = this.#engine;
    engine.check();
    const sandbox = engine.sandbox(this.#cluster, config.sandboxId);
    const name = containerName(this.#cluster, config.pod.uid, config.name, config.attempt);
    const existing = engine.containers.get(engine.names.get(name) ?? '');
    if (existing !== undefined && existing.view.state !== 'exited') return existing.view.id;
    if (existing !== undefined) await this.remove(existing.view.id);
    const imageId =
      engine.imageNames.get(canonicalImageName(parseImageReference(config.image))) ??
      (engine.images.has(config.image) ? config.image : undefined);
    if (imageId === undefined) throw new RuntimeError('ImageNotFound', `No such image: ${config.image}`);
    const { hostname } = sandbox.config;
    const around = { env: config.env, hostname, workingDir: config.workingDir };
    const behaviour = struck(containerBehaviour(engine.script, config, this.#declared.of(config), around), this.#declared.strike(config));
    if (behaviour.createFailure !== undefined)
      throw new RuntimeError(behaviour.createFailure.code ?? 'Other', behaviour.createFailure.message);
    const id = engine.nextId();
    engine.names.set(name, id);
    const { mounts: _, ...kept } = config;
    engine.containers.set(id, newRecord(this.#cluster, id, kept, imageId, behaviour, engine.clock.now()));
    return id;
  }

  async start(id: string): Promise<void> {
    const engine = this.#engine;
    engine.check();
    const record = engine.container(this.#cluster, id);
    const { behaviour, config } = record;
    if (record.view.state === 'running') return;
    if ((behaviour.startDelayMs ?? 0) > 0) {
      await delay(engine.clock, behaviour.startDelayMs ?? 0);
      engine.check();
      if (engine.containers.get(id) !== record) throw new RuntimeError('NotFound', `No such container: ${id}`);
    }
    const nowMs = engine.clock.now();
    if (behaviour.startFailure !== undefined) {
      const { message, code } = behaviour.startFailure;
      update(record, { ...START_FAILURE, state: 'exited', message, startedAtMs: nowMs, finishedAtMs: nowMs });
      throw new RuntimeError(code ?? 'StartFailed', message);
    }
    if (engine.sandboxes.get(config.sandboxId)?.view.state !== 'ready') {
      const message = `cannot join network of a non running container: ${config.sandboxId}`;
      update(record, { ...START_FAILURE, state: 'exited', message, startedAtMs: nowMs, finishedAtMs: nowMs });
      throw new RuntimeError('StartFailed', message);
    }
    update(record, { state: 'running', startedAtMs: nowMs, finishedAtMs: 0, exitCode: 0, reason: '', message: '' });
    engine.emit(this.#cluster, config.pod.node, { type: 'containerStarted', podUid: config.pod.uid, id });
    this.runProcess(record);
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const engine = this.#engine;
    engine.check();
    const record = engine.containers.get(id);
    if (record === undefined || record.cluster !== this.#cluster || record.view.state !== 'running') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timers: (() => void)[] = [];
    record.onExit.add(() => {
      for (const cancel of timers) cancel();
      resolve();
    });
    const exitAfter = (delayMs: number, code: number): void => {
      if (delayMs <= 0) this.#exit(record, code, false);
      else timers.push(engine.clock.setTimer(delayMs, () => this.#exit(record, code, false)));
    };
    const onTerm = record.behaviour.onTerm ?? { exitCode: 143 };
    const graceMs = graceSeconds * 1000;
    if (onTerm === 'ignore' || graceMs <= 0 || (onTerm.delayMs ?? 0) >= graceMs) exitAfter(graceMs, 137);
    else exitAfter(onTerm.delayMs ?? 0, onTerm.exitCode);
    return promise;
  }

  async remove(id: string): Promise<void> {
    this.#engine.check();
    const record = this.#engine.containers.get(id);
    if (record === undefined || record.cluster !== this.#cluster) return;
    if (record.view.state === 'running') this.#exit(record, 137, false);
    this.#engine.containers.delete(id);
    const { pod, name, attempt } = record.config;
    this.#engine.names.delete(containerName(this.#cluster, pod.uid, name, attempt));
    this.#engine.emit(this.#cluster, pod.node, { type: 'containerRemoved', podUid: pod.uid, id });
  }

  async inspect(id: string): Promise<Container | undefined> {
    this.#engine.check();
    const record = this.#engine.containers.get(id);
    return record?.cluster === this.#cluster ? record.view : undefined;
  }

  async list(node?: string): Promise<readonly Container[]> {
    this.#engine.check();
    const views: Container[] = [];
    for (const { cluster, view } of this.#engine.containers.values()) {
      if (cluster === this.#cluster && (node === undefined || view.pod.node === node)) views.push(view);
    }
    return views;
  }

  /** Simulated images have no accounts: only numbers are known. */
  async userOf(imageId: string, { runAsUser, runAsGroup, supplementalGroups }: ContainerSecurity): Promise<ProcessUser | undefined> {
    const [user = '', group = ''] = String(runAsUser ?? this.#engine.images.get(imageId)?.user ?? '').split(':');
    const [uid, gid] = [Number(user), runAsGroup ?? Number(group)];
    if (!Number.isInteger(uid) || !Number.isInteger(gid)) return undefined;
    return { uid, gid, supplementalGroups: [...new Set([gid, ...supplementalGroups])].sort((a, b) => a - b) };
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    this.#engine.check();
    const record = this.#engine.container(this.#cluster, id);
    record.config = { ...record.config, resources: { ...record.config.resources, ...resources } };
  }

  async stats(id: string): Promise<ContainerStats> {
    this.#engine.check();
    const record = this.#engine.container(this.#cluster, id);
    const nowMs = this.#engine.clock.now();
    const { cpuUsageNs, memoryBytes, writableLayerBytes } = this.#usage.read(record, this.#declared.current(record), nowMs);
    return {
      timestampMs: nowMs,
      cpuUsageNs,
      memoryUsageBytes: memoryBytes,
      memoryWorkingSetBytes: memoryBytes,
      memoryRssBytes: memoryBytes,
      processes: record.view.state === 'running' ? (record.behaviour.processes ?? 1) : 0,
      writableLayerBytes,
      logBytes: 0,
    };
  }

  /** Ends a running container as a crash (or the OOM killer) would. */
  kill(id: string, exitCode: number, oomKilled = false): void {
    const record = this.#engine.container(this.#cluster, id);
    if (record.view.state === 'running') this.#exit(record, exitCode, oomKilled);
  }

  /** Runs what a container that is running does, from its beginning. */
  runProcess(record: ContainerRecord): void {
    const engine = this.#engine;
    const write = (stream: 'stdout' | 'stderr', chunk: string | Uint8Array, atMs = engine.clock.now()): void => {
      record.logs ??= new LogBuffer();
      record.logs.append(stream, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString(), atMs);
      for (const listener of record.listeners) listener(stream, chunk);
    };
    const { lines = [], steps } = record.behaviour;
    record.lines = lines.length === 0 ? undefined : new ScheduledLines(lines, { clock: engine.clock, write });
    const endProgram = runProgram(steps, {
      clock: engine.clock,
      write: (stream, chunk) => write(stream, chunk),
      copyStdin: (onEnd) => {
        if (!record.config.stdin) return onEnd();
        const end = (): void => {
          record.stdin = undefined;
          onEnd();
        };
        record.stdin = { write: (chunk) => write('stdout', chunk), end };
      },
      exit: (code, oomKilled) => this.#exit(record, code, oomKilled),
    });
    if (record.view.state !== 'running') return;
    record.endProcess = () => {
      endProgram();
      endLines(record);
    };
    if (record.behaviour.end !== undefined) this.#endBy(record, record.behaviour.end);
  }

  /** Ends a container that runs as a fault does. */
  #endBy(record: ContainerRecord, { afterMs, exitCode, oomKilled, over }: ContainerEnd): void {
    if (afterMs === 0) return void this.#exit(record, exitCode, oomKilled);
    const cancel = this.#engine.clock.setTimer(afterMs, () => {
      if (!over.aborted) this.#exit(record, exitCode, oomKilled);
    });
    record.onExit.add(cancel);
  }

  #exit(record: ContainerRecord, exitCode: number, oomKilled: boolean): void {
    if (record.view.state !== 'running') return;
    const nowMs = this.#engine.clock.now();
    record.lines?.catchUp();
    record.endProcess?.();
    record.endProcess = undefined;
    record.stdin = undefined;
    endLines(record);
    const { terminationMessage } = record.behaviour;
    const reason = oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    update(record, {
      ...{ state: 'exited', exitCode: oomKilled ? 137 : exitCode, reason, finishedAtMs: nowMs },
      ...(terminationMessage === undefined ? {} : { terminationMessage }),
    });
    record.logs?.end(nowMs);
    const { id, pod } = record.view;
    if (oomKilled) this.#engine.emit(this.#cluster, pod.node, { type: 'containerOom', podUid: pod.uid, id });
    this.#engine.emit(this.#cluster, pod.node, { type: 'containerExited', podUid: pod.uid, id });
    const waiting = [...record.onExit];
    record.onExit.clear();
    for (const callback of waiting) callback();
  }
}

/** What a container does that is struck by a fault. */
const struck = (behaviour: ContainerBehaviour, strike: ContainerStrike | undefined): ContainerBehaviour =>
  strike === undefined || (strike.startDelayMs === 0 && strike.end === undefined)
    ? behaviour
    : { ...behaviour, startDelayMs: (behaviour.startDelayMs ?? 0) + strike.startDelayMs, end: strike.end };

/** Ends what happens at its times while a container runs. */
function endLines(record: ContainerRecord): void {
  record.lines?.stop();
  record.lines = undefined;
  record.nextChange?.cancel();
  record.nextChange = undefined;
}

function update(record: ContainerRecord, change: Partial<Container>): void {
  record.view = Object.freeze({ ...record.view, ...change });
}

function newRecord(
  cluster: string,
  id: string,
  config: SimulatedContainerConfig,
  imageId: string,
  behaviour: ContainerRecord['behaviour'],
  nowMs: number,
): ContainerRecord {
  const { pod, sandboxId, name, attempt, image, labels, annotations } = config;
  const view: Container = Object.freeze({
    id,
    pod,
    sandboxId,
    name,
    attempt,
    image,
    imageId,
    state: 'created',
    createdAtMs: nowMs,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    labels,
    annotations,
  });
  return {
    cluster,
    config,
    behaviour,
    view,
    logs: undefined,
    endProcess: undefined,
    lines: undefined,
    nextChange: undefined,
    listeners: new Set(),
    onExit: new Set(),
    stdin: undefined,
  };
}
