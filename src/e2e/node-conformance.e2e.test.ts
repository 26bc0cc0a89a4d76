/** What upstream's conformance tests ask of a node and only a real engine can answer. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';

const cluster = new E2eCluster({ name: 'e2e-node' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

before(() => cluster.start());
after(() => cluster.delete());

interface Case {
  readonly spec?: object;
  readonly container?: object;
  readonly script: string;
}

const manifest = (name: string, { spec, container, script }: Case): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script], ...container }],
    ...spec,
  },
});

/** Runs pods side by side to their end; their logs by name. */
async function run(cases: Readonly<Record<string, Case>>): Promise<Readonly<Record<string, string>>> {
  const names = Object.keys(cases);
  const items = Object.entries(cases).map(([name, one]) => manifest(name, one));
  await cluster.kubectl('kubectl', ['create', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  const phases = ['get', 'pods', ...names, '-o', 'jsonpath={.items[*].status.phase}'];
  await cluster.until(phases, (text) => text.split(' ').every((phase) => phase === 'Succeeded'), 180_000);
  const logs: Record<string, string> = {};
  for (const name of names) logs[name] = await kubectl('logs', name);
  return logs;
}

const token = '/var/run/secrets/kubernetes.io/serviceaccount/token';

describe('a node runs pods as told', () => {
  it('with users, groups, host names, sysctls and files that are theirs', async () => {
    const stat = `stat -L -c '%a %u %g' ${token}`;
    const fromFile = { valueFrom: { fileKeyRef: { volumeName: 'data', path: 'vars', key: 'KEY' } } };
    const mounted = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
    const init = { name: 'init', image: 'busybox:1.36', command: ['sh', '-c', `echo "KEY='a value'" > /data/vars`], ...mounted };
    const logs = await run({
      'group-only': { spec: { securityContext: { runAsGroup: 3000 } }, script: 'id -u; id -g' },
      'user-token': { spec: { securityContext: { runAsUser: 1000 } }, script: `${stat}; cat ${token} | head -c 2` },
      'group-token': { spec: { securityContext: { runAsUser: 1000, fsGroup: 10_000 } }, script: stat },
      'root-token': { script: stat },
      'host-network': { spec: { hostNetwork: true }, script: 'head -1 /etc/hosts; hostname' },
      sysctl: {
        spec: { securityContext: { sysctls: [{ name: 'net/ipv4/ip_local_port_range', value: '32770 32771' }] } },
        script: 'cat /proc/sys/net/ipv4/ip_local_port_range',
      },
      'env-file': {
        spec: { initContainers: [init], volumes: [{ name: 'data', emptyDir: {} }] },
        container: { env: [{ name: 'A', ...fromFile }] },
        script: 'echo "$A"',
      },
    });
    assert.equal(logs['group-only'], '0\n3000\n');
    assert.match(logs['user-token'] ?? '', /\ney$/);
    if (process.getuid?.() === 0) {
      // Only root may give files away.
      assert.match(logs['user-token'] ?? '', /^600 1000 0\n/);
      assert.equal(logs['group-token'], '640 1000 10000\n');
      assert.equal(logs['root-token'], '644 0 0\n');
    }
    assert.match(logs['host-network'] ?? '', /^# Kubernetes-managed hosts file \(host network\)\.\n(?!host-network)/);
    assert.match(logs.sysctl ?? '', /^32770\s+32771\n$/);
    assert.equal(logs['env-file'], 'a value\n');
  });

  it('with volumes that have the right modes, are shared, and may be mounted in parts', async () => {
    const objects = `
apiVersion: v1
kind: ConfigMap
metadata: { name: parts }
data: { data: configured }
---
apiVersion: v1
kind: Secret
metadata: { name: parts }
stringData: { data: secret }
`;
    await cluster.kubectl('kubectl', ['apply', '-f', '-'], { stdin: objects });
    const empty = (medium: string) => ({ volumes: [{ name: 'v', emptyDir: { medium } }] });
    const mounted = { volumeMounts: [{ name: 'v', mountPath: '/v' }] };
    const files = `stat -c %A /v; for m in 0644 0666 0777; do echo x > /v/$m; chmod $m /v/$m; stat -c '%a %u' /v/$m; done`;
    const part = (volume: object, mountPath: string, subPath = 'data') => ({
      spec: { volumes: [{ name: 'v', ...volume }] },
      container: { volumeMounts: [{ name: 'v', mountPath, subPath }] },
      script: `cat ${mountPath}`,
    });
    const items = [{ path: 'data', fieldRef: { fieldPath: 'metadata.name' } }];
    const nonRoot = { securityContext: { runAsUser: 1000, fsGroup: 1001 } };
    const writer = { name: 'writer', image: 'busybox:1.36', command: ['sh', '-c', 'echo shared > /v/file'], ...mounted };
    const logs = await run({
      disk: { spec: empty(''), container: mounted, script: `stat -c %d /v; ${files}` },
      memory: { spec: empty('Memory'), container: mounted, script: `stat -f -c %T /v; ${files}` },
      'disk-user': { spec: { ...empty(''), ...nonRoot }, container: mounted, script: files },
      'memory-user': { spec: { ...empty('Memory'), ...nonRoot }, container: mounted, script: `stat -f -c %T /v; ${files}` },
      shared: {
        spec: {
          ...empty(''),
          initContainers: [{ ...writer, restartPolicy: 'Always', command: ['sh', '-c', 'echo shared > /v/file; sleep 100000'] }],
        },
        container: mounted,
        script: 'until [ -s /v/file ]; do sleep 0.1; done; cat /v/file',
      },
      'secret-user': {
        spec: { ...nonRoot, volumes: [{ name: 'v', secret: { secretName: 'parts', defaultMode: 0o440 } }] },
        container: mounted,
        script: 'cat /v/data; stat -Lc " %a %g" /v/data',
      },
      'part-config': part({ configMap: { name: 'parts' } }, '/v/data'),
      'part-existing': part({ configMap: { name: 'parts' } }, '/etc/passwd'),
      'part-secret': part({ secret: { secretName: 'parts' } }, '/v/data'),
      'part-downward': part({ downwardAPI: { items } }, '/v/data'),
      'part-projected': part({ projected: { sources: [{ configMap: { name: 'parts' } }] } }, '/v/data'),
      'read-only-root': {
        container: { securityContext: { readOnlyRootFilesystem: true } },
        script: 'touch /x 2> /dev/null || echo refused',
      },
      unprivileged: {
        container: { securityContext: { privileged: false } },
        script: 'ip link add dummy0 type dummy 2> /dev/null || echo refused',
      },
    });
    const isRoot = process.getuid?.() === 0;
    const written = (uid: number): string => ['644', '666', '777'].map((mode) => `${mode} ${uid}\n`).join('');
    assert.equal(logs.disk, `${statSync(cluster.home).dev}\ndrwxrwxrwx\n${written(0)}`);
    assert.equal(logs.memory, `tmpfs\ndrwxrwxrwt\n${written(0)}`);
    assert.ok(logs['disk-user']?.endsWith(written(1000)), logs['disk-user']);
    assert.ok(logs['memory-user']?.startsWith('tmpfs\ndrwxrwsrwt\n') && logs['memory-user'].endsWith(written(1000)), logs['memory-user']);
    if (isRoot) assert.equal(logs['secret-user'], 'secret 440 1001\n');
    const parts = ['config', 'existing', 'secret', 'downward', 'projected'].map((name) => logs[`part-${name}`]);
    assert.deepEqual(parts, ['configured', 'configured', 'secret', 'part-downward', 'configured']);
    assert.deepEqual([logs.shared, logs['read-only-root'], logs.unprivileged], ['shared\n', 'refused\n', 'refused\n']);
  });

  it('and resizes them while they run', async () => {
    const resources = { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '200m', memory: '64Mi' } };
    const pod = manifest('resized', { script: 'sleep 3600', container: { resources }, spec: { terminationGracePeriodSeconds: 0 } });
    await cluster.kubectl('kubectl', ['create', '-f', '-'], { stdin: JSON.stringify(pod) });
    await cluster.until(['get', 'pod', 'resized', '-o', 'jsonpath={.status.phase}'], (phase) => phase === 'Running');
    const wanted = { requests: { cpu: '150m' }, limits: { cpu: '400m', memory: '96Mi' } };
    const patch = JSON.stringify({ spec: { containers: [{ name: 'main', resources: wanted }] } });
    await kubectl('patch', 'pod', 'resized', '--subresource=resize', '-p', patch);
    const shown = 'jsonpath={.status.containerStatuses[0].resources.limits.cpu} {.status.containerStatuses[0].restartCount}';
    await cluster.until(['get', 'pod', 'resized', '-o', shown], (text) => text === '400m 0');
    const groups =
      'cd /sys/fs/cgroup; if [ -f cpu.max ]; then cat cpu.max memory.max; else echo $(cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us); cat memory/memory.limit_in_bytes; fi';
    assert.equal(await kubectl('exec', 'resized', '--', 'sh', '-c', groups), `40000 100000\n${96 * 1024 * 1024}\n`);
    await kubectl('delete', 'pod', 'resized');
  });
});
