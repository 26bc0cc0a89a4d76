/** What became of the probes of a node's pods, for `/metrics/probes`. Source: pkg/kubelet/prober/prober_manager.go. */
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import { Histogram } from '../../../api/histogram.ts';

export type ProbeResult = 'successful' | 'failed' | 'unknown';
export type ProbeKind = 'Startup' | 'Liveness' | 'Readiness';

interface Probed {
  readonly pod: Pod;
  readonly container: Container;
}

/** The record of one probe of a container, over all the runs of that container. */
export interface ProbeRecord {
  readonly kind: ProbeKind;
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly counts: ReadonlyMap<ProbeResult, number>;
  /** In seconds, of probes that did not fail. */
  readonly durations: Histogram;
}

/** Prometheus' own default bounds, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Kept until the pod is forgotten. */
export class ProbeRecords {
  readonly #byPod = new Map<string, Map<string, ProbeRecord & { readonly counts: Map<ProbeResult, number> }>>();

  add({ pod, container }: Probed, kind: ProbeKind, result: ProbeResult, durationMs: number): void {
    const { uid, name, namespace = '' } = pod.metadata;
    const ofPod = this.#byPod.get(uid) ?? new Map();
    this.#byPod.set(uid, ofPod);
    const key = `${kind}/${container.name}`;
    const names = { kind, namespace, pod: name, podUid: uid, container: container.name };
    const record = ofPod.get(key) ?? { ...names, counts: new Map(), durations: new Histogram(bounds) };
    ofPod.set(key, record);
    record.counts.set(result, (record.counts.get(result) ?? 0) + 1);
    if (result !== 'failed') record.durations.add(durationMs / 1000);
  }

  forget(podUid: string): void {
    this.#byPod.delete(podUid);
  }

  all(): readonly ProbeRecord[] {
    return [...this.#byPod.values()].flatMap((ofPod) => [...ofPod.values()]);
  }
}
