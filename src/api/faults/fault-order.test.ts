import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { selectsContainer } from './container-selection.ts';
import { drawn } from './draws.ts';
import { faultNames } from './fault-kinds.ts';
import { type FaultRule, faultRule } from './fault-order.ts';
import { type SelectableRequest, selectsRequest } from './request-selection.ts';

function ruleOf(order: Record<string, unknown>): FaultRule {
  const rule = faultRule(order as Parameters<typeof faultRule>[0]);
  assert.ok(!('problem' in rule), JSON.stringify(rule));
  return rule;
}

const problemOf = (order: unknown): string => {
  const rule = faultRule(order as Parameters<typeof faultRule>[0]);
  return 'problem' in rule ? rule.problem : '';
};

const request = (more: Partial<SelectableRequest> = {}): SelectableRequest => ({
  ...{
    isResourceRequest: true,
    verb: 'update',
    apiGroup: 'apps',
    resource: 'deployments',
    subresource: '',
    namespace: 'team',
    name: 'web',
  },
  ...{ path: '/apis/apps/v1/namespaces/team/deployments/web', userAgent: 'kubectl/v1.36.0', resumes: false },
  user: { name: 'system:serviceaccount:ops:operator', groups: ['system:serviceaccounts'] },
  ...more,
});

describe('an order of a fault', () => {
  it('is read with its defaults', () => {
    const rule = ruleOf({ fault: '409', share: '2.5%', for: '1d2h' });
    assert.deepEqual(
      [rule.fault, rule.share, rule.skip, rule.times, rule.seed, rule.forMs, rule.late],
      ['conflict', 0.025, 0, Number.POSITIVE_INFINITY, 0, 26 * 3_600_000, false],
    );
    assert.deepEqual(rule.order, { fault: 'conflict', share: '2.5%', for: '1d2h' });
    assert.deepEqual(ruleOf({ fault: 'delay', delay: '100ms..2s' }).delayMs, [100, 2000]);
    assert.deepEqual(ruleOf({ fault: 'delay', delay: '1.5s' }).delayMs, [1500, 1500]);
    assert.equal(ruleOf({ fault: 'stale-read' }).ageMs, 10_000);
  });

  it('is refused with what is allowed', () => {
    for (const [order, message] of [
      [undefined, /^a fault is an object/],
      [['conflict'], /^a fault is an object/],
      [{}, new RegExp(`^fault must be one of ${faultNames.join(', ')}, not nothing$`)],
      [{ fault: 'confilct' }, /not "confilct"$/],
      [{ fault: 'toString' }, /not "toString"$/],
      [{ fault: 'conflict', events: 3 }, /^events is no field of conflict, which has: fault, name, share, .*userAgents, paths$/],
      [{ fault: 'conflict', verbs: ['get'] }, /^verbs: "get" is none that conflict can strike: update, patch$/],
      [{ fault: '500', verbs: ['fetch'] }, /^verbs: "fetch" is none that internal-error can strike: get, list, watch, create/],
      [{ fault: '500', verbs: 'get' }, /^verbs must be a list of texts, not "get"$/],
      [{ fault: '500', verbs: [] }, /^verbs must be a list of texts/],
      [{ fault: '500', users: [''] }, /^users must be a list of texts that are not empty/],
      [{ fault: '500', resources: ['Pods'] }, /^resources: "Pods" is none; they are such as/],
      [{ fault: '500', resources: ['pods/'] }, /^resources: "pods\/" is none/],
      [{ fault: '500', share: 0 }, /^share must be more than 0% and at most 100%, such as "20%" or 0.2, not 0$/],
      [{ fault: '500', share: '120%' }, /^share must be/],
      [{ fault: '500', share: 20 }, /^share must be/],
      [{ fault: '500', share: '20' }, /^share must be/],
      [{ fault: '500', times: 0 }, /^times must be a whole number from 1/],
      [{ fault: '500', skip: 1.5 }, /^skip must be a whole number from 0/],
      [{ fault: '500', seed: '7' }, /^seed must be a whole number/],
      [{ fault: '500', for: 'soon' }, /^for must be a length of time/],
      [{ fault: '500', late: 'yes' }, /^late must be true or false/],
      [{ fault: '500', name: 'a b' }, /^name must be at most 63 letters/],
      [{ fault: '500', paths: ['/apis'], resources: ['pods'] }, /^paths and resources cannot be given together$/],
      [{ fault: 'watch-close', paths: ['/apis'] }, /^paths: watch-close strikes only requests about resources$/],
      [{ fault: 'delay' }, /^delay must be given/],
      [{ fault: 'delay', delay: '2s..1s' }, /^delay must be a range that begins with the shorter time/],
      [{ fault: 'delay', delay: '1s..2s..3s' }, /^delay must be a length of time/],
      [{ fault: 'stale-read', age: '1s', revisions: 1 }, /^age and revisions cannot be given together$/],
      [{ fault: 'conflict', images: ['nginx'] }, /^images is no field of conflict/],
      [
        { fault: 'crash', verbs: ['get'] },
        /^verbs is no field of crash, which has: .*times, images, selector, namespaces, pods, containers, nodes, after, exitCode$/,
      ],
      [{ fault: 'crash', exitCode: 0 }, /^exitCode must be a whole number from 1 to 255, not 0$/],
      [{ fault: 'crash', selector: 'a=b=c' }, /^selector must be a label selector such as "app=web": /],
      [{ fault: 'slow-start' }, /^delay must be given/],
      [{ fault: 'node-silence', times: 1 }, /^times is no field of node-silence, which has: fault, name, share, for, seed, nodes$/],
    ] as const)
      assert.match(problemOf(order), message, JSON.stringify(order));
  });
});

