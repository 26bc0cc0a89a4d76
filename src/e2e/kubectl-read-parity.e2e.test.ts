/**
 * The bundled kubectl prints what the real one prints, byte for byte: every reading verb, on a cluster with the
 * simulated runtime.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

const root = resolve(import.meta.dirname, '..', '..');
const minik = join(root, 'scripts', 'minik');
const profile = `parity-${process.pid}`;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const manifest = `
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, labels: {app: web}, annotations: {short: x, long: "${'a'.repeat(160)}\\nsecond line"}}
data: {a: "1", yes: "yes", multi: "line1\\nline2\\n", spaced: " x ", tab: "a:\\tb\\n", number: "0x1F", colon: "a: b", long: "${'word '.repeat(40)}end"}
binaryData: {bin: AAECAw==}
---
apiVersion: v1
kind: Secret
metadata: {name: sec}
stringData: {password: hunter2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web, tier: front}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {note: "on the template"}}
    spec:
      nodeSelector: {kubernetes.io/os: linux}
      tolerations: [{key: b, value: c, effect: NoSchedule}]
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, "echo hi\\nsleep 1000"]
        ports: [{containerPort: 80}]
        env:
        - {name: A, value: "x\\ny"}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
        - {name: S, valueFrom: {secretKeyRef: {name: sec, key: password}}}
        envFrom: [{configMapRef: {name: conf}, prefix: P_}]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
        volumeMounts: [{name: data, mountPath: /data, subPath: sub}, {name: conf, mountPath: /conf, readOnly: true}]
      volumes:
      - {name: data, emptyDir: {sizeLimit: 1Gi}}
      - {name: conf, configMap: {name: conf}}
      - {name: host, hostPath: {path: /tmp, type: Directory}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, type: NodePort, ports: [{port: 80, name: http}, {port: 443, name: https}]}
---
apiVersion: v1
kind: Service
metadata: {name: head}
spec: {clusterIP: None, selector: {app: web}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: rc}
spec:
  replicas: 1
  selector: {run: rc}
  template: {metadata: {labels: {run: rc}}, spec: {containers: [{name: c, image: busybox}]}}
`;

const get = [
  'get nodes -o wide',
  'get pods',
  'get pods -o wide',
  'get pods -o yaml',
  'get pods -o json',
  'get pods -o name',
  'get all',
  'get all -A',
  'get sa,cm,nodes -A',
  'get svc,ns',
  'get deploy,rs,rc -o wide',
  'get pods --show-labels',
  'get pods -L app,run',
  'get all --no-headers',
  'get node --show-kind',
  'get cm conf -o yaml',
  'get cm conf -o json',
  'get endpointslices,ep -o json',
  'get deploy web -o yaml --show-managed-fields',
  'get pods --sort-by=.metadata.name',
  'get pods --sort-by=.metadata.labels.run',
  'get pods --chunk-size=1 -o name',
  'get ns --field-selector metadata.name=default',
  'get po -l app=web,tier!=back',
  'get po -l app===x',
  'get po -A --field-selector foo=bar',
  'get po -n nowhere',
  'get po foo',
  'get po foo bar -o yaml',
  'get po foo --ignore-not-found',
  'get ns/default svc/web ns/foo',
  'get nonsense',
  'get',
  'get --raw /version',
  'get pods -w --request-timeout=1s',
  'get svc web -w --request-timeout=1s --output-watch-events',
  'get svc -w --request-timeout=1s -o yaml',
  'get ns --watch-only --request-timeout=1s',
  'get ns -o custom-columns=NAME:.metadata.name,PHASE:.status.phase,NO:.none',
  'get ns -o jsonpath={.items[*].metadata.name}',
  'get ns -o jsonpath={range.items[*]}{.metadata.name}{"\\t"}{.status}{"\\n"}{end}',
  'get ns -o jsonpath-as-json={.items[?(@.metadata.name=="default")].status}',
  'get ns -o jsonpath={.items[9]}',
  'get ns -o go-template={{range$i,$n:=.items}}{{$i}}={{$n.metadata.name}}{{"\\n"}}{{end}}',
];

const descriptions = [
  'describe deploy web',
  'describe rs',
  'describe rc rc',
  'describe pods --show-events=false',
  'describe pod we --show-events=false',
  'describe svc web',
  'describe svc/head svc/web --show-events=false',
  'describe ep web',
  'describe endpointslices --show-events=false',
  'describe cm conf',
  'describe secret sec',
  'describe ns default',
  'describe node --show-events=false',
  'describe lease -A --show-events=false',
  'describe events --show-events=false',
  'describe pod nope',
];

const information = [
  'cluster-info',
  'api-resources',
  'api-resources -o wide --sort-by=name',
  'api-resources --namespaced=false --verbs=list -o name',
  'api-versions',
  'explain pod',
  'explain deploy --recursive',
  'explain deployments.apps.spec.template.spec.volumes.emptyDir.medium',
  'explain pods.spec.containers.imagePullPolicy',
  'explain pods.nope',
  'explain pods.spec.nodeName -o plaintext',
  'explain pods -o yaml',
  'explain events --api-version=events.k8s.io/v1',
  'config view',
  'config view --minify -o json',
  'config get-contexts',
  'config get-contexts nope',
  'config current-context',
  'config get-clusters',
  'config get-users',
  'config use-context nope',
];

describe('the bundled kubectl beside the real one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'minik-parity-'));
  const env = { ...process.env, MINIK_HOME: join(folder, 'home'), KUBECONFIG: join(folder, 'config'), KUBECACHEDIR: join(folder, 'cache') };

  const run = (program: string, args: readonly string[]): Promise<Outcome> =>
    new Promise((done) => {
      execFile(program, args, { env, maxBuffer: 2 ** 26 }, (error, out, err) => {
        done({ code: typeof error?.code === 'number' ? error.code : 0, out, err: err.replaceAll(/^E\d{4} .*\n/gm, '') });
      });
    });

  before(async () => {
    const started = await run(minik, ['start', '-p', profile, '--runtime', 'simulated']);
    assert.equal(started.code, 0, started.err);
    writeFileSync(join(folder, 'objects.yaml'), manifest);
    const created = await run('kubectl', ['create', '-f', join(folder, 'objects.yaml')]);
    assert.equal(created.code, 0, created.err);
    const ready = await run('kubectl', ['wait', 'deploy/web', '--for=condition=Available', '--timeout=60s']);
    assert.equal(ready.code, 0, ready.err);
  });

  after(async () => {
    await run(minik, ['delete', '-p', profile]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Without what passing time changes: ages, and the widths of columns that hold them. */
  const withoutAges = (outcome: Outcome): Outcome => ({
    ...outcome,
    out: outcome.out.replaceAll(/\b(?:\d+[smhd])+\b/g, 'AGE').replaceAll(/ {2,}/g, '  '),
  });

  /**
   * Both at once, so that ages are mostly the same, and again where the cluster was still at work. A busy machine may
   * let seconds pass between the two each time: then everything but ages must agree.
   */
  async function compare(command: string, adapt: (outcome: Outcome) => Outcome = (outcome) => outcome): Promise<void> {
    const args = command.split(' ');
    for (let attempt = 1; ; attempt++) {
      const [real, ours] = (await Promise.all([run('kubectl', args), run(minik, ['kubectl', ...args])])).map(adapt);
      if (isDeepStrictEqual(ours, real)) return;
      assert.ok(ours !== undefined && real !== undefined);
      if (attempt >= 2 && isDeepStrictEqual(withoutAges(ours), withoutAges(real))) return;
      if (attempt === 6) assert.deepEqual(withoutAges(ours), withoutAges(real));
    }
  }

  /** kubectl before 1.36 shows a field that is always empty. */
  const withoutPreferences = (outcome: Outcome): Outcome => ({
    ...outcome,
    out: outcome.out.replaceAll(/^ *"?preferences"?: \{\},?\n/gm, ''),
  });

  for (const command of [...get, ...information])
    it(command, () => compare(command, command.startsWith('config view') ? withoutPreferences : undefined));

  /**
   * What kubectl before 1.36 writes differently: a line for kube-proxy, the name of a field, spaces that follow from
   * it.
   */
  const ofAnyVersion = (outcome: Outcome): Outcome => ({
    ...outcome,
    out: outcome.out
      .replaceAll(/^ *Kube-Proxy Version:.*\n/gm, '')
      .replaceAll(/ConfigMapOptional: +<nil>/g, 'Optional: false')
      .replaceAll(/ {2,}/g, '  ')
      .replaceAll('Optional:  false', 'Optional: false'),
  });

  /** kubectl writes a config map's keys in Go's random order of a map, minik's sorted: both are compared sorted. */
  const sortedData = (outcome: Outcome): Outcome => ({
    ...outcome,
    out: outcome.out.replace(/(?<=^Data\n====\n)[\s\S]*(?=^BinaryData$)/m, (data) =>
      data
        .split(/(?<=\n\n)(?=\w+:\n----\n)/)
        .map((entry) => entry.trimEnd())
        .sort()
        .join('\n\n'),
    ),
  });

  for (const command of descriptions) {
    const differs = /pod|node/.test(command);
    it(command, () => compare(command, differs ? ofAnyVersion : command === 'describe cm conf' ? sortedData : undefined));
  }
});
