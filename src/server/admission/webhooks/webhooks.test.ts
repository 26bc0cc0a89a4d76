/** Which webhooks are asked, with what, and what becomes of their answers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { MetricText } from '../../../api/metric-text.ts';
import { admissionMetrics } from '../../../cluster/admission-metrics.ts';
import { aConfigMap, aDeployment, aPod, listRequest, mutateOptions, status, TestRegistry } from '../../registry/test-registry.ts';
import type { WebhookCall } from '../../webhooks/webhook-caller.ts';
import { AdmissionObservations } from '../admission-observations.ts';

type Answer = JsonObject | Error;
/** The request in a review. */
interface Asked extends JsonObject {
  readonly uid: string;
  readonly object: JsonObject | null;
  readonly oldObject: JsonObject | null;
}

/** The data of the config map that is asked about. */
const dataOf = ({ object }: Asked): JsonObject => (object as { readonly data?: JsonObject } | null)?.data ?? {};
const requestOf = ({ body }: WebhookCall): Asked => body.request as Asked;
const patchOf = (...operations: readonly JsonObject[]): JsonObject => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

/** A registry whose webhooks are functions, by the path of their Service. */
async function registryWith(answers: Readonly<Record<string, (asked: Asked, call: WebhookCall) => Answer>>) {
  const calls: { readonly path: string; readonly asked: Asked; readonly body: JsonObject }[] = [];
  const call = async (sent: WebhookCall): Promise<JsonObject> => {
    const path = sent.client.service?.path ?? '';
    const asked = requestOf(sent);
    calls.push({ path, asked, body: sent.body });
    const answer = answers[path]?.(asked, sent) ?? { allowed: true };
    if (answer instanceof Error) throw answer;
    const { apiVersion = '' } = sent.body;
    return 'raw' in answer ? (answer.raw as JsonObject) : { apiVersion, kind: 'AdmissionReview', response: { uid: asked.uid, ...answer } };
  };
  const test = await new TestRegistry({ webhooks: { call } }).withNamespace();
  return { test, calls, paths: () => calls.map(({ path }) => path) };
}

