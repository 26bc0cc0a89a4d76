/**
 * Every write and every connection goes through the one gate to admission, and plugins see the same attributes as
 * upstream's. Source: apiserver pkg/endpoints/handlers/*.go.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { builtInKinds } from '../../api/kinds/index.ts';
import { allSamples } from '../../api/kinds/testing/all-samples.ts';
import { merged } from '../../api/kinds/testing/samples.ts';
import { statusErrors } from '../../api/status-error.ts';
import { subresourceType } from '../../api/subresource.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts';
import { configMap, pod, sending, testApp } from './test-app.ts';

const brief = ({ operation, kind, served, subresource, type, ...more }: AdmissionAttributes): string =>
  [
    operation,
    `${apiVersionOf(served.group, served.version)}/${kind.plural}${subresource === '' ? '' : `/${subresource}`}`,
    `${apiVersionOf(type.group, type.version)}.${type.kind}`,
    `${more.namespace}/${more.name}`,
    `object=${more.object?.kind ?? '-'}`,
    `old=${more.oldObject?.kind ?? '-'}`,
    ...(more.dryRun ? ['dry'] : []),
    more.context.user.name,
  ].join(' ');

/** An app whose only plugin records its attributes. */
function recordingApp() {
  const mutating: AdmissionAttributes[] = [];
  const validating: AdmissionAttributes[] = [];
  const recorder: AdmissionPlugin = {
    name: 'Recorder',
    admit: (attributes) => {
      mutating.push(attributes);
      return undefined;
    },
    validate: (attributes) => {
      validating.push(attributes);
    },
  };
  const app = testApp({}, undefined, [recorder]);
  /** The attributes of one request, which must be the same in both phases. */
  const asked = async (method: string, path: string, body?: JsonObject, type = 'application/json'): Promise<readonly string[]> => {
    mutating.length = 0;
    validating.length = 0;
    const init = body === undefined ? { method } : sending(method, body, { 'content-type': type });
    const response = await app.fetch(path, init);
    await response.body?.cancel();
    assert.notEqual(response.status, 404, `${method} ${path}`);
    assert.notEqual(response.status, 405, `${method} ${path}`);
    assert.deepEqual(mutating.map(brief), validating.map(brief));
    return mutating.map(brief);
  };
  return { ...app, asked, mutating, validating };
}

const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default';
const merge = 'application/merge-patch+json';
const template = { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const workload = { metadata: { name: 'w' }, spec: { selector: { matchLabels: { app: 'w' } }, template } };
const label = { metadata: { labels: { a: 'b' } } };

async function seeded() {
  const app = recordingApp();
  const post = async (path: string, body: object): Promise<void> => {
    assert.equal((await app.fetch(path, sending('POST', body))).status, 201, path);
  };
  await post('/api/v1/nodes', { metadata: { name: 'n' } });
  await post(`${core}/configmaps`, configMap('a'));
  await post(`${core}/pods`, pod('p'));
  await post(`${core}/pods`, { ...pod('unbound'), spec: { containers: [{ name: 'c', image: 'i' }] } });
  await post(`${core}/services`, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } });
  await post(`${core}/serviceaccounts`, { metadata: { name: 'a' } });
  await post(`${core}/replicationcontrollers`, { metadata: { name: 'w' }, spec: { template } });
  await post(`${apps}/deployments`, workload);
  await post(`${apps}/replicasets`, workload);
  return app;
}

/** Method, path, body, and the attributes that the plugin must see. */
type Case = readonly [method: string, path: string, body: JsonObject | undefined, seen: string];

