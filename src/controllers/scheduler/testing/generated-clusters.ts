/**
 * Small clusters with everything that the scheduler looks at, generated from a seed, for the comparison of its
 * decisions with upstream's (testdata/placement). All fields are explicit: neither side adds defaults.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { KubeObject } from '../../../api/object.ts';
import { rfc3339 } from '../../../api/time.ts';
import { Choices } from '../../testing/choices.ts';

export interface GeneratedCluster {
  readonly objects: readonly KubeObject[];
  /** The names of the Pods to decide about, in the namespace `default`. */
  readonly pods: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
const extended = 'example.com/device';
const megabyte = 1024 * 1024;
const startMs = Date.parse('2026-01-01T00:00:00Z');

const apps = ['web', 'db', 'cache'] as const;
const namespaces = ['default', 'other', 'third'] as const;
const topologies = [hostname, zone, 'disk'] as const;

const selectorOf = (choices: Choices): Fields => {
  if (choices.chance(0.1)) return {};
  if (choices.chance(0.7)) return { matchLabels: { app: choices.of(apps) } };
  const operator = choices.of(['In', 'NotIn', 'Exists', 'DoesNotExist']);
  const values = operator === 'In' || operator === 'NotIn' ? { values: [choices.of(['1', '2'])] } : {};
  return { matchExpressions: [{ key: 'rev', operator, ...values }] };
};

const affinityTerm = (choices: Choices): Fields => ({
  topologyKey: choices.of(topologies),
  ...choices.maybe(0.95, () => ({ labelSelector: selectorOf(choices) })),
  ...choices.maybe(0.15, () => ({ namespaces: [choices.of(namespaces)] })),
  ...choices.maybe(0.2, () => ({
    namespaceSelector: choices.of<Fields>([
      {},
      { matchLabels: { team: 'x' } },
      { matchExpressions: [{ key: 'team', operator: 'Exists' }] },
    ]),
  })),
});

function podAffinity(choices: Choices, probability: number): Fields {
  const required = () => ({
    requiredDuringSchedulingIgnoredDuringExecution: [affinityTerm(choices), ...choices.some(1, () => affinityTerm(choices))],
  });
  const preferred = () => ({
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 + choices.below(100), podAffinityTerm: affinityTerm(choices) }],
  });
  return {
    ...choices.maybe(probability, () => ({ podAffinity: { ...choices.maybe(0.5, required), ...choices.maybe(0.7, preferred) } })),
    ...choices.maybe(probability, () => ({ podAntiAffinity: { ...choices.maybe(0.5, required), ...choices.maybe(0.7, preferred) } })),
  };
}

const nodeRequirement = (choices: Choices): Fields =>
  choices.of<Fields>([
    { key: zone, operator: 'In', values: ['a', 'b'] },
    { key: 'disk', operator: choices.of(['In', 'NotIn']), values: ['ssd'] },
    { key: 'cores', operator: choices.of(['Gt', 'Lt']), values: ['4'] },
    { key: zone, operator: 'Exists' },
  ]);

const nodeTerm = (choices: Choices): Fields => ({
  matchExpressions: [nodeRequirement(choices), ...choices.some(1, () => nodeRequirement(choices))],
});

const nodeAffinity = (choices: Choices): Fields => ({
  nodeAffinity: {
    ...choices.maybe(0.5, () => ({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [nodeTerm(choices), ...choices.some(1, () => nodeTerm(choices))],
      },
    })),
    ...choices.maybe(0.6, () => ({
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 + choices.below(100), preference: nodeTerm(choices) }],
    })),
  },
});

const constraint = (choices: Choices): Fields => ({
  maxSkew: 1 + choices.below(3),
  topologyKey: choices.of(topologies),
  whenUnsatisfiable: choices.of(['DoNotSchedule', 'ScheduleAnyway']),
  labelSelector: selectorOf(choices),
  ...choices.maybe(0.2, () => ({ minDomains: 1 + choices.below(4), whenUnsatisfiable: 'DoNotSchedule' })),
  ...choices.maybe(0.3, () => ({ nodeAffinityPolicy: choices.of(['Honor', 'Ignore']) })),
  ...choices.maybe(0.3, () => ({ nodeTaintsPolicy: choices.of(['Honor', 'Ignore']) })),
  ...choices.maybe(0.2, () => ({ matchLabelKeys: ['rev'] })),
});

