import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isNotFound, StatusError } from '../../../api/status-error.ts';
import { clusterStreams } from './cluster-streams.ts';

const ref = { namespace: 'default', name: 'web' };

it('says that a pod is not found, or that its node is switched off', async () => {
  await assert.rejects(clusterStreams(() => []).portForward(ref, 80), (error: unknown) => isNotFound(error));
  const lost = clusterStreams(
    () => [],
    () => '10.244.0.3',
  );
  const message = 'error dialing backend: dial tcp 10.244.0.3:10250: connect: no route to host';
  await assert.rejects(
    lost.refusal('exec', ref, 'main'),
    (error: unknown) => error instanceof StatusError && error.code === 500 && error.message === message,
  );
});
