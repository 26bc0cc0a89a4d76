/** `/stats/summary`. Source: kubelet pkg/apis/stats/v1alpha1/types.go. */
import type { JsonObject } from '../../../../api/json.ts';
import { rfc3339 } from '../../../../api/time.ts';
import type { ContainerUsage, MachineUsage, PodUsage } from './usage.ts';

const sum = (containers: readonly ContainerUsage[], of: (usage: ContainerUsage) => number): number =>
  containers.reduce((total, usage) => total + of(usage), 0);

function containerStats({ container, stats }: ContainerUsage, onlyCpuAndMemory: boolean): JsonObject {
  const time = rfc3339(stats.timestampMs);
  return {
    name: container.name,
    startTime: rfc3339(container.startedAtMs),
    cpu: { time, usageCoreNanoSeconds: stats.cpuUsageNs },
    memory: { time, usageBytes: stats.memoryUsageBytes, workingSetBytes: stats.memoryWorkingSetBytes, rssBytes: stats.memoryRssBytes },
    ...(onlyCpuAndMemory ? {} : { rootfs: { time, usedBytes: stats.writableLayerBytes } }),
  };
}

function podStats({ pod, containers }: PodUsage, time: string, onlyCpuAndMemory: boolean): JsonObject {
  const { name, namespace, uid } = pod.metadata;
  return {
    podRef: { name, namespace: namespace ?? '', uid },
    startTime: pod.status.startTime ?? time,
    containers: containers.map((usage) => containerStats(usage, onlyCpuAndMemory)),
    cpu: { time, usageCoreNanoSeconds: sum(containers, ({ stats }) => stats.cpuUsageNs) },
    memory: {
      time,
      usageBytes: sum(containers, ({ stats }) => stats.memoryUsageBytes),
      workingSetBytes: sum(containers, ({ stats }) => stats.memoryWorkingSetBytes),
      rssBytes: sum(containers, ({ stats }) => stats.memoryRssBytes),
    },
  };
}

export function summary(node: string, machine: MachineUsage, pods: readonly PodUsage[], onlyCpuAndMemory: boolean): JsonObject {
  const time = rfc3339(machine.timestampMs);
  const { availableBytes, capacityBytes, inodes, inodesFree } = machine.fs;
  const fs = {
    time,
    availableBytes,
    capacityBytes,
    usedBytes: capacityBytes - availableBytes,
    inodesFree,
    inodes,
    inodesUsed: inodes - inodesFree,
  };
  return {
    node: {
      nodeName: node,
      startTime: rfc3339(machine.startedAtMs),
      cpu: { time, usageCoreNanoSeconds: machine.cpuUsageNs },
      memory: {
        time,
        availableBytes: machine.memoryAvailableBytes,
        usageBytes: machine.memoryUsedBytes,
        workingSetBytes: machine.memoryUsedBytes,
        rssBytes: machine.memoryRssBytes,
      },
      ...(onlyCpuAndMemory ? {} : { fs, runtime: { imageFs: fs, containerFs: fs } }),
    },
    pods: pods.map((usage) => podStats(usage, time, onlyCpuAndMemory)),
  };
}
