import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import { containerSecurity } from './security.ts';

const security = (ofPod: object, own: object | undefined = undefined, user = '', seccompDefault = true) =>
  containerSecurity(
    { spec: { securityContext: ofPod } } as unknown as Pod, // no other fields are read
    (own === undefined ? {} : { securityContext: own }) as unknown as Container, // likewise
    { user },
    { seccompFolder: '/kubelet/seccomp', seccompDefault },
  );

describe('the security settings of a container', () => {
  it("name seccomp profiles of the host by their files; the container's own come first", () => {
    const local = { type: 'Localhost', localhostProfile: 'profiles/audit.json' };
    assert.equal(security({ seccompProfile: local }).seccompProfile, 'localhost//kubelet/seccomp/profiles/audit.json');
    assert.equal(security({ seccompProfile: local }, { seccompProfile: { type: 'Unconfined' } }).seccompProfile, 'unconfined');
    assert.equal(security({ seccompProfile: { type: 'RuntimeDefault' } }).seccompProfile, 'runtime/default');
    assert.equal(security({}).seccompProfile, undefined);
    assert.equal(security({}, undefined, '', false).seccompProfile, 'unconfined');
  });

  it('name AppArmor profiles by their names', () => {
    const profile = { type: 'Localhost', localhostProfile: 'k8s-nginx' };
    assert.equal(security({}, { appArmorProfile: profile }).apparmorProfile, 'localhost/k8s-nginx');
  });

  it('leave /proc as it is when asked', () => {
    assert.equal(security({}, { procMount: 'Unmasked' }).unmaskedProc, true);
    assert.equal(security({}, { procMount: 'Default' }).unmaskedProc, false);
  });

  it("leave the image's groups away under the strict policy, and keep its user", () => {
    const strict = { supplementalGroupsPolicy: 'Strict' };
    const of = (user: string, own?: object) => {
      const { runAsUser, runAsGroup, imageGroups } = security(strict, own, user);
      return [runAsUser, runAsGroup, imageGroups];
    };
    assert.deepEqual(of('app'), ['app', undefined, false]);
    assert.deepEqual(of(''), ['0', undefined, false]);
    assert.deepEqual(of('app:staff'), [undefined, undefined, false]);
    assert.deepEqual(of('app:staff', { runAsUser: 5 }), [5, undefined, false]);
    assert.equal(security({ supplementalGroupsPolicy: 'Merge' }).imageGroups, true);
  });
});
