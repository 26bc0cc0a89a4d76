/**
 * What only processes show of the command line: signals, a server that hangs or is started twice, files of other
 * programs, Docker daemons that are not there.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';
import { traces } from './support/machine.ts';
import { background, eventually } from './support/shell.ts';

const simulated = new E2eCluster({ name: 'e2e-cli', runtime: 'simulated' });
const apiOnly = new E2eCluster({
  name: 'e2e-api-only',
  runtime: 'simulated',
  startArgs: ['--controller-manager', 'false', '--scheduler', 'false'],
});
const docker = new E2eCluster({ name: 'e2e-cli-docker' });

after(async () => {
  await simulated.delete();
  await apiOnly.delete();
  await docker.delete();
});

const statusOf = async (cluster: E2eCluster): Promise<{ readonly state: string; readonly pid: number; readonly apiUrl: string }> =>
  JSON.parse((await cluster.minik(['status', '-o', 'json'])).stdout);

/** Starts a cluster and interrupts that as soon as it says something; resolves with the exit code and what it said. */
async function interruptedStart(cluster: E2eCluster): Promise<{ readonly code: number | null; readonly output: string }> {
  const { child, output } = background([...cluster.minikCommand, 'start'], { env: cluster.env });
  assert.ok(child.stderr);
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

describe('a start that is interrupted', () => {
  it('is undone or finished, and says which', async () => {
    const isNew = await interruptedStart(docker);
    if (isNew.code === 0) assert.match(isNew.output, /Done: kubectl now uses the cluster/);
    else {
      assert.deepEqual([isNew.code, (await statusOf(docker)).state], [130, 'Missing']);
      assert.match(isNew.output, /interrupted: nothing is left of the new cluster "e2e-cli-docker"/);
      assert.equal(existsSync(join(docker.env.MINIK_HOME ?? '', 'profiles', docker.name)), false);
    }
    await docker.start();
    const facts = await docker.facts();
    await docker.minik(['stop']);
    const again = await interruptedStart(docker);
    const { state } = await statusOf(docker);
    if (again.code === 0) assert.equal(state, 'Running');
    else {
      assert.deepEqual([again.code, state], [130, 'Stopped']);
      assert.match(again.output, /interrupted: the cluster "e2e-cli-docker" is stopped, as it was before/);
    }
    assert.equal((await docker.facts()).clusterId, facts.clusterId);
  });
});

describe('a cluster on a Docker daemon', () => {
  it('is not deleted, stopped or started through another one', async () => {
    await docker.start();
    const before = await statusOf(docker);
    const facts = await docker.facts();
    const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
    const refused = await docker.minik(['delete'], { env });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /no Docker daemon answers at unix:\/\/\/nonexistent.*\n.*unset DOCKER_HOST/);
    assert.deepEqual(await statusOf(docker), before, 'it runs on');
    assert.equal((await docker.minik(['delete'])).code, 0);
    assert.deepEqual(await traces(facts), []);
  });
});

describe('a kubeconfig with an entry of the same name', () => {
  it('keeps a start from making anything, and is left as it is', async () => {
    const kubeconfig = simulated.env.KUBECONFIG ?? '';
    const text = [
      ...['apiVersion: v1', 'kind: Config', 'current-context: e2e-cli'],
      "clusters: [{name: e2e-cli, cluster: {server: 'https://prod.example:6443'}}]",
      'users: [{name: e2e-cli, user: {token: secret}}]',
      'contexts: [{name: e2e-cli, context: {cluster: e2e-cli, user: e2e-cli}}]\n',
    ].join('\n');
    mkdirSync(dirname(kubeconfig), { recursive: true });
    writeFileSync(kubeconfig, text);
    chmodSync(kubeconfig, 0o640);
    const { code, stderr } = await simulated.minik(['start', '--runtime', 'simulated']);
    assert.equal(code, 1);
    assert.match(stderr, /context "e2e-cli" \(https:\/\/prod.example:6443\) that is not this cluster's/);
    assert.equal((await statusOf(simulated)).state, 'Missing');
    assert.equal(readFileSync(kubeconfig, 'utf8'), text);
    writeFileSync(kubeconfig, text.replaceAll('e2e-cli', 'prod'));
    await simulated.start();
    assert.equal(statSync(kubeconfig).mode & 0o777, 0o640);
  });
});

describe('a server', () => {
  it('that a signal has stopped is not called running', async () => {
    const { pid } = await statusOf(simulated);
    process.kill(pid, 'SIGSTOP');
    try {
      const { code, stdout } = await eventually(async () => {
        const outcome = await simulated.minik(['status']);
        assert.match(outcome.stdout, /cluster: Unresponsive/);
        return outcome;
      });
      assert.equal(code & 2, 2);
      assert.match(stdout, new RegExp(`process ${pid} was stopped by a signal; "kill -CONT ${pid}" continues it`));
      assert.match((await simulated.minik(['start'])).stderr, /does not answer[\s\S]*minik stop -p e2e-cli/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('is not moved by another one that is started by hand', async () => {
    const before = await eventually(async () => {
      const status = await statusOf(simulated);
      assert.equal(status.state, 'Running');
      return status;
    });
    const { code, stdout } = await simulated.minik(['serve', 'e2e-cli']);
    assert.equal(code, 1);
    assert.match(stdout, /is served already, by process/);
    assert.deepEqual(await statusOf(simulated), before);
  });
});

describe('a cluster without controllers and scheduler', () => {
  it('leaves their work to others, also after the next start, until it is told to do it', async () => {
    const pod = (name: string, nodeName?: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        // Nobody publishes the authority's certificate that a token's volume holds.
        spec: {
          nodeName,
          automountServiceAccountToken: false,
          containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }],
        },
      });
    await apiOnly.start();
    await apiOnly.kubectl('kubectl', ['create', 'serviceaccount', 'default']);
    await apiOnly.kubectl('kubectl', ['create', 'deployment', 'web', '--image', 'busybox:1.36']);
    await apiOnly.minik(['stop']);
    assert.equal((await apiOnly.minik(['start'])).code, 0);
    await apiOnly.kubectl('kubectl', ['apply', '-f', '-'], { stdin: `${pod('left')}\n${pod('bound', apiOnly.name)}` });
    await apiOnly.kubectl('kubectl', ['wait', '--for=condition=Ready', '--timeout=60s', 'pod/bound']);
    assert.equal(await apiOnly.kubectl('kubectl', ['get', 'pod', 'left', '-o', 'jsonpath={.spec.nodeName}{.status.conditions}']), '');
    assert.equal(await apiOnly.kubectl('kubectl', ['get', 'replicasets', '-o', 'name']), '');
    await apiOnly.minik(['stop']);
    assert.equal((await apiOnly.minik(['start', '--controller-manager', 'true', '--scheduler', 'true'])).code, 0);
    await apiOnly.kubectl('kubectl', ['wait', '--for=condition=Ready', '--timeout=60s', 'pod/left']);
    await apiOnly.kubectl('kubectl', ['rollout', 'status', 'deployment/web', '--timeout=60s']);
  });
});
