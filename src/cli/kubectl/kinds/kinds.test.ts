import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { loadSchemas } from '../../../api/schema/load.ts';
import { CommandError } from '../command/command.ts';
import type { ApiObject } from '../command/session.ts';
import { isKind, kindTable, traitsOf } from './kinds.ts';
import { unregistered } from './registered.ts';

const object = (apiVersion: string, spec: object, labels: Readonly<Record<string, string>> = {}): ApiObject => ({
  apiVersion,
  metadata: { name: 'web', labels },
  spec: { ...spec },
});

const exposed = (group: string, kind: string, subject: ApiObject): Readonly<Record<string, string>> | undefined =>
  traitsOf({ group, kind })?.exposedLabels?.(subject);

describe('the table of kinds', () => {
  it('knows a kind by its group too, in every version of ours', () => {
    for (const { kind, groups } of kindTable) {
      for (const group of groups) assert.equal(traitsOf({ group, kind })?.kind, kind);
      for (const group of ['serving.example.com', `${groups[0]}.example.com`]) assert.equal(traitsOf({ group, kind }), undefined, kind);
    }
    assert.equal(isKind({ group: 'extensions', kind: 'Deployment' }, 'Deployment'), true);
    assert.equal(isKind({ group: 'extensions', kind: 'StatefulSet' }, 'StatefulSet'), false, 'it never was in that group');
    assert.equal(isKind({ group: 'apps', kind: 'Service' }, 'Service'), false);
  });

  it('has each kind once, by names that the API has, and something to say about each', () => {
    const names = kindTable.flatMap(({ kind, groups }) => groups.map((group) => `${group}/${kind}`));
    assert.equal(new Set(names).size, names.length);
    const schemas = loadSchemas(brotliDecompressSync);
    for (const { kind, groups, ...traits } of kindTable) {
      assert.notEqual(schemas.forKind(groups[0], 'v1', kind), undefined, kind);
      assert.ok(Object.keys(traits).length > 0, kind);
    }
  });

  it('loads what describes a kind and follows its roll-outs', async () => {
    for (const { kind, describer, rollout } of kindTable) {
      if (describer !== undefined) assert.equal(typeof (await describer()), 'function', kind);
      if (rollout !== undefined) assert.equal(typeof (await rollout.status()), 'function', kind);
      if (rollout?.history !== undefined) assert.equal(typeof (await rollout.history()).revisionsOf, 'function', kind);
    }
  });
});

describe('exposing', () => {
  it('selects by the labels of a pod, the map of a service, the matched labels of a workload', () => {
    assert.deepEqual(exposed('', 'Pod', object('v1', {}, { app: 'a' })), { app: 'a' });
    assert.deepEqual(exposed('', 'Service', object('v1', { selector: { app: 'a' } })), { app: 'a' });
    assert.deepEqual(exposed('apps', 'Deployment', object('apps/v1', { selector: { matchLabels: { app: 'a' } } })), { app: 'a' });
    assert.equal(exposed('apps', 'DaemonSet', object('apps/v1', {})), undefined);
  });

  it('falls back to the labels of the template in the former group only', () => {
    const spec = { template: { metadata: { labels: { app: 'a' } } } };
    assert.deepEqual(exposed('extensions', 'Deployment', object('extensions/v1beta1', spec)), { app: 'a' });
    assert.throws(() => exposed('apps', 'Deployment', object('apps/v1', spec)), {
      message: 'invalid deployment: no selectors, therefore cannot be exposed',
    });
    assert.throws(() => exposed('extensions', 'ReplicaSet', object('extensions/v1beta1', {})), {
      message: 'the replica set has no labels or selectors and cannot be exposed',
    });
  });

  it('refuses expressions, which a Service cannot have', () => {
    const selector = { matchLabels: { app: 'a' }, matchExpressions: [{ key: 'x', operator: 'In', values: ['1', '2'] }] };
    assert.throws(() => exposed('apps', 'ReplicaSet', object('apps/v1', { selector })), {
      message: `couldn't convert expressions - "[{Key:x Operator:In Values:[1 2]}]" to map-based selector format`,
    });
  });
});

describe('unregistered', () => {
  const refusal = async (group: string, version: string, kind: string): Promise<string | undefined> => {
    const found = await unregistered({ group, version, kind });
    assert.ok(found === undefined || found instanceof CommandError);
    return found?.message;
  };

  it('refuses kinds that kubectl does not know, whatever they are called', async () => {
    assert.equal(
      await refusal('serving.example.com', 'v1', 'Service'),
      'no kind "Service" is registered for version "serving.example.com/v1" in scheme "pkg/scheme/scheme.go:28"',
    );
    assert.match((await refusal('extensions', 'v1beta1', 'StatefulSet')) ?? '', /no kind "StatefulSet"/);
  });

  it('takes the kinds of the table in every version, and all other built-in kinds', async () => {
    assert.equal(await refusal('extensions', 'v1beta1', 'Deployment'), undefined);
    assert.equal(await refusal('apps', 'v1beta1', 'StatefulSet'), undefined);
    assert.equal(await refusal('storage.k8s.io', 'v1', 'StorageClass'), undefined);
  });
});
