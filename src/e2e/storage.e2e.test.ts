/** Claims: volumes outlive pods and the cluster's stop; nothing of them outlives the cluster. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-storage' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

before(async () => {
  await cluster.start();
  ({ folder } = await cluster.facts());
});
after(() => cluster.delete());

async function apply(manifest: string): Promise<void> {
  await cluster.kubectl('kubectl', ['apply', '-f', '-'], { stdin: manifest });
}

let folder = '';
const volumes = (): string[] => {
  const below = join(folder, 'volumes');
  return existsSync(below) ? readdirSync(below) : [];
};

const statefulSet = `
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  replicas: 2
  selector: { matchLabels: { app: db } }
  persistentVolumeClaimRetentionPolicy: { whenScaled: Delete, whenDeleted: Delete }
  template:
    metadata: { labels: { app: db } }
    spec:
      terminationGracePeriodSeconds: 1
      # Not root: the volume is writable for every user, and belongs to the group.
      securityContext: { runAsUser: 1234, fsGroup: 4321 }
      containers:
        - name: main
          image: busybox:1.36
          command: [sleep, "3600"]
          volumeMounts: [{ name: data, mountPath: /data }, { name: data, mountPath: /part, subPath: part, readOnly: true }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

describe('claims of a StatefulSet', () => {
  const inPod = (pod: string, script: string): Promise<string> => kubectl('exec', pod, '--', 'sh', '-c', script);

  it('get volumes of the default class, which hold data for the pod of the same name', async () => {
    assert.match(await kubectl('get', 'storageclass'), /standard \(default\) +minik\.io\/host-path +Delete +Immediate +true/);
    await apply(statefulSet);
    await cluster.podsReady('app=db', 2);
    await inPod('db-0', 'hostname > /data/who; echo kept > /data/part/x');
    assert.equal(await inPod('db-0', 'cat /part/x; stat -c %g /data'), 'kept\n4321\n');
    await assert.rejects(inPod('db-0', 'touch /part/y'), /Read-only file system/);
    assert.equal(volumes().length, 2);
    await kubectl('delete', 'pod', 'db-0');
    await cluster.podsReady('app=db', 2);
    assert.equal(await inPod('db-0', 'cat /data/who'), 'db-0\n');
  });

  it('keep their data when the cluster is stopped and started', async () => {
    await cluster.minik(['stop']);
    await cluster.start();
    await cluster.podsReady('app=db', 2);
    assert.equal(await inPod('db-0', 'cat /data/who /part/x'), 'db-0\nkept\n');
  });

  it('grow', async () => {
    await kubectl('patch', 'pvc', 'data-db-0', '-p', '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}');
    await eventually(async () => assert.match(await kubectl('get', 'pvc', 'data-db-0'), / 2Gi /));
  });

  it('go with what their retention policy ties them to, and their volumes with them', async () => {
    await kubectl('scale', 'statefulset', 'db', '--replicas=1');
    await eventually(async () => assert.deepEqual((await kubectl('get', 'pvc', '-o', 'name')).trim(), 'persistentvolumeclaim/data-db-0'));
    await eventually(() => assert.equal(volumes().length, 1));
    await kubectl('delete', 'statefulset', 'db');
    await eventually(async () => assert.equal(await kubectl('get', 'pvc,pv', '-o', 'name'), ''));
    assert.deepEqual(volumes(), []);
  });
});

describe('a claim that pods use one after another', () => {
  const use = async (name: string, fsGroupChangePolicy: string, script: string): Promise<string> => {
    const securityContext = { fsGroup: 4321, fsGroupChangePolicy };
    const mount = { name: 'data', mountPath: '/data' };
    const containers = [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script], volumeMounts: [mount] }];
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'shared' } }];
    const spec = { restartPolicy: 'Never', securityContext, containers, volumes };
    await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }));
    await cluster.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (phase) => phase === 'Succeeded');
    return kubectl('logs', name);
  };

  it('gets the group again for each, or only where its folder lacks it', async () => {
    await apply(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: shared }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`);
    const show = 'cd /data; stat -c "%n %g %a" . file';
    await use('first', 'OnRootMismatch', 'cd /data; touch file; chgrp 7 file; chmod 600 file');
    assert.equal(await use('second', 'OnRootMismatch', show), '. 4321 2777\nfile 7 600\n');
    assert.equal(await use('third', 'Always', show), '. 4321 2777\nfile 4321 660\n');
    await kubectl('delete', 'pod/first', 'pod/second', 'pod/third', 'pvc/shared');
    await eventually(() => assert.deepEqual(volumes(), []));
  });
});

describe('a volume of the host', () => {
  it('is shared by hand, and read-only where the pod wants it so', async () => {
    await apply(`
apiVersion: v1
kind: PersistentVolume
metadata: { name: by-hand }
spec: { storageClassName: manual, capacity: { storage: 1Gi }, accessModes: [ReadWriteMany], hostPath: { path: ${folder}/by-hand, type: DirectoryOrCreate } }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: by-hand }
spec: { storageClassName: manual, accessModes: [ReadWriteMany], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: reader, labels: { app: reader } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: main, image: "busybox:1.36", command: [sleep, "3600"], volumeMounts: [{ name: v, mountPath: /v }, { name: own, mountPath: /own }] }
  volumes:
    - { name: v, persistentVolumeClaim: { claimName: by-hand, readOnly: true } }
    - name: own
      ephemeral: { volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } } } }
`);
    await cluster.podsReady('app=reader', 1);
    await assert.rejects(kubectl('exec', 'reader', '--', 'touch', '/v/x'), /Read-only file system/);
    await kubectl('exec', 'reader', '--', 'touch', '/own/x');
    assert.match(await kubectl('get', 'pvc', 'reader-own'), /Bound/);
    await kubectl('delete', 'pod', 'reader');
    // The claim of an ephemeral volume goes with its pod.
    await eventually(async () => assert.equal(await kubectl('get', 'pvc', '-o', 'name'), 'persistentvolumeclaim/by-hand\n'));
  });
});

describe('the default class', () => {
  it('does not come back when it was deleted', async () => {
    await kubectl('delete', 'storageclass', 'standard');
    await cluster.minik(['stop']);
    await cluster.start();
    assert.equal(await kubectl('get', 'storageclass', '-o', 'name'), '');
  });
});

describe('deleting the cluster', () => {
  it('leaves no volume', async () => {
    await apply(`
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: kept }
provisioner: minik.io/host-path
reclaimPolicy: Retain
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: kept }
spec: { storageClassName: kept, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`);
    await eventually(() => assert.equal(volumes().length, 1));
    await cluster.delete();
    assert.ok(!existsSync(folder));
  });
});
