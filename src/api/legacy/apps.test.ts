/** What manifests of old versions mean by what they leave out, through the whole API. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sending, testApp } from '../../server/http/test-app.ts';
import type { JsonObject } from '../json.ts';
import { builtInKinds } from '../kinds/index.ts';
import { withoutOldVersions } from './old-version.ts';

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };

/** Creates an object in an old version; the answer's warning, and the object in the current version. */
async function created(version: string, plural: string, object: JsonObject) {
  const app = testApp();
  const path = `/apis/${version}/namespaces/default/${plural}`;
  const answer = await app.fetch(path, sending('POST', { metadata: { name: 'a' }, ...object }));
  assert.equal(answer.status, 201, await answer.clone().text());
  const { body } = await app.json(`/apis/apps/v1/namespaces/default/${plural}/a`);
  return {
    warning: answer.headers.get('warning'),
    body: body as JsonObject & { readonly spec: JsonObject; readonly metadata: JsonObject },
    app,
    path,
  };
}

const warningOf = (version: string, kind: string, since: string) =>
  `299 - "${version} ${kind} is deprecated in v${since}+, unavailable in v1.16+; use apps/v1 ${kind}"`;

describe('a Deployment of an old version', () => {
  const cases: ReadonlyArray<readonly [version: string, since: string, rolling: JsonObject, history: number, deadline: number]> = [
    ['extensions/v1beta1', '1.8', { maxUnavailable: 1, maxSurge: 1 }, 2147483647, 2147483647],
    ['apps/v1beta1', '1.8', { maxUnavailable: '25%', maxSurge: '25%' }, 2, 600],
  ];
  for (const [version, since, rollingUpdate, history, deadline] of cases) {
    it(`takes selector and labels from its template, and has the limits of ${version}`, async () => {
      const { warning, body } = await created(version, 'deployments', { spec: { template } });
      assert.equal(warning, warningOf(version, 'Deployment', since));
      assert.deepEqual(body.metadata.labels, { app: 'web' });
      const { selector, strategy, revisionHistoryLimit, progressDeadlineSeconds, replicas } = body.spec;
      assert.deepEqual(selector, { matchLabels: { app: 'web' } });
      assert.deepEqual(strategy, { type: 'RollingUpdate', rollingUpdate });
      assert.deepEqual([revisionHistoryLimit, progressDeadlineSeconds, replicas], [history, deadline, 1]);
    });
  }

  it('needs its selector in apps/v1beta2, whose limits are those of today', async () => {
    const app = testApp();
    const post = (spec: JsonObject) =>
      app.json('/apis/apps/v1beta2/namespaces/default/deployments', sending('POST', { metadata: { name: 'a' }, spec }));
    assert.equal((await post({ template })).status, 422);
    const { status, body } = await post({ template, selector: { matchLabels: { app: 'web' } } });
    assert.deepEqual([status, body.apiVersion], [201, 'apps/v1beta2']);
    assert.equal((body.spec as JsonObject).revisionHistoryLimit, 10);
  });

  it('keeps the revision to go back to as an annotation', async () => {
    const { body, app, path } = await created('extensions/v1beta1', 'deployments', { spec: { template, rollbackTo: { revision: 3 } } });
    assert.deepEqual(body.metadata.annotations, { 'deprecated.deployment.rollback.to': '3' });
    const { body: old } = await app.json(`${path}/a`);
    assert.deepEqual((old.spec as JsonObject).rollbackTo, { revision: 3 });
    assert.equal((old.metadata as JsonObject).annotations, undefined);
  });
});