describe('calls of webhooks', () => {
  it('are counted by what they lead to', async () => {
    let ms = 0;
    const observations = new AdmissionObservations(() => (ms += 500));
    const refusal = { allowed: false, status: { code: 418, message: 'no' } };
    const answers: Readonly<Record<string, JsonObject | Error>> = {
      '/good': { allowed: true },
      '/bad': refusal,
      '/away': new Error('connection refused'),
      '/loose': new Error('connection refused'),
    };
    const call = async ({ client, body }: WebhookCall): Promise<JsonObject> => {
      const answer = answers[client.service?.path ?? ''];
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('unknown');
      return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: (body.request as Asked).uid, ...answer } };
    };
    const test = await new TestRegistry({ webhooks: { call }, observations }).withNamespace();
    const waited: string[] = [];
    Object.assign(test.context, { waited: (type: string) => waited.push(type) });
    await configure(test, 'mutating', 'm', hook('/good'));
    await configure(test, 'validating', 'v', hook('/loose', { failurePolicy: 'Ignore' }));
    await test.create('configmaps', aConfigMap('a'));
    for (const path of ['/bad', '/away']) {
      await configure(test, 'validating', path.slice(1), hook(path));
      await assert.rejects(test.create('configmaps', aConfigMap('b')));
      await test.delete('validatingwebhookconfigurations.admissionregistration.k8s.io', path.slice(1));
    }
    const text = new MetricText();
    admissionMetrics(observations).write(text);
    const lines = text.toString().split('\n');
    for (const line of [
      'apiserver_admission_webhook_request_total{code="200",name="good.example.com",operation="CREATE",rejected="false",type="admit"} 3',
      'apiserver_admission_webhook_request_total{code="418",name="bad.example.com",operation="CREATE",rejected="true",type="validating"} 1',
      'apiserver_admission_webhook_request_total{code="503",name="away.example.com",operation="CREATE",rejected="true",type="validating"} 1',
      'apiserver_admission_webhook_request_total{code="503",name="loose.example.com",operation="CREATE",rejected="false",type="validating"} 3',
      'apiserver_admission_webhook_rejection_count{error_type="no_error",name="bad.example.com",operation="CREATE",rejection_code="418",type="validating"} 1',
      'apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",name="away.example.com",operation="CREATE",rejection_code="503",type="validating"} 1',
      'apiserver_admission_webhook_fail_open_count{name="loose.example.com",type="validating"} 3',
      'apiserver_admission_webhook_admission_duration_seconds_count{name="good.example.com",operation="CREATE",rejected="false",type="admit"} 3',
    ]) {
      assert.ok(lines.includes(line), `${line}\n${lines.filter((one) => one.includes('webhook')).join('\n')}`);
    }
    assert.ok(lines.some((line) => line.startsWith('apiserver_admission_controller_admission_duration_seconds_count{name="LimitRanger"')));
    assert.deepEqual(waited.slice(0, 2), ['admit', 'validating']);
  });

  it('and evaluations of their match conditions, and those of policies, are counted', async () => {
    let ms = 0;
    const observations = new AdmissionObservations(() => (ms += 4));
    const test = await new TestRegistry({ webhooks: { call: () => Promise.reject(new Error('asked')) }, observations }).withNamespace();
    const condition = (expression: string): JsonObject => ({ matchConditions: [{ name: 'c', expression }] });
    await configure(test, 'mutating', 'm', hook('/never', condition("object.metadata.name == 'x'")));
    const broken = { failurePolicy: 'Ignore', ...condition('object.data.missing == "x"') };
    await configure(test, 'validating', 'v', hook('/broken', broken), hook('/away', { failurePolicy: 'Ignore', ...condition('true') }));
    const group = 'admissionregistration.k8s.io';
    const own = (kind: string, spec: JsonObject): JsonObject => ({ apiVersion: `${group}/v1`, kind, metadata: { name: 'p' }, spec });
    const matchConstraints = {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
    };
    const rules = { matchConstraints, validations: [{ expression: 'false' }], ...condition("object.metadata.name == 'x'") };
    await test.create(`validatingadmissionpolicies.${group}`, own('ValidatingAdmissionPolicy', rules));
    const binding = own('ValidatingAdmissionPolicyBinding', { policyName: 'p', validationActions: ['Deny'] });
    await test.create(`validatingadmissionpolicybindings.${group}`, binding);
    await test.create('configmaps', aConfigMap('a'));
    const text = new MetricText();
    admissionMetrics(observations).write(text);
    const lines = text
      .toString()
      .split('\n')
      .filter((line) => /match_condition_.*(count|sum|total)\{/.test(line));
    const metric = 'apiserver_admission_match_condition_';
    const of = (name: string, kind: string, type: string) => `{kind="${kind}",name="${name}",operation="CREATE",type="${type}"}`;
    const [never, loose, away] = [
      of('never.example.com', 'webhook', 'admit'),
      ...['broken', 'away'].map((name) => of(`${name}.example.com`, 'webhook', 'validate')),
    ];
    const policy = of('p', 'policy', 'validate');
    assert.deepEqual(
      lines.toSorted(),
      [
        `${metric}evaluation_errors_total${loose} 1`,
        ...[away, loose, never, policy].flatMap((labels) => [
          `${metric}evaluation_seconds_count${labels} 1`,
          `${metric}evaluation_seconds_sum${labels} 0.004`,
        ]),
        ...[loose, never].map((labels) => `${metric}exclusions_total${labels} 1`),
      ].toSorted(),
    );
  });
});

const hook = (path: string, more: JsonObject = {}): JsonObject => ({
  name: `${path.slice(1)}.example.com`,
  clientConfig: { service: { namespace: 'default', name: 'hook', path } },
  rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['configmaps', 'pods'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
});

const kinds = { mutating: 'MutatingWebhookConfiguration', validating: 'ValidatingWebhookConfiguration' } as const;

const configure = (test: TestRegistry, type: keyof typeof kinds, name: string, ...webhooks: readonly JsonObject[]) =>
  test.create(`${type}webhookconfigurations.admissionregistration.k8s.io`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: kinds[type],
    metadata: { name },
    webhooks: [...webhooks],
  });

const rule = (change: JsonObject): JsonObject => ({
  rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'], ...change }],
});

