import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { PodSecurityPolicy } from '../../api/pod-security/policy.ts';
import { createStoreReader } from '../registry/store-reader.ts';
import { aDeployment, aPod, status, TestRegistry } from '../registry/test-registry.ts';
import type { AdmissionAttributes } from './admission.ts';
import { podSecurity } from './pod-security.ts';

const prefix = 'pod-security.kubernetes.io/';
const labels = (values: Readonly<Record<string, string>>): JsonObject => ({
  metadata: { labels: Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value])) },
});

async function namespaceWith(values: Readonly<Record<string, string>>): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await test.patch('namespaces', 'default', labels(values));
  return test;
}

const onHost = (name: string, metadata: JsonObject = {}): JsonObject => aPod(name, { spec: { hostNetwork: true }, metadata });

describe('PodSecurity of pods', () => {
  it('refuses what the namespace forbids, and says all of it', async () => {
    const test = await namespaceWith({ enforce: 'baseline', 'enforce-version': 'v1.30' });
    await assert.rejects(
      test.create('pods', onHost('p')),
      status(403, 'pods "p" is forbidden: violates PodSecurity "baseline:v1.30": host namespaces (hostNetwork=true)'),
    );
    await test.create('pods', aPod('q'));
    assert.deepEqual(test.warnings, []);
  });

  it('refuses a dry run too, and names a generated pod', async () => {
    const test = await namespaceWith({ enforce: 'baseline' });
    await assert.rejects(test.create('pods', onHost('p'), { dryRun: true }), status(403, /violates PodSecurity/));
    const generated = { ...onHost('p'), metadata: { generateName: 'made-', namespace: 'default' } };
    await assert.rejects(test.create('pods', generated), status(403, /^pods "made-.{5}" is forbidden: violates/));
  });

  it('warns of a stricter level, unless the pod is refused anyway', async () => {
    const test = await namespaceWith({ enforce: 'baseline', warn: 'restricted' });
    await assert.rejects(test.create('pods', onHost('p')), status(403, /violates/));
    assert.deepEqual(test.warnings, []);
    await test.create('pods', aPod('q'));
    assert.match(test.warnings.join(), /^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(/);
  });

  it('checks updates of images and new containers, and no others', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', onHost('p'));
    await test.patch('namespaces', 'default', labels({ enforce: 'baseline' }));
    await test.patch('pods', 'default/p', { metadata: { labels: { a: 'b' } } });
    await test.patch('pods', 'default/p', { status: { phase: 'Running' } }, { subresource: 'status' });
    const image = [{ op: 'replace', path: '/spec/containers/0/image', value: 'other' }];
    await assert.rejects(test.patch('pods', 'default/p', image, { type: 'json' }), status(403, /violates PodSecurity/));
    const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'i' }] } };
    const added = test.patch('pods', 'default/p', debug, { type: 'strategic', subresource: 'ephemeralcontainers' });
    await assert.rejects(added, status(403, /violates PodSecurity/));
  });
});

describe('PodSecurity of templates', () => {
  const deployment = aDeployment('web', {
    template: { metadata: { labels: { app: 'web' } }, spec: { hostNetwork: true, containers: [{ name: 'main', image: 'i' }] } },
  });

  it('warns, and refuses nothing', async () => {
    const test = await namespaceWith({ enforce: 'baseline' });
    await test.create('deployments.apps', deployment);
    assert.deepEqual(test.warnings, ['would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)']);
  });

  it('does not warn where only enforcement was asked for', async () => {
    const test = await namespaceWith({ enforce: 'baseline', warn: 'privileged' });
    await test.create('deployments.apps', deployment);
    assert.deepEqual(test.warnings, []);
  });
});