const access = { apiVersion: 'authorization.k8s.io/v1', spec: { user: 'u', resourceAttributes: { verb: 'get', namespace: 'default' } } };
const selfAccess = { spec: { resourceAttributes: { verb: 'get' } } };
const review = (name: string): string => `/apis/authorization.k8s.io/v1/${name}`;
const anyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const main: readonly Case[] = [
  ['POST', `${core}/configmaps`, { metadata: { name: 'b' } }, 'CREATE v1/configmaps v1.ConfigMap default/b object=ConfigMap old=- admin'],
  [
    'POST',
    `${core}/configmaps?dryRun=All`,
    { metadata: { name: 'c' } },
    'CREATE v1/configmaps v1.ConfigMap default/c object=ConfigMap old=- dry admin',
  ],
  [
    'PUT',
    `${core}/configmaps/a`,
    configMap('a', { k: 'v' }),
    'UPDATE v1/configmaps v1.ConfigMap default/a object=ConfigMap old=ConfigMap admin',
  ],
  ['PATCH', `${core}/configmaps/a`, label, 'UPDATE v1/configmaps v1.ConfigMap default/a object=ConfigMap old=ConfigMap admin'],
  ['DELETE', `${core}/configmaps/a`, undefined, 'DELETE v1/configmaps v1.ConfigMap default/a object=- old=ConfigMap admin'],
  ['POST', '/api/v1/namespaces', { metadata: { name: 'x' } }, 'CREATE v1/namespaces v1.Namespace x/x object=Namespace old=- admin'],
  [
    'PUT',
    '/apis/coordination.k8s.io/v1/namespaces/default/leases/l',
    { metadata: { name: 'l' }, spec: {} },
    'CREATE coordination.k8s.io/v1/leases coordination.k8s.io/v1.Lease default/l object=Lease old=- admin',
  ],
  [
    'POST',
    '/apis/events.k8s.io/v1/namespaces/default/events',
    {
      ...{ metadata: { name: 'e' }, regarding: { namespace: 'default' }, eventTime: '2026-01-01T00:00:00.000000Z', action: 'Act' },
      ...{ reportingController: 'me', reportingInstance: 'me-1', reason: 'Why', type: 'Normal' },
    },
    'CREATE events.k8s.io/v1/events events.k8s.io/v1.Event default/e object=Event old=- admin',
  ],
  [
    'POST',
    `${core}/bindings?dryRun=All`,
    { metadata: { name: 'unbound' }, target: { name: 'n' } },
    'CREATE v1/bindings v1.Binding default/unbound object=Binding old=- dry admin',
  ],
  [
    'POST',
    review('subjectaccessreviews'),
    { ...access, kind: 'SubjectAccessReview' },
    'CREATE authorization.k8s.io/v1/subjectaccessreviews authorization.k8s.io/v1.SubjectAccessReview / object=SubjectAccessReview old=- admin',
  ],
  [
    'POST',
    review('namespaces/default/localsubjectaccessreviews'),
    { ...access, kind: 'LocalSubjectAccessReview' },
    'CREATE authorization.k8s.io/v1/localsubjectaccessreviews authorization.k8s.io/v1.LocalSubjectAccessReview default/ object=LocalSubjectAccessReview old=- admin',
  ],
  [
    'POST',
    review('selfsubjectaccessreviews'),
    selfAccess,
    'CREATE authorization.k8s.io/v1/selfsubjectaccessreviews authorization.k8s.io/v1.SelfSubjectAccessReview / object=SelfSubjectAccessReview old=- admin',
  ],
  [
    'POST',
    review('selfsubjectrulesreviews'),
    { spec: { namespace: 'default' } },
    'CREATE authorization.k8s.io/v1/selfsubjectrulesreviews authorization.k8s.io/v1.SelfSubjectRulesReview / object=SelfSubjectRulesReview old=- admin',
  ],
  [
    'POST',
    '/apis/authentication.k8s.io/v1/tokenreviews',
    { spec: { token: 't' } },
    'CREATE authentication.k8s.io/v1/tokenreviews authentication.k8s.io/v1.TokenReview / object=TokenReview old=- admin',
  ],
  [
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {},
    'CREATE authentication.k8s.io/v1/selfsubjectreviews authentication.k8s.io/v1.SelfSubjectReview / object=SelfSubjectReview old=- admin',
  ],
];

const samples = await allSamples();

