import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Secret } from '../../../api/generated/core/v1.ts';
import { parseImageReference } from '../../container/image-reference.ts';
import { credentialsFor } from './image-credentials.ts';

const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
// Partial: the code under test reads no other fields.
const secret = (auths: unknown): Secret =>
  ({ metadata: {}, type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': encode({ auths }) } }) as unknown as Secret;
const users = (image: string, ...secrets: readonly Secret[]): string[] =>
  credentialsFor(parseImageReference(image), secrets).map(({ username, password }) => `${username}:${password}`);

describe('pull credentials', () => {
  it('match registry and path, the most specific first', () => {
    const auths = {
      'registry.example': { auth: encode('any:1') },
      'https://registry.example/team': { username: 'team', password: '2' },
      'other.example': { auth: encode('other:3') },
    };
    assert.deepEqual(users('registry.example/team/app:1', secret(auths)), ['team:2', 'any:1']);
    assert.deepEqual(users('registry.example/teamwork/app:1', secret(auths)), ['any:1']);
    assert.deepEqual(users('busybox', secret(auths)), []);
  });

  it('know Docker Hub, wildcards and passwords with colons', () => {
    assert.deepEqual(users('busybox', secret({ 'https://index.docker.io/v1/': { auth: encode('me:a:b') } })), ['me:a:b']);
    assert.deepEqual(users('eu.registry.example/app', secret({ '*.registry.example': { auth: encode('w:1') } })), ['w:1']);
    assert.deepEqual(users('registry.example/app', secret({ '*.registry.example': { auth: encode('w:1') } })), []);
  });

  it('pass over what cannot be read, and read the old form', () => {
    const broken = {
      metadata: {},
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': encode('{') },
    } as unknown as Secret;
    const old = {
      metadata: {},
      type: 'kubernetes.io/dockercfg',
      data: { '.dockercfg': encode({ 'r.example': { auth: encode('o:1') } }) },
    } as unknown as Secret;
    assert.deepEqual(users('r.example/app', broken, old), ['o:1']);
  });
});
