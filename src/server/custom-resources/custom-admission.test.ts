/** Webhooks and custom resources: what upstream's conformance suite asks of both together. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { createModelFormats } from '../../api/schema/model-formats.ts';
import type { AdmissionPlugin } from '../admission/admission.ts';
import { mutatingWebhooks } from '../admission/webhooks/mutating-webhooks.ts';
import { validatingWebhooks } from '../admission/webhooks/validating-webhooks.ts';
import { silentLogger } from '../http/test-app.ts';
import { createStoreReader } from '../registry/store-reader.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import type { WebhookCall } from '../webhooks/webhook-caller.ts';
import { definition, definitions, mergeType, schemas, start, version, widget, widgets } from './custom-resources-fixture.ts';

const colours: JsonObject = { type: 'object', properties: { color: { type: 'string' }, colour: { type: 'string' } } };

/** A server whose webhooks are asked about custom resources and definitions; `answer` gets the request of a review. */
function startWithHooks(t: TestContext, answer: (request: JsonObject) => JsonObject) {
  const store = createMemoryStore({ freeze: true });
  const reader = createStoreReader(store, () => () => undefined);
  const asked: JsonObject[] = [];
  const caller = {
    call: async ({ body }: WebhookCall): Promise<JsonObject> => {
      const request = body.request as JsonObject;
      asked.push(request);
      return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid ?? '', ...answer(request) } };
    },
  };
  const parts = { reader, formats: createModelFormats(schemas), caller, log: silentLogger, newUid: () => 'u' };
  const always = async () => true;
  const plugins: readonly AdmissionPlugin[] = [mutatingWebhooks(parts, always), validatingWebhooks(parts, always)];
  const started = start(t, store, plugins);
  const configure = (kind: 'Mutating' | 'Validating', rule: JsonObject) =>
    started.call('POST', `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`, {
      metadata: { name: 'hooks' },
      webhooks: [
        {
          name: 'a.example.com',
          clientConfig: { url: 'https://a.example.com' },
          rules: [{ operations: ['CREATE', 'UPDATE', 'DELETE'], apiVersions: ['*'], ...rule }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
  return { ...started, configure, asked };
}

const ofWidgets = { apiGroups: ['example.com'], resources: ['widgets'] };
const patch = (...operations: readonly JsonObject[]): JsonObject => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

describe('a webhook', () => {
  it('changes custom resources, whose unknown fields it cannot add', async (t) => {
    const changes = patch({ op: 'add', path: '/spec/color', value: 'red' }, { op: 'add', path: '/spec/unknown', value: 1 });
    const { call, define, configure } = startWithHooks(t, () => changes);
    await define(definition([version('v1', true, colours)]));
    assert.equal((await configure('Mutating', ofWidgets)).status, 201);
    const { status, body } = await call('POST', widgets(), widget('a', {}));
    assert.deepEqual([status, body.spec], [201, { color: 'red' }]);
  });

  it('sees custom resources in the version of the request, whichever is stored', async (t) => {
    const { call, define, configure, asked } = startWithHooks(t, () => ({ allowed: true }));
    const both = (stored: string) => ['v1', 'v2'].map((name) => version(name, name === stored, colours));
    const review = { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://hook' }, conversionReviewVersions: ['v1'] } };
    await define(definition(both('v1'), { conversion: review }));
    await configure('Mutating', ofWidgets);
    await call('POST', widgets('v1'), widget('a', { color: 'red' }));
    const versions = await call('PATCH', `${definitions}/widgets.example.com`, { spec: { versions: both('v2') } }, mergeType);
    assert.equal(versions.status, 200);
    const changed = await call('PATCH', `${widgets('v1')}/a`, { spec: { color: 'blue' } }, mergeType);
    assert.equal(changed.status, 200, String(changed.body.message));
    const shown = asked.map(({ object }) => [(object as JsonObject).apiVersion, ((object as JsonObject).spec as JsonObject).color]);
    assert.deepEqual(shown, [
      ['example.com/v1', 'red'],
      ['example.com/v1', 'blue'],
    ]);
  });

  it('refuses to create, change and delete custom resources', async (t) => {
    let allowed = true;
    const { call, define, configure } = startWithHooks(t, () => ({ allowed, status: { message: 'not now' } }));
    await define(definition([version('v1', true, colours)]));
    await configure('Validating', ofWidgets);
    assert.equal((await call('POST', widgets(), widget('a', {}))).status, 201);
    allowed = false;
    const answers = [
      await call('POST', widgets(), widget('b', {})),
      await call('PATCH', `${widgets()}/a`, { spec: { color: 'red' } }, mergeType),
      await call('DELETE', `${widgets()}/a`),
    ];
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.message], [400, 'admission webhook "a.example.com" denied the request: not now']);
    }
    allowed = true;
    assert.equal((await call('DELETE', `${widgets()}/a`)).status, 200);
  });

  it('refuses definitions', async (t) => {
    const { call, configure } = startWithHooks(t, () => ({ allowed: false }));
    await configure('Validating', { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'] });
    const { status, body } = await call('POST', definitions, definition());
    assert.deepEqual([status, body.message], [400, 'admission webhook "a.example.com" denied the request without explanation']);
  });
});
