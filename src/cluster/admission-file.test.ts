import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { UserError } from '../cli/cluster-port.ts';
import { readAdmissionFile } from './admission-file.ts';

function fileWith(t: TestContext, content: string, other = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'minik-admission-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'pod-security.yaml'), other);
  const path = join(folder, 'admission.yaml');
  writeFileSync(path, content);
  return path;
}

const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: PodSecurity\n';
const podSecurity = (rest: string): string =>
  `apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n${rest}`;
const inline = (rest: string): string => `${head}  configuration:\n${podSecurity(rest).replaceAll(/^(?=.)/gm, '    ')}`;

describe('the admission configuration', () => {
  it('sets the defaults and exemptions of PodSecurity', (t) => {
    const rest =
      'defaults: {enforce: baseline, warn: restricted, warn-version: v1.30}\nexemptions: {namespaces: [a, b], usernames: [root]}\n';
    const expected = {
      podSecurity: {
        defaults: {
          enforce: { level: 'baseline', version: 'latest' },
          audit: { level: 'privileged', version: 'latest' },
          warn: { level: 'restricted', version: 'v1.30' },
        },
        exemptions: { usernames: ['root'], namespaces: ['a', 'b'], runtimeClasses: [] },
      },
    };
    assert.deepEqual(readAdmissionFile({ admissionConfigFile: fileWith(t, inline(rest)) }), expected);
    const byPath = fileWith(t, `${head}  path: pod-security.yaml\n`, podSecurity(rest));
    assert.deepEqual(readAdmissionFile({ admissionConfigFile: byPath }), expected);
    assert.deepEqual(readAdmissionFile({ admissionConfigFile: undefined }), {});
  });

  it('says what is wrong with it', (t) => {
    const refused = (content: string, message: RegExp): void => {
      const admissionConfigFile = fileWith(t, content);
      assert.throws(
        () => readAdmissionFile({ admissionConfigFile }),
        (error) => error instanceof UserError && message.test(error.message),
      );
    };
    refused('a: [', /is not valid/);
    refused('kind: Other', /no kind "Other" in version null is known; a AdmissionConfiguration is expected/);
    refused(head.replace('PodSecurity', 'ImagePolicyWebhook'), /plugins: "ImagePolicyWebhook" cannot be configured/);
    refused(
      inline('defaults: {enforce: strict}\n'),
      /defaults\.enforce: Invalid value: "strict": must be one of privileged, baseline, restricted/,
    );
    refused(inline('defaults: {audit-version: "1"}\n'), /defaults\.audit-version: Invalid value: "1": must be "latest" or "v1\.x"/);
    refused(
      inline('exemptions: {namespaces: [a, a, A_], usernames: [""]}\n'),
      /\[exemptions\.usernames\[0\]: Invalid value: "": username must not be empty, exemptions\.namespaces\[1\]: Duplicate value: "a", exemptions\.namespaces\[2\]: Invalid value: "A_": /,
    );
    assert.throws(() => readAdmissionFile({ admissionConfigFile: '/nowhere/at-all' }), UserError);
  });
});
