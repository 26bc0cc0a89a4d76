/** What conversion webhooks are asked, and which answers are accepted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { status } from '../registry/test-registry.ts';
import type { WebhookCall } from '../webhooks/webhook-caller.ts';
import { conversionWebhooks } from './conversion-webhooks.ts';

const anObject = (name: string, more: JsonObject = {}): JsonObject => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, namespace: 'default', uid: 'u', labels: { a: 'b' } } },
  ...more,
});
const inV2 = (object: JsonObject, more: JsonObject = {}): JsonObject => ({ ...object, apiVersion: 'example.com/v2', ...more });

/** Converts objects by a webhook that answers as the test says. */
async function converted(
  objects: readonly JsonObject[],
  answer: (request: JsonObject) => JsonObject | Error,
  versions: readonly string[] = ['v1'],
): Promise<{ readonly calls: readonly WebhookCall[]; readonly result: readonly JsonObject[] }> {
  const calls: WebhookCall[] = [];
  const call = async (sent: WebhookCall): Promise<JsonObject> => {
    calls.push(sent);
    const { request, apiVersion = '' } = sent.body;
    const said = answer(request as JsonObject);
    if (said instanceof Error) throw said;
    return { apiVersion, kind: 'ConversionReview', response: { uid: 'the-uid', result: { status: 'Success' }, ...said } };
  };
  const { signal } = new AbortController();
  const webhook = { clientConfig: { url: 'https://hook' }, conversionReviewVersions: versions };
  // Only the conversion is looked at.
  const definition = { spec: { conversion: { strategy: 'Webhook', webhook } } } as unknown as CustomResourceDefinition;
  const hooks = conversionWebhooks({ caller: { call }, newUid: () => 'the-uid', signal });
  return { calls, result: await hooks.convert(definition, objects, 'example.com/v2') };
}

const objectsOf = (request: JsonObject): readonly JsonObject[] => request.objects as readonly JsonObject[];
const what = 'conversion webhook for example.com/v1, Kind=Widget';

describe('a conversion webhook', () => {
  it('is asked once about all objects, with the version that is wanted', async () => {
    const objects = [anObject('a'), anObject('b')];
    const { calls, result } = await converted(objects, (request) => ({ convertedObjects: objectsOf(request).map((one) => inV2(one)) }));
    assert.deepEqual(
      calls.map(({ body, timeoutMs }) => [body, timeoutMs]),
      [
        [
          {
            kind: 'ConversionReview',
            apiVersion: 'apiextensions.k8s.io/v1',
            request: { uid: 'the-uid', desiredAPIVersion: 'example.com/v2', objects },
          },
          30_000,
        ],
      ],
    );
    assert.deepEqual(
      result,
      objects.map((one) => inV2(one)),
    );
  });

  it('may change labels and annotations, and nothing else of the metadata', async () => {
    const metadata = {
      name: 'a',
      namespace: 'default',
      uid: 'u',
      labels: { c: 'd' },
      annotations: { e: 'f' },
      finalizers: ['example.com/x'],
    };
    const { result } = await converted([anObject('a')], () => ({ convertedObjects: [inV2(anObject('a'), { metadata, spec: { n: 1 } })] }));
    const kept = { name: 'a', namespace: 'default', uid: 'u', labels: { c: 'd' }, annotations: { e: 'f' } };
    assert.deepEqual(result, [inV2(anObject('a'), { metadata: kept, spec: { n: 1 } })]);
  });

  it('may speak the older version of the review, whose answers are not checked as closely', async () => {
    const { calls } = await converted([anObject('a')], () => ({ uid: 'other', convertedObjects: [inV2(anObject('a'))] }), [
      'v1beta1',
      'v1',
    ]);
    assert.equal(calls[0]?.body.apiVersion, 'apiextensions.k8s.io/v1beta1');
  });

  const bad: ReadonlyArray<readonly [string, JsonObject | Error, string]> = [
    ['no connection', new Error('Post "https://hook": refused'), `${what} failed: Post "https://hook": refused`],
    ['another uid', { uid: 'x' }, `${what} failed: expected response.uid="the-uid", got "x"`],
    ['a refusal', { result: { status: 'Failure', message: 'cannot' } }, `${what} failed: cannot`],
    ['a refusal without words', { result: { status: 'Failure' } }, `${what} failed: response.result.status was 'Failure', not 'Success'`],
    ['too few objects', { convertedObjects: [] }, `${what} returned 0 objects, expected 1`],
    [
      'another version',
      { convertedObjects: [anObject('a')] },
      `${what} returned invalid converted object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)`,
    ],
    [
      'another kind',
      { convertedObjects: [inV2(anObject('a'), { kind: 'Gadget' })] },
      `${what} returned invalid converted object at index 0: invalid kind (expected Widget, received Gadget)`,
    ],
    [
      'another name',
      { convertedObjects: [inV2(anObject('b'))] },
      `${what} returned invalid converted object at index 0: must have the same name: a != b`,
    ],
    [
      'no metadata',
      { convertedObjects: [inV2({ kind: 'Widget' })] },
      `${what} returned invalid converted object at index 0: missing metadata in converted object`,
    ],
  ];
  for (const [why, answer, message] of bad) {
    it(`fails with ${why}`, () =>
      assert.rejects(
        converted([anObject('a')], () => answer),
        status(500, message),
      ));
  }

  it('must know a version of the review', () =>
    assert.rejects(
      converted([anObject('a')], () => ({}), ['v2']),
      status(500, 'no supported conversion review versions'),
    ));
});