describe('a review', () => {
  it('tells of the request as upstream does', async () => {
    const { test, calls } = await registryWith({});
    await configure(test, 'validating', 'v', hook('/v'));
    await test.create('configmaps', aConfigMap('a', { k: 'v' }), { fieldManager: 'me' });
    const [{ asked, body } = { asked: {} as Asked, body: {} as JsonObject }] = calls;
    assert.equal(body.apiVersion, 'admission.k8s.io/v1');
    const { uid, object, ...rest } = asked;
    assert.match(uid, /^[0-9a-f-]{36}$/);
    assert.equal((object as { readonly metadata?: JsonObject } | null)?.metadata?.name, 'a');
    const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
    const resource = { group: '', version: 'v1', resource: 'configmaps' };
    assert.deepEqual(rest, {
      ...{ kind, resource, requestKind: kind, requestResource: resource, name: 'a', namespace: 'default', operation: 'CREATE' },
      userInfo: { username: 'tester', groups: ['system:masters'] },
      ...{ oldObject: null, dryRun: false },
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me', fieldValidation: 'Strict' },
    });
  });

  it('holds both objects of an update, the old one of a deletion, and names sub-resources', async () => {
    const { test, calls } = await registryWith({});
    await configure(test, 'validating', 'v', hook('/v', rule({ resources: ['configmaps', 'deployments/scale'] })));
    await test.create('configmaps', aConfigMap('a'));
    await test.patch('configmaps', 'default/a', { data: { k: 'v' } });
    await test.delete('configmaps', 'default/a', { gracePeriodSeconds: 3 });
    await test.create('deployments.apps', aDeployment('d'));
    await test.subresource('patch', 'deployments.apps', 'default/d', 'scale', { spec: { replicas: 3 } });
    const brief = calls.map(({ asked }) => {
      const { operation, object, oldObject, subResource = '', options } = asked;
      const shown = (one: JsonObject | null): string => (one === null ? '-' : `${String(one.kind)}`);
      return [operation, subResource, shown(object), shown(oldObject), (options as JsonObject).kind].join(' ');
    });
    assert.deepEqual(brief, [
      'CREATE  ConfigMap - CreateOptions',
      'UPDATE  ConfigMap ConfigMap UpdateOptions',
      'DELETE  - ConfigMap DeleteOptions',
      'UPDATE scale Scale Scale UpdateOptions',
    ]);
  });

  it('is of a version that both sides know, in the order of the webhook', async () => {
    const { test, calls } = await registryWith({});
    await configure(test, 'validating', 'v', hook('/v', { admissionReviewVersions: ['v9', 'v1beta1', 'v1'] }));
    await test.create('configmaps', aConfigMap('a'));
    assert.deepEqual(
      calls.map(({ body }) => body.apiVersion),
      ['admission.k8s.io/v1beta1'],
    );
  });

  it('shows an object in the version that the rule names', async () => {
    const { test, calls } = await registryWith({});
    const events = { apiGroups: ['events.k8s.io'], apiVersions: ['v1'], resources: ['events'] };
    await configure(test, 'validating', 'v', hook('/v', rule(events)), hook('/exact', { ...rule(events), matchPolicy: 'Exact' }));
    await test.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'default' },
      involvedObject: { namespace: 'default', kind: 'Pod', name: 'p' },
      message: 'text',
    });
    const [{ asked } = { asked: {} as Asked }, ...others] = calls;
    assert.deepEqual(others, []);
    assert.deepEqual(asked.resource, { group: 'events.k8s.io', version: 'v1', resource: 'events' });
    assert.deepEqual(asked.requestResource, { group: '', version: 'v1', resource: 'events' });
    assert.equal(asked.object?.apiVersion, 'events.k8s.io/v1');
    assert.equal(asked.object?.note, 'text');
  });
});