const images = ['busybox:1.36', 'nginx', 'registry.k8s.io/pause:3.10'] as const;
/** What nodes may have of these. */
const storedImages = [
  { names: ['docker.io/library/nginx:latest', 'nginx:latest'], sizeBytes: 190 * megabyte },
  { names: ['busybox:1.36'], sizeBytes: 900 * megabyte },
  { names: ['registry.k8s.io/pause:3.10'], sizeBytes: 1 * megabyte },
] as const;
const cpus = ['100m', '250m', '500m', '1', '2'] as const;
const memories = ['64Mi', '256Mi', '1Gi', '2Gi'] as const;

const requests = (choices: Choices): Fields => ({
  ...choices.maybe(0.8, () => ({ cpu: choices.of(cpus) })),
  ...choices.maybe(0.7, () => ({ memory: choices.of(memories) })),
  ...choices.maybe(0.1, () => ({ 'ephemeral-storage': choices.of(['1Gi', '4Gi']) })),
  ...choices.maybe(0.08, () => ({ [extended]: choices.of(['1', '2']) })),
});

const container = (choices: Choices, name: string): Fields => ({
  ...{ name, image: choices.of(images), resources: { requests: requests(choices) } },
  ...choices.maybe(0.12, () => ({
    ports: [
      {
        containerPort: 80,
        hostPort: choices.of([8080, 8081]),
        protocol: choices.of(['TCP', 'UDP']),
        ...choices.maybe(0.3, () => ({ hostIP: '127.0.0.1' })),
      },
    ],
  })),
});

const taint = (choices: Choices): Fields => ({
  key: choices.of(['dedicated', 'special']),
  value: choices.of(['x', 'y']),
  effect: choices.of(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});

const toleration = (choices: Choices): Fields => ({
  ...choices.maybe(0.9, () => ({ key: choices.of(['dedicated', 'special', 'node.kubernetes.io/unschedulable']) })),
  ...choices.of<Fields>([{ operator: 'Exists' }, { operator: 'Equal', value: 'x' }]),
  ...choices.maybe(0.4, () => ({ effect: choices.of(['NoSchedule', 'PreferNoSchedule', 'NoExecute']) })),
});

interface Placed {
  readonly name: string;
  readonly namespace?: string;
  readonly nodeName?: string;
  readonly priority: number;
  /** How likely each kind of wish is. */
  readonly wishes: number;
  readonly status?: Fields;
}

function aPod(choices: Choices, { name, namespace = 'default', nodeName, priority, wishes, status = {} }: Placed): Fields {
  const affinity = { ...choices.maybe(wishes, () => nodeAffinity(choices)), ...podAffinity(choices, wishes) };
  const owned = { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'replica-set-web', controller: true }] };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      ...{ name, namespace, uid: `pod-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
      ...choices.maybe(0.9, () => ({ labels: { app: choices.of(apps), rev: choices.of(['1', '2']) } })),
      ...choices.maybe(0.2, () => owned),
      ...(nodeName !== undefined && choices.chance(0.06)
        ? { deletionTimestamp: '2026-01-02T00:00:00Z', finalizers: ['example.com/wait'] }
        : {}),
    },
    spec: {
      ...{
        schedulerName: 'default-scheduler',
        priority,
        containers: [container(choices, 'a'), ...choices.some(1, () => container(choices, 'b'))],
      },
      ...choices.maybe(0.15, () => ({
        initContainers: [{ ...container(choices, 'i'), ...choices.maybe(0.5, () => ({ restartPolicy: 'Always' })) }],
      })),
      ...choices.maybe(0.1, () => ({ volumes: [{ name: 'v', image: { reference: choices.of(images) } }] })),
      ...choices.maybe(0.08, () => ({ overhead: { cpu: '100m', memory: '32Mi' } })),
      ...choices.maybe(wishes / 2, () => ({ nodeSelector: { disk: choices.of(['ssd', 'hdd']) } })),
      ...choices.maybe(wishes, () => ({ tolerations: [toleration(choices), ...choices.some(1, () => toleration(choices))] })),
      ...(Object.keys(affinity).length === 0 ? {} : { affinity }),
      ...choices.maybe(wishes, () => ({ topologySpreadConstraints: [constraint(choices), ...choices.some(1, () => constraint(choices))] })),
      ...choices.maybe(0.1, () => ({ preemptionPolicy: 'Never' })),
      ...(nodeName === undefined ? {} : { nodeName }),
    },
    status,
  };
}

function aNode(choices: Choices, name: string): Fields {
  const cpu = 1 + choices.below(6);
  return {
    ...{ apiVersion: 'v1', kind: 'Node' },
    metadata: {
      ...{ name, uid: `node-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
      labels: {
        ...{ [hostname]: name, cores: String(cpu) },
        ...choices.maybe(0.85, () => ({ [zone]: choices.of(['a', 'b', 'c']) })),
        ...choices.maybe(0.8, () => ({ disk: choices.of(['ssd', 'hdd']) })),
      },
    },
    spec: {
      ...choices.maybe(0.25, () => ({ taints: [taint(choices), ...choices.some(1, () => taint(choices))] })),
      ...choices.maybe(0.08, () => ({ unschedulable: true })),
    },
    status: {
      allocatable: {
        ...{ cpu: String(cpu), memory: `${1 + choices.below(8)}Gi`, pods: String(2 + choices.below(12)) },
        ...choices.maybe(0.8, () => ({ 'ephemeral-storage': '8Gi' })),
        ...choices.maybe(0.3, () => ({ [extended]: choices.of(['1', '2', '4']) })),
      },
      images: storedImages.filter(() => choices.chance(0.4)),
    },
  };
}

