/**
 * The Docker daemon dies, or is restarted, under a running cluster: all that needs no container goes on, and everything
 * mends itself when it is back.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';
import { noOwnDaemon, OwnDaemon } from './support/own-daemon.ts';
import { eventually } from './support/shell.ts';

const image = 'busybox:1.36';
const skip = await noOwnDaemon();
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
const daemon = new OwnDaemon('e2e');
const cluster = new E2eCluster({
  name: 'e2e-daemon',
  inside: () => daemon.inside(),
  // Only the current context of the docker command, in the cluster's HOME, says which daemon.
  env: { DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined, DOCKER_CONFIG: undefined },
});

const container = { name: 'main', image, command: ['sh', '-c', "trap 'exit 0' TERM; echo up; sleep 1000000 & wait"] };
const pod = (name: string, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { terminationGracePeriodSeconds: 5, containers: [container], ...spec },
});
const deployment = (name: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 5, containers: [container] } },
  },
});
const create = (...items: readonly object[]): Promise<string> =>
  cluster.kubectl('kubectl', ['create', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });

const nodeReady = (): Promise<string> =>
  kubectl('get', 'node', 'e2e-daemon', '-o', 'jsonpath={range .status.conditions[?(@.type=="Ready")]}{.status}/{.reason}/{.message}{end}');
const becomes = (wanted: string): Promise<void> => eventually(async () => assert.equal(await nodeReady(), wanted));
const notReady = 'False/KubeletNotReady/container runtime is down';
const ready = 'True/KubeletReady/kubelet is posting ready status';

interface Seen {
  readonly uid: string;
  readonly restarts: number;
}

/** The pods of an app by name. */
async function seen(app: string): Promise<ReadonlyMap<string, Seen>> {
  const { items } = JSON.parse(await kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'json'));
  return new Map(
    items.map(
      ({ metadata, status }: { metadata: { name: string; uid: string }; status: { containerStatuses?: { restartCount: number }[] } }) => [
        metadata.name,
        { uid: metadata.uid, restarts: status.containerStatuses?.[0]?.restartCount ?? 0 },
      ],
    ),
  );
}

/** `<container> <pod>` of what runs on the daemon, and nothing else may be there that is of no pod. */
async function running(): Promise<readonly string[]> {
  const names = (await daemon.docker('ps', '--format', '{{.Names}}')).split('\n').filter((name) => name !== '');
  return names.map((name) => name.split('_').slice(1, 3).join(' ')).sort();
}

const pairs = (names: readonly string[]): readonly string[] => names.flatMap((name) => [`POD ${name}`, `main ${name}`]).sort();

/** All pods of `web` are as before, restarted, Ready, and each runs once. */
async function mended(earlier: ReadonlyMap<string, Seen>, others: readonly string[]): Promise<ReadonlyMap<string, Seen>> {
  await becomes(ready);
  await cluster.podsReady('app=web', earlier.size);
  await eventually(async () => assert.deepEqual(await running(), pairs([...earlier.keys(), ...others])));
  const now = await seen('web');
  assert.deepEqual([...now.values()].map((p) => p.uid).sort(), [...earlier.values()].map((p) => p.uid).sort());
  for (const [name, { restarts }] of now) assert.ok(restarts > (earlier.get(name)?.restarts ?? 0), `${name} was restarted: ${restarts}`);
  return now;
}

