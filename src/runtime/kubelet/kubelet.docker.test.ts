import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from '../../api/generated/core/v1.ts';
import { configMap } from '../../api/kinds/core/config-map.ts';
import { event as eventKind } from '../../api/kinds/core/event.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { createEventRecorder } from '../../client/api-event-recorder.ts';
import { systemClock } from '../../client/clock.ts';
import { silentLogger } from '../../client/logger.ts';
import { startTestCluster, type TestCluster } from '../../controllers/testing/test-cluster.ts';
import { type TestCluster as DockerCluster, docker, startDockerCluster } from '../container/docker/docker-test-support.ts';
import { collector } from '../container/runtime-test-support.ts';
import { type Kubelet, startKubelet } from './kubelet.ts';
import { createProbeManager } from './probes/create-probe-manager.ts';
import { idleMachine } from './testing/kubelet-cluster.ts';
import { createHostMounter } from './volumes/host-mounter.ts';

const forever = ['sh', '-c', 'trap "exit 0" TERM; echo started; sleep 3600 & wait'];
const timeoutMs = 60_000;

interface Node {
  readonly api: TestCluster;
  readonly kubelet: Kubelet;
  readonly root: string;
  run(name: string, spec?: object): Promise<Pod>;
  /** Resolves with the pod as soon as `done` returns true for it. */
  until(name: string, done: (pod: Pod) => boolean): Promise<Pod>;
  remove(name: string): Promise<void>;
}

async function startNode(t: TestContext, engine: DockerCluster): Promise<Node> {
  const api = await startTestCluster(t);
  const root = await mkdtemp(join(tmpdir(), 'minik-kubelet-docker-'));
  const stop = new AbortController();
  const events = createEventRecorder({
    api: api.client.resource(eventKind),
    component: 'kubelet',
    clock: systemClock,
    log: silentLogger,
    signal: stop.signal,
  });
  const { runtime } = engine;
  const kubelet = await startKubelet({
    identity: {
      name: 'minik',
      ip: '10.0.0.1',
      kubeletVersion: 'v1.36.0',
      labels: {},
      daemonPort: 0,
    },
    client: api.client,
    informers: api.informers,
    runtime,
    events,
    clock: systemClock,
    log: silentLogger,
    root,
    mounter: createHostMounter({ removeTree: (path) => rm(path, { recursive: true, force: true }) }),
    probes: createProbeManager({ streams: runtime.streams, clock: systemClock, events, log: silentLogger }),
    clusterDomain: 'cluster.local',
    clusterDns: '10.96.0.10',
    hostResolver: { nameservers: ['192.0.2.1'], searches: [], options: [] },
    machine: async () => idleMachine,
  });
  t.after(async () => {
    await kubelet.stop();
    stop.abort();
    await rm(root, { recursive: true, force: true });
  });
  const pods = api.api(podKind);
  /** Resolves when `check` is true; runs it after every change of a pod in the informer's cache. */
  const changed = async (check: () => boolean): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error('the pod did not get there in time')), timeoutMs);
    const look = (): void => {
      if (check()) resolve();
    };
    const remove = api.informers.informer(podKind).addHandlers({ added: look, updated: look, deleted: look });
    look();
    await promise.finally(() => {
      clearTimeout(timer);
      remove();
    });
  };
  const cached = (name: string): Pod | undefined => api.informers.informer(podKind).cache.get({ namespace: 'default', name });
  return {
    api,
    kubelet,
    root,
    run: (name, spec = {}) =>
      pods.create({
        metadata: { name, namespace: 'default' },
        // Fields that the Kind checks.
        spec: {
          nodeName: 'minik',
          containers: [{ name: 'main', image: engine.image, command: forever }],
          ...spec,
        } as unknown as Pod['spec'],
      }),
    until: async (name, done) => {
      await changed(() => {
        const pod = cached(name);
        return pod !== undefined && done(pod);
      });
      return cached(name) ?? assert.fail('it went again');
    },
    remove: async (name) => {
      await pods.delete({ namespace: 'default', name });
      await changed(() => cached(name) === undefined);
    },
  };
}