/** Writes of every part and stand-in that a Kind declares: status, scale, and others. */
const partCases: readonly Case[] = samples.flatMap(({ kind, named }) => {
  const object = named?.('sample').metadata.name ?? 'sample';
  const { apiVersion, plural, scope } = kind;
  const root = `/${kind.group === '' ? 'api' : 'apis'}/${apiVersion}${scope === 'Namespaced' ? '/namespaces/default' : ''}/${plural}`;
  const namespace = scope === 'Namespaced' ? 'default' : kind.kind === 'Namespace' ? 'sample' : '';
  return Object.entries(kind.subresources).flatMap(([name, declared]): readonly Case[] => {
    if (declared.does !== 'update' && declared.does !== 'stand-in') return [];
    const type = subresourceType(kind, name, kind);
    const gvk = `${apiVersionOf(type.group, type.version)}.${type.kind}`;
    const seen = `UPDATE ${apiVersion}/${plural}/${name} ${gvk} ${namespace}/${object} object=${type.kind} old=${type.kind} admin`;
    const change = declared.does === 'update' ? label : { spec: { replicas: 3 } };
    return [
      ['PUT', `${root}/${object}/${name}`, undefined, seen],
      ...(declared.verbs.includes('patch') ? [['PATCH', `${root}/${object}/${name}`, change, seen] as const] : []),
    ];
  });
});

const stream = (name: string, options: string, query: string): readonly Case[] =>
  (['GET', 'POST'] as const).map((method) => [
    method,
    `${core}/pods/p/${name}?${query}`,
    undefined,
    `CONNECT v1/pods/${name} v1.${options} default/p object=${options} old=- admin`,
  ]);

const proxied = (path: string, gvr: string, options: string, where: string): readonly Case[] =>
  anyMethod.map((method) => [
    method,
    `${path}/proxy/x`,
    undefined,
    `CONNECT ${gvr}/proxy v1.${options} ${where} object=${options} old=- admin`,
  ]);

const subresources: readonly Case[] = [
  ...partCases,
  [
    'POST',
    `${core}/serviceaccounts/a/token`,
    { spec: {} },
    'CREATE v1/serviceaccounts/token authentication.k8s.io/v1.TokenRequest default/a object=TokenRequest old=- admin',
  ],
  [
    'POST',
    `${core}/pods/unbound/binding`,
    { metadata: { name: 'unbound' }, target: { name: 'n' } },
    'CREATE v1/pods/binding v1.Binding default/unbound object=Binding old=- admin',
  ],
  ...stream('exec', 'PodExecOptions', 'command=ls&stdout=true'),
  ...stream('attach', 'PodAttachOptions', 'stdout=true'),
  ...stream('portforward', 'PodPortForwardOptions', 'ports=80'),
  ...proxied(`${core}/pods/p`, 'v1/pods', 'PodProxyOptions', 'default/p'),
  ...proxied(`${core}/services/s`, 'v1/services', 'ServiceProxyOptions', 'default/s'),
  ...proxied('/api/v1/nodes/n', 'v1/nodes', 'NodeProxyOptions', '/n'),
  [
    'POST',
    `${core}/pods/unbound/eviction`,
    { metadata: { name: 'unbound' } },
    'CREATE v1/pods/eviction policy/v1.Eviction default/unbound object=Eviction old=- admin',
  ],
];

const verbOf = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