describe('a Docker daemon', { skip: skip ?? false }, () => {
  before(async () => {
    await daemon.start();
    await Promise.all([daemon.load(image), daemon.makeCurrent(cluster.home)]);
    await cluster.start();
    await create(deployment('web', 2), pod('once', { restartPolicy: 'Never' }), pod('doomed'), pod('forced'));
    await cluster.podsReady('app=web', 2);
    await kubectl('wait', '--for=condition=Ready', 'pod/once', 'pod/doomed', 'pod/forced', '--timeout=110s');
  });
  after(async () => {
    await cluster.delete().finally(() => daemon.dispose());
  });

  it('is the one of the current context', async () => {
    const { clusterId } = await cluster.facts();
    assert.equal((await daemon.docker('ps', '-q', '--filter', `label=io.minik.cluster=${clusterId}`)).trim().split('\n').length, 10);
  });

  it('is missed when it is killed, while the API goes on; all mends itself when it is back', async () => {
    const earlier = await seen('web');
    const [web = ''] = earlier.keys();
    await daemon.end('SIGKILL');
    await becomes(notReady);
    await eventually(async () => assert.match(await kubectl('get', 'nodes'), /e2e-daemon +NotReady/));
    await eventually(async () =>
      assert.match(await kubectl('get', 'events', '--field-selector', 'reason=NodeNotReady'), /e2e-daemon status is now: NodeNotReady/),
    );
    await cluster.until(['get', 'node', 'e2e-daemon', '-o', 'jsonpath={.spec.taints[*].key}'], (text) =>
      text.split(' ').includes('node.kubernetes.io/not-ready'),
    );

    const exec = await cluster.try('kubectl', ['exec', web, '--', 'true']);
    assert.notEqual(exec.code, 0);
    assert.match(exec.stderr, /^(?:error|Error from server).*Cannot connect to the Docker daemon/m);
    const logs = await cluster.try('kubectl', ['logs', web]);
    assert.notEqual(logs.code, 0);
    assert.match(logs.stderr, /^Error from server.*Cannot connect to the Docker daemon/m);
    for (const { stderr } of [exec, logs]) assert.doesNotMatch(stderr, /\n {4}at |undefined|\[object/);

    await create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'written' }, data: { a: '1' } }, deployment('late', 1));
    await kubectl('delete', 'pod', 'doomed', '--wait=false');
    await kubectl('delete', 'pod', 'forced', '--force', '--grace-period=0');
    assert.equal(await kubectl('get', 'configmap', 'written', '-o', 'jsonpath={.data.a}'), '1');
    await cluster.until(['get', 'pods', '-l', 'app=late', '-o', 'jsonpath={.items[*].status.phase}'], (text) => text === 'Pending');
    assert.match(await kubectl('get', 'pod', 'doomed', '-o', 'jsonpath={.metadata.deletionTimestamp}'), /Z$/);

    await daemon.start();
    const [late = ''] = await cluster.podsReady('app=late', 1);
    await cluster.until(['get', 'pods', '--field-selector=metadata.name=doomed', '-o', 'name'], (text) => text === '');
    await mended(earlier, [late]);
    await eventually(async () => {
      const { status } = JSON.parse(await kubectl('get', 'pod', 'once', '-o', 'json'));
      assert.match(status.phase, /^(?:Succeeded|Failed)$/);
      assert.equal(status.containerStatuses[0].restartCount, 0);
    });
    await cluster.until(['exec', web, '--', 'echo', 'again'], (text) => text === 'again\n');
  });

  it('takes its containers along when it is stopped, and they are restarted when it is back', async () => {
    const earlier = await seen('web');
    const [late = ''] = (await seen('late')).keys();
    await daemon.end('SIGTERM');
    await becomes(notReady);
    assert.equal((await cluster.try('kubectl', ['get', 'pods'])).code, 0);
    await daemon.start();
    await mended(earlier, [late]);
    const left = (await daemon.docker('ps', '-a', '--format', '{{.Names}}')).split('\n').filter((name) => /_(?:doomed|forced)_/.test(name));
    assert.deepEqual(left, []);
  });

  it('may be killed and stopped under load: pods that were being made and removed end up as they are wanted', async () => {
    await create(deployment('load', 8));
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await kubectl('rollout', 'restart', 'deployment/load');
      await kubectl('scale', 'deployment/load', `--replicas=${signal === 'SIGKILL' ? 12 : 6}`);
      await kubectl('delete', 'pods', '-l', 'app=load', '--wait=false');
      await daemon.end(signal);
      await kubectl('scale', 'deployment/load', '--replicas=9');
      await becomes(notReady);
      await daemon.start();
      await becomes(ready);
      assert.match(await kubectl('rollout', 'status', 'deployment/load', '--timeout=120s'), /successfully rolled out/);
      const load = await cluster.podsReady('app=load', 9);
      const others = [...(await seen('web')).keys(), ...(await seen('late')).keys()];
      await eventually(async () => assert.deepEqual(await running(), pairs([...load, ...others])));
      const owners = (await daemon.docker('ps', '-a', '--format', '{{.Names}}')).split('\n').filter((name) => name.includes('_load-'));
      const names = new Set(owners.map((name) => name.split('_')[2]));
      assert.deepEqual([...names].sort(), [...load].sort(), 'nothing is left of the pods that have gone');
    }
  });
});
