/**
 * Manifests with mistakes: the answers are upstream's to the letter. No container is needed for that, so the cluster is
 * a simulated one.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours, testdata } from './support/cluster.ts';

const cluster = new E2eCluster({ name: 'e2e-invalid', runtime: 'simulated' });

before(() => cluster.start());
after(() => cluster.delete());

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character " +
  "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const creating = (file: string): string => `error when creating ${JSON.stringify(testdata('invalid', file))}: `;
const mismatch = 'spec.template.metadata.labels: Invalid value: {"app":"kubia"}: `selector` does not match template `labels`';

/**
 * What kubectl prints. Source: pkg/apis/core/validation/validation.go, apimachinery pkg/util/validation, apiserver
 * pkg/endpoints/handlers.
 */
const answers: Readonly<Record<string, string>> = {
  'pod-bad-name.yaml': `The Pod "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": ${subdomain}\n`,
  'pod-without-containers.yaml': 'The Pod "empty" is invalid: spec.containers: Required value\n',
  'pod-many-errors.yaml': [
    'The Pod "many-errors" is invalid: ',
    `* spec.containers[0].name: Invalid value: "Main": ${label}`,
    '* spec.containers[0].image: Required value',
    '* spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    `* spec.containers[1].name: Invalid value: "Main": ${label}`,
    '* spec.containers[1].volumeMounts[0].name: Not found: "absent"',
    '* spec.containers[1].name: Duplicate value: "Main"',
    '* spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    '',
  ].join('\n'),
  'pod-unknown-field.yaml':
    `Error from server (BadRequest): ${creating('pod-unknown-field.yaml')}Pod in version "v1" cannot be handled as a Pod: ` +
    'strict decoding error: unknown field "spec.containers[0].imagePullPolice"\n',
  'pod-wrong-type.yaml':
    `Error from server (BadRequest): ${creating('pod-wrong-type.yaml')}Pod in version "v1" cannot be handled as a Pod: ` +
    'json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32\n',
  'rc-selector-mismatch.yaml': `The ReplicationController "kubia" is invalid: ${mismatch}\n`,
  'rs-selector-mismatch.yaml': `The ReplicaSet "kubia" is invalid: ${mismatch}\n`,
  'service-bad-node-port.yaml':
    'The Service "bad-node-port" is invalid: spec.ports[0].nodePort: Invalid value: 80: ' +
    'provided port is not in the valid range. The range of valid ports is 30000-32767\n',
  'service-without-ports.yaml': 'The Service "no-ports" is invalid: spec.ports: Required value\n',
  'unknown-kind.yaml':
    `error: resource mapping not found for name: "unknown" namespace: "" from ${JSON.stringify(testdata('invalid/unknown-kind.yaml'))}: ` +
    'no matches for kind "Gadget" in version "example.com/v1"\nensure CRDs are installed first\n',
};

for (const flavour of flavours) {
  describe(`invalid manifests with ${flavour}`, () => {
    for (const [file, answer] of Object.entries(answers)) {
      it(file, async () => {
        const { code, stdout, stderr } = await cluster.try(flavour, ['create', '-f', testdata('invalid', file)]);
        assert.equal(stderr, answer);
        assert.deepEqual([code, stdout], [1, '']);
      });
    }

    it('not-yaml.yaml', async () => {
      const { code, stderr } = await cluster.try(flavour, ['create', '-f', testdata('invalid/not-yaml.yaml')]);
      assert.equal(code, 1);
      assert.match(stderr, /^error: error parsing \S+not-yaml\.yaml: error converting YAML to JSON: yaml: line \d+: /);
    });

    it('change nothing', async () => {
      assert.equal(await cluster.kubectl(flavour, ['get', 'pods,rc,rs', '-o', 'name']), '');
    });

    it('are accepted with a warning, or silently, when one asks for it', async () => {
      const file = testdata('invalid/pod-unknown-field.yaml');
      const warned = await cluster.try(flavour, ['create', '-f', file, '--validate=warn', '--dry-run=server']);
      assert.deepEqual(
        [warned.code, warned.stdout, warned.stderr],
        [0, 'pod/typo created (server dry run)\n', 'Warning: unknown field "spec.containers[0].imagePullPolice"\n'],
      );
      const ignored = await cluster.try(flavour, ['create', '-f', file, '--validate=ignore', '--dry-run=server']);
      assert.deepEqual([ignored.code, ignored.stderr], [0, '']);
    });
  });
}