describe('the selection of requests', () => {
  const selects = (order: Record<string, unknown>, more: Partial<SelectableRequest> = {}): boolean =>
    selectsRequest(ruleOf({ fault: '500', ...order }), request(more));

  it('is by verb, resource, namespace, name, user, group and program', () => {
    for (const [matching, other] of [
      [{ verbs: ['patch', 'update'] }, { verbs: ['get'] }],
      [{ verbs: ['*'] }, { verbs: ['delete'] }],
      [{ resources: ['deployments'] }, { resources: ['pods'] }],
      [{ resources: ['deployments.apps'] }, { resources: ['deployments.extensions'] }],
      [{ resources: ['*'] }, { resources: ['deployments/status'] }],
      [{ namespaces: ['t*m'] }, { namespaces: ['t'] }],
      [{ objects: ['web'] }, { objects: ['we'] }],
      [{ users: ['system:serviceaccount:ops:*'] }, { users: ['jane'] }],
      [{ groups: ['system:serviceaccounts'] }, { groups: ['system:masters'] }],
      [{ userAgents: ['kubectl/*'] }, { userAgents: ['kubectl'] }],
    ] as const)
      assert.deepEqual([selects(matching), selects(other)], [true, false], JSON.stringify(matching));
    assert.ok(selects({ verbs: ['update'], namespaces: ['other', 'team'] }) && !selects({ verbs: ['update'], namespaces: ['other'] }));
  });

  it('tells sub-resources from what they belong to, as RBAC does', () => {
    const status = { subresource: 'status' };
    assert.ok(!selects({ resources: ['deployments'] }, status) && selects({ resources: ['deployments/status'] }, status));
    assert.ok(selects({ resources: ['deployments/*'] }, status) && !selects({ resources: ['deployments/*'] }));
    assert.ok(selects({ resources: ['*/status'] }, status) && !selects({ resources: ['*/status'] }));
    assert.ok(selects({ resources: ['deployments.apps/status'] }, status) && selects({ resources: ['*'] }, status) && selects({}, status));
  });

  it('is of paths only when the rule names paths, and never of those below /minik', () => {
    const path = { isResourceRequest: false, verb: 'get', resource: '', namespace: '', name: '', path: '/apis/apps/v1' };
    assert.ok(!selects({}, path) && selects({ paths: ['/apis*'] }, path) && !selects({ paths: ['/apis'] }, path));
    assert.ok(!selects({ paths: ['*'] }) && !selects({ paths: ['*'] }, { ...path, path: '/minik/faults' }));
    assert.ok(selects({ paths: ['*'], verbs: ['get'] }, path) && !selects({ paths: ['*'], verbs: ['create'] }, path));
  });

  it('is of what the fault can happen to', () => {
    const watch = { verb: 'watch', name: '' };
    assert.ok(!selects({ fault: 'conflict' }, { verb: 'get' }) && selects({ fault: 'conflict' }));
    assert.ok(!selects({ fault: 'watch-close' }) && selects({ fault: 'watch-close' }, watch));
    assert.ok(!selects({ fault: 'expired' }, watch) && selects({ fault: 'expired' }, { ...watch, resumes: true }));
    const get = { verb: 'get' };
    assert.ok(selects({ fault: 'stale-read' }, get) && !selects({ fault: 'stale-read' }, { ...get, subresource: 'scale' }));
    assert.ok(!selects({ late: true }, watch) && !selects({ late: true }, { ...get, subresource: 'log' }) && selects({ late: true }));
  });
});

describe('the selection of containers', () => {
  it('is by image, labels, namespace, pod, container and node', () => {
    const container = {
      ...{ namespace: 'team', pod: 'web-1', container: 'main', labels: { app: 'web' }, node: 'minik-m02' },
      images: ['nginx', 'nginx:latest', 'docker.io/library/nginx:latest', 'docker.io/library/nginx'],
    };
    const selects = (order: Record<string, unknown>): boolean => selectsContainer(ruleOf({ fault: 'crash', ...order }), container);
    for (const [matching, other] of [
      [{ images: ['nginx'] }, { images: ['ngin'] }],
      [{ images: ['docker.io/*'] }, { images: ['quay.io/*'] }],
      [{ selector: 'app in (web, api)' }, { selector: 'app!=web' }],
      [{ namespaces: ['team'] }, { namespaces: ['default'] }],
      [{ pods: ['web-*'] }, { pods: ['web'] }],
      [{ containers: ['main'] }, { containers: ['sidecar'] }],
      [{ nodes: ['*-m02'] }, { nodes: ['minik'] }],
    ] as const)
      assert.deepEqual([selects(matching), selects(other)], [true, false], JSON.stringify(matching));
    assert.ok(selects({}) && !selects({ images: ['nginx'], nodes: ['minik'] }));
  });
});

describe('drawn numbers', () => {
  it('depend on the seed and the question alone, and are evenly spread', () => {
    assert.equal(drawn(1, 'a', 1), drawn(1, 'a', 1));
    assert.equal(new Set([drawn(1, 'a', 1), drawn(2, 'a', 1), drawn(1, 'b', 1), drawn(1, 'a', 2)]).size, 4);
    const buckets = new Array<number>(10).fill(0);
    for (let n = 0; n < 10_000; n++) {
      const at = Math.floor(drawn(7, 'rule', n) * 10);
      buckets[at] = (buckets[at] ?? 0) + 1;
    }
    assert.ok(
      buckets.every((count) => count > 880 && count < 1120),
      String(buckets),
    );
  });
});
