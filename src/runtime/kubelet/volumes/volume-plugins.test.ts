import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod, Volume } from '../../../api/generated/core/v1.ts';
import { podReferences } from '../pods/pod-references.ts';
import { hasStorageLimit } from '../pods/storage-eviction.ts';
import { VolumeManager } from './volume-manager.ts';
import { typedVolume } from './volume-plugins.ts';

interface Expected {
  readonly folder: string;
  readonly readOnly: boolean;
  readonly references: readonly string[];
  readonly hasDiskLimit: boolean;
}

/** One volume of each type, with the facts that its plugin must report. */
const types: Readonly<Record<string, readonly [object, Expected]>> = {
  emptyDir: [{ sizeLimit: '1Mi' }, { folder: 'kubernetes.io~empty-dir/v', readOnly: false, references: [], hasDiskLimit: true }],
  hostPath: [{ path: '/srv/data' }, { folder: '/srv/data', readOnly: false, references: [], hasDiskLimit: false }],
  configMap: [
    { name: 'c' },
    { folder: 'kubernetes.io~configmap/v', readOnly: true, references: ['configMap/default/c'], hasDiskLimit: false },
  ],
  secret: [
    { secretName: 's' },
    { folder: 'kubernetes.io~secret/v', readOnly: true, references: ['secret/default/s'], hasDiskLimit: false },
  ],
  downwardAPI: [{ items: [] }, { folder: 'kubernetes.io~downward-api/v', readOnly: true, references: [], hasDiskLimit: false }],
  projected: [
    {
      sources: [
        { configMap: { name: 'c' } },
        { secret: { name: 's' } },
        { downwardAPI: { items: [] } },
        { serviceAccountToken: { path: 'token' } },
      ],
    },
    {
      folder: 'kubernetes.io~projected/v',
      readOnly: true,
      references: ['configMap/default/c', 'secret/default/s'],
      hasDiskLimit: false,
    },
  ],
  nfs: [
    { server: 'a', path: '/' },
    { folder: 'kubernetes.io~nfs/v', readOnly: false, references: [], hasDiskLimit: false },
  ],
  image: [{ reference: 'a' }, { folder: 'kubernetes.io~image/v', readOnly: true, references: [], hasDiskLimit: false }],
  iscsi: [
    { server: 'x', path: '/' },
    { folder: 'kubernetes.io~unsupported/v', readOnly: false, references: [], hasDiskLimit: false },
  ],
};

describe('the types of volumes', () => {
  const manager = new VolumeManager({ root: '/k', mounter: {} as never, unpack: async () => undefined, now: () => 0 });
  for (const [field, [source, expected]] of Object.entries(types)) {
    it(`say what ${field} is`, () => {
      // Partial: the code under test reads no other fields.
      const volume = { name: 'v', [field]: source } as unknown as Volume;
      const metadata = { name: 'web', namespace: 'default', uid: 'uid-1' };
      const pod = { metadata, spec: { containers: [], volumes: [volume] } } as unknown as Pod;
      const found: Expected = {
        folder: manager.path(pod, volume).replace('/k/pods/uid-1/volumes/', ''),
        readOnly: typedVolume(volume)?.plugin.readOnly ?? false,
        references: [...podReferences(pod)].sort(),
        hasDiskLimit: hasStorageLimit(pod),
      };
      assert.deepEqual(found, expected);
    });
  }
});