describe('admission', () => {
  it('sees every verb of main resources and of what stores nothing', async () => {
    const { asked } = await seeded();
    for (const [method, path, body, seen] of main) {
      assert.deepEqual(await asked(method, path, body, method === 'PATCH' ? merge : undefined), [seen], `${method} ${path}`);
    }
  });

  it('sees a collection as one nameless delete for each object', async () => {
    const { asked, fetch } = await seeded();
    await fetch(`${core}/configmaps`, sending('POST', configMap('b')));
    const seen = 'DELETE v1/configmaps v1.ConfigMap default/ object=- old=ConfigMap admin';
    assert.deepEqual(await asked('DELETE', `${core}/configmaps`), [seen, seen]);
  });

  it('sees every verb of every sub-resource', async () => {
    const { asked, json, fetch } = await seeded();
    for (const { kind, valid, named = () => ({ metadata: { name: 'sample' } }) } of samples) {
      const root = `/${kind.group === '' ? 'api' : 'apis'}/${kind.apiVersion}${kind.scope === 'Namespaced' ? '/namespaces/default' : ''}`;
      const object = merged(merged(valid, { apiVersion: kind.apiVersion, kind: kind.kind }), named('sample'));
      const { status } = await fetch(`${root}/${kind.plural}`, sending('POST', object));
      assert.equal(status, 201, kind.kind);
    }
    for (const [method, path, body, seen] of subresources) {
      const current = method === 'PUT' && body === undefined && !path.includes('/proxy');
      // A PUT of a part needs the object in its current state.
      const sent = current ? ((await json(path.endsWith('/scale') ? path : path.replace(/\/[a-z]+$/, ''))).body as JsonObject) : body;
      assert.deepEqual(await asked(method, path, sent, method === 'PATCH' ? merge : undefined), [seen], `${method} ${path}`);
    }
  });

  it('sees a name that is generated only when it validates', async () => {
    const { fetch, mutating, validating } = recordingApp();
    await fetch(`${core}/configmaps`, sending('POST', { metadata: { generateName: 'c-' } }));
    assert.equal(mutating[0]?.name, '');
    assert.match(validating[0]?.name ?? '', /^c-[a-z0-9]{5}$/);
  });

  it('sees nothing of what only reads', async () => {
    const { asked } = await seeded();
    for (const path of [`${core}/pods`, `${core}/pods/p`, `${core}/pods/p/status`, `${apps}/deployments/w/scale`, `${core}/pods/p/log`]) {
      assert.deepEqual(await asked('GET', path), [], path);
    }
  });

  it('sees the options of a connection as the query has them', async () => {
    const { asked, mutating } = await seeded();
    const optionsOf = async (path: string): Promise<unknown> => {
      await asked('GET', path);
      return mutating[0]?.object;
    };
    assert.deepEqual(await optionsOf(`${core}/pods/p/exec?command=sh&command=-c&stdin=1&stdout=false&tty=true&container=main&other=x`), {
      ...{ kind: 'PodExecOptions', apiVersion: 'v1', stdin: true, tty: true, container: 'main', command: ['sh', '-c'] },
    });
    assert.deepEqual(await optionsOf(`${core}/pods/p/portforward?ports=80&ports=443`), {
      ...{ kind: 'PodPortForwardOptions', apiVersion: 'v1', ports: [80, 443] },
    });
    assert.deepEqual(await optionsOf(`${core}/services/s/proxy/a/b/?path=z`), {
      ...{ kind: 'ServiceProxyOptions', apiVersion: 'v1', path: '/a/b/' },
    });
  });

  it('is told here of all that is declared', () => {
    const tried = new Set(subresources.map(([method, , , seen]) => `${seen.split(' ')[1]} ${verbOf[method as keyof typeof verbOf]}`));
    const declared = builtInKinds.flatMap(({ apiVersion, plural, subresources: all }) =>
      Object.entries(all).flatMap(([name, { does, verbs }]) =>
        verbs.filter((verb) => does === 'connect' || verb !== 'get').map((verb) => `${apiVersion}/${plural}/${name} ${verb}`),
      ),
    );
    assert.deepEqual(
      declared.filter((one) => !tried.has(one)),
      [],
    );
  });

  it('may change what is written, which then gets its defaults', async () => {
    const adding: AdmissionPlugin = {
      name: 'Adding',
      admit: ({ kind, object }) => {
        if (kind.kind !== 'Pod' || object === undefined) return undefined;
        const { spec } = object as unknown as { spec: { containers: readonly object[] } };
        const added = { name: 'added', image: 'busybox:1.36', ports: [{ containerPort: 80 }] };
        return { ...object, spec: { ...spec, containers: [...spec.containers, added] } } as typeof object;
      },
    };
    const { json } = testApp({}, undefined, [adding]);
    const { body } = await json(`${core}/pods`, sending('POST', pod('p')));
    const [, added] = (body as unknown as { spec: { containers: readonly JsonObject[] } }).spec.containers;
    assert.deepEqual(
      [added?.imagePullPolicy, added?.terminationMessagePath, added?.ports],
      ['IfNotPresent', '/dev/termination-log', [{ containerPort: 80, protocol: 'TCP' }]],
    );
  });

  it('may refuse a connection', async () => {
    const refusing: AdmissionPlugin = {
      name: 'Refusing',
      validate: ({ operation }) => {
        if (operation === 'CONNECT') throw statusErrors.forbidden({ group: '', resource: 'pods' }, 'p', 'not today');
      },
    };
    const { json } = testApp({}, undefined, [refusing]);
    await json(`${core}/pods`, sending('POST', pod('p')));
    const { status, body } = await json(`${core}/pods/p/exec?command=ls&stdout=1`);
    assert.deepEqual([status, body.message], [403, 'pods "p" is forbidden: not today']);
  });
});
