import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLAIN_SECURITY as PLAIN } from '../runtime-test-support.ts';
import { identityOf, needsAccounts, parseAccounts, processUser } from './image-accounts.ts';
import { firstFile, tarArchive } from './tar.ts';

const accounts = parseAccounts(
  'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\nbroken\n',
  'root:x:0:\nextra:x:50000:other,app\nbad:x:y:app\n',
);

describe('the groups of a process', () => {
  it('are without those of the image when the policy is strict', () => {
    const security = { ...PLAIN, imageGroups: false, runAsUser: 1000, supplementalGroups: [60000] };
    assert.deepEqual(identityOf(security, accounts), { runAsUser: 1000, runAsGroup: 1001, supplementalGroups: [60000] });
    assert.equal(identityOf({ ...security, runAsUser: 'app' }, accounts).runAsGroup, 1001);
    assert.equal(identityOf({ ...security, runAsUser: 7 }, accounts).runAsGroup, 0);
  });

  it('are with those of the image when they are merged, also with a group of their own', () => {
    const security = { ...PLAIN, imageGroups: true, runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [60000] };
    assert.deepEqual(identityOf(security, accounts), { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [60000, 50000] });
  });

  it('are those that the engine gives by itself in all other cases', () => {
    const needs = (imageGroups: boolean, runAsGroup?: number) =>
      needsAccounts({ ...PLAIN, imageGroups, runAsUser: 1000, ...(runAsGroup === undefined ? {} : { runAsGroup }) });
    assert.deepEqual([needs(true), needs(false, 5), needs(true, 5), needs(false)], [false, false, true, true]);
    assert.equal(needsAccounts({ ...PLAIN, imageGroups: false }), false);
  });
});

describe('the user of a process', () => {
  const passwd = 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\n';
  const group = 'root:x:0:\nwheel:x:10:root\nstaff:x:50:\nextra:x:50000:app\n';
  const of = (imageUser: string, security: object = {}) => {
    const user = processUser({ ...PLAIN, ...security }, parseAccounts(passwd, group, imageUser));
    return user === undefined ? undefined : [user.uid, user.gid, ...user.supplementalGroups].join(' ');
  };

  it('is that of the image, by name or number, with its groups', () => {
    assert.deepEqual(
      ['', 'root', 'app', '1000', '7', 'app:staff', '7:8', 'app:9'].map((user) => of(user)),
      ['0 0 0 10', '0 0 0 10', '1000 1001 1001 50000', '1000 1001 1001 50000', '7 0 0', '1000 50 50', '7 8 8', '1000 9 9'],
    );
  });

  it('is that of the pod, with groups by its policy', () => {
    const pod = { runAsUser: 1000, supplementalGroups: [4000, 10] };
    assert.equal(of('root', pod), '1000 1001 10 1001 4000 50000');
    assert.equal(of('root', { ...pod, imageGroups: false }), '1000 1001 10 1001 4000');
    assert.equal(of('root', { ...pod, runAsGroup: 3000 }), '1000 3000 10 3000 4000 50000');
    assert.equal(of('root', { ...pod, runAsGroup: 3000, imageGroups: false }), '1000 3000 10 3000 4000');
  });

  it('is nobody when the image does not know the name', () => {
    assert.equal(of('nobody'), undefined);
    assert.equal(of('app:nogroup'), undefined);
  });
});

describe('firstFile', () => {
  it('skips what is no file', () => {
    const archive = tarArchive([{ path: 'etc/' }, { path: 'etc/passwd', content: Buffer.from('root') }]);
    assert.equal(firstFile(archive).toString(), 'root');
    assert.equal(firstFile(tarArchive([{ path: 'link', hardLinkTo: 'x' }])).length, 0);
  });
});
