import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createHostMounter } from './host-mounter.ts';

it('says who may mount memory, instead of failing in the words of a command', async () => {
  const mounter = createHostMounter(async () => undefined, 1000);
  await assert.rejects(mounter.mountTmpfs('/nowhere', 0), /^Error: only root can mount memory, and minik runs as user 1000$/);
});