describe('a webhook is asked', () => {
  const asks = async (more: JsonObject, act: (test: TestRegistry) => Promise<unknown>): Promise<boolean> => {
    const { test, calls } = await registryWith({});
    await configure(test, 'mutating', 'm', hook('/m', more));
    await act(test);
    return calls.length > 0;
  };
  const labelled = (test: TestRegistry) => test.create('configmaps', aConfigMap('a', {}, { labels: { app: 'a' } }));
  const namespaceNamed = (test: TestRegistry) => test.create('namespaces', { metadata: { name: 'n', labels: { env: 'prod' } } });
  const cases: ReadonlyArray<readonly [string, boolean, JsonObject, (test: TestRegistry) => Promise<unknown>]> = [
    ['for all resources', true, rule({ resources: ['*'] }), labelled],
    ['for sub-resources only', false, rule({ resources: ['*/scale'] }), labelled],
    ['for the operation', true, rule({ operations: ['CREATE'] }), labelled],
    ['for another operation', false, rule({ operations: ['UPDATE', 'DELETE', 'CONNECT'] }), labelled],
    ['for another group', false, rule({ apiGroups: ['apps'] }), labelled],
    ['for another version', false, rule({ apiVersions: ['v2'] }), labelled],
    ['for objects with a label', true, { objectSelector: { matchLabels: { app: 'a' } } }, labelled],
    ['for objects with another label', false, { objectSelector: { matchLabels: { app: 'b' } } }, labelled],
    ['for objects of selected namespaces', false, { namespaceSelector: { matchLabels: { env: 'prod' } } }, labelled],
    ['for a new namespace by its own labels', true, { ...rule({}), namespaceSelector: { matchLabels: { env: 'prod' } } }, namespaceNamed],
    ['for what has a namespace', false, rule({ scope: 'Namespaced' }), namespaceNamed],
    ['for what has none', true, rule({ scope: 'Cluster' }), namespaceNamed],
  ];
  for (const [what, wanted, more, act] of cases) {
    it(`${what}: ${wanted ? 'yes' : 'no'}`, async () => assert.equal(await asks(more, act), wanted));
  }

  it('never about how admission is done', async () => {
    const { test, calls } = await registryWith({});
    await configure(test, 'validating', 'v', hook('/v', rule({})));
    await configure(test, 'mutating', 'm', hook('/m', rule({})));
    assert.deepEqual(calls, []);
  });
});

describe('the configuration of webhooks', () => {
  const marking = patchOf({ op: 'add', path: '/data', value: { marked: 'yes' } });
  const types = [
    ['mutating', marking],
    ['validating', { allowed: false, status: { message: 'no' } }],
  ] as const;
  const resourceOf = (type: keyof typeof kinds) => `${type}webhookconfigurations.admissionregistration.k8s.io`;
  /** Whether a new config map was changed or refused. */
  const touched = async (test: TestRegistry, name: string): Promise<boolean> =>
    test.create('configmaps', aConfigMap(name)).then(
      (made) => made.data !== undefined,
      (error: Error) => /denied the request: no$/.test(error.message),
    );

  for (const [type, answer] of types) {
    it(`counts as it is now: a ${type} webhook that is for updates only leaves creations alone, until it is for them again`, async () => {
      const { test } = await registryWith({ '/hook': () => answer });
      await configure(test, type, 'h', hook('/hook'));
      assert.equal(await touched(test, 'a'), true);
      const operations = (value: string): JsonObject => ({ webhooks: [hook('/hook', rule({ operations: [value] }))] });
      const stored = await test.get(resourceOf(type), 'h');
      await test.update(resourceOf(type), 'h', { ...stored, ...operations('UPDATE') } as unknown as JsonObject);
      assert.equal(await touched(test, 'b'), false);
      await test.patch(resourceOf(type), 'h', operations('CREATE'));
      assert.equal(await touched(test, 'c'), true);
    });

    it(`ends with the deletion of all that a label selects, ${type}`, async () => {
      const { test } = await registryWith({ '/hook': () => answer });
      for (let index = 0; index < 10; index++) {
        await test.create(resourceOf(type), {
          ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: kinds[type], webhooks: [hook('/hook')] },
          metadata: { name: `h${index}`, labels: { of: 'test' } },
        });
      }
      assert.equal(await touched(test, 'a'), true);
      const chosen = { ...listRequest, labelSelector: 'of=test' };
      await test.registry.deleteCollection(test.context, test.target(resourceOf(type), ''), chosen, {});
      assert.deepEqual(await test.names(resourceOf(type), ''), []);
      assert.equal(await touched(test, 'b'), false);
    });
  }
});

