/**
 * minik for a user without privileges who is a member of the docker group: everything works that does not need the
 * kernel; memory is mounted by the daemon.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, executable } from './support/cluster.ts';
import { noOwnDaemon, OwnDaemon } from './support/own-daemon.ts';
import { eventually, ok } from './support/shell.ts';

/** Nobody has these ids: a process needs no entry in the machine's files to be a user's. */
const [user, dockerGroup] = [64_231, 64_232];
const image = 'busybox:1.36';
const skip = await noOwnDaemon();
const daemon = new OwnDaemon('e2e-rootless', dockerGroup);
const programs = mkdtempSync(join(tmpdir(), 'minik-rootless-'));
const cluster = new E2eCluster({
  name: 'e2e-rootless',
  command: join(programs, 'minik'),
  inside: () => [
    ...daemon.inside(),
    ...['setpriv', `--reuid=${user}`, `--regid=${user}`, `--groups=${dockerGroup}`, '--inh-caps=-all', '--bounding-set=-all', '--'],
  ],
  env: {
    DOCKER_HOST: undefined,
    DOCKER_CONTEXT: undefined,
    DOCKER_CONFIG: undefined,
    XDG_CACHE_HOME: undefined,
    XDG_RUNTIME_DIR: undefined,
  },
});
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
const inPod = (pod: string, script: string): Promise<string> => kubectl('exec', pod, '--', 'sh', '-c', script);
const apply = (manifest: string): Promise<string> => cluster.kubectl('kubectl', ['apply', '-f', '-'], { stdin: manifest });

/** What is at a URL, as a program on the cluster's host sees it. */
const get = (url: string): Promise<string> =>
  ok([
    ...daemon.inside(),
    process.execPath,
    '-e',
    `fetch('${url}').then((answer) => answer.text()).then((text) => process.stdout.write(text))`,
  ]);

/** The machine's mounts below the cluster's folder. */
const mounts = (): readonly string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((path) => path.startsWith(`${cluster.home}/`));

const pods = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { level: low }
---
apiVersion: v1
kind: Secret
metadata: { name: key }
stringData: { key: first }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  terminationGracePeriodSeconds: 1
  securityContext: { fsGroup: 2345 }
  containers:
    - name: main
      image: ${image}
      command: [sh, -c, "echo served > /srv/index.html; echo up; exec httpd -f -p 8080 -h /srv"]
      securityContext: { runAsUser: 1234 }
      resources: { limits: { memory: 64Mi } }
      volumeMounts:
        - { name: scratch, mountPath: /srv }
        - { name: scratch, mountPath: /part, subPath: part }
        - { name: disk, mountPath: /disk }
        - { name: config, mountPath: /config }
        - { name: secret, mountPath: /secret }
        - { name: all, mountPath: /all }
  volumes:
    - { name: scratch, emptyDir: { medium: Memory, sizeLimit: 1Mi } }
    - { name: disk, emptyDir: {} }
    - { name: config, configMap: { name: settings, defaultMode: 0640 } }
    - { name: secret, secret: { secretName: key, items: [{ key: key, path: sub/key, mode: 0400 }] } }
    - { name: all, projected: { sources: [{ secret: { name: key } }, { configMap: { name: settings } }] } }
