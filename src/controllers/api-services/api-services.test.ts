import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { APIService } from '../../api/generated/apiregistration/v1.ts';
import type { AnyKind } from '../../api/kind.ts';
import { apiService, availability } from '../../api/kinds/apiregistration/api-service.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { builtInKinds } from '../../api/kinds/index.ts';
import { widgetSamples } from '../../api/kinds/testing/widget.ts';
import { withoutOldVersions } from '../../api/legacy/old-version.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import { servedGroups } from '../../server/http/discovery/group-versions.ts';
import { testApp } from '../../server/http/test-app.ts';
import type { MutableKindSet } from '../../server/registry/kind-set.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { apiServiceAvailability } from './api-service-availability.ts';
import { apiServiceRegistration } from './api-service-registration.ts';

const names = async (cluster: TestCluster): Promise<readonly string[]> =>
  (await cluster.list(apiService)).map(({ metadata }) => metadata.name).toSorted();

const ref = (name: string) => ({ namespace: '', name });

describe('local APIServices', () => {
  it('are registered for everything that is served, with upstream’s priorities', async (t) => {
    const cluster = await startTestCluster(t, { controllers: (kinds) => [apiServiceRegistration(kinds)] });
    await cluster.settle();
    const all = await names(cluster);
    for (const name of ['v1.', 'v1.apps', 'v1.authentication.k8s.io', 'v1.events.k8s.io']) assert.ok(all.includes(name), name);
    assert.ok(!all.includes('v1.apiregistration.k8s.io'));
    const { spec, status, metadata } = await cluster.api(apiService).get(ref('v1.apps'));
    assert.deepEqual(spec, { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 });
    assert.equal(metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'], 'onstart');
    assert.deepEqual([status.conditions?.[0]?.reason, status.conditions?.[0]?.status], ['Local', 'True']);
  });

  it('are registered for each version in discovery, with and without old versions', async (t) => {
    for (const old of [true, false]) {
      const chosen = (kinds: readonly AnyKind[]) => (old ? kinds : withoutOldVersions(kinds));
      const { virtualResources } = testApp({ legacyApis: old }).app.server;
      const groups = servedGroups(chosen(builtInKinds), virtualResources);
      const served = groups.flatMap(({ name, versions }) => versions.map(({ version }) => `${version}.${name}`));
      const catalog = (kinds: MutableKindSet): KindCatalog => ({
        all: chosen(kinds.all),
        byKind: (...names) => kinds.byKind(...names),
        onChange: (listener) => kinds.onChange(listener),
      });
      const cluster = await startTestCluster(t, { controllers: (kinds) => [apiServiceRegistration(catalog(kinds))] });
      await cluster.settle();
      const registered = (await names(cluster)).filter((name) => name !== 'v1beta1.metrics.k8s.io');
      assert.deepEqual(registered, served.filter((name) => !name.endsWith('.apiregistration.k8s.io')).toSorted());
    }
  });

  it('of the metrics can be taken by an add-on, and come back when it leaves', async (t) => {
    const cluster = await startTestCluster(t, { controllers: (kinds) => [apiServiceRegistration(kinds)] });
    await cluster.settle();
    const name = 'v1beta1.metrics.k8s.io';
    const { spec } = await cluster.api(apiService).get(ref(name));
    assert.deepEqual(spec, { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 });
    const service = { namespace: 'kube-system', name: 'metrics-server' };
    await cluster.api(apiService).patch(ref(name), { type: 'merge', body: { spec: { service, insecureSkipTLSVerify: true } } });
    await cluster.settle();
    assert.equal((await cluster.api(apiService).get(ref(name))).spec.service?.name, 'metrics-server');
    await cluster.api(apiService).delete(ref(name));
    await cluster.settle();
    assert.equal((await cluster.api(apiService).get(ref(name))).spec.service, undefined);
  });

  it('come and go with custom resources; one that a user has made stays', async (t) => {
    const cluster = await startTestCluster(t, { controllers: (kinds) => [apiServiceRegistration(kinds)] });
    await cluster.settle();
    const { kind: widget } = widgetSamples;
    cluster.kinds.add(widget);
    await cluster.settle();
    const name = `${widget.version}.${widget.group}`;
    const made = await cluster.api(apiService).get(ref(name));
    assert.equal(made.metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'], 'true');
    assert.deepEqual([made.spec.groupPriorityMinimum, made.spec.versionPriority], [1000, 100]);
    await cluster.api(apiService).delete(ref(name));
    await cluster.settle();
    assert.ok((await names(cluster)).includes(name), 'it is made again');
    cluster.kinds.remove(widget.resourceName);
    await cluster.settle();
    assert.ok(!(await names(cluster)).includes(name));
    await cluster.apply(remote('v9.example.org'));
    await cluster.settle();
    assert.ok((await names(cluster)).includes('v9.example.org'));
  });
});

const remote = (name: string, port = 443) => {
  const [version = '', ...group] = name.split('.');
  return {
    ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name } },
    spec: {
      version,
      group: group.join('.'),
      groupPriorityMinimum: 10,
      versionPriority: 10,
      service: { namespace: 'default', name: 'api', port },
    },
  };
};
const aService = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'api', namespace: 'default' } },
  spec: { selector: { app: 'api' }, ports: [{ name: 'https', port: 443 }] },
};
const aSlice = (ready: boolean) => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
  metadata: { name: 'api-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'api' } },
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready } }],
  ports: [{ name: 'https', port: 8443 }],
});