describe('PodSecurity of namespaces', () => {
  it('refuses labels that it cannot read, unless they are there already', async () => {
    const test = await new TestRegistry().withNamespace();
    const message =
      'Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of privileged, baseline, restricted';
    await assert.rejects(test.patch('namespaces', 'default', labels({ enforce: 'x' })), status(422, message));
    await assert.rejects(
      test.create('namespaces', { metadata: { name: 'other', ...(labels({ 'warn-version': '1' }).metadata as JsonObject) } }),
      status(422, /is invalid/),
    );
    // Written before there was the rule.
    const { object } = await test.registry.get(test.context, test.target('namespaces', 'default'), { resourceVersion: '' });
    const bad = {
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, [`${prefix}enforce`]: 'x' } },
    } as KubeObject;
    await test.store.write({
      key: test.store.list('namespaces/').entries[0]?.key ?? '',
      object: bad,
      expectedRevision: Number(object.metadata.resourceVersion),
    });
    await test.patch('namespaces', 'default', { metadata: { labels: { fine: 'yes' } } });
    await assert.rejects(test.create('pods', aPod('p')), status(403, /violates PodSecurity "restricted:latest"/));
  });

  it('names the pods that a stricter level would forbid, grouped by what is forbidden', async () => {
    const test = await new TestRegistry().withNamespace();
    for (const name of ['c', 'a', 'b']) await test.create('pods', onHost(name));
    await test.create(
      'pods',
      aPod('z', {
        spec: { hostPID: true, hostNetwork: true, containers: [{ name: 'm', image: 'i', securityContext: { privileged: true } }] },
      }),
    );
    await test.create('pods', aPod('fine'));
    await test.patch('namespaces', 'default', labels({ enforce: 'baseline' }));
    assert.deepEqual(test.warnings, [
      'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 2 other pods): host namespaces',
      'z: host namespaces, privileged',
    ]);
  });

  it('looks at no pods when nothing gets stricter', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', onHost('p'));
    await test.patch('namespaces', 'default', labels({ enforce: 'restricted' }));
    test.warnings.length = 0;
    await test.patch('namespaces', 'default', labels({ enforce: 'baseline', warn: 'restricted' }));
    await test.patch('namespaces', 'default', labels({ enforce: 'privileged' }));
    assert.deepEqual(test.warnings, []);
  });

  it('looks at a bounded number of pods, the first of each controller before all others', async () => {
    const test = await new TestRegistry().withNamespace();
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true };
    for (let index = 0; index < 3000; index++) await test.create('pods', aPod(`a${index}`, { metadata: { ownerReferences: [owner] } }));
    await test.create('pods', onHost('last'));
    await test.patch('namespaces', 'default', labels({ enforce: 'baseline' }));
    assert.deepEqual(test.warnings, [
      'new PodSecurity enforce level only checked against the first 3000 of 3001 existing pods',
      'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
      'last: host namespaces',
    ]);
  });
});

describe('PodSecurity with a configuration', () => {
  const restricted = { level: 'restricted', version: 'latest' } as const;
  const defaults: PodSecurityPolicy = { enforce: restricted, audit: restricted, warn: restricted };

  /** The plugin alone, with the annotations and warnings that it gives. */
  async function configured() {
    const test = await new TestRegistry().withNamespace();
    const reader = createStoreReader(test.store, () => () => undefined);
    const exemptions = { usernames: ['root'], namespaces: ['exempt'], runtimeClasses: ['sandbox'] };
    const plugin = podSecurity({ reader, now: () => 0, defaults, exemptions });
    const said: string[] = [];
    const attributes = (resource: string, object: JsonObject, user = 'tester'): AdmissionAttributes => {
      const kind = test.registry.kinds.byResourceName(resource);
      if (kind === undefined) throw new Error(`no kind ${resource}`);
      const { name, namespace = name } = object.metadata as { readonly name: string; readonly namespace?: string };
      return {
        ...{ operation: 'CREATE', kind, served: kind, subresource: '', type: kind, namespace, name, oldObject: undefined, dryRun: false },
        object: object as unknown as KubeObject,
        options: () => undefined,
        context: {
          ...test.context,
          user: { ...test.context.user, name: user },
          warn: (text) => said.push(text),
          annotate: (key, value) => said.push(`${key}=${value}`),
        },
      };
    };
    return { said, validate: async (...given: Parameters<typeof attributes>) => plugin.validate?.(attributes(...given)) };
  }

  it('applies defaults, and tells the audit log what was enforced and violated', async () => {
    const { said, validate } = await configured();
    await assert.rejects(validate('pods', aPod('p')), status(403, /violates PodSecurity "restricted:latest"/));
    assert.equal(said[0], `${prefix}enforce-policy=restricted:latest`);
    assert.match(said[1] ?? '', /^pod-security.kubernetes.io\/audit-violations=would violate PodSecurity "restricted:latest": /);
  });

  it('exempts users, namespaces and runtime classes', async () => {
    const { said, validate } = await configured();
    await validate('pods', aPod('p'), 'root');
    await validate('pods', aPod('p', { metadata: { namespace: 'exempt' } }));
    await validate('pods', aPod('p', { spec: { runtimeClassName: 'sandbox' } }));
    await validate('deployments.apps', aDeployment('d'), 'root');
    assert.deepEqual(
      said,
      ['user', 'namespace', 'runtimeClass', 'user'].map((reason) => `${prefix}exempt=${reason}`),
    );
  });

  it('warns of labels on an exempt namespace', async () => {
    const { said, validate } = await configured();
    await validate('namespaces', {
      metadata: { name: 'exempt', ...(labels({ enforce: 'baseline', 'audit-version': 'v1.2' }).metadata as JsonObject) },
    });
    assert.deepEqual(said, [
      'namespace "exempt" is exempt from Pod Security, and the policy (enforce=baseline:latest, audit=restricted:v1.2) will be ignored',
    ]);
  });
});
