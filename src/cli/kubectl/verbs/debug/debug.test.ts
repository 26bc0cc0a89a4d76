/** What `kubectl debug` sends and says. The expected values are those of kubectl 1.36 on the same Pod. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fakeApiServer } from '../../../testing/fake-api-server.ts';
import { fakeTerminal } from '../../../testing/fake-terminal.ts';
import { runKubectl } from '../../run-kubectl.ts';

const main = {
  name: 'main',
  image: 'nginx',
  args: ['x'],
  livenessProbe: { tcpSocket: { port: 80 } },
  securityContext: { capabilities: { add: ['CHOWN'] } },
};
const spec = { nodeName: 'n', containers: [main, { name: 'side', image: 'nginx' }], initContainers: [{ name: 'init', image: 'nginx' }] };
const base = { metadata: { name: 'web', namespace: 'default', uid: 'u', labels: { app: 'web' }, annotations: { a: 'b' } }, spec };
const ended = { ...base, status: { containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 0 } } }] } };

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly writes: readonly { readonly call: string; readonly body: unknown }[];
}

async function debug(t: TestContext, words: string, more: readonly string[] = [], pod: typeof base = base): Promise<Outcome> {
  const server = await fakeApiServer([
    { group: '', version: 'v1', kind: 'Pod', plural: 'pods', objects: [pod] },
    { group: '', version: 'v1', kind: 'Node', plural: 'nodes', objects: [{ metadata: { name: 'n' } }] },
    { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', objects: [base] },
  ]);
  t.after(() => server.close());
  const terminal = fakeTerminal(t);
  const code = await runKubectl(['--server', server.url, 'debug', ...words.split(' '), ...more], terminal);
  return { code, ...terminal.printed, writes: server.writes };
}

/** The body of the only write. */
async function sent(
  t: TestContext,
  words: string,
  more: readonly string[] = [],
): Promise<{ readonly call: string; readonly body: typeof base }> {
  const { code, err, writes } = await debug(t, words, more);
  assert.equal(code, 0, err);
  const [write] = writes;
  assert.ok(write !== undefined && writes.length === 1);
  return { call: write.call, body: write.body as typeof base }; // of the same shape
}

const plain = { name: 'd', image: 'busybox', terminationMessagePolicy: 'File' };

