import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { NodeStatus } from '../../../api/generated/core/v1.ts';
import type { RuntimeInfo } from '../../container/container-runtime.ts';
import { createSimulatedRuntime } from '../../container/simulated/create-simulated-runtime.ts';
import { createVirtualClock } from '../../container/simulated/virtual-clock.ts';
import { defaultKubeletConfig, type KubeletConfig, kubeletConfiguration } from '../config/kubelet-config.ts';
import { nodeImages, nodeLabels, nodeResources, nodeStatus, transitions } from './node-status.ts';

const gib = 1024 ** 3;
const runtime = createSimulatedRuntime({ clock: createVirtualClock() });
after(() => runtime.close());
const handlers = [
  { name: '', recursiveReadOnly: true },
  { name: 'runsc', recursiveReadOnly: false },
];
const info: RuntimeInfo = { ...(await runtime.info()), memoryBytes: 8 * gib, ephemeralStorageBytes: 100 * gib, handlers };

const identity = { name: 'minik', ip: '10.0.0.1', podCidr: '10.244.0.0/16', kubeletVersion: 'v1.36.0', labels: {}, daemonPort: 10_250 };

const configured = (evictionHard: Readonly<Record<string, string>>): KubeletConfig =>
  kubeletConfiguration({ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', evictionHard });

const statusWith = (pressure: Parameters<typeof nodeStatus>[0]['health']['pressure'], previous: Partial<NodeStatus> = {}) =>
  nodeStatus({
    identity,
    info,
    config: defaultKubeletConfig,
    images: [],
    health: { runtimeProblem: undefined, shutsDown: false, pressure, nowMs: 0 },
    // Partial: no other fields are read.
    previous: previous as NodeStatus,
  });

describe("a node's status", () => {
  it('keeps back for pods what hard eviction thresholds would take from them', () => {
    const left = (config: KubeletConfig) => {
      const { allocatable } = nodeResources(info, config);
      return [allocatable.memory, Number(allocatable['ephemeral-storage']) / gib];
    };
    assert.deepEqual(left(defaultKubeletConfig), [`${8 * 1024 ** 2 - 100 * 1024}Ki`, 99]);
    assert.deepEqual(left(configured({ 'memory.available': '1Gi', 'nodefs.available': '10%' })), [`${7 * 1024 ** 2}Ki`, 90]);
    assert.deepEqual(left(configured({ 'memory.available': '0%' })), [`${8 * 1024 ** 2}Ki`, 100]);
  });

  it('says where it is, what it runs on, and how much of it there is', () => {
    const { addresses, nodeInfo, capacity, daemonEndpoints } = statusWith([]);
    assert.deepEqual(addresses, [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'Hostname', address: 'minik' },
    ]);
    assert.deepEqual(daemonEndpoints, { kubeletEndpoint: { Port: 10_250 } });
    const { machineId, bootId, kernelVersion, osImage, architecture } = info;
    assert.deepEqual(nodeInfo, {
      ...{ machineID: machineId, systemUUID: machineId, bootID: bootId, kernelVersion, osImage, architecture },
      ...{ containerRuntimeVersion: 'simulated://1.0.0', kubeletVersion: 'v1.36.0', kubeProxyVersion: '', operatingSystem: 'linux' },
    });
    assert.deepEqual(capacity, {
      ...{ cpu: '8', memory: `${8 * 1024 ** 2}Ki`, 'ephemeral-storage': `${100 * 1024 ** 2}Ki`, pods: '110' },
      ...{ 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' },
    });
    const labels = nodeLabels({ ...identity, labels: { own: 'yes' } }, architecture);
    assert.deepEqual(
      [labels['kubernetes.io/hostname'], labels['kubernetes.io/arch'], labels['kubernetes.io/os'], labels.own],
      ['minik', 'amd64', 'linux', 'yes'],
    );
  });

  it('says what its runtime can do', () => {
    const { features, runtimeHandlers } = statusWith([]);
    assert.deepEqual(features, { supplementalGroupsPolicy: true });
    assert.deepEqual(runtimeHandlers, [
      { name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } },
      { name: 'runsc', features: { recursiveReadOnlyMounts: false, userNamespaces: false } },
    ]);
  });

  it('tells the conditions that have changed, and only these', () => {
    const calm = statusWith([]).conditions ?? [];
    assert.deepEqual(transitions([], calm), ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID', 'NodeReady']);
    const short = statusWith(['DiskPressure'], { conditions: calm }).conditions ?? [];
    assert.deepEqual(transitions(calm, short), ['NodeHasDiskPressure']);
    assert.deepEqual(transitions(short, short), []);
  });

  it('lists the largest images, as many as the configuration says', () => {
    const image = (name: string, sizeBytes: number) => ({
      id: name,
      repoTags: [name],
      repoDigests: [],
      sizeBytes,
      user: '',
      volumes: [],
      stopSignal: '',
    });
    const images = [image('a:1', 1), image('b:1', 3), image('c:1', 2)];
    const names = (most: number) => nodeImages(images, most).map((listed) => listed.names?.[0]);
    assert.deepEqual(names(2), ['b:1', 'c:1']);
    assert.deepEqual(names(-1), ['b:1', 'c:1', 'a:1']);
  });
});
