/**
 * Containers: volumes that follow their sources, limits, images that cannot be had and images from a registry with a
 * password.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { firstFreePort } from '../runtime/network/free-port.ts';
import { E2eCluster, testdata } from './support/cluster.ts';
import { eventually, ok, run } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-containers' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

before(() => cluster.start());
after(() => cluster.delete());

async function apply(manifest: string): Promise<void> {
  await cluster.kubectl('kubectl', ['apply', '-f', '-'], { stdin: manifest });
}

describe('volumes of config maps and secrets', () => {
  it('follow a change, all files at once', async () => {
    await kubectl('create', 'configmap', 'settings', '--from-literal=colour=blue', '--from-literal=size=small');
    await kubectl('create', 'secret', 'generic', 'keys', '--from-literal=password=old');
    await apply(`
apiVersion: v1
kind: Pod
metadata: { name: reader, labels: { app: reader } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: busybox:1.36
      command: [sleep, "3600"]
      env: [{ name: COLOUR, valueFrom: { configMapKeyRef: { name: settings, key: colour } } }]
      volumeMounts: [{ name: settings, mountPath: /settings }, { name: keys, mountPath: /keys, readOnly: true }]
  volumes:
    - { name: settings, configMap: { name: settings } }
    - { name: keys, secret: { secretName: keys, defaultMode: 0400 } }
`);
    await cluster.podsReady('app=reader', 1);
    const read = (): Promise<string> => kubectl('exec', 'reader', '--', 'sh', '-c', 'cat /settings/* /keys/password; echo; echo $COLOUR');
    assert.equal(await read(), 'bluesmallold\nblue\n');
    assert.match(await kubectl('exec', 'reader', '--', 'ls', '-lL', '/keys/password'), /^-r--------/);
    await kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red","size":null,"shape":"round"}}');
    await kubectl('patch', 'secret', 'keys', '-p', '{"stringData":{"password":"new"}}');
    await eventually(async () => assert.equal(await read(), 'redroundnew\nblue\n'));
  });
});

describe('limits', () => {
  it('end a container that takes too much memory', async () => {
    await kubectl('create', '-f', testdata('scheduling/oom.yaml'));
    const state = await cluster.until(
      [
        'get',
        'pod',
        'memory-hog',
        '-o',
        'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].lastState.terminated.reason} {.status.containerStatuses[0].lastState.terminated.exitCode}',
      ],
      (text) => Number(text.split(' ')[0]) >= 1,
    );
    assert.match(state, /^\d+ OOMKilled 137$/);
    await cluster.until(['get', 'pod', 'memory-hog'], (text) => /OOMKilled|CrashLoopBackOff/.test(text));
    await kubectl('delete', 'pod', 'memory-hog', '--grace-period=1');
  });

  it('reach the control group of the container', async () => {
    await kubectl('create', '-f', testdata('scheduling/limits.yaml'));
    await cluster.until(['get', 'pod', 'limited', '-o', 'jsonpath={.status.phase}'], (text) => text === 'Running');
    const read = await kubectl(
      'exec',
      'limited',
      '--',
      'sh',
      '-c',
      'cd /sys/fs/cgroup; if [ -f cpu.max ]; then cat cpu.max memory.max; else echo $(cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us); cat memory/memory.limit_in_bytes; fi',
    );
    assert.equal(read, `20000 100000\n${32 * 1024 * 1024}\n`);
    assert.equal(await kubectl('get', 'pod', 'limited', '-o', 'jsonpath={.status.qosClass}'), 'Burstable');
    assert.match(
      await kubectl('describe', 'node', 'e2e-containers'),
      /default +limited +100m \(\d+%\) +200m \(\d+%\) +16Mi \(\d+%\) +32Mi \(\d+%\)/,
    );
  });

  it('keep a pod waiting that no node can hold', async () => {
    await kubectl('create', '-f', testdata('scheduling/too-large.yaml'));
    const events = ['get', 'events', '--field-selector', 'involvedObject.name=too-large', '-o', 'jsonpath={.items[*].message}'];
    assert.match(
      await cluster.until(events, (text) => text !== ''),
      /^0\/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory\./,
    );
    await kubectl('delete', 'pod', 'too-large');
  });

  it('of host ports: one pod each', async () => {
    await kubectl('create', '-f', testdata('scheduling/host-port.yaml'));
    await eventually(async () => assert.equal(await (await fetch('http://127.0.0.1:18080')).text(), "You've hit host-port\n"));
    await kubectl('delete', 'pod', 'host-port', '--grace-period=1');
    await eventually(() => assert.rejects(fetch('http://127.0.0.1:18080')));
  });
});

describe('images that cannot be had', () => {
  const waiting = (pod: string): readonly string[] => [
    'get',
    'pod',
    pod,
    '-o',
    'jsonpath={.status.containerStatuses[0].state.waiting.reason}: {.status.containerStatuses[0].state.waiting.message}',
  ];
  const events = (pod: string): Promise<string> =>
    kubectl(
      'get',
      'events',
      '--field-selector',
      `involvedObject.name=${pod}`,
      '-o',
      'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}',
    );

  it('are tried again with back-off', async () => {
    await kubectl('run', 'nowhere', '--image=registry.invalid/nothing:1');
    const text = await cluster.until(waiting('nowhere'), (state) => state.startsWith('ImagePullBackOff'));
    assert.match(text, /^ImagePullBackOff: Back-off pulling image "registry\.invalid\/nothing:1"/);
    const all = await events('nowhere');
    assert.match(all, /^Pulling: Pulling image "registry\.invalid\/nothing:1"$/m);
    assert.match(all, /^Failed: Failed to pull image "registry\.invalid\/nothing:1": /m);
    assert.match(all, /^Failed: Error: ErrImagePull$/m);
    assert.match(all, /^BackOff: Back-off pulling image "registry\.invalid\/nothing:1"/m);
    assert.match(all, /^Failed: Error: ImagePullBackOff$/m);
    assert.match(await kubectl('get', 'pod', 'nowhere'), /^nowhere +0\/1 +(ImagePullBackOff|ErrImagePull) +0 /m);
    await kubectl('delete', 'pod', 'nowhere');
  });

  it('are not asked for with the policy Never', async () => {
    await kubectl('run', 'never', '--image=nobody-built-this:1', '--image-pull-policy=Never');
    assert.equal(
      await cluster.until(waiting('never'), (state) => state.startsWith('Err')),
      'ErrImageNeverPull: Container image "nobody-built-this:1" is not present with pull policy of Never',
    );
    await kubectl('delete', 'pod', 'never');
  });

  it('have names that mean nothing', async () => {
    // "kubectl run" itself refuses such a name.
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'nonsense' },
      spec: { containers: [{ name: 'main', image: 'NOT/A_NAME' }] },
    };
    await apply(JSON.stringify(pod));
    assert.equal(
      await cluster.until(waiting('nonsense'), (state) => state.startsWith('Inv')),
      'InvalidImageName: Failed to apply default image tag "NOT/A_NAME": couldn\'t parse image name "NOT/A_NAME": invalid reference format: repository name (A_NAME) must be lowercase',
    );
    await kubectl('delete', 'pod', 'nonsense');
  });
});

/** A registry of the distribution, with the user "user" and the password "secret". */
class Registry {
  readonly port: number;
  readonly #process: ChildProcess;