describe('a mutating webhook', () => {
  it('changes the object, which then gets its defaults and is validated', async () => {
    const { test } = await registryWith({
      '/m': () => patchOf({ op: 'add', path: '/spec/containers/-', value: { name: 'side', image: 'proxy' } }),
    });
    await configure(test, 'mutating', 'm', hook('/m'));
    const pod = await test.create('pods', aPod('p'));
    const { containers } = pod.spec as { containers: JsonObject[] };
    assert.deepEqual(
      containers.map(({ name, imagePullPolicy }) => [name, imagePullPolicy]),
      [
        ['main', 'IfNotPresent'],
        ['side', 'Always'],
      ],
    );
  });

  it('loses fields that the object does not have', async () => {
    const { test } = await registryWith({ '/m': () => patchOf({ op: 'add', path: '/unknown', value: 1 }) });
    await configure(test, 'mutating', 'm', hook('/m'));
    assert.equal('unknown' in (await test.create('configmaps', aConfigMap('a'))), false);
  });

  it('sees what those before it have changed, in the order of the names of configurations', async () => {
    const add = (key: string) => (asked: Asked) => patchOf({ op: 'add', path: `/data/${key}`, value: Object.keys(dataOf(asked)).join() });
    const { test } = await registryWith({ '/a': add('a'), '/b': add('b'), '/c': add('c') });
    await configure(test, 'mutating', 'second', hook('/c'));
    await configure(test, 'mutating', 'first', hook('/a'), hook('/b'));
    assert.deepEqual((await test.create('configmaps', aConfigMap('x', { k: '' }))).data, { k: '', a: 'k', b: 'a,k', c: 'a,b,k' });
  });

  it('is asked again when a later one changes the object and its policy asks for it', async () => {
    const count = (asked: Asked): JsonObject => ({
      op: 'add',
      path: '/data/n',
      value: `${String(dataOf(asked).n ?? '')}+`,
    });
    const once = (asked: Asked): JsonObject =>
      'late' in dataOf(asked) ? { allowed: true } : patchOf({ op: 'add', path: '/data/late', value: 'x' });
    for (const [reinvocationPolicy, wanted, order] of [
      ['IfNeeded', '++', ['/a', '/b', '/a']],
      ['Never', '+', ['/a', '/b']],
    ] as const) {
      const { test, paths } = await registryWith({ '/a': (asked) => patchOf(count(asked)), '/b': once });
      await configure(test, 'mutating', 'm', hook('/a', { reinvocationPolicy }), hook('/b'));
      assert.deepEqual((await test.create('configmaps', aConfigMap('x', { k: '' }))).data, { k: '', n: wanted, late: 'x' });
      assert.deepEqual(paths(), order);
    }
  });

  it('cannot change a deletion', async () => {
    const { test } = await registryWith({ '/m': () => patchOf({ op: 'add', path: '/data', value: {} }) });
    await configure(test, 'mutating', 'm', hook('/m', rule({ operations: ['DELETE'] })));
    await test.create('configmaps', aConfigMap('a'));
    const text = 'admission webhook "m.example.com" attempted to modify the object, which is not supported for this operation';
    await assert.rejects(test.delete('configmaps', 'default/a'), status(500, `Internal error occurred: ${text}`));
  });

  const bad: ReadonlyArray<readonly [string, JsonObject, string]> = [
    [
      'a patch without type',
      { allowed: true, patch: 'W10=' },
      'received invalid webhook response: webhook returned response.patch but not response.patchType',
    ],
    [
      'a type without patch',
      { allowed: true, patchType: 'JSONPatch' },
      'received invalid webhook response: webhook returned response.patchType but not response.patch',
    ],
    [
      'another type',
      { allowed: true, patchType: 'X', patch: Buffer.from('[{"op":"remove","path":"/data"}]').toString('base64') },
      'unsupported patch type "X"',
    ],
    ['another uid', { allowed: true, uid: 'x' }, /received invalid webhook response: expected response.uid="[0-9a-f-]+", got "x"/.source],
    [
      'no response',
      { raw: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' } },
      'received invalid webhook response: webhook response was absent',
    ],
  ];
  for (const [what, answer, text] of bad) {
    it(`may not answer with ${what}`, async () => {
      const { test } = await registryWith({ '/m': () => answer });
      await configure(test, 'mutating', 'm', hook('/m'));
      const pattern = new RegExp(`^Internal error occurred: failed calling webhook "m.example.com": ${text}$`);
      await assert.rejects(test.create('configmaps', aConfigMap('a')), status(500, pattern));
    });
  }
});

describe('a validating webhook', () => {
  it('refuses with its own words, reason and code', async () => {
    const refusal: JsonObject = { allowed: false, status: { message: 'no', reason: 'Conflict', code: 409 } };
    const { test } = await registryWith({ '/v': () => refusal, '/silent': () => ({ allowed: false }) });
    await configure(test, 'validating', 'v', hook('/v'));
    await assert.rejects(
      test.create('configmaps', aConfigMap('a')),
      status(409, 'admission webhook "v.example.com" denied the request: no'),
    );
    assert.deepEqual(await test.names('configmaps', 'default'), []);
    await test.delete('validatingwebhookconfigurations.admissionregistration.k8s.io', 'v');
    await configure(test, 'validating', 'v', hook('/silent'));
    const text = 'admission webhook "silent.example.com" denied the request without explanation';
    await assert.rejects(test.create('configmaps', aConfigMap('a')), status(400, text));
  });

  it('sees the object as it will be stored, after all changes', async () => {
    const { test, calls } = await registryWith({ '/m': () => patchOf({ op: 'add', path: '/data/added', value: 'x' }) });
    await configure(test, 'mutating', 'm', hook('/m'));
    await configure(test, 'validating', 'v', hook('/v'));
    await test.create('configmaps', aConfigMap('a', { k: 'v' }));
    const seen = calls.find(({ path }) => path === '/v')?.asked.object;
    assert.deepEqual(seen?.data, { added: 'x', k: 'v' });
    assert.notEqual((seen as { readonly metadata?: JsonObject }).metadata?.uid, undefined);
  });

  it('may not answer with a patch', async () => {
    const { test } = await registryWith({ '/v': () => patchOf({ op: 'remove', path: '/data' }) });
    await configure(test, 'validating', 'v', hook('/v'));
    const text =
      'failed calling webhook "v.example.com": received invalid webhook response: validating webhook may not return response.patch';
    await assert.rejects(test.create('configmaps', aConfigMap('a')), status(500, `Internal error occurred: ${text}`));
  });

  it('warns the client, whether it allows or not', async () => {
    const { test } = await registryWith({ '/v': () => ({ allowed: true, warnings: ['beware'] }) });
    await configure(test, 'validating', 'v', hook('/v'));
    await test.create('configmaps', aConfigMap('a'));
    assert.deepEqual(test.warnings, ['beware']);
  });
});

describe('a webhook that cannot be reached', () => {
  for (const type of ['mutating', 'validating'] as const) {
    it(`makes the request fail, or is ignored (${type})`, async () => {
      const { test } = await registryWith({ '/w': () => new Error('Post "https://hook": connection refused') });
      const [policy, words] = ['failurePolicy', 'failed to call webhook: Post "https://hook": connection refused'];
      await configure(test, type, 'w', hook('/w', { [policy]: 'Fail' }));
      const text = `Internal error occurred: failed calling webhook "w.example.com": ${words}`;
      await assert.rejects(test.create('configmaps', aConfigMap('a')), status(500, text));
      await test.patch(
        `${type}webhookconfigurations.admissionregistration.k8s.io`,
        'w',
        [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }] as JsonValue,
        {
          type: 'json',
        },
      );
      assert.equal((await test.create('configmaps', aConfigMap('a'))).metadata.name, 'a');
    });
  }
});