/** A cluster with an API whose answers the test decides. */
async function withApi(t: TestContext) {
  const api = { asked: 0, answer: (): Promise<void> => Promise.resolve() };
  const ask = (_service: APIService): Promise<void> => {
    api.asked++;
    return api.answer();
  };
  const cluster = await startTestCluster(t, { controllers: [apiServiceAvailability(ask)] });
  const says = async (): Promise<string> => {
    await cluster.settle();
    const condition = availability(await cluster.api(apiService).get(ref('v1.example.com')));
    return `${condition?.status} ${condition?.reason}: ${condition?.message}`;
  };
  return { cluster, api, says };
}

describe('the availability of an APIService', () => {
  it('follows its Service, its endpoints and its answers', async (t) => {
    const { cluster, api, says } = await withApi(t);
    await cluster.apply(remote('v1.example.com'));
    assert.equal(await says(), 'False ServiceNotFound: service/api in "default" is not present');
    await cluster.apply(aService);
    assert.equal(await says(), 'False EndpointsNotFound: cannot find endpointslices for service/api in "default"');
    await cluster.apply(aSlice(false));
    const none = 'False MissingEndpoints: endpointslices for service/api in "default" have no addresses with port name "https"';
    assert.equal(await says(), none);
    assert.equal(api.asked, 0);
    api.answer = () => Promise.reject(new Error('bad status from https://10.0.0.1/apis: 500'));
    await cluster
      .api(endpointSlice)
      .patch({ namespace: 'default', name: 'api-1' }, { type: 'merge', body: { endpoints: aSlice(true).endpoints } });
    assert.equal(await says(), 'False FailedDiscoveryCheck: bad status from https://10.0.0.1/apis: 500');
    api.answer = () => Promise.resolve();
    await cluster.pass(1);
    assert.equal(await says(), 'True Passed: all checks passed');
    await cluster.api(service).delete({ namespace: 'default', name: 'api' });
    assert.equal(await says(), 'False ServiceNotFound: service/api in "default" is not present');
  });

  it('is checked again when nothing changes, and keeps the time of its last change', async (t) => {
    const { cluster, api, says } = await withApi(t);
    await cluster.apply(aService);
    await cluster.apply(aSlice(true));
    await cluster.apply(remote('v1.example.com'));
    await says();
    const { asked } = api;
    const before = availability(await cluster.api(apiService).get(ref('v1.example.com')));
    await cluster.pass(31);
    assert.equal(api.asked, asked + 1);
    assert.deepEqual(availability(await cluster.api(apiService).get(ref('v1.example.com'))), before);
  });

  it('names a port that the Service does not have', async (t) => {
    const { cluster, says } = await withApi(t);
    await cluster.apply(aService);
    await cluster.apply(remote('v1.example.com', 8443));
    assert.equal(await says(), 'False ServicePortError: service/api in "default" is not listening on port 8443');
  });
});
