/**
 * Sends the corpus to minik (without controllers and kubelet) and compares the answers with the recorded ones of a real
 * kube-apiserver.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { loadSchemas } from '../../../src/api/schema/load.ts';
import { Protobuf } from '../../../src/api/schema/protobuf.ts';
import { ApiClient } from './api-client.ts';
import { compareAnswers, describeDifferences } from './compare.ts';
import { loadCases } from './corpus.ts';
import { recordedAnswers } from './facts.ts';
import { DifferenceFilter, differencesPage, loadKnownDifferences } from './known-differences.ts';
import { type RunningServer, startMinikServer } from './minik-server.ts';
import { runCase } from './run-case.ts';

describe('minik answers as a real kube-apiserver', () => {
  const known = loadKnownDifferences('api');
  const filter = new DifferenceFilter(known);
  const codec = new Protobuf(loadSchemas(brotliDecompressSync));
  let server: RunningServer;
  let client: ApiClient;
  before(async () => {
    server = await startMinikServer();
    client = new ApiClient(server.access);
  });
  after(async () => {
    client.close();
    await server.stop();
  });

  for (const oracleCase of loadCases()) {
    it(oracleCase.name, async () => {
      const answers = await runCase(oracleCase, client, codec);
      const unknown = filter.unknown(compareAnswers(oracleCase.name, recordedAnswers(oracleCase.name), answers));
      assert.equal(describeDifferences(unknown), '');
    });
  }

  it('with every difference that is listed, and no other', () => {
    assert.deepEqual(filter.vanished(), []);
  });

  it('and the page of differences says so', () => {
    const page = readFileSync(resolve(import.meta.dirname, '..', '..', '..', 'docs', 'differences.md'), 'utf8');
    assert.equal(page, differencesPage(), 'write it anew: scripts/oracle --page');
  });
});
