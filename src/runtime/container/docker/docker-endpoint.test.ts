import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { dockerEndpoint, parseHost } from './docker-endpoint.ts';

const home = mkdtempSync(join(tmpdir(), 'minik-endpoint-'));
after(() => rmSync(home, { recursive: true }));
const folder = join(home, '.docker');
mkdirSync(folder);

const configure = (config: unknown): void =>
  writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));

/** As `docker context create` lays it out. */
function context(name: string, docker: object | undefined, tls: Readonly<Record<string, string>> = {}): void {
  const id = createHash('sha256').update(name).digest('hex');
  mkdirSync(join(folder, 'contexts/meta', id), { recursive: true });
  writeFileSync(join(folder, 'contexts/meta', id, 'meta.json'), JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }));
  mkdirSync(join(folder, 'contexts/tls', id, 'docker'), { recursive: true });
  for (const [file, text] of Object.entries(tls)) writeFileSync(join(folder, 'contexts/tls', id, 'docker', file), text);
}

const endpoint = (env: Readonly<Record<string, string>> = {}) => dockerEndpoint({ HOME: home, ...env });
const unavailable = (message: RegExp) => ({ name: 'RuntimeError', code: 'Unavailable', message });

describe('the Docker endpoint', () => {
  it('is the usual socket when nothing says otherwise', () => {
    const usual = { socketPath: '/var/run/docker.sock' };
    assert.deepEqual(endpoint(), usual);
    configure({ auths: {} });
    assert.deepEqual(endpoint(), usual);
    assert.deepEqual(endpoint({ DOCKER_HOST: '' }), usual);
    configure({ currentContext: 'default' });
    assert.deepEqual(endpoint(), usual);
  });

  it('is the current context, which DOCKER_CONTEXT and DOCKER_HOST override in this order', () => {
    context('desktop', { Host: 'unix:///run/desktop.sock', SkipTLSVerify: false });
    context('other', { Host: 'unix:///run/other.sock', SkipTLSVerify: false });
    configure({ currentContext: 'desktop' });
    assert.deepEqual(endpoint(), { socketPath: '/run/desktop.sock' });
    assert.deepEqual(endpoint({ DOCKER_CONTEXT: 'other' }), { socketPath: '/run/other.sock' });
    assert.deepEqual(endpoint({ DOCKER_CONTEXT: 'default' }), { socketPath: '/var/run/docker.sock' });
    assert.deepEqual(endpoint({ DOCKER_CONTEXT: 'other', DOCKER_HOST: 'unix:///run/host.sock' }), { socketPath: '/run/host.sock' });
    assert.deepEqual(dockerEndpoint({ HOME: '/nonexistent', DOCKER_CONFIG: folder }), { socketPath: '/run/desktop.sock' });
  });

  it('takes certificates from the context or from DOCKER_CERT_PATH', () => {
    context('secure', { Host: 'tcp://127.0.0.1:2376', SkipTLSVerify: true }, { 'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY' });
    configure({ currentContext: 'secure' });
    const tls = { ca: 'CA', cert: 'CERT', key: 'KEY' };
    assert.deepEqual(endpoint(), { host: '127.0.0.1', port: 2376, tls: { ...tls, verify: false } });
    const certificates = join(home, 'certificates');
    mkdirSync(certificates);
    writeFileSync(join(certificates, 'ca.pem'), 'CA2');
    const env = { DOCKER_HOST: 'tcp://10.0.0.1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates };
    assert.deepEqual(endpoint(env), { host: '10.0.0.1', port: 2376, tls: { ca: 'CA2', verify: true } });
    assert.deepEqual(endpoint({ ...env, DOCKER_TLS_VERIFY: '' }), { host: '10.0.0.1', port: 2375 });
  });

  it('fails clearly when the context is unknown, of another orchestrator, or unreadable', () => {
    configure({ currentContext: 'gone' });
    assert.throws(() => endpoint(), unavailable(/unable to resolve docker endpoint: context "gone": context not found/));
    context('kubernetes', undefined);
    assert.throws(() => endpoint({ DOCKER_CONTEXT: 'kubernetes' }), unavailable(/context "kubernetes" has no docker endpoint/));
    configure('{ "currentContext": ');
    assert.throws(() => endpoint(), unavailable(/Error loading config file: .*config\.json/));
    assert.deepEqual(endpoint({ DOCKER_HOST: 'unix:///x' }), { socketPath: '/x' }, 'DOCKER_HOST needs no file');
  });

  it('reads every notation of a host', () => {
    assert.deepEqual(parseHost('unix://'), { socketPath: '/var/run/docker.sock' });
    assert.deepEqual(parseHost('tcp://127.0.0.1'), { host: '127.0.0.1', port: 2375 });
    assert.deepEqual(parseHost('localhost:80'), { host: 'localhost', port: 80 });
    assert.deepEqual(parseHost('http://localhost:4243'), { host: 'localhost', port: 4243 });
    assert.deepEqual(parseHost('https://localhost'), { host: 'localhost', port: 2376, tls: { verify: true } });
    assert.deepEqual(parseHost('tcp://[::1]:2375'), { host: '[::1]', port: 2375 });
    assert.throws(() => parseHost('ssh://me@there'), unavailable(/not one reached over SSH/));
    assert.throws(() => parseHost('ftp://there'), unavailable(/unable to parse docker host `ftp:\/\/there`/));
    assert.throws(() => parseHost('tcp://'), unavailable(/unable to parse docker host/));
  });
});
