import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppArmorProfile, Pod } from '../generated/core/v1.ts';
import { withAppArmorFields } from './app-armor.ts';

/** The profile that a container gets for an annotation. */
function profileFor(annotation: string, own?: AppArmorProfile, ofPod?: AppArmorProfile): AppArmorProfile | undefined {
  const securityContext = own === undefined ? undefined : { appArmorProfile: own };
  const pod = {
    metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/a': annotation } },
    spec: { containers: [{ name: 'a', securityContext }], ...(ofPod === undefined ? {} : { securityContext: { appArmorProfile: ofPod } }) },
  } as unknown as Pod;
  return withAppArmorFields(pod).spec.containers[0]?.securityContext?.appArmorProfile;
}

describe('AppArmor annotations', () => {
  it('become fields', () => {
    assert.deepEqual(profileFor('unconfined'), { type: 'Unconfined' });
    assert.deepEqual(profileFor('runtime/default'), { type: 'RuntimeDefault' });
    assert.deepEqual(profileFor('localhost/p'), { type: 'Localhost', localhostProfile: 'p' });
  });

  it('change nothing where they are invalid, or fields say otherwise or the same', () => {
    assert.equal(profileFor('nonsense'), undefined);
    assert.equal(profileFor('localhost/'), undefined);
    assert.equal(profileFor('localhost/ padded'), undefined);
    assert.deepEqual(profileFor('unconfined', { type: 'RuntimeDefault' }), { type: 'RuntimeDefault' });
    assert.equal(profileFor('unconfined', undefined, { type: 'Unconfined' }), undefined);
  });
});
