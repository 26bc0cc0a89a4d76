import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigMap, Pod, Secret, Volume } from '../../../api/generated/core/v1.ts';
import type { Payload } from './atomic-writer.ts';
import { typedVolume } from './volume-plugins.ts';

const binary = Buffer.from([0, 0xff, 0xfe]);
const configMaps: Readonly<Record<string, object>> = {
  settings: { data: { a: 'one', b: 'two' }, binaryData: { raw: binary.toString('base64') } },
  more: { data: { b: 'other', c: 'three' } },
};

/** `path mode content` of the files that a volume is made of, or what is said instead. */
async function filesOf(volume: object): Promise<readonly string[] | string> {
  const typed = typedVolume({ name: 'v', ...volume } as Volume);
  assert.ok(typed);
  const metadata = { name: 'web', namespace: 'shop', uid: 'u-1' };
  // Partial: the code under test reads no other fields.
  const pod = { metadata, spec: { containers: [], securityContext: {} } } as unknown as Pod;
  const written: Payload[] = [];
  const context = {
    ...{ pod, facts: { podIp: '', hostIp: '', allocatable: {} }, renewAt: () => undefined },
    sources: {
      configMap: async (_: string, name: string) => configMaps[name] as ConfigMap | undefined,
      secret: async (_: string, name: string) =>
        name === 'key' ? ({ data: { key: binary.toString('base64') } } as unknown as Secret) : undefined,
    } as never,
  };
  const host = { mounter: {} as never, writeContent: async (_: string, payload: Payload) => void written.push(payload) };
  try {
    await typed.plugin.setUp(typed.source, '/v', context, host);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return written
    .flatMap((files) => [...files])
    .map(([path, { mode, content }]) => `${path} ${mode.toString(8)} ${content.equals(binary) ? 'binary' : content}`);
}

describe('the files of a volume', () => {
  it('are all keys of an object, text and bytes, with the mode of the volume', async () => {
    assert.deepEqual(await filesOf({ configMap: { name: 'settings' } }), ['a 644 one', 'b 644 two', 'raw 644 binary']);
    assert.deepEqual(await filesOf({ secret: { secretName: 'key', defaultMode: 0o400 } }), ['key 400 binary']);
  });

  it('are the items that it names, at their paths, with modes of their own', async () => {
    const items = [
      { key: 'b', path: 'deep/b', mode: 0o600 },
      { key: 'a', path: 'x' },
    ];
    assert.deepEqual(await filesOf({ configMap: { name: 'settings', items, defaultMode: 0o440 } }), ['deep/b 600 two', 'x 440 one']);
  });

  it('are none of what is missing and optional; else it is said what is missing', async () => {
    const items = [{ key: 'none', path: 'x' }];
    assert.equal(await filesOf({ configMap: { name: 'gone' } }), 'configmap "gone" not found');
    assert.equal(await filesOf({ secret: { secretName: 'gone' } }), 'secret "gone" not found');
    assert.equal(await filesOf({ configMap: { name: 'settings', items } }), 'configmap references non-existent config key: none');
    assert.equal(await filesOf({ secret: { secretName: 'key', items } }), 'references non-existent secret key: none');
    for (const volume of [
      { configMap: { name: 'gone', optional: true } },
      { secret: { secretName: 'gone', optional: true } },
      { configMap: { name: 'settings', items, optional: true } },
      { secret: { secretName: 'key', items, optional: true } },
    ]) {
      assert.deepEqual(await filesOf(volume), [], JSON.stringify(volume));
    }
  });

  it('are those of all sources in one folder, where later ones win', async () => {
    const sources = [
      { configMap: { name: 'settings', items: [{ key: 'b', path: 'b' }] } },
      { secret: { name: 'key', items: [{ key: 'key', path: 'deep/key', mode: 0o400 }] } },
      { configMap: { name: 'more' } },
      { secret: { name: 'gone', optional: true } },
      { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ];
    const files = ['b 640 other', 'deep/key 400 binary', 'c 640 three', 'name 640 web'];
    assert.deepEqual(await filesOf({ projected: { sources, defaultMode: 0o640 } }), files);
    const lacking = await filesOf({ projected: { sources: [...sources, { configMap: { name: 'gone' } }] } });
    assert.equal(lacking, 'configmap "gone" not found');
  });
});
