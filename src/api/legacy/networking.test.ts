import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sending, testApp } from '../../server/http/test-app.ts';
import type { JsonObject } from '../json.ts';

const backend = { serviceName: 'web', servicePort: 80 };
const spec: JsonObject = {
  backend: { serviceName: 'rest', servicePort: 'http' },
  rules: [{ host: 'a.example', http: { paths: [{ path: '/a', backend }] } }],
};

describe('an Ingress of an old version', () => {
  for (const [version, since] of [
    ['extensions/v1beta1', '1.14'],
    ['networking.k8s.io/v1beta1', '1.19'],
  ] as const) {
    it(`is stored as the current one and comes back (${version})`, async () => {
      const app = testApp();
      const path = `/apis/${version}/namespaces/default/ingresses`;
      const answer = await app.fetch(path, sending('POST', { metadata: { name: 'a' }, spec }));
      assert.equal(answer.status, 201, await answer.clone().text());
      const warning = `299 - "${version} Ingress is deprecated in v${since}+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress"`;
      assert.equal(answer.headers.get('warning'), warning);
      const { body } = await app.json('/apis/networking.k8s.io/v1/namespaces/default/ingresses/a');
      const service = { name: 'web', port: { number: 80 } };
      assert.deepEqual(body.spec, {
        defaultBackend: { service: { name: 'rest', port: { name: 'http' } } },
        rules: [{ host: 'a.example', http: { paths: [{ path: '/a', pathType: 'ImplementationSpecific', backend: { service } }] } }],
      });
      const { body: old } = await app.json(`${path}/a`);
      const paths = [{ path: '/a', pathType: 'ImplementationSpecific', backend }];
      assert.deepEqual(old.spec, { ...spec, rules: [{ host: 'a.example', http: { paths } }] });
    });
  }
});
