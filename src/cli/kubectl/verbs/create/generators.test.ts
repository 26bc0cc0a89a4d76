import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags } from '../../command/flags.ts';
import { parseEnvFile, parseFileSource, parseLiteral } from './data-sources.ts';
import { generateDeployment } from './deployment.ts';
import { dockerConfig } from './secret.ts';
import { parsePortPair } from './service.ts';

describe('the generators of create', () => {
  it('names containers after their images', () => {
    const deployment = generateDeployment('web', {
      images: ['registry.example/team/app:1.2', 'busybox@sha256:abc'],
      replicas: 2,
      port: 80,
      command: [],
    });
    assert.deepEqual(deployment.spec, {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      strategy: {},
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            { name: 'app', image: 'registry.example/team/app:1.2', resources: {}, ports: [{ containerPort: 80 }] },
            { name: 'busybox', image: 'busybox@sha256:abc', resources: {} },
          ],
        },
      },
    });
  });

  it('reads port pairs', () => {
    assert.deepEqual(parsePortPair('80'), { port: 80, targetPort: 80 });
    assert.deepEqual(parsePortPair('80:8080'), { port: 80, targetPort: 8080 });
    assert.deepEqual(parsePortPair('80:http'), { port: 80, targetPort: 'http' });
    assert.throws(() => parsePortPair('80:0'), { message: 'must be between 1 and 65535, inclusive' });
    assert.throws(() => parsePortPair('99999'), { message: 'strconv.ParseUint: parsing "99999": value out of range' });
    assert.throws(() => parsePortPair('x'), { message: 'strconv.ParseUint: parsing "x": invalid syntax' });
  });

  it('reads literals, file sources and env files', () => {
    assert.deepEqual(parseLiteral('a=b=c'), ['a', 'b=c']);
    assert.throws(() => parseLiteral('ab'), { message: 'invalid literal source ab, expected key=value' });
    assert.deepEqual(parseFileSource('dir/file.txt'), ['file.txt', 'dir/file.txt']);
    assert.deepEqual(parseFileSource('key=file.txt'), ['key', 'file.txt']);
    assert.throws(() => parseFileSource('=x'), { message: 'key name for file path x missing' });
    assert.deepEqual(parseEnvFile('# note\n\nA=1\nB\nC\n', { B: 'two' }), [
      ['A', '1'],
      ['B', 'two'],
    ]);
  });

  it("writes a registry account in the order of Go's struct", () => {
    const specs = ['docker-username', 'docker-password', 'docker-email', 'docker-server'].map(
      (name) => ({ name, type: 'string' }) as const,
    );
    const flags = parseFlags(specs, ['--docker-username=u', '--docker-password=p', '--docker-server=r.example']);
    assert.equal(dockerConfig(flags), '{"auths":{"r.example":{"username":"u","password":"p","auth":"dTpw"}}}');
  });
});
