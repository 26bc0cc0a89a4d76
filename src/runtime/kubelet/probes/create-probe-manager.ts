/** Manages the probes of all containers of one node. Source: pkg/kubelet/prober/prober_manager.go. */
import type { Clock } from '../../../client/clock.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import type { Logger } from '../../../client/logger.ts';
import type { Streams } from '../../container/container-runtime.ts';
import { ContainerProbes } from './container-probes.ts';
import type { ProbeManager } from './probe-manager.ts';
import { ProbeRecords } from './probe-records.ts';

export interface ProbeManagerOptions {
  readonly streams: Streams;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
}

/** Containers without probes cost nothing: they are ready and started as soon as they run. */
export function createProbeManager(options: ProbeManagerOptions): ProbeManager {
  const probes = new Map<string, ContainerProbes>();
  const records = new ProbeRecords();
  const listeners: ((podUid: string) => void)[] = [];
  return {
    start: (probed) => {
      const { livenessProbe, readinessProbe, startupProbe } = probed.container;
      if (probes.has(probed.containerId) || (livenessProbe ?? readinessProbe ?? startupProbe) === undefined) return;
      const { clock, events, streams } = options;
      const onChange = (): void => {
        for (const listener of listeners) listener(probed.pod.metadata.uid);
      };
      const own = new ContainerProbes({ probed, streams, clock, events, records, onChange });
      probes.set(probed.containerId, own);
      own
        .run()
        .catch((error: unknown) => options.log.error('probes stopped by a bug', { container: probed.containerId, error: String(error) }));
    },
    stopFatal: (containerId) => probes.get(containerId)?.stopFatal(),
    stop: (containerId) => {
      probes.get(containerId)?.stop();
      probes.delete(containerId);
    },
    isReady: (containerId) => probes.get(containerId)?.ready ?? true,
    isStarted: (containerId) => probes.get(containerId)?.started ?? true,
    failure: (containerId) => probes.get(containerId)?.failure,
    onChange: (listener) => {
      listeners.push(listener);
    },
    records: () => records.all(),
    forget: (podUid) => records.forget(podUid),
  };
}
