/** What annotations and rules say of the containers of an engine, as of now. */
import type { SelectableContainer } from '../../../api/faults/container-selection.ts';
import type { Pod } from '../../../api/generated/core/v1.ts';
import { AnnotationReader } from '../../../api/simulated/annotations.ts';
import { type Behaviour, mergeBehaviours } from '../../../api/simulated/behaviour.ts';
import { isMeantToEnd } from '../../../api/simulated/meant-to-end.ts';
import type { BehaviourRules, ContainerSubject } from '../../../api/simulated/rules.ts';
import { nextChange, type Timeline, valueAt } from '../../../api/simulated/timeline.ts';
import { imageNames } from '../image-reference.ts';
import type { Declared } from './behaviour.ts';
import type { ContainerEnd, ContainerFaults, ContainerStrike } from './container-faults.ts';
import type { ContainerRecord, SimulatedContainerConfig, SimulatedEngine } from './simulated-engine.ts';

export interface DeclaredSources {
  /**
   * A pod as it is now, by its uid; undefined for one that is not known. Default: none is, so that the labels and
   * annotations count with which its sandbox was made.
   */
  podOf?(uid: string): Pod | undefined;
  /** Default: there are none. */
  readonly rules?: Pick<BehaviourRules, 'behaviours'>;
  /** What strikes containers. Default: nothing does. */
  readonly faults?: ContainerFaults;
}

/** The fields that change while a container runs. */
const timelines = ['cpu', 'memory', 'ephemeralStorage', 'started', 'ready', 'live'] as const;

export class DeclaredBehaviours {
  readonly #engine: SimulatedEngine;
  readonly #sources: DeclaredSources;
  readonly #annotations = new AnnotationReader();

  constructor(engine: SimulatedEngine, sources: DeclaredSources) {
    this.#engine = engine;
    this.#sources = sources;
  }

  /** What is said of a container: rules first, then annotations of the pod, then those of the container. */
  of(config: SimulatedContainerConfig): Declared {
    const pod = this.#sources.podOf?.(config.pod.uid);
    const sandbox = this.#engine.sandboxes.get(config.sandboxId)?.config;
    const annotations = (pod === undefined ? sandbox?.annotations : pod.metadata.annotations) ?? none;
    const rules = this.#sources.rules?.behaviours(() => this.#subject(config)) ?? [];
    return {
      behaviour: mergeBehaviours([...rules, ...this.#annotations.behaviours(annotations, config.name)]),
      isMeantToEnd: pod !== undefined && isMeantToEnd(pod, config.name),
    };
  }

  /** What strikes a run of a container that is about to begin. */
  strike(config: SimulatedContainerConfig): ContainerStrike | undefined {
    return this.#sources.faults?.run(() => this.#subject(config));
  }

  /** Calls back when a rule is new that may end containers which run already. */
  onFault(follower: (endOf: (config: SimulatedContainerConfig) => ContainerEnd | undefined) => void): void {
    this.#sources.faults?.onRule((endOf) => follower((config) => endOf(this.#subject(config))));
  }

  #subject({
    pod: { uid, namespace, name, node },
    sandboxId,
    image,
    ...config
  }: SimulatedContainerConfig): ContainerSubject & SelectableContainer {
    const pod = this.#sources.podOf?.(uid);
    const labels = pod === undefined ? this.#engine.sandboxes.get(sandboxId)?.config.labels : pod.metadata.labels;
    return { namespace, pod: name, container: config.name, images: imageNames(image), labels: labels ?? none, node };
  }

  /**
   * What is said now of a container that runs. A timer is set for its next change, so that a clock that is advanced
   * does not pass that by.
   */
  current(record: ContainerRecord): Behaviour {
    const { behaviour } = this.of(record.config);
    if (record.view.state === 'running') this.#awaitChange(record, behaviour);
    return behaviour;
  }

  #awaitChange(record: ContainerRecord, behaviour: Behaviour): void {
    const { clock } = this.#engine;
    const { startedAtMs } = record.view;
    const nowMs = clock.now();
    const ageMs = nowMs - startedAtMs;
    const next = Math.min(...timelines.map((name) => nextChange(behaviour[name], ageMs) ?? Number.POSITIVE_INFINITY));
    const atMs = startedAtMs + next;
    const known = record.nextChange;
    // One that is due has to be called: only then is it known that something happens.
    if (known !== undefined && (known.atMs === atMs || known.atMs <= nowMs)) return;
    known?.cancel();
    const onChange = (): void => {
      record.nextChange = undefined;
      this.current(record);
    };
    record.nextChange = next === Number.POSITIVE_INFINITY ? undefined : { atMs, cancel: clock.setTimer(next - ageMs, onChange) };
  }

  /** The value of a field at the age that a container has now. */
  now<T>(record: ContainerRecord, timeline: Timeline<T> | undefined): T | undefined {
    return valueAt(timeline, this.#engine.clock.now() - record.view.startedAtMs);
  }

  /**
   * What is said of the containers that may answer at a port of a pod: of those that declare it, or else of all. None
   * when no container runs.
   */
  ofPort(sandboxId: string, port: number): readonly Behaviour[] {
    const running = [...this.#engine.containers.values()].filter(({ view }) => view.sandboxId === sandboxId && view.state === 'running');
    const pod = this.#sources.podOf?.(running[0]?.view.pod.uid ?? '');
    const declaring = pod?.spec.containers.filter(({ ports = [] }) => ports.some(({ containerPort }) => containerPort === port));
    const names = new Set(declaring?.map(({ name }) => name));
    const own = running.filter(({ view }) => names.has(view.name));
    return (own.length === 0 ? running : own).map((record) => this.current(record));
  }
}

const none: Readonly<Record<string, string>> = {};