describe('the rollback of a Deployment', () => {
  const rollback = (app: ReturnType<typeof testApp>, group: string, body: JsonObject, query = '') =>
    app.json(`/apis/${group}/v1beta1/namespaces/default/deployments/a/rollback${query}`, sending('POST', body));
  const annotationsOf = async (app: ReturnType<typeof testApp>) =>
    ((await app.json('/apis/apps/v1/namespaces/default/deployments/a')).body.metadata as JsonObject).annotations;

  for (const group of ['extensions', 'apps']) {
    it(`is told to the controller, in ${group}/v1beta1`, async () => {
      const { app } = await created(`${group}/v1beta1`, 'deployments', { spec: { template } });
      const body = { name: 'a', rollbackTo: { revision: 3 }, updatedAnnotations: { why: 'broken' } };
      const dry = await rollback(app, group, body, '?dryRun=All');
      assert.equal(dry.status, 201);
      assert.equal(await annotationsOf(app), undefined);
      const { status, body: answer } = await rollback(app, group, body);
      assert.equal(status, 201, JSON.stringify(answer));
      const message = 'rollback request for deployment "a" succeeded';
      assert.deepEqual(answer, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', message, code: 200 });
      assert.deepEqual(await annotationsOf(app), { why: 'broken', 'deprecated.deployment.rollback.to': '3' });
    });
  }

  it('is refused with upstream’s errors', async () => {
    const { app } = await created('apps/v1beta1', 'deployments', { spec: { template } });
    const messageOf = async (body: JsonObject) => {
      const { status, body: answer } = await rollback(app, 'apps', body);
      return [status, answer.message];
    };
    assert.deepEqual(await messageOf({ name: 'b', rollbackTo: {} }), [400, 'name in URL does not match name in DeploymentRollback object']);
    assert.deepEqual(await messageOf({ name: 'a', rollbackTo: { revision: -1 } }), [
      422,
      'DeploymentRollback.apps "a" is invalid: rollback.version: Invalid value: -1: must be greater than or equal to 0',
    ]);
    assert.deepEqual(await messageOf({ rollbackTo: {} }), [422, 'DeploymentRollback.apps "" is invalid: name: Required value']);
    await app.json('/apis/apps/v1/namespaces/default/deployments/a', { method: 'DELETE' });
    assert.deepEqual(await messageOf({ name: 'a', rollbackTo: {} }), [404, 'deployments.apps "a" not found']);
  });

  it('is no sub-resource of other versions', async () => {
    const { app } = await created('apps/v1beta1', 'deployments', { spec: { template } });
    const { status } = await app.json('/apis/apps/v1/namespaces/default/deployments/a/rollback', sending('POST', { name: 'a' }));
    assert.equal(status, 404);
    const namesIn = async (version: string) =>
      ((await app.json(`/apis/${version}`)).body.resources as readonly JsonObject[]).map(({ name }) => name);
    const where = ['apps/v1', 'apps/v1beta2', 'apps/v1beta1', 'extensions/v1beta1'];
    const served = await Promise.all(where.map(async (version) => (await namesIn(version)).includes('deployments/rollback')));
    assert.deepEqual(served, [false, false, true, true]);
  });
});

describe('other workloads of old versions', () => {
  it('replace pods only when these are deleted', async () => {
    const { body: daemons } = await created('extensions/v1beta1', 'daemonsets', { spec: { template, templateGeneration: 4 } });
    assert.deepEqual(daemons.spec.updateStrategy, { type: 'OnDelete' });
    assert.deepEqual(daemons.metadata.annotations, { 'deprecated.daemonset.template.generation': '4' });
    const { body: stateful } = await created('apps/v1beta1', 'statefulsets', { spec: { template, serviceName: 's' } });
    assert.deepEqual(stateful.spec.updateStrategy, { type: 'OnDelete' });
    const { body: sets } = await created('extensions/v1beta1', 'replicasets', { spec: { template } });
    assert.deepEqual(sets.spec.selector, { matchLabels: { app: 'web' } });
  });
});

describe('old versions', () => {
  it('are not the preferred ones of their groups', async () => {
    const { body } = await testApp().json('/apis/apps');
    assert.equal((body.preferredVersion as JsonObject).version, 'v1');
    assert.deepEqual(
      (body.versions as readonly JsonObject[]).map(({ version }) => version),
      ['v1', 'v1beta2', 'v1beta1'],
    );
  });

  it('are found by their names only, not by short names or categories', async () => {
    const { body } = await testApp().json('/apis/extensions/v1beta1');
    const resources = body.resources as readonly JsonObject[];
    assert.ok(resources.some(({ name }) => name === 'deployments'));
    assert.deepEqual(
      resources.filter(({ shortNames, categories }) => shortNames !== undefined || categories !== undefined),
      [],
    );
  });

  it('can be left out', () => {
    const left = withoutOldVersions(builtInKinds).flatMap(({ codec }) => (codec.alsoServed ?? []).filter(({ old }) => old === true));
    assert.deepEqual(left, []);
    assert.equal(withoutOldVersions(builtInKinds).length, builtInKinds.length);
  });
});
