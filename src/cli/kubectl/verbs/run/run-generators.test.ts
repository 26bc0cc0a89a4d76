import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags } from '../../command/flags.ts';
import { run } from './run.ts';
import { generateController, generatePod, generators } from './run-generators.ts';

const pod = (...args: readonly string[]) => generatePod('p', parseFlags(run.flags ?? [], ['--image=i', ...args]), []);

describe('the generators of run', () => {
  it('give resources, a host port and a service account as old kubectl did', () => {
    const { spec } = pod('--limits=cpu=0.2,memory=512Mi', '--requests=cpu=100m', '--port=80', '--hostport=8080', '--serviceaccount=robot');
    assert.deepEqual(spec, {
      containers: [
        {
          image: 'i',
          name: 'p',
          ports: [{ containerPort: 80, hostPort: 8080 }],
          resources: { limits: { cpu: '200m', memory: '512Mi' }, requests: { cpu: '100m' } },
        },
      ],
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      serviceAccountName: 'robot',
    });
  });

  it('refuse what they cannot read', () => {
    assert.throws(() => pod('--limits=cpu'), { message: 'Invalid argument syntax cpu, expected <resource>=<value>' });
    assert.throws(() => pod('--requests=cpu=much'), { message: /quantities must match/ });
    assert.throws(() => pod('--hostport=8080'), { message: '--hostport requires --port to be specified' });
    assert.throws(() => pod('--restart=Sometimes'), { message: /^invalid restart policy: Sometimes/ });
    assert.throws(() => pod('--env=1'), { message: 'invalid env: 1' });
  });

  it('wrap the pod into the controller of an old generator', () => {
    const generator = generators['run/v1'];
    assert.ok(generator);
    const controller = generateController(generator, pod('--limits=cpu=1'), 3);
    assert.equal(controller.kind, 'ReplicationController');
    assert.deepEqual(controller.spec, {
      replicas: 3,
      selector: { run: 'p' },
      template: { metadata: { labels: { run: 'p' } }, spec: pod('--limits=cpu=1').spec },
    });
  });

  it('say of dropped flags that newer versions do not know them', () => {
    const [text = ''] = parseFlags(run.flags ?? [], ['--image=busybox', '--limits=cpu=1']).deprecations();
    assert.match(text, /^Flag --limits has been deprecated, newer versions of kubectl do not know it/);
  });
});