  constructor(port: number, folder: string) {
    this.port = port;
    mkdirSync(folder);
    writeFileSync(join(folder, 'htpasswd'), 'user:$2a$10$tkQ2Dgx0tglyX5ZRwpuwxOzhV95cuSH1Yeywx5WgRuyI8QEuJSP1W\n');
    writeFileSync(
      join(folder, 'config.yml'),
      JSON.stringify({
        version: 0.1,
        storage: { filesystem: { rootdirectory: join(folder, 'data') } },
        auth: { htpasswd: { realm: 'e2e', path: join(folder, 'htpasswd') } },
        http: { addr: `127.0.0.1:${port}` },
      }),
    );
    this.#process = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    this.#process.on('error', () => undefined); // shows as a registry that does not answer
  }

  stop(): void {
    this.#process.kill();
  }
}

describe('a registry with a password', () => {
  let registry: Registry;
  let image = '';

  before(async () => {
    if ((await run(['sh', '-c', 'command -v docker-registry'])).code !== 0) {
      await ok(['apt-get', 'install', '-qy', '--no-install-recommends', 'docker-registry'], {
        env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
        timeoutMs: 300_000,
      });
    }
    registry = new Registry(await firstFreePort('127.0.0.1', 10_000 + randomInt(20_000)), join(cluster.home, 'registry'));
    image = `127.0.0.1:${registry.port}/e2e/busybox:1`;
    const config = ['--config', join(cluster.home, 'docker')];
    await eventually(() => ok(['docker', ...config, 'login', '-u', 'user', '-p', 'secret', `127.0.0.1:${registry.port}`]));
    await ok(['docker', 'tag', 'busybox:1.36', image]);
    await ok(['docker', ...config, 'push', image]);
    await ok(['docker', 'rmi', image]);
  });

  after(async () => {
    registry.stop();
    await run(['docker', 'rmi', '-f', image]);
  });

  it('gives an image to those who know the password only', async () => {
    await kubectl('run', 'stranger', `--image=${image}`, '--image-pull-policy=Always', '--', 'sleep', '3600');
    await cluster.until(
      ['get', 'events', '--field-selector', 'involvedObject.name=stranger', '-o', 'jsonpath={.items[*].message}'],
      (text) => /Failed to pull image .*(no basic auth credentials|unauthorized|authentication required)/.test(text),
    );
    await kubectl(
      'create',
      'secret',
      'docker-registry',
      'pull',
      `--docker-server=127.0.0.1:${registry.port}`,
      '--docker-username=user',
      '--docker-password=secret',
    );
    await kubectl(
      'run',
      'friend',
      `--image=${image}`,
      '--image-pull-policy=Always',
      '--overrides={"spec":{"imagePullSecrets":[{"name":"pull"}],"terminationGracePeriodSeconds":1}}',
      '--',
      'sleep',
      '3600',
    );
    await cluster.podsReady('run=friend', 1);
    const events = await kubectl(
      'get',
      'events',
      '--field-selector',
      'involvedObject.name=friend,reason=Pulled',
      '-o',
      'jsonpath={.items[*].message}',
    );
    assert.match(
      events,
      new RegExp(`^Successfully pulled image "${image}" in [\\d.]+m?s \\([\\d.]+m?s including waiting\\)\\. Image size: \\d+ bytes\\.$`),
    );
    assert.match(await kubectl('get', 'pod', 'friend', '-o', 'jsonpath={.status.containerStatuses[0].imageID}'), /@sha256:[0-9a-f]{64}$/);
    await kubectl('delete', 'pod', 'stranger', 'friend', '--grace-period=1');
  });
});
