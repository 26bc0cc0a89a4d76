import assert from 'node:assert/strict';
import { it } from 'node:test';
import { event } from '../api/kinds/core/event.ts';
import { createInProcessClient } from './in-process-client.ts';
import { pacedEvents } from './paced-events.ts';
import { Pacer } from './pacer.ts';
import { aConfigMap, configMaps } from './testing/config-maps.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';

it('pacedEvents: a request about an Event takes its turn at the pacer, any other does not', async () => {
  const api = new FakeApiServer();
  const pacer = new Pacer(() => 0);
  const client = pacedEvents(createInProcessClient(api, { user: { name: 'me' } }), pacer);
  await client.resource(configMaps).create(aConfigMap('a'));
  assert.equal(pacer.waiting, 0);
  const asked = client.resource(event).list();
  assert.equal(pacer.waiting, 1);
  await asked;
  assert.equal(pacer.waiting, 0);
});
