/**
 * Scenarios 1, 2, 4 and 14 (system namespaces): a first cluster, a second one beside it, and nothing left of either.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours } from './support/cluster.ts';
import { traces } from './support/machine.ts';
import { eventually, ok, run } from './support/shell.ts';

const first = new E2eCluster({ name: 'e2e-first' });
const second = new E2eCluster({ name: 'e2e-second' });

before(() => first.start());

after(async () => {
  await first.delete();
  await second.delete();
});

const statusOf = async (cluster: E2eCluster): Promise<Record<string, unknown>> =>
  JSON.parse((await cluster.minik(['status', '-o', 'json'])).stdout);

describe('minik', () => {
  it('says what it is', async () => {
    const { stdout } = await first.minik(['version']);
    assert.match(stdout, /^minik version: v\d+\.\d+\.\d+\nKubernetes: v1\.\d+\.\d+\n$/);
  });

  it('reports status for people and for programs', async () => {
    const text = await first.minik(['status']);
    assert.equal(text.code, 0);
    assert.match(
      text.stdout,
      /^e2e-first\nhost: Running .*\ncluster: Running .*\nkubectl: Correctly configured: pointing to e2e-first at https:/,
    );
    const status = await statusOf(first);
    assert.deepEqual([status.profile, status.state, status.runtime, typeof status.pid], ['e2e-first', 'Running', 'docker', 'number']);
    assert.match(String(status.apiUrl), /^https:\/\/127\.0\.0\.1:\d+$/);
  });

  it('says that a running cluster is running', async () => {
    const { code, stderr } = await first.minik(['start']);
    assert.equal(code, 0);
    assert.match(stderr, /already running/);
  });

  it('refuses a port that another program has, and says so', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    try {
      const { code, stderr } = await second.minik(['start', '--api-port', String(port)]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`port ${port} on 127.0.0.1 is taken by another program`));
      assert.equal(JSON.stringify(await statusOf(second)).includes('"state":"Missing"'), true, 'nothing is left of the failed start');
    } finally {
      taken.close();
    }
  });

  it('says how to get Docker when none answers', async () => {
    const { code, stderr } = await second.minik(['start'], { env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } });
    assert.equal(code, 1);
    assert.match(stderr, /no Docker daemon answers/);
    assert.match(stderr, /--runtime simulated/);
  });

  it('mends a stale state after kill -9 of the server and its guard', async () => {
    const { pid, guardPid } = await statusOf(first);
    process.kill(Number(guardPid), 'SIGKILL');
    process.kill(Number(pid), 'SIGKILL');
    await eventually(async () => assert.equal((await statusOf(first)).state, 'Stopped'));
    await first.start();
    assert.equal((await statusOf(first)).state, 'Running');
  });

  it('prints its log', async () => {
    const { code } = await first.minik(['logs', '-n', '5']);
    assert.equal(code, 0);
  });
});

for (const flavour of flavours) {
  describe(`a first look with ${flavour}`, () => {
    it('shows versions, cluster info and component statuses', async () => {
      assert.match(await first.kubectl(flavour, ['version']), /Server Version: v1\.36/);
      assert.match(await first.kubectl(flavour, ['cluster-info']), /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:/);
      const statuses = await first.kubectl(flavour, ['get', 'componentstatuses']);
      for (const name of ['scheduler', 'controller-manager', 'etcd-0']) assert.match(statuses, new RegExp(`${name} +Healthy`));
    });

    it('shows the system namespaces and Services', async () => {
      const namespaces = await first.kubectl(flavour, ['get', 'ns', '-o', 'name']);
      assert.deepEqual(
        namespaces.trim().split('\n').sort(),
        ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => `namespace/${name}`),
      );
      const services = await first.kubectl(flavour, ['get', 'services', '--all-namespaces']);
      assert.match(services, /default +kubernetes +ClusterIP +\S+ +<none> +443\/TCP/);
      assert.match(services, /kube-system +kube-dns +ClusterIP +\S+ +<none> +53\/UDP,53\/TCP/);
    });

    it('shows a Ready node and events', async () => {
      assert.match(await first.kubectl(flavour, ['get', 'nodes']), /e2e-first +Ready +control-plane /);
      assert.match(await first.kubectl(flavour, ['get', 'events', '-A']), /NodeReady|Starting/);
    });

    it('says that there are no pods', async () => {
      const { stderr } = await first.try(flavour, ['get', 'pods']);
      assert.equal(stderr, 'No resources found in default namespace.\n');
    });
  });
}

describe('images built on the same daemon', () => {
  it('are usable at once, with no load step', async (t) => {
    const image = 'e2e-first-own:1';
    t.after(() => run(['docker', 'rmi', '-f', image]));
    await ok(['docker', 'build', '-t', image, '-'], {
      stdin: 'FROM busybox:1.36\nCMD ["sh", "-c", "echo built here; sleep 3600"]\n',
      env: { DOCKER_BUILDKIT: '0' },
    });
    await first.kubectl('kubectl', ['run', 'own', `--image=${image}`, '--image-pull-policy=Never']);
    await first.podsReady('run=own', 1);
    assert.equal(await first.until(['logs', 'own'], (text) => text !== ''), 'built here\n');
    await first.kubectl('kubectl', ['delete', 'pod', 'own', '--grace-period=1']);
  });
});

describe('stop and start', () => {
  it('keeps workloads and data, and restarts no container', async () => {
    await first.kubectl('kubectl', ['create', 'configmap', 'kept', '--from-literal=a=b']);
    await first.kubectl('kubectl', ['create', 'deployment', 'kept', '--image=busybox:1.36', '--replicas=2', '--', 'sleep', '3600']);
    await first.podsReady('app=kept', 2);
    const containers = async (): Promise<string> => ok(['docker', 'ps', '-q', '--no-trunc', '--filter', 'name=_kept-']);
    const running = await containers();
    assert.equal((await first.minik(['stop'])).code, 0);
    assert.equal((await statusOf(first)).state, 'Stopped');
    assert.equal(await containers(), running, 'containers run on while the cluster is stopped');
    await first.start();
    await first.podsReady('app=kept', 2);
    assert.equal(await containers(), running);
    assert.equal(
      await first.kubectl('kubectl', ['get', 'pods', '-o', 'jsonpath={.items[*].status.containerStatuses[*].restartCount}']),
      '0 0',
    );
    assert.equal(await first.kubectl('kubectl', ['get', 'cm', 'kept', '-o', 'jsonpath={.data.a}']), 'b');
  });
});

describe('two clusters side by side', () => {
  it('do not disturb one another', async () => {
    await second.start();
    await second.kubectl('kubectl', ['create', 'deployment', 'other', '--image=busybox:1.36', '--', 'sleep', '3600']);
    await second.podsReady('app=other', 1);
    assert.doesNotMatch(await first.kubectl('kubectl', ['get', 'pods']), /other/);
    assert.doesNotMatch(await second.kubectl('kubectl', ['get', 'pods']), /kept/);
    const [a, b] = [await statusOf(first), await statusOf(second)];
    for (const key of ['apiUrl', 'serviceCidr', 'podCidr', 'pid']) assert.notEqual(a[key], b[key], key);
    for (const cluster of [first, second]) {
      const pod = (await cluster.kubectl('kubectl', ['get', 'pods', '-o', 'name'])).trim().split('\n')[0] ?? '';
      assert.match(
        await cluster.kubectl('kubectl', ['exec', pod, '--', 'nslookup', 'kubernetes.default.svc.cluster.local']),
        /Name:\s+kubernetes\.default\.svc\.cluster\.local/,
      );
    }
    const facts = await second.facts();
    assert.equal((await second.minik(['delete'])).code, 0);
    assert.deepEqual(await traces(facts), []);
    await first.podsReady('app=kept', 2);
  });
});

describe('minik delete', () => {
  it('leaves the machine as it was', async () => {
    const facts = await first.facts();
    assert.notDeepEqual(await traces(facts), [], 'a running cluster leaves traces');
    assert.equal((await first.minik(['delete'])).code, 0);
    assert.deepEqual(await traces(facts), []);
    // A container's first process may leave the dead unburied.
    const stat = `/proc/${facts.pid}/stat`;
    if (existsSync(stat)) assert.match(readFileSync(stat, 'utf8'), /\) Z /);
    assert.deepEqual(readdirSync(`${first.env.MINIK_HOME ?? ''}/profiles`), []);
    const { stdout } = await run(['kubectl', 'config', 'get-contexts', '-o', 'name'], { env: first.env });
    assert.equal(stdout, '');
    assert.equal(existsSync(`${first.env.MINIK_HOME ?? ''}/profiles/e2e-first`), false);
  });

  it('says that there is nothing to delete', async () => {
    const { code, stderr } = await first.minik(['delete']);
    assert.equal(code, 1);
    assert.match(stderr, /there is no profile "e2e-first"/);
  });
});
