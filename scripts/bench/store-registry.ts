/**
 * Measures the registry over the store on disk, without HTTP: each verb on ConfigMaps of 1 KiB, sixteen at once. Prints
 * one JSON document.
 * Usage: node scripts/bench/store-registry.ts [objects]
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { builtInKinds } from '../../src/api/kinds/index.ts';
import { loadSchemas } from '../../src/api/schema/load.ts';
import { createModelFormats } from '../../src/api/schema/model-formats.ts';
import { createAdmissionChain } from '../../src/server/admission/admission.ts';
import { defaultPlugins } from '../../src/server/admission/default-plugins.ts';
import { ServiceAccountTokens } from '../../src/server/auth/service-account-tokens.ts';
import { createBehaviours } from '../../src/server/registry/behaviours/create-behaviours.ts';
import { bootstrap } from '../../src/server/registry/bootstrap.ts';
import { createRegistry } from '../../src/server/registry/create-registry.ts';
import { createKindSet } from '../../src/server/registry/kind-set.ts';
import { writeQuotaStatus } from '../../src/server/registry/own-requests.ts';
import type { Registry, Target } from '../../src/server/registry/registry.ts';
import { parseRange } from '../../src/server/registry/services/ip-range.ts';
import { createStoreReader } from '../../src/server/registry/store-reader.ts';
import { openSqliteStore } from '../../src/server/store/sqlite-store.ts';

const count = Number(process.argv[2] ?? '2000');
const folder = mkdtempSync(join(tmpdir(), 'minik-bench-'));
const store = openSqliteStore({ path: join(folder, 'store.db') });
const reader = createStoreReader(store, () => () => undefined);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const kinds = createKindSet(builtInKinds);
const formats = createModelFormats(loadSchemas(brotliDecompressSync));
const { signal } = new AbortController();
const registry: Registry = createRegistry({
  store,
  kinds,
  formats,
  admission: createAdmissionChain(
    defaultPlugins({
      reader,
      random: Math.random,
      now: Date.now,
      authorizer: { authorize: () => ({ allowed: true, reason: '' }) },
      kinds,
      formats,
      nodeIdentity: () => undefined,
      writeQuotaStatus: (quota) => writeQuotaStatus(registry, quota, signal),
    }),
  ),
  behaviours: createBehaviours({
    store,
    serviceRange: '10.96.0.0/16',
    tokens: new ServiceAccountTokens({ privateKey, objects: reader }),
    random: Math.random,
  }),
});
const context = {
  user: { name: 'bench', uid: '', groups: ['system:masters'], extra: {} },
  userAgent: 'bench',
  warn: () => undefined,
  signal,
};
const options = { dryRun: false, fieldManager: 'bench', fieldValidation: 'Strict' } as const;

function targetOf(name: string): Target {
  const kind = kinds.byResourceName('configmaps');
  if (kind === undefined) throw new Error('ConfigMaps are not served');
  return { kind, namespace: 'default', name, subresource: '' };
}

const nameOf = (index: number): string => `object-${String(index).padStart(6, '0')}`;

function bodyOf(index: number, version: string) {
  const labels = { group: String(index % 40) };
  const json = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: nameOf(index), namespace: 'default', labels },
    data: { version, payload: 'x'.repeat(1024) },
  };
  const text = JSON.stringify(json);
  return { json: JSON.parse(text), text };
}

async function measure(step: (index: number) => Promise<unknown>): Promise<{ readonly perSecond: number; readonly p99Ms: number }> {
  const times: number[] = [];
  const start = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const from = performance.now();
      await step(next++);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  const perSecond = Math.round((count / (performance.now() - start)) * 1000);
  times.sort((a, b) => a - b);
  return { perSecond, p99Ms: Number((times[Math.floor(times.length * 0.99)] ?? 0).toFixed(2)) };
}

const everything = { labelSelector: '', fieldSelector: '', limit: 0, continue: '', resourceVersion: '', resourceVersionMatch: '' } as const;
try {
  await bootstrap(registry, {
    serviceRange: parseRange('10.96.0.0/16'),
    apiEndpoint: { ip: '192.0.2.1', port: 6443 },
    dns: true,
    signal,
    now: Date.now,
    setTimer: () => undefined,
  });
  const result = {
    objects: count,
    create: await measure((index) => registry.create(context, targetOf(''), bodyOf(index, '1'), options)),
    get: await measure((index) => registry.get(context, targetOf(nameOf(index)), { resourceVersion: '' })),
    update: await measure((index) => registry.update(context, targetOf(nameOf(index)), bodyOf(index, '2'), options)),
    patch: await measure((index) =>
      registry.patch(context, targetOf(nameOf(index)), { type: 'merge', body: { data: { version: '3' } }, force: false }, options),
    ),
    listByLabel: await measure(() => registry.list(context, targetOf(''), { ...everything, labelSelector: 'group=7' })),
    firstPage: await measure(() => registry.list(context, targetOf(''), { ...everything, limit: 50 })),
    delete: await measure((index) => registry.delete(context, targetOf(nameOf(index)), {})),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} finally {
  await store.close();
  rmSync(folder, { recursive: true });
}
