import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../client/fake-clock.ts';
import type { AppOptions } from '../app.ts';
import type { Credentials } from '../ports.ts';
import { configMap, sending, testApp } from '../test-app.ts';
import { AuditPolicy, AuditPolicyError, metadataPolicy } from './audit-policy.ts';

const path = '/api/v1/namespaces/default/configmaps';

const policyOf = (rules: readonly object[], more: object = {}): AuditPolicy =>
  AuditPolicy.parse(JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', ...more, rules }));

/** An app, and the events that it records. */
function recorded(policy: AuditPolicy, more: Partial<AppOptions> = {}) {
  const events: Record<string, unknown>[] = [];
  const sink = (line: string): void => void events.push(JSON.parse(line) as Record<string, unknown>);
  return { ...testApp({ audit: { policy, sink }, ...more }), events };
}

const times = ['requestReceivedTimestamp', 'stageTimestamp', 'auditID'];
const timeless = (event: Record<string, unknown> | undefined) =>
  Object.fromEntries(Object.entries(event ?? {}).filter(([name]) => !times.includes(name)));

describe('the audit log', () => {
  it('records who asked for what, how it was answered and why it was allowed', async () => {
    const { fetch, events } = recorded(metadataPolicy);
    const response = await fetch(path, sending('POST', configMap('a'), { 'user-agent': 'test', 'x-forwarded-for': '10.0.0.1, 10.0.0.2' }));
    assert.equal(events.length, 1);
    assert.equal(events[0]?.auditID, response.headers.get('audit-id'));
    assert.match(String(events[0]?.stageTimestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.deepEqual(timeless(events[0]), {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      stage: 'ResponseComplete',
      requestURI: path,
      verb: 'create',
      user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      sourceIPs: ['10.0.0.1', '10.0.0.2'],
      userAgent: 'test',
      objectRef: { resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
  });

  it('records bodies at the levels Request and RequestResponse, without managed fields where the policy says so', async () => {
    const rules = [
      { level: 'Request', verbs: ['create'] },
      { level: 'RequestResponse', omitManagedFields: true },
    ];
    const { fetch, events } = recorded(policyOf(rules, { omitStages: ['RequestReceived'] }));
    await fetch(path, sending('POST', configMap('a', { key: 'value' })));
    await fetch(`${path}/a`, {
      method: 'PATCH',
      body: '{"data":{"key":"other"}}',
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    await fetch(path);
    const [created, patched, listed] = events as {
      requestObject?: { data?: unknown };
      responseObject?: { data?: unknown; items?: unknown[] };
    }[];
    assert.deepEqual([created?.requestObject?.data, created?.responseObject], [{ key: 'value' }, undefined]);
    assert.deepEqual([patched?.requestObject?.data, patched?.responseObject?.data], [{ key: 'other' }, { key: 'other' }]);
    assert.equal(listed?.responseObject?.items?.length, 1);
    assert.ok(!JSON.stringify([patched, listed]).includes('managedFields'));
  });

  it('records refusals: of those who may not, and of those who are unknown', async () => {
    const { fetch, events } = recorded(metadataPolicy, { authorizer: { authorize: () => ({ allowed: false, reason: 'no' }) } });
    await fetch(path);
    await fetch(path, { headers: { authorization: 'Bearer bad' } });
    const [forbidden, unknown] = events.map(timeless);
    assert.deepEqual(forbidden?.annotations, { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': 'no' });
    const { status, reason, code } = (forbidden?.responseStatus ?? {}) as Record<string, unknown>;
    assert.deepEqual([status, reason, code], ['Failure', 'Forbidden', 403]);
    assert.deepEqual([unknown?.user, unknown?.stage], [{}, 'ResponseStarted']);
    assert.deepEqual(unknown?.responseStatus, { metadata: {}, message: 'Authentication failed, attempted: bearer', code: 401 });
  });

  it('tells what was noted before the sender was known, which token was made, and how a deletion ended', async () => {
    const authenticators = [
      {
        authenticate: ({ annotate }: Credentials) => {
          annotate?.('authentication.k8s.io/legacy-token', 'old');
          return { name: 'jane', uid: '', groups: [], extra: {} };
        },
      },
    ];
    const { fetch, events } = recorded(metadataPolicy, { authenticators });
    await fetch('/api/v1/namespaces/default/serviceaccounts', sending('POST', { metadata: { name: 'sa' } }));
    await fetch('/api/v1/namespaces/default/serviceaccounts/sa/token', sending('POST', { spec: { audiences: ['test'] } }));
    await fetch(path, sending('POST', configMap('a')));
    await fetch(`${path}/a`, { method: 'DELETE' });
    const noted = events.map(({ annotations }) => annotations as Record<string, string>);
    assert.ok(noted.every((annotations) => annotations['authentication.k8s.io/legacy-token'] === 'old'));
    assert.match(noted[1]?.['authentication.kubernetes.io/issued-credential-id'] ?? '', /^JTI=[0-9a-f-]{36}$/);
    const { uid, ...details } = ((events.at(-1)?.responseStatus ?? {}) as { details: Record<string, string> }).details;
    assert.match(uid ?? '', /-/);
    assert.deepEqual(events.at(-1)?.responseStatus, {
      ...{ metadata: {}, status: 'Success', code: 200 },
      details: { name: 'a', kind: 'configmaps', uid },
    });
    assert.deepEqual(details, { name: 'a', kind: 'configmaps' });
  });

  it('tells where the time of a slow request went', async () => {
    const clock = new FakeClock();
    const audited = (waitMs: number) =>
      recorded(metadataPolicy, {
        clock,
        authorizer: {
          authorize: () => {
            clock.advance(waitMs);
            return { allowed: true, reason: '' };
          },
        },
      });
    const [quick, slow] = [audited(500), audited(1200)];
    await quick.fetch(path);
    await slow.fetch(path);
    const total = ({ events }: typeof quick) =>
      ((events[0]?.annotations ?? {}) as Record<string, string>)['apiserver.latency.k8s.io/total'];
    assert.deepEqual([total(quick), total(slow)], [undefined, '1.2s']);
  });

  it('records who is impersonated', async () => {
    const { fetch, events } = recorded(metadataPolicy);
    await fetch(path, { headers: { 'impersonate-user': 'jane' } });
    assert.deepEqual(events[0]?.user, { username: 'admin', groups: ['system:masters', 'system:authenticated'] });
    assert.deepEqual(events[0]?.authenticationMetadata, { impersonationConstraint: 'impersonate:user-info' });
    assert.deepEqual(events[0]?.impersonatedUser, { username: 'jane', groups: ['system:authenticated'] });
  });

  it('has an event for each stage of a watch', async () => {
    const { fetch, events } = recorded(policyOf([{ level: 'Metadata' }]));
    const response = await fetch(`${path}?watch=true&timeoutSeconds=1`);
    await response.body?.cancel();
    assert.deepEqual(
      events.map(({ stage }) => stage),
      ['RequestReceived', 'ResponseStarted', 'ResponseComplete'],
    );
  });
});

describe('an audit policy', () => {
  const user = { name: 'jane', uid: '', groups: ['devs'], extra: {} };
  const pods = {
    user,
    verb: 'get',
    isResourceRequest: true,
    namespace: 'default',
    apiGroup: '',
    apiVersion: 'v1',
    resource: 'pods',
    subresource: '',
    name: 'a',
    path: '',
  };
  const url = { ...pods, isResourceRequest: false, namespace: '', resource: '', name: '', path: '/healthz/etcd' };

  it('decides by its first rule that matches, and records nothing when none does', () => {
    const matching = (rule: object, attributes = pods): boolean =>
      policyOf([{ level: 'Request', ...rule }]).verdict(attributes).level === 'Request';
    assert.ok(matching({}) && matching({ users: ['jane'] }) && matching({ userGroups: ['devs'] }) && matching({ verbs: ['get'] }));
    assert.ok(!matching({ users: ['joe'] }) && !matching({ userGroups: ['ops'] }) && !matching({ verbs: ['list'] }));
    assert.ok(matching({ namespaces: ['default'] }) && !matching({ namespaces: ['other'] }) && !matching({ namespaces: ['default'] }, url));
    const resources = (...list: string[]) => ({ resources: [{ group: '', resources: list }] });
    assert.ok(matching(resources('pods')) && matching(resources('*')) && !matching(resources('pods/log')));
    const log = { ...pods, subresource: 'log' };
    assert.ok(matching(resources('pods/log'), log) && matching(resources('*/log'), log) && matching(resources('pods/*'), log));
    assert.ok(!matching(resources('pods'), log));
    assert.ok(matching({ resources: [{ group: '', resources: ['pods'], resourceNames: ['a'] }] }));
    assert.ok(!matching({ resources: [{ group: '', resources: ['pods'], resourceNames: ['b'] }] }));
    assert.ok(!matching({ resources: [{ group: 'apps' }] }) && matching({ resources: [{ group: '*' }] }));
    assert.ok(
      matching({ nonResourceURLs: ['/healthz*'] }, url) &&
        !matching({ nonResourceURLs: ['/healthz'] }, url) &&
        !matching({ nonResourceURLs: ['*'] }),
    );
    const { level } = policyOf([{ level: 'None', users: ['jane'] }, { level: 'Metadata' }]).verdict(pods);
    assert.equal(level, 'None');
  });

  it('must be one', () => {
    for (const text of [
      'a: b',
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []',
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]',
    ]) {
      assert.throws(() => AuditPolicy.parse(text), AuditPolicyError);
    }
  });
});
