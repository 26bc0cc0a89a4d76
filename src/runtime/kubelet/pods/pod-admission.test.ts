import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { admissionFailure, appArmorProblem } from './pod-admission.ts';
import { sysctlName, sysctlPatternError } from './sysctls.ts';

const node = { metadata: { name: 'n', labels: {} }, spec: {} } as unknown as Node; // no other fields are read
const failure = (spec: object, options: object = {}, labels: Record<string, string> = {}): string | undefined => {
  const pod = { metadata: { name: 'p', labels }, spec: { containers: [], securityContext: {}, ...spec } } as unknown as Pod; // likewise
  const found = admissionFailure({ pod, node, allocatable: { pods: '10' }, others: [], ...options });
  return found === undefined ? undefined : `${found.reason}: ${found.message}`;
};
const withSysctls = (...names: string[]) => ({ securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) } });

describe('what a node refuses', () => {
  it('pods of another system', () => {
    assert.equal(failure({ os: { name: 'windows' } }), "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS");
    assert.equal(
      failure({}, {}, { 'kubernetes.io/os': 'windows' }),
      "PodOSSelectorNodeLabelDoesNotMatch: Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    );
    assert.equal(failure({ os: { name: 'linux' } }, {}, { 'kubernetes.io/os': 'linux' }), undefined);
  });

  it('AppArmor profiles on a host that does not enforce them', () => {
    const problem = (spec: object) =>
      appArmorProblem({ spec: { containers: [], securityContext: {}, ...spec } } as unknown as Pod)?.message; // likewise
    const message = 'Cannot enforce AppArmor: AppArmor is not enabled on the host';
    const profile = { type: 'Localhost', localhostProfile: 'x' };
    assert.equal(problem({ containers: [{ resources: {}, securityContext: { appArmorProfile: profile } }] }), message);
    assert.equal(problem({ securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }), message);
    assert.equal(problem({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }), undefined);
  });

  it('sysctls that are neither safe nor allowed, or that would change the host', () => {
    assert.equal(failure(withSysctls('kernel.shm_rmid_forced', 'net/ipv4/tcp_syncookies')), undefined);
    assert.equal(failure(withSysctls('kernel.msgmax')), 'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted');
    assert.equal(failure(withSysctls('kernel.msgmax', 'net.core.somaxconn'), { allowedSysctls: ['kernel.msg*', 'net/core/*'] }), undefined);
    assert.equal(
      failure({ ...withSysctls('net.ipv4.tcp_syncookies'), hostNetwork: true }),
      'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host Net enabled',
    );
    assert.equal(
      failure({ ...withSysctls('kernel.shm_rmid_forced'), hostIPC: true }),
      'SysctlForbidden: forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled',
    );
  });
});

describe('sysctls', () => {
  it('have dots between their segments', () => {
    assert.equal(sysctlName('net/ipv4/conf/eth0.1/rp_filter'), 'net.ipv4.conf.eth0/1.rp_filter');
    assert.equal(sysctlName('net.ipv4.conf.eth0/1.rp_filter'), 'net.ipv4.conf.eth0/1.rp_filter');
  });

  it('can be allowed only when the kernel keeps them apart', () => {
    assert.equal(sysctlPatternError('kernel.shm*'), undefined);
    assert.equal(sysctlPatternError('net.core.somaxconn'), undefined);
    assert.equal(sysctlPatternError('vm.swappiness'), 'the sysctls "vm.swappiness" are not known to be namespaced');
    assert.match(sysctlPatternError('net.*.x') ?? '', /must be the name of a sysctl/);
  });
});