const meta = (name: string, more: Fields = {}): Fields => ({ name, namespace: 'default', uid: name, resourceVersion: '1', ...more });

function surroundings(choices: Choices): readonly Fields[] {
  const teams: Readonly<Record<string, Fields>> = { default: { team: 'x' }, other: { team: 'y' }, third: {} };
  return [
    ...namespaces.map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, uid: name, resourceVersion: '1', labels: teams[name] },
    })),
    ...choices
      .some(2, () => choices.of(apps))
      .map((app, i) => ({ apiVersion: 'v1', kind: 'Service', metadata: meta(`service-${i}`), spec: { selector: { app } } })),
    {
      ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: meta('web', { uid: 'replica-set-web' }) },
      spec: { selector: { matchLabels: { rev: choices.of(['1', '2']) } } },
    },
    ...choices
      .some(2, () => selectorOf(choices))
      .map((selector, i) => ({
        ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: meta(`budget-${i}`), spec: { selector } },
        status: { disruptionsAllowed: choices.below(2), currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
      })),
  ];
}

/** The cluster of a seed; the same for ever. */
export function generateCluster(seed: number): GeneratedCluster {
  const choices = new Choices(seed);
  const nodes = Array.from({ length: 2 + choices.below(5) }, (_, i) => `n${i}`);
  const there = Array.from({ length: 2 + choices.below(16) }, (_, i) => {
    const startTime = rfc3339(startMs + (choices.below(1000) * 64 + i) * 1000);
    const nodeName = nodes[choices.below(nodes.length)] ?? 'n0';
    const namespace = choices.chance(0.75) ? 'default' : choices.of(namespaces);
    return aPod(choices, {
      name: `there-${i}`,
      namespace,
      nodeName,
      priority: choices.of([-5, 0, 0, 5, 100]),
      wishes: 0.2,
      status: { phase: 'Running', startTime },
    });
  });
  const nominated = choices.some(1, () =>
    aPod(choices, {
      ...{
        name: 'nominated',
        priority: choices.of([0, 100, 1000]),
        wishes: 0.2,
        status: { phase: 'Pending', nominatedNodeName: nodes[0] },
      },
    }),
  );
  const pods = ['new-0', 'new-1', 'new-2'];
  const waiting = pods.map((name) =>
    aPod(choices, { name, priority: choices.of([0, 50, 1000]), wishes: 0.4, status: { phase: 'Pending' } }),
  );
  const objects = [...surroundings(choices), ...nodes.map((name) => aNode(choices, name)), ...there, ...nominated, ...waiting];
  // The generator writes objects of these Kinds, as far as the scheduler reads them.
  return { objects: objects as unknown as readonly KubeObject[], pods };
}

export const isPod = (object: KubeObject): object is Pod => object.kind === 'Pod';