---
apiVersion: v1
kind: Pod
metadata: { name: plain, labels: { app: plain } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: ${image}
      command: [sleep, "100000"]
      volumeMounts: [{ name: secret, mountPath: /secret }, { name: scratch, mountPath: /scratch }]
  volumes:
    - { name: secret, secret: { secretName: key, defaultMode: 0400 } }
    - { name: scratch, emptyDir: { medium: Memory } }
`;

describe('a user who is a member of the docker group', { skip: skip ?? false }, () => {
  before(async () => {
    await daemon.start();
    await daemon.load(image);
    await daemon.makeCurrent(cluster.home);
    for (const path of [programs, cluster.home]) chmodSync(path, 0o755);
    copyFileSync(executable, join(programs, 'minik'));
    chmodSync(join(programs, 'minik'), 0o755);
    await ok(['chown', '-R', `${user}:${user}`, cluster.home]);
    chownSync(programs, user, user);
  });
  after(async () => {
    await cluster.delete().finally(() => daemon.dispose());
    rmSync(programs, { recursive: true, force: true });
    assert.deepEqual(mounts(), []);
  });

  it('is told how to open the ports of Services and DNS, and starts a cluster', async () => {
    await assert.rejects(cluster.start(), /sudo sysctl net\.ipv4\.ip_unprivileged_port_start=0/);
    assert.deepEqual(await daemon.docker('ps', '-aq'), '');
    // The setting is one of the network namespace, which is the test's own.
    await ok([...daemon.inside(), 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start']);
    await cluster.start();
    const { pid, folder } = await cluster.facts();
    assert.equal(statSync(`/proc/${pid}`).uid, user, 'the server runs as the user');
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^CapEff:\s*0+$/m);
    assert.equal((lstatSync(folder).mode & 0o777).toString(8), '700');
    await apply(pods);
    await kubectl('wait', '--for=condition=Ready', 'pod/web', 'pod/plain', '--timeout=90s');
  });

  it('gets volumes in memory of the right size, which belong to the pod’s group', async () => {
    assert.match(await inPod('web', 'grep " /srv " /proc/mounts'), /^tmpfs \/srv tmpfs rw,.*size=1024k/);
    assert.equal(await inPod('web', 'stat -c "%a %g" /srv'), '3777 2345\n');
    assert.match(await inPod('web', 'dd if=/dev/zero of=/srv/big bs=1M count=2 2>&1; rm /srv/big'), /No space left on device/);
    assert.equal(await inPod('web', 'touch /srv/own /part/below && stat -c "%u:%g" /srv/own; ls /srv/part'), '1234:2345\nbelow\n');
    assert.match(await inPod('plain', 'grep " /scratch " /proc/mounts; stat -c %a /scratch'), /^tmpfs [\s\S]*\n1777\n$/);
    await inPod('web', 'echo kept > /disk/file');
    assert.equal(await inPod('web', 'cat /disk/file'), 'kept\n');
  });

  it('gets config maps and secrets with their modes; secrets are not on disk', async () => {
    assert.equal(await inPod('web', 'cat /config/level /secret/sub/key /all/key /all/level'), 'lowfirstfirstlow');
    assert.equal(await inPod('plain', 'cat /secret/key; stat -Lc %a /secret/key'), 'first400\n');
    // Who cannot give files to a group lets all of the pod's users read them.
    assert.equal(await inPod('web', 'stat -Lc %a /config/level /secret/sub/key'), '644\n444\n');
    for (const [pod, path] of [
      ['web', '/secret'],
      ['web', '/all'],
      ['plain', '/secret'],
    ]) {
      assert.match(await inPod(pod ?? '', `grep " ${path} " /proc/mounts`), /^tmpfs [^ ]+ tmpfs ro/, `${pod} ${path}`);
    }
    assert.equal(await inPod('web', 'stat -c %d /config'), `${statSync(cluster.home).dev}\n`);
    assert.equal(await inPod('web', 'wc -c < /var/run/secrets/kubernetes.io/serviceaccount/token | grep -c ...'), '1\n');
  });

  it('sees changes of config maps and secrets in running pods', async () => {
    await kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"level":"high"}}');
    await kubectl('patch', 'secret', 'key', '-p', '{"stringData":{"key":"second"}}');
    await eventually(async () =>
      assert.equal(await inPod('web', 'cat /config/level /secret/sub/key /all/key /all/level'), 'highsecondsecondhigh'),
    );
    await eventually(async () => assert.equal(await inPod('plain', 'cat /secret/key'), 'second'));
  });

  it('reads logs, executes, copies and forwards ports', async () => {
    assert.equal(await kubectl('logs', 'web'), 'up\n');
    const { code } = await cluster.try('kubectl', ['exec', 'web', '--', 'sh', '-c', 'exit 7']);
    assert.equal(code, 7);
    assert.equal(await cluster.kubectl('kubectl', ['exec', '-i', 'plain', '--', 'cat'], { stdin: 'through' }), 'through');
    await kubectl('cp', 'plain:/etc/passwd', join(cluster.home, 'passwd'));
    assert.match(readFileSync(join(cluster.home, 'passwd'), 'utf8'), /^root:/);
    const forward = cluster.background('kubectl', ['port-forward', 'pod/web', ':8080']);
    try {
      const port = await eventually(async () => /127\.0\.0\.1:(\d+)/.exec(forward.output())?.[1] ?? assert.fail(forward.output()));
      assert.equal(await get(`http://127.0.0.1:${port}`), 'served\n');
    } finally {
      await forward.stop();
    }
  });

  it('reaches Services by name and address, from pods and from the host', async () => {
    const address = await kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    await eventually(async () =>
      assert.ok((await inPod('plain', 'nslookup web.default.svc.cluster.local')).includes(`Address: ${address}`)),
    );
    assert.match(await inPod('plain', `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} 80`), /\nserved\n$/);
    assert.equal(await get(`http://${address}`), 'served\n');
  });

  it('keeps what is in memory when minik is stopped and started', async () => {
    await cluster.minik(['stop']);
    await cluster.start();
    await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
    assert.equal(await inPod('web', 'cat /srv/index.html'), 'served\n');
    await kubectl('patch', 'secret', 'key', '-p', '{"stringData":{"key":"third"}}');
    await eventually(async () => assert.equal(await inPod('web', 'cat /secret/sub/key'), 'third'));
  });

  it('has nothing left of pods that it deletes', async () => {
    const shared = mounts().filter((path) => path.endsWith('/memory'));
    assert.equal(shared.length, 1);
    assert.equal(mounts().length, 3);
    // Its files belong to the container's user.
    await inPod('web', 'mkdir -m 700 /disk/private && touch /disk/private/file');
    await kubectl('delete', 'pod', 'web', 'plain');
    await eventually(async () => assert.deepEqual(await cluster.podFolders(), []));
    assert.deepEqual(mounts(), shared);
    assert.deepEqual(readdirSync(shared[0] ?? ''), []);
    assert.ok(existsSync(cluster.home));
  });
});
