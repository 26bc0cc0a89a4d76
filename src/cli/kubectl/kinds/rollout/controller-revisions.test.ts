/** The expected values are what upstream's kubectl prints and sends for the same server. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type FakeApiServer, fakeApiServer, type ServedKind } from '../../../testing/fake-api-server.ts';
import { fakeTerminal } from '../../../testing/fake-terminal.ts';
import { runKubectl } from '../../run-kubectl.ts';

const template = (image: string): object => ({
  metadata: { creationTimestamp: null, labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image }] },
});

const revision = (number: number, image: string, options: { readonly cause?: string; readonly owner?: string } = {}) => ({
  metadata: {
    name: `w-${number}`,
    ...(options.cause === undefined ? {} : { annotations: { 'kubernetes.io/change-cause': options.cause } }),
    ownerReferences: [{ uid: options.owner ?? 'ours', controller: true }],
  },
  revision: number,
  data: { spec: { template: { $patch: 'replace', ...template(image) } } },
});

const workload = (name: string, uid: string, annotations = {}) => ({
  metadata: { name, uid, namespace: 'default', annotations },
  spec: {
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'third' }] } },
  },
});

const apps = { group: 'apps', version: 'v1' };
const served: readonly ServedKind[] = [
  { ...apps, kind: 'DaemonSet', plural: 'daemonsets', objects: [workload('w', 'ours'), workload('new', 'none')] },
  {
    ...apps,
    kind: 'StatefulSet',
    plural: 'statefulsets',
    objects: [workload('w', 'ours', { 'kubectl.kubernetes.io/last-applied-configuration': '{}' })],
  },
  {
    ...apps,
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    objects: [
      revision(2, 'second', { cause: 'because' }),
      revision(1, 'first'),
      revision(3, 'third'),
      revision(9, 'x', { owner: 'other' }),
    ],
  },
];

describe('the history of daemon sets and stateful sets', () => {
  let server: FakeApiServer;
  before(async () => {
    server = await fakeApiServer(served);
  });
  after(() => server.close());

  const rollout = async (
    t: TestContext,
    command: string,
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
    const terminal = fakeTerminal(t);
    const code = await runKubectl(['--server', server.url, 'rollout', ...command.split(' ')], terminal);
    return { code, ...terminal.printed };
  };

  it('lists the revisions that the workload controls, oldest first', async (t) => {
    const out = 'daemonset.apps/w \nREVISION  CHANGE-CAUSE\n1         <none>\n2         because\n3         <none>\n\n';
    assert.deepEqual(await rollout(t, 'history daemonset/w'), { code: 0, out, err: '' });
    assert.equal((await rollout(t, 'history daemonset/new')).out, 'daemonset.apps/new \nNo rollout history found.\n');
  });

  it("shows a revision's pod template, and as an object the workload as it was", async (t) => {
    const { out } = await rollout(t, 'history statefulset/w --revision=2');
    assert.match(
      out,
      /^statefulset\.apps\/w with revision #2\nPod Template:\n {2}Labels:\tapp=a\n {2}Containers:\n {3}c:\n {4}Image:\tsecond\n/,
    );
    assert.equal(
      (await rollout(t, 'history statefulset/w --revision=2 -o jsonpath={.kind}/{.spec.template.spec.containers[0].image}')).out,
      'StatefulSet/second',
    );
    assert.deepEqual(await rollout(t, 'history statefulset/w --revision=9'), {
      code: 1,
      out: '',
      err: 'error: unable to find the specified revision\n',
    });
  });

  it('goes back with the patch that the revision is, as it is', async (t) => {
    assert.deepEqual(await rollout(t, 'undo daemonset/w'), { code: 0, out: 'daemonset.apps/w rolled back\n', err: '' });
    assert.deepEqual(server.writes.at(-1), {
      call: 'PATCH /apis/apps/v1/namespaces/default/daemonsets/w',
      body: { spec: { template: { $patch: 'replace', ...template('second') } } },
    });
  });

  it('does nothing where nothing would change, and tries a revision without writing', async (t) => {
    const before = server.writes.length;
    assert.equal(
      (await rollout(t, 'undo daemonset/w --to-revision=3')).out,
      'daemonset.apps/w skipped rollback (current template already matches revision 3)\n',
    );
    assert.match((await rollout(t, 'undo daemonset/w --dry-run=client')).out, /^daemonset\.apps\/w will roll back to Pod Template:\n/);
    assert.equal(server.writes.length, before);
  });

  it('says what there is not', async (t) => {
    assert.equal((await rollout(t, 'undo daemonset/w --to-revision=7')).err, 'error: unable to find specified revision 7 in history\n');
    assert.equal((await rollout(t, 'undo daemonset/new')).err, 'error: no last revision to roll back to\n');
  });

  it('warns of going back behind an apply', async (t) => {
    assert.match(
      (await rollout(t, 'undo statefulset/w')).err,
      /^Warning: resource statefulsets\/w was previously managed with 'kubectl apply'\. /,
    );
  });
});
