import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestInfo } from './request-info.ts';

const parse = (method: string, target: string): string => {
  const [path = '', search] = target.split('?');
  const info = requestInfo(method, path, search === undefined ? undefined : new URLSearchParams(search));
  if (!info.isResourceRequest) return `path ${info.verb} ${info.path}`;
  return [info.verb, info.apiGroup, info.apiVersion, info.namespace, info.resource, info.subresource, info.name].join('|');
};

describe('requestInfo', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['GET', '/api/v1/namespaces', 'list||v1||namespaces||'],
    ['GET', '/api/v1/namespaces/other', 'get||v1|other|namespaces||other'],
    ['PUT', '/api/v1/namespaces/other/finalize', 'update||v1|other|namespaces|finalize|other'],
    ['GET', '/api/v1/namespaces/other/pods', 'list||v1|other|pods||'],
    ['GET', '/api/v1/namespaces/other/pods/foo', 'get||v1|other|pods||foo'],
    ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get||v1|other|pods||foo'],
    ['GET', '/api/v1/pods?watch=true', 'watch||v1||pods||'],
    ['GET', '/api/v1/pods?watch=false', 'list||v1||pods||'],
    ['GET', '/api/v1/watch/namespaces/other/pods', 'watch||v1|other|pods||'],
    ['GET', '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Dfoo', 'list||v1|other|pods||foo'],
    ['DELETE', '/apis/apps/v1/namespaces/other/deployments', 'deletecollection|apps|v1|other|deployments||'],
    ['POST', '/api/v1/namespaces/other/pods/foo/exec?command=ls', 'create||v1|other|pods|exec|foo'],
    ['PATCH', '/apis/apps/v1/namespaces/o/deployments/d/scale', 'patch|apps|v1|o|deployments|scale|d'],
    ['GET', '/api/v1/namespaces/kube-system/services/https:a:/proxy/x/y', 'get||v1|kube-system|services|proxy|https:a:'],
    ['GET', '/apis/apps/v1', 'path get /apis/apps/v1'],
    ['GET', '/api/v1', 'path get /api/v1'],
    ['POST', '/healthz', 'path post /healthz'],
    ['GET', '/', 'path get /'],
  ];
  for (const [method, target, expected] of cases) {
    it(`reads ${method} ${target}`, () => assert.equal(parse(method, target), expected));
  }
});
