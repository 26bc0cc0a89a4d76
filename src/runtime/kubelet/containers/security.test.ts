import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import type { Image } from '../../container/container-runtime.ts';
import { containerSecurity, runAsNonRootViolation } from './security.ts';

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

  it("are the container's own before the pod's, and what only containers can set", () => {
    const ofPod = { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000], fsGroup: 2000 };
    const plain = security({});
    assert.deepEqual([plain.runAsUser, plain.runAsGroup, plain.supplementalGroups], [undefined, undefined, []]);
    assert.deepEqual([plain.privileged, plain.readOnlyRootFilesystem, plain.noNewPrivileges], [false, false, false]);
    const whole = security(ofPod);
    assert.deepEqual([whole.runAsUser, whole.runAsGroup, whole.supplementalGroups], [1000, 3000, [4000, 2000]]);
    const own = security(ofPod, { runAsUser: 0, runAsGroup: 0 });
    assert.deepEqual([own.runAsUser, own.runAsGroup], [0, 0]);
    const confined = security({}, { capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] }, readOnlyRootFilesystem: true });
    assert.deepEqual(
      [confined.addCapabilities, confined.dropCapabilities, confined.readOnlyRootFilesystem],
      [['NET_ADMIN'], ['ALL'], true],
    );
    assert.equal(security({}, { privileged: true }).privileged, true);
    assert.equal(security({}, { allowPrivilegeEscalation: false }).noNewPrivileges, true);
    assert.equal(security({}, { allowPrivilegeEscalation: true }).noNewPrivileges, false);
  });

  it('pass SELinux options on', () => {
    const options = { user: 'u', role: 'r', type: 't', level: 's0:c1,c2' };
    assert.deepEqual(security({ seLinuxOptions: options }).selinuxOptions, options);
    assert.deepEqual(security({ seLinuxOptions: options }, { seLinuxOptions: { level: 's0' } }).selinuxOptions, { level: 's0' });
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

describe('a container that must not run as root', () => {
  const violation = (ofPod: object, own: object, user: string) =>
    runAsNonRootViolation(
      { metadata: { name: 'web', namespace: 'shop', uid: 'u' }, spec: { securityContext: ofPod } } as unknown as Pod, // all that is read
      { name: 'main', securityContext: own } as unknown as Container, // likewise
      { user } as Image, // likewise
    );
  const where = '(pod: "web_shop(u)", container: main)';

  it('is refused when its user is root, or may be', () => {
    const nonRoot = { runAsNonRoot: true };
    assert.equal(violation(nonRoot, { runAsUser: 0 }, '1000'), `container's runAsUser breaks non-root policy ${where}`);
    for (const user of ['', '0', '0:0'])
      assert.equal(violation(nonRoot, {}, user), `container has runAsNonRoot and image will run as root ${where}`);
    const named = `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${where}`;
    assert.equal(violation({}, nonRoot, 'app:staff'), named);
  });

  it('runs as another user, of the spec or the image', () => {
    assert.equal(violation({ runAsNonRoot: true, runAsUser: 5 }, {}, ''), undefined);
    assert.equal(violation({ runAsNonRoot: true }, {}, '1000'), undefined);
    assert.equal(violation({ runAsNonRoot: true }, { runAsNonRoot: false }, ''), undefined);
  });
});