const isReady = ({ status }: Pod): boolean => status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
const main = ({ status }: Pod) => status.containerStatuses?.[0];
const idOf = (pod: Pod): string => main(pod)?.containerID?.replace('docker://', '') ?? '';

describe('a node on Docker', { timeout: 180_000 }, () => {
  let engine: DockerCluster;
  before(async () => {
    engine = await startDockerCluster('kubelet', 13);
  });
  after(() => engine.close());

  it('runs a pod, gives its log and commands in it, and leaves nothing of it behind', async (t) => {
    const node = await startNode(t, engine);
    const created = await node.run('web', { volumes: [{ name: 'data', emptyDir: {} }] });
    const pod = await node.until('web', isReady);
    // A running container may not have printed its first line yet.
    const following = new AbortController();
    const sink = new PassThrough();
    const first = once(sink, 'data').finally(() => following.abort());
    const logs = { follow: true, timestamps: false, previous: false, signal: following.signal };
    await node.kubelet.streams.logs({ namespace: 'default', name: 'web' }, 'main', logs, sink);
    assert.equal(String((await first)[0]), 'started\n');
    const out = collector();
    const command = ['sh', '-c', 'hostname; tail -n 1 /etc/hosts; cat /etc/resolv.conf; exit 3'];
    const code = await node.kubelet.streams.exec({ namespace: 'default', name: 'web' }, 'main', {
      command,
      tty: false,
      stdout: out.sink,
      signal: new AbortController().signal,
    });
    assert.equal(code, 3);
    assert.match(out.text(), new RegExp(`^web\n${pod.status.podIP}\tweb\nsearch default\\.svc\\.cluster\\.local `));
    await node.remove('web');
    assert.equal(docker('ps', '-aq', '--filter', `label=io.kubernetes.pod.uid=${created.metadata.uid}`), '');
    assert.equal(existsSync(join(node.root, 'pods', created.metadata.uid)), false);
  });

  it('sets limits and reports a container that used more memory than it may', async (t) => {
    const node = await startNode(t, engine);
    const resources = { requests: { cpu: '250m' }, limits: { cpu: '500m', memory: '16Mi' } };
    const containers = [{ name: 'main', image: engine.image, command: ['sh', '-c', 'exec tail /dev/zero'], resources }];
    await node.run('hog', { restartPolicy: 'Never', containers });
    const pod = await node.until('hog', ({ status }) => status.phase === 'Failed');
    assert.equal(main(pod)?.state.terminated?.reason, 'OOMKilled');
    assert.equal(main(pod)?.state.terminated?.exitCode, 137);
    const limits = docker('inspect', '--format', '{{with .HostConfig}}{{.CpuShares}} {{.CpuQuota}} {{.Memory}}{{end}}', idOf(pod));
    assert.equal(limits, '256 50000 16777216');
    await node.remove('hog');
  });

  it('starts a killed container again, and a pod whose sandbox was killed', async (t) => {
    const node = await startNode(t, engine);
    await node.run('web');
    const first = await node.until('web', isReady);
    docker('kill', idOf(first));
    const second = await node.until('web', (pod) => isReady(pod) && main(pod)?.restartCount === 1);
    assert.equal(main(second)?.lastState.terminated?.exitCode, 137);
    await node.run('box');
    const { metadata } = await node.until('box', isReady);
    const filters = ['--filter', `label=io.kubernetes.pod.uid=${metadata.uid}`, '--filter', 'label=io.kubernetes.docker.type=podsandbox'];
    docker('kill', docker('ps', '-q', ...filters));
    await node.until('box', (pod) => isReady(pod) && main(pod)?.restartCount === 1);
    assert.equal(docker('ps', '-a', '--format', '{{.Names}}', ...filters), `k8s_POD_box_default_${metadata.uid}_1`);
    await Promise.all([node.remove('web'), node.remove('box')]);
  });

  it('changes the files of a config map in a running container, all at once', async (t) => {
    const node = await startNode(t, engine);
    const api = node.api.api(configMap);
    const object = await api.create({ metadata: { name: 'cfg', namespace: 'default' }, data: { a: '1', b: '1' } });
    const volumeMounts = [
      { name: 'cfg', mountPath: '/cfg' },
      { name: 'cfg', mountPath: '/single', subPath: 'a' },
    ];
    const securityContext = { runAsUser: 1000, fsGroup: 2000 };
    const containers = [{ name: 'main', image: engine.image, command: forever, volumeMounts }];
    await node.run('web', { containers, securityContext, volumes: [{ name: 'cfg', configMap: { name: 'cfg', defaultMode: 0o440 } }] });
    const pod = await node.until('web', isReady);
    // A reader sees the files of one time when it goes through the link once; their folder may be removed meanwhile.
    const script = 'until all=$(cd /cfg/..data && cat a b && stat -c %g a); do sleep 0.01; done; echo $all; cat /single';
    const read = (): Promise<string> => engine.run(idOf(pod), ['sh', '-c', script]);
    assert.equal(await read(), '112000\n1');
    await api.update({ ...object, data: { a: '2', b: '2' } });
    let now = await read();
    for (const giveUp = Date.now() + timeoutMs; now.startsWith('11') && Date.now() < giveUp; now = await read()) await delay(20);
    assert.equal(now, '222000\n1');
    await node.remove('web');
  });

  it('shows what a container leaves as its last words, whoever it runs as', async (t) => {
    const node = await startNode(t, engine);
    const containers = [{ name: 'main', image: engine.image, command: ['sh', '-c', 'echo -n bye > /dev/termination-log; exit 4'] }];
    await node.run('web', { restartPolicy: 'Never', securityContext: { runAsUser: 1000 }, containers });
    const pod = await node.until('web', ({ status }) => status.phase === 'Failed');
    assert.equal(main(pod)?.state.terminated?.message, 'bye');
    assert.equal(main(pod)?.state.terminated?.exitCode, 4);
    await node.remove('web');
  });

  it('gives a pod that collects logs the files of all containers, and what they write from then on', async (t) => {
    const node = await startNode(t, engine);
    const says =
      'echo before; echo oops >&2; trap "exit 0" TERM; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo after; sleep 3600 & wait';
    await node.run('web', { containers: [{ name: 'main', image: engine.image, command: ['sh', '-c', says] }] });
    const web = await node.until('web', isReady);
    const volumeMounts = [{ name: 'logs', mountPath: '/var/log', readOnly: true }];
    const tail = ['sh', '-c', 'exec tail -n +1 -F /var/log/containers/web_default_main-*.log'];
    await node.run('agent', {
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }],
      containers: [{ name: 'main', image: engine.image, command: tail, volumeMounts }],
    });
    await node.until('agent', isReady);
    const following = new AbortController();
    const sink = new PassThrough();
    let collected = '';
    const { promise: whole, resolve } = Promise.withResolvers<void>();
    sink.on('data', (chunk) => {
      collected += String(chunk);
      if (collected.includes('before') && collected.includes('oops') && !collected.includes('after'))
        docker('exec', idOf(web), 'touch', '/tmp/go');
      if (collected.includes('after')) resolve();
    });
    const logs = { follow: true, timestamps: false, previous: false, signal: following.signal };
    const read = node.kubelet.streams.logs({ namespace: 'default', name: 'agent' }, 'main', logs, sink);
    await whole.finally(() => following.abort());
    await read;
    const said = collected.split('\n').filter((line) => line !== '');
    for (const line of said) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z std(?:out|err) F \w+$/);
    assert.deepEqual(said.map((line) => line.slice(line.indexOf(' ') + 1)).sort(), ['stderr F oops', 'stdout F after', 'stdout F before']);
    await Promise.all([node.remove('web'), node.remove('agent')]);
  });
});
