import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { internalDiff, internalForm } from './internal-form.ts';
import { internalTypes } from './internal-types.ts';

describe('the internal form', () => {
  it('has every field in order, with zeros for what is absent', () => {
    assert.equal(
      JSON.stringify(internalForm('ContainerPort', { containerPort: 80 })),
      '{"Name":"","HostPort":0,"ContainerPort":80,"Protocol":"","HostIP":""}',
    );
    assert.equal(
      JSON.stringify(internalForm('ResourceFieldSelector', { resource: 'limits.cpu' })),
      '{"ContainerName":"","Resource":"limits.cpu","Divisor":"0"}',
    );
    assert.equal(JSON.stringify(internalForm('VolumeMount', {})).includes('"ReadOnly":false,"RecursiveReadOnly":null'), true);
  });

  it('goes into structs, lists of structs and struct fields that are never absent', () => {
    assert.deepEqual(internalForm('EnvVarSource', { secretKeyRef: { name: 'a', key: 'k' } }), {
      ...{ FieldRef: null, ResourceFieldRef: null, ConfigMapKeyRef: null },
      ...{ SecretKeyRef: { Name: 'a', Key: 'k', Optional: null }, FileKeyRef: null },
    });
    assert.deepEqual(internalForm('SuccessPolicy', { rules: [{ succeededCount: 1 }] }), {
      Rules: [{ SucceededIndexes: null, SucceededCount: 1 }],
    });
    assert.deepEqual(internalForm('PreferredSchedulingTerm', { weight: 1 }), {
      Weight: 1,
      Preference: { MatchExpressions: null, MatchFields: null },
    });
  });

  it('knows names that do not follow from those of Go', () => {
    assert.deepEqual(internalForm('GlusterfsVolumeSource', { endpoints: 'e', path: 'p' }), {
      EndpointsName: 'e',
      Path: 'p',
      ReadOnly: false,
    });
    assert.deepEqual(internalForm('SELinuxOptions', { user: 'u' }), { User: 'u', Role: '', Type: '', Level: '' });
  });

  it('sorts maps and leaves label selectors as they are', () => {
    assert.equal(
      JSON.stringify(internalForm('ResourceRequirements', { limits: { memory: '1Gi', cpu: '1' } })),
      '{"Limits":{"cpu":"1","memory":"1Gi"},"Requests":null,"Claims":null}',
    );
    const selector = { matchLabels: { b: '1' }, matchExpressions: [{ key: 'a', operator: 'Exists' }] };
    assert.deepEqual(internalForm('PodAffinityTerm', { labelSelector: selector, topologyKey: 't' }), {
      ...{ LabelSelector: selector, Namespaces: null, TopologyKey: 't', NamespaceSelector: null },
      ...{ MatchLabelKeys: null, MismatchLabelKeys: null },
    });
  });

  it("embeds metadata, and has the host's namespaces in the security context", () => {
    const template = internalForm('PodTemplateSpec', { metadata: { labels: { a: 'b' } }, spec: { hostNetwork: true, containers: [] } });
    assert.deepEqual(Object.keys(template), ['labels', 'Spec']);
    const { Spec } = template as { readonly Spec: Readonly<Record<string, unknown>> };
    assert.equal((Spec.SecurityContext as Readonly<Record<string, unknown>>).HostNetwork, true);
    assert.equal('HostNetwork' in Spec, false);
  });

  it('has a struct for every name that its table uses', () => {
    const known = new Set([...internalTypes.matchAll(/^(\w+): /gm)].map(([, name]) => name));
    const used = [...internalTypes.matchAll(/[*:]([A-Z]\w+)/g)].map(([, name]) => name);
    assert.deepEqual(
      used.filter((name) => !known.has(name)),
      [],
    );
    assert.ok(used.length > 100);
  });
});

describe('the difference of two internal forms', () => {
  it('is that of their indented JSON, escaped as Go does', () => {
    assert.equal(
      internalDiff('HTTPHeader', { name: 'a', value: '<b>' }, { name: 'a', value: 'c' }),
      '@@ -1,4 +1,4 @@\n {\n  "Name": "a",\n- "Value": "\\u003cb\\u003e"\n+ "Value": "c"\n }\n',
    );
  });
});
