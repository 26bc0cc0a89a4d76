import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { certificateSigningRequest } from '../../api/kinds/certificates/certificate-signing-request.ts';
import { sampleRequest } from '../../api/kinds/certificates/testing/certificate-signing-request.ts';
import type { UserInfo } from '../../api/requests.ts';
import { loadPki, type Pki } from '../../server/pki/pki.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { certificateApprover } from './approver.ts';
import { certificateCleaner } from './cleaner.ts';
import { certificateSigner } from './signer.ts';

/** Of `system:node:n1` in `system:nodes`. */
const nodeRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIcU1JR1NBZ0VBTURBeEZUQVRCZ05WQkFvTURITjVjM1JsYlRwdWIyUmxjekVYTUJVR0ExVUVBd3dPYzNsegpkR1Z0T201dlpHVTZiakV3V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVEweGdWcGNWZWkwaXptCnZYeFpONEtNSW1OaW1xVmY4RXFnZFNqbi85bGVrNXNvUWdUVVdSeDBQaFV0VU9HZHNGQ2dFc21aRlBNdTAxaEcKanArOWpRc0JvQUF3Q2dZSUtvWkl6ajBFQXdJRFJ3QXdSQUlnUVcxZjVSdmk3Nk9yNEMxV0JzNGZvellWQy85bQpjcjR6ZzBHckRMMGUrbU1DSUVoSVFCejF4WVpUbkZ0TkRycjJPc2FsRzloUG15TjN1T0hHdCtjVVdFeDIKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==';

const ref = { namespace: '', name: 'a' };
let pki: Pki;

before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'minik-csr-'));
  pki = await loadPki({ directory, serviceIp: '10.96.0.1', extraNames: [] });
  (t as TestContext).after(() => rm(directory, { recursive: true }));
});

async function start(t: TestContext, mayCreate: (user: UserInfo, subresource: string) => boolean = () => false): Promise<TestCluster> {
  return startTestCluster(t, { controllers: [certificateApprover(mayCreate), certificateSigner(pki.sign), certificateCleaner] });
}

const ask = (cluster: TestCluster, signerName: string, usages: readonly string[], more: object = {}) =>
  cluster.apply({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a' },
    spec: { request: sampleRequest, signerName, usages, ...more },
  });

const decide = (cluster: TestCluster, type: string) =>
  cluster
    .api(certificateSigningRequest)
    .patch(ref, { type: 'merge', subresource: 'approval', body: { status: { conditions: [{ type, status: 'True' }] } } });

const get = (cluster: TestCluster) => cluster.api(certificateSigningRequest).get(ref);
const conditions = async (cluster: TestCluster) =>
  ((await get(cluster)).status.conditions ?? []).map(({ type, reason = '', message = '' }) => `${type} ${reason} ${message}`.trim());
const gone = async (cluster: TestCluster): Promise<boolean> => (await cluster.list(certificateSigningRequest)).length === 0;

describe('certificate requests', () => {
  it('are signed once approved, with the subject, names, usages and life that they ask for', async (t) => {
    const cluster = await start(t);
    await ask(cluster, 'kubernetes.io/kube-apiserver-client', ['client auth', 'digital signature'], { expirationSeconds: 3600 });
    await cluster.settle();
    assert.equal((await get(cluster)).status.certificate, undefined);
    await decide(cluster, 'Approved');
    await cluster.settle();
    const certificate = new X509Certificate(Buffer.from((await get(cluster)).status.certificate ?? '', 'base64'));
    assert.equal(certificate.subject, 'O=devs\nCN=jane');
    assert.equal(certificate.subjectAltName, 'DNS:a.example.com, IP Address:10.0.0.1');
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.ok(!certificate.ca && certificate.verify(new X509Certificate(pki.caCertificate).publicKey));
    const now = Math.floor(cluster.clock.now() / 1000) * 1000;
    assert.deepEqual([Date.parse(certificate.validFrom) - now, Date.parse(certificate.validTo) - now], [-300_000, 3_600_000]);
  });

  it('fail when they ask their signer for what it does not give, and are left to signers that are not built in', async (t) => {
    const cluster = await start(t);
    await ask(cluster, 'kubernetes.io/kubelet-serving', ['server auth']);
    await decide(cluster, 'Approved');
    await cluster.settle();
    assert.deepEqual(await conditions(cluster), ['Approved', 'Failed SignerValidationFailure subject organization is not system:nodes']);
    await cluster.api(certificateSigningRequest).delete(ref);
    await ask(cluster, 'example.com/signer', ['any']);
    await decide(cluster, 'Approved');
    await cluster.settle();
    assert.deepEqual(await conditions(cluster), ['Approved']);
  });

  it('of kubelets for client certificates are approved when their user may have them', async (t) => {
    const asked: string[] = [];
    const cluster = await start(t, ({ name }, subresource) => {
      asked.push(`${name} ${subresource}`);
      return subresource === 'nodeclient';
    });
    await ask(cluster, 'kubernetes.io/kube-apiserver-client-kubelet', ['client auth', 'digital signature'], { request: nodeRequest });
    await cluster.settle();
    assert.deepEqual(asked, ['kubernetes-admin nodeclient']);
    assert.deepEqual(await conditions(cluster), [
      'Approved AutoApproved Auto approving kubelet client certificate after SubjectAccessReview.',
    ]);
    assert.notEqual((await get(cluster)).status.certificate, undefined);
  });

  it('go after a day when nobody decides, and an hour after they are denied or issued', async (t) => {
    const cluster = await start(t);
    const hour = 3600;
    await ask(cluster, 'example.com/signer', ['any']);
    await cluster.pass(23 * hour);
    assert.ok(!(await gone(cluster)));
    await cluster.pass(hour + 1);
    assert.ok(await gone(cluster));
    for (const [type, signer] of [
      ['Denied', 'example.com/signer'],
      ['Approved', 'kubernetes.io/kube-apiserver-client'],
    ] as const) {
      await ask(cluster, signer, ['client auth']);
      await decide(cluster, type);
      await cluster.pass(hour - 60);
      assert.ok(!(await gone(cluster)));
      await cluster.pass(61);
      assert.ok(await gone(cluster));
    }
  });

  it('stay as long wherever the clock of the cluster stands', async (t) => {
    const cluster = await start(t);
    const years = 10 * 365 * 24 * 3600;
    await cluster.pass(years);
    await ask(cluster, 'kubernetes.io/kube-apiserver-client', ['client auth']);
    await decide(cluster, 'Approved');
    await cluster.pass(3540);
    assert.notEqual((await get(cluster)).status.certificate, undefined);
    await cluster.pass(61);
    assert.ok(await gone(cluster));
  });
});