describe('the audit log', () => {
  it('is told what was asked, changed and ignored', async () => {
    const { test } = await registryWith({
      '/m': () => ({ ...patchOf({ op: 'add', path: '/data/a', value: '' }), auditAnnotations: { why: 'because' } }),
      '/v': () => new Error('gone'),
    });
    await configure(test, 'mutating', 'm', hook('/m'));
    await configure(test, 'validating', 'v', hook('/v', { failurePolicy: 'Ignore' }));
    const told: Record<string, string> = {};
    const context = { ...test.context, annotate: (key: string, value: string) => void Object.assign(told, { [key]: value }) };
    const json = aConfigMap('a', { k: '' });
    await test.registry.create(context, test.target('configmaps', 'default'), { json, text: undefined }, mutateOptions);
    assert.deepEqual(told, {
      'm.example.com/why': 'because',
      'patch.webhook.admission.k8s.io/round_0_index_0':
        '{"configuration":"m","webhook":"m.example.com","patch":[{"op":"add","path":"/data/a","value":""}],"patchType":"JSONPatch"}',
      'mutation.webhook.admission.k8s.io/round_0_index_0': '{"configuration":"m","webhook":"m.example.com","mutated":true}',
      'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'v.example.com',
    });
  });
});

describe('a dry run', () => {
  it('asks only webhooks without side effects', async () => {
    const { test, calls } = await registryWith({});
    await configure(test, 'validating', 'v', hook('/v', { sideEffects: 'NoneOnDryRun' }));
    await test.create('configmaps', aConfigMap('a'), { dryRun: true });
    assert.deepEqual(
      calls.map(({ asked }) => asked.dryRun),
      [true],
    );
  });
});