describe('kubectl debug', () => {
  it('adds an ephemeral container, with what the profile allows it', async (t) => {
    const ephemeral = async (flags: string): Promise<unknown> => {
      const { call, body } = await sent(t, `web --image=busybox -c d ${flags}`);
      assert.equal(call, 'PATCH /api/v1/namespaces/default/pods/web/ephemeralcontainers');
      return body;
    };
    const of = (container: object): object => ({ spec: { ephemeralContainers: [{ ...plain, ...container }] } });
    assert.deepEqual(await ephemeral('-q'), of({ securityContext: { capabilities: { add: ['SYS_PTRACE'] } } }));
    assert.deepEqual(await ephemeral('--profile=baseline'), of({}));
    assert.deepEqual(await ephemeral('--profile=legacy'), of({}));
    assert.deepEqual(await ephemeral('--profile=netadmin'), of({ securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } } }));
    assert.deepEqual(await ephemeral('--profile=sysadmin'), of({ securityContext: { privileged: true } }));
    const restricted = {
      ...{ runAsNonRoot: true, allowPrivilegeEscalation: false },
      ...{ capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
    };
    assert.deepEqual(await ephemeral('--profile=restricted'), of({ securityContext: restricted }));
    assert.deepEqual(
      await ephemeral('--profile=baseline --target=main --env A=b --env C=d,E=f --image-pull-policy=Never -- sleep 1'),
      of({
        ...{ targetContainerName: 'main', command: ['sleep', '1'], imagePullPolicy: 'Never' },
        env: [
          { name: 'A', value: 'b' },
          { name: 'C', value: 'd' },
          { name: 'E', value: 'f' },
        ],
      }),
    );
    assert.deepEqual(await ephemeral('--profile=baseline --arguments-only -- sleep 1'), of({ args: ['sleep', '1'] }));
  });

  it('merges a container of the user into its own', async (t) => {
    const path = join(fakeTerminal(t).home, 'custom.yaml');
    writeFileSync(path, 'env: [{name: A, value: b}]\nsecurityContext: {runAsUser: 0}\n');
    const { body } = await sent(t, 'web --image=busybox -c d', ['--custom', path]);
    const securityContext = { capabilities: { add: ['SYS_PTRACE'] }, runAsUser: 0 };
    assert.deepEqual(body, { spec: { ephemeralContainers: [{ ...plain, env: [{ name: 'A', value: 'b' }], securityContext }] } });
    writeFileSync(path, '{"image": "x"}');
    assert.match(
      (await debug(t, `web --image=busybox`, ['--custom', path])).err,
      /^error: name, command, image, lifecycle and volume devices/,
    );
  });

  it('copies a Pod, without what would make others take it for the original', async (t) => {
    const { call, body } = await sent(t, 'web --image=busybox -c d --copy-to=copy');
    assert.equal(call, 'POST /api/v1/namespaces/default/pods');
    assert.deepEqual(body.metadata, { name: 'copy', namespace: 'default' });
    const { livenessProbe: _dropped, ...kept } = main;
    assert.deepEqual(body.spec, {
      shareProcessNamespace: true,
      initContainers: spec.initContainers,
      containers: [
        kept,
        { name: 'side', image: 'nginx' },
        { ...plain, stdin: false, tty: false, securityContext: { capabilities: { add: ['SYS_PTRACE'] } } },
      ],
    });
    const keeping = '--keep-labels --keep-annotations --keep-liveness --keep-init-containers=false --same-node --share-processes=false';
    const { body: same } = await sent(t, `web --image=busybox -c main --copy-to=copy ${keeping}`);
    assert.deepEqual(same.metadata, { name: 'copy', namespace: 'default', labels: { app: 'web' }, annotations: { a: 'b' } });
    assert.deepEqual(same.spec, {
      ...{ nodeName: 'n', shareProcessNamespace: false, initContainers: [] },
      containers: [
        { ...main, image: 'busybox', stdin: false, tty: false, securityContext: { capabilities: { add: ['CHOWN', 'SYS_PTRACE'] } } },
        { name: 'side', image: 'nginx' },
      ],
    });
  });

  it('copies a Pod with other images, or another command', async (t) => {
    const { body } = await sent(t, 'web --copy-to=copy --set-image=*=busybox,side=alpine');
    assert.deepEqual(
      body.spec.containers.map(({ image }) => image),
      ['busybox', 'alpine'],
    );
    const { body: other } = await sent(t, 'web --copy-to=copy -c main -- sh');
    const [{ args, command } = assert.fail()] = other.spec.containers as readonly { readonly args?: unknown; readonly command?: unknown }[];
    assert.deepEqual({ args, command }, { args: undefined, command: ['sh'] });
  });

  it('takes the original away when it is replaced', async (t) => {
    const { writes } = await debug(t, 'web --image=busybox --copy-to=copy --replace -q');
    assert.deepEqual(writes[1], { call: 'DELETE /api/v1/namespaces/default/pods/web', body: { gracePeriodSeconds: 0 } });
  });

  it('makes a Pod in the namespaces of a node', async (t) => {
    const { out, writes } = await debug(t, 'nodes/n --image=busybox -- ls');
    assert.match(out, /^Creating debugging pod node-debugger-n-[a-z0-9]{5} with container debugger on node n\.\n$/);
    const [{ call, body } = assert.fail()] = writes;
    assert.equal(call, 'POST /api/v1/namespaces/default/pods');
    const { metadata, ...made } = body as { readonly metadata: { readonly labels: object } };
    assert.deepEqual(metadata.labels, { 'app.kubernetes.io/managed-by': 'kubectl-debug' });
    const container = { ...plain, name: 'debugger', command: ['ls'], volumeMounts: [{ mountPath: '/host', name: 'host-root' }] };
    assert.deepEqual(made, {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      spec: {
        ...{ nodeName: 'n', restartPolicy: 'Never', tolerations: [{ operator: 'Exists' }], containers: [container] },
        ...{ volumes: [{ name: 'host-root', hostPath: { path: '/' } }], hostNetwork: true, hostPID: true, hostIPC: true },
      },
    });
  });

  it('names the container that it makes, unless it is told not to', async (t) => {
    assert.match((await debug(t, 'web --image=busybox')).out, /^Defaulting debug container name to debugger-[a-z0-9]{5}\.\n$/);
    assert.equal((await debug(t, 'web --image=busybox -q')).out, '');
    assert.match((await debug(t, 'web --image=b -c d --target=main')).out, /^Targeting container "main"\. If you don't see/);
    assert.match((await debug(t, 'web --image=b -c d --profile=legacy')).err, /^--profile=legacy is deprecated/);
  });

  it('warns when the capabilities that it gives have no effect for the user of the Pod', async (t) => {
    const pod = { ...base, spec: { ...spec, securityContext: { runAsUser: 1000 } } };
    assert.match((await debug(t, 'web --image=b -c d', [], pod)).err, /^Warning: Non-root user is configured for the entire target Pod/);
    assert.equal((await debug(t, 'web --image=b -c d --profile=baseline', [], pod)).err, '');
  });

  const refused: readonly (readonly [words: string, error: string])[] = [
    ['web', 'you must specify --image when not using --copy-to.'],
    ['--image=b', 'NAME or filename is required for debug'],
    ['web --image=B@d', 'invalid image name "B@d": invalid reference format'],
    ['web --image=b --replace', '--replace may only be used with --copy-to.'],
    ['web --image=b --same-node', '--same-node may only be used with --copy-to.'],
    ['web --image=b --set-image=a=b', '--set-image may only be used with --copy-to.'],
    ['web --copy-to=x', 'you must specify --image, --set-image or command arguments.'],
    ['web --copy-to=x -- sh', 'you must specify an existing container or a new image when specifying args.'],
    ['web --copy-to=x -c z -- sh', 'you must specify image when creating new container'],
    ['web --copy-to=x --image=b --target=main', '--target is incompatible with --copy-to. Use --share-processes instead.'],
    ['web --image=b -t', '-i/--stdin is required for containers with -t/--tty=true'],
    ['web --image=b --profile=x', 'unknown profile: x'],
    ['web --image=b --image-pull-policy=x', 'invalid image pull policy: x'],
    ['none --image=b', '(NotFound)'],
    ['deployments/web --image=b', '"apps/v1, Kind=Deployment" not supported by debug'],
    ['web --image=b --custom=/none', 'must pass a container spec json file for custom profile: open /none: no such file or directory'],
  ];
  for (const [words, error] of refused)
    it(`refuses "${words}"`, async (t) => {
      const { code, err, writes } = await debug(t, words);
      assert.ok(err.includes(error), err);
      assert.deepEqual({ code, writes }, { code: 1, writes: [] });
    });

  it('shows the log of a container that has ended before it could be attached to', async (t) => {
    let shown = '';
    t.mock.method(process.stdout, 'write', (text: Buffer | string) => {
      shown += String(text);
      return true;
    });
    const { code } = await debug(t, 'web --image=b -c main --copy-to=copy --attach -q', [], ended);
    t.mock.restoreAll();
    assert.equal(code, 0);
    assert.match(shown, /a line/);
  });
});
