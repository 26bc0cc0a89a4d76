import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, PodSpec } from '../generated/core/v1.ts';
import { baselineChecks } from './baseline-checks.ts';
import { violationDetails, violationReasons, violations } from './evaluate.ts';
import type { LevelVersion } from './policy.ts';
import { restrictedChecks } from './restricted-checks.ts';

/** Only the fields that a test is about; checks look at no defaults. */
type Sparse<T> = T extends readonly (infer I)[] ? readonly Sparse<I>[] : T extends object ? { readonly [K in keyof T]?: Sparse<T[K]> } : T;

interface Changes {
  readonly spec?: Sparse<PodSpec>;
  /** Of the first container. */
  readonly container?: Sparse<Container>;
  readonly others?: readonly Sparse<Container>[];
  readonly annotations?: Readonly<Record<string, string>>;
}

const named = (name: string, container: Sparse<Container> = {}): Container =>
  ({ name, image: 'i', resources: {}, ...container }) as Container;

/** Has all that the restricted level demands. */
const careful: Sparse<Container> = { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } };
const carefulPod: Sparse<PodSpec> = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } };

function told(by: string, { spec = {}, container = {}, others = [], annotations }: Changes): string {
  const [level = '', version = 'latest'] = by.split(':');
  const containers = [named('a', container), ...others.map((other, index) => named(`b${index}`, other))];
  const podSpec = { restartPolicy: 'Always', containers, ...spec } as PodSpec;
  return violationDetails(violations({ level, version } as LevelVersion, { annotations, spec: podSpec }));
}

/** What the baseline level says of a change of the first container. */
const ofContainer = (securityContext: Container['securityContext'], version = 'latest'): string =>
  told(`baseline:${version}`, { container: { securityContext } });

/** What the restricted level says of a pod that fulfils it but for a change. */
const ofCareful = ({ spec, container }: Changes, version = 'latest'): string =>
  told(`restricted:${version}`, {
    spec: { ...carefulPod, ...spec },
    container: { securityContext: { ...careful.securityContext, ...container?.securityContext } },
  });

describe('the levels', () => {
  const everything: Changes = { spec: { hostNetwork: true }, container: { securityContext: { privileged: true } } };

  it('allow everything when privileged', () => {
    assert.equal(told('privileged:latest', everything), '');
    assert.equal(told('privileged:v1.0', everything), '');
  });

  it('tell violations in the order of the ids, those of the baseline first', () => {
    for (const checks of [baselineChecks, restrictedChecks]) {
      const ids = checks.map(({ id }) => id);
      assert.deepEqual(ids, ids.toSorted());
    }
    const spec = {
      hostPID: true,
      hostNetwork: true,
      containers: [named('a', { securityContext: { privileged: true } })],
    } as unknown as PodSpec;
    assert.equal(
      violationReasons(violations({ level: 'restricted', version: 'latest' }, { annotations: undefined, spec })),
      'host namespaces, privileged, allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile',
    );
  });

  it('count init and ephemeral containers', () => {
    const spec = { initContainers: [named('init', { securityContext: { privileged: true } })] };
    const ephemeral = {
      ephemeralContainers: [{ ...named('debug'), securityContext: { privileged: true } }],
    } as unknown as Sparse<PodSpec>;
    assert.equal(told('baseline', { spec }), 'privileged (container "init" must not set securityContext.privileged=true)');
    assert.equal(
      told('baseline', { spec: { ...spec, ...ephemeral } }),
      'privileged (containers "init", "debug" must not set securityContext.privileged=true)',
    );
  });

  it('are those of the newest known version for versions to come', () => {
    assert.equal(ofCareful({ spec: { hostUsers: false, securityContext: { seccompProfile: { type: 'Localhost' } } } }, 'v1.99'), '');
  });
});

describe('the baseline level', () => {
  it('forbids to share namespaces of the host', () => {
    assert.equal(
      told('baseline', { spec: { hostNetwork: true, hostPID: true, hostIPC: true } }),
      'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)',
    );
  });

  it('forbids volumes of the host', () => {
    const volumes = [
      { name: 'v', hostPath: { path: '/' } },
      { name: 'w', hostPath: { path: '/' } },
      { name: 'x', emptyDir: {} },
    ];
    assert.equal(told('baseline', { spec: { volumes: volumes.slice(0, 1) } }), 'hostPath volumes (volume "v")');
    assert.equal(told('baseline', { spec: { volumes } }), 'hostPath volumes (volumes "v", "w")');
  });

  it('forbids ports of the host', () => {
    const ports = (...hostPorts: number[]): Sparse<Container> => ({
      ports: hostPorts.map((hostPort) => ({ containerPort: 1, hostPort, protocol: 'TCP' })),
    });
    assert.equal(told('baseline', { container: ports(80, 0) }), 'hostPort (container "a" uses hostPort 80)');
    assert.equal(
      told('baseline', { container: ports(80, 9), others: [ports(1000)] }),
      'hostPort (containers "a", "b0" use hostPorts 1000, 80, 9)',
    );
  });

  it('forbids capabilities that are not among the defaults', () => {
    assert.equal(ofContainer({ capabilities: { add: ['CHOWN', 'NET_BIND_SERVICE'] } }), '');
    assert.equal(
      ofContainer({ capabilities: { add: ['NET_RAW', 'CHOWN', 'BPF'] } }),
      'non-default capabilities (container "a" must not include "BPF", "NET_RAW" in securityContext.capabilities.add)',
    );
  });

  it('forbids probes and hooks of other hosts, from 1.34 on', () => {
    const container: Sparse<Container> = {
      livenessProbe: { httpGet: { port: 1, host: 'b', scheme: 'HTTP' } },
      lifecycle: { preStop: { tcpSocket: { port: 1, host: 'c' } }, postStart: { httpGet: { port: 1, host: 'b', scheme: 'HTTP' } } },
    };
    const one: Sparse<Container> = {
      startupProbe: { tcpSocket: { port: 1, host: 'x' } },
      readinessProbe: { httpGet: { port: 1, scheme: 'HTTP' } },
    };
    assert.equal(told('baseline', { container: one }), 'probe or lifecycle host (container "a" uses probe or lifecycle host "x")');
    assert.equal(
      told('baseline', { container, others: [one] }),
      'probe or lifecycle host (containers "a", "b0" use probe or lifecycle hosts "b", "c", "x")',
    );
    assert.equal(told('baseline:v1.33', { container }), '');
  });

  it('forbids other process mounts; from 1.35 on only outside of user namespaces', () => {
    const message = 'procMount (container "a" must not set securityContext.procMount to "Unmasked")';
    const container: Sparse<Container> = { securityContext: { procMount: 'Unmasked' } };
    assert.equal(ofContainer({ procMount: 'Default' }), '');
    assert.equal(ofContainer({ procMount: 'Unmasked' }), message);
    assert.equal(told('baseline', { spec: { hostUsers: false }, container }), '');
    assert.equal(told('baseline:v1.34', { spec: { hostUsers: false }, container }), message);
    assert.ok(told('restricted', { spec: { hostUsers: false }, container }).startsWith('allowPrivilegeEscalation'));
    assert.ok(told('restricted', { spec: { hostUsers: false }, container }).includes(message));
  });

  it('forbids SELinux users, roles and other types; from 1.31 on engines are allowed', () => {
    assert.equal(ofContainer({ seLinuxOptions: { type: 'container_t', level: 's0' } }), '');
    assert.equal(ofContainer({ seLinuxOptions: { type: 'container_engine_t' } }), '');
    const engine = 'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t")';
    assert.equal(ofContainer({ seLinuxOptions: { type: 'container_engine_t' } }, 'v1.30'), engine);
    assert.equal(
      told('baseline', {
        spec: { securityContext: { seLinuxOptions: { type: 'z_t', role: 'r' } } },
        container: { securityContext: { seLinuxOptions: { type: 'y_t', user: 'u' } } },
      }),
      'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: types "y_t", "z_t"; user may not be set; role may not be set)',
    );
  });

  it('forbids other AppArmor profiles, by field and by annotation', () => {
    assert.equal(ofContainer({ appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } }), '');
    assert.equal(
      told('baseline', { spec: { securityContext: { appArmorProfile: { type: 'Unconfined' } } } }),
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
    );
    const prefix = 'container.apparmor.security.beta.kubernetes.io/';
    const annotations = {
      [`${prefix}a`]: 'unconfined',
      [`${prefix}b`]: 'x',
      [`${prefix}c`]: 'localhost/p',
      [`${prefix}d`]: 'runtime/default',
    };
    assert.equal(
      told('baseline', { annotations, container: { securityContext: { appArmorProfile: { type: 'Unconfined' } } } }),
      `forbidden AppArmor profiles (container "a" and annotations must not set AppArmor profile type to "Unconfined", "${prefix}a="unconfined"", "${prefix}b="x"")`,
    );
  });

  it('forbids other seccomp profiles: by annotation up to 1.18, by field since', () => {
    const annotations = {
      'seccomp.security.alpha.kubernetes.io/pod': 'unconfined',
      'container.seccomp.security.alpha.kubernetes.io/a': 'docker/default',
      'container.seccomp.security.alpha.kubernetes.io/other': 'unconfined',
    };
    assert.equal(
      told('baseline:v1.18', { annotations }),
      'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
    );
    assert.equal(told('baseline:v1.19', { annotations }), '');
    assert.equal(
      told('baseline', {
        spec: { securityContext: { seccompProfile: { type: 'Unconfined' } } },
        container: { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      }),
      'seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
    );
  });

  it('forbids sysctls that are not safe; which are, depends on the version', () => {
    const sysctls = [
      'kernel.shm_rmid_forced',
      'net.ipv4.tcp_rmem',
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.ip_local_reserved_ports',
      'kernel.sem',
    ];
    const spec = { securityContext: { sysctls: sysctls.map((name) => ({ name, value: '1' })) } };
    const expected = {
      latest: 'kernel.sem',
      'v1.31': 'net.ipv4.tcp_rmem, kernel.sem',
      'v1.28': 'net.ipv4.tcp_rmem, net.ipv4.tcp_keepalive_time, kernel.sem',
      'v1.26': 'net.ipv4.tcp_rmem, net.ipv4.tcp_keepalive_time, net.ipv4.ip_local_reserved_ports, kernel.sem',
    };
    for (const [version, names] of Object.entries(expected)) {
      assert.equal(told(`baseline:${version}`, { spec }), `forbidden sysctls (${names})`, version);
    }
  });

  it('forbids host processes on Windows', () => {
    const windowsOptions = { hostProcess: true };
    assert.equal(
      told('baseline', { spec: { securityContext: { windowsOptions } }, container: { securityContext: { windowsOptions } } }),
      'hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)',
    );
  });
});

describe('the restricted level', () => {
  it('allows a careful pod', () => {
    assert.equal(ofCareful({}), '');
  });

  it('demands that privileges are not escalated, from 1.8 on; from 1.25 on not of Windows', () => {
    const message = 'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)';
    const container: Sparse<Container> = { securityContext: { allowPrivilegeEscalation: true } };
    assert.equal(ofCareful({ container }), message);
    assert.equal(ofCareful({ container, spec: { os: { name: 'windows' } } }), '');
    assert.equal(ofCareful({ container, spec: { os: { name: 'windows' } } }, 'v1.24'), message);
    assert.equal(ofCareful({ container }, 'v1.7'), '');
  });

  it('demands that all capabilities are dropped, from 1.22 on, instead of the rule of the baseline', () => {
    const container: Sparse<Container> = { securityContext: { capabilities: { add: ['CHOWN', 'NET_BIND_SERVICE'] } } };
    assert.equal(
      ofCareful({ container }),
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    );
    assert.equal(ofCareful({ container: { securityContext: { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } } } }), '');
    assert.equal(ofCareful({ container }, 'v1.21'), '');
    assert.equal(ofCareful({ container, spec: { os: { name: 'windows' } } }), '');
  });

  it('allows volumes of the cluster only, instead of the rule of the baseline', () => {
    const volumes = [
      { name: 'v', hostPath: { path: '/' } },
      { name: 'w', nfs: { server: 's', path: '/' } },
      { name: 'x' },
      { name: 'y', emptyDir: {} },
    ];
    assert.equal(
      ofCareful({ spec: { volumes } }),
      'restricted volume types (volumes "v", "w", "x" use restricted volume types "hostPath", "nfs", "unknown")',
    );
    assert.equal(
      ofCareful({ spec: { volumes: volumes.slice(0, 1) } }),
      'restricted volume types (volume "v" uses restricted volume type "hostPath")',
    );
  });

  it('demands that nobody is root; from 1.35 on only outside of user namespaces', () => {
    const seccompProfile = { type: 'RuntimeDefault' } as const;
    const container: Sparse<Container> = { securityContext: { runAsNonRoot: false } };
    assert.equal(
      ofCareful({ spec: { securityContext: { seccompProfile } } }),
      'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
    );
    const both = 'runAsNonRoot != true (pod and container "a" must not set securityContext.runAsNonRoot=false)';
    const spec: Sparse<PodSpec> = { securityContext: { seccompProfile, runAsNonRoot: false } };
    assert.equal(ofCareful({ spec, container }), both);
    assert.equal(ofCareful({ spec: { ...spec, hostUsers: false }, container }), '');
    assert.equal(ofCareful({ spec: { ...spec, hostUsers: false }, container }, 'v1.34'), both);
    assert.equal(ofCareful({ spec: { securityContext: { seccompProfile } }, container: { securityContext: { runAsNonRoot: true } } }), '');
  });

  it('forbids the user 0 by number, from 1.23 on; from 1.35 on only outside of user namespaces', () => {
    const spec: Sparse<PodSpec> = { securityContext: { ...carefulPod.securityContext, runAsUser: 0 } };
    const container: Sparse<Container> = { securityContext: { runAsUser: 0 } };
    const message = 'runAsUser=0 (pod and container "a" must not set runAsUser=0)';
    assert.equal(ofCareful({ spec, container }), message);
    assert.equal(ofCareful({ spec: { ...spec, hostUsers: false }, container }), '');
    assert.equal(ofCareful({ spec: { ...spec, hostUsers: false }, container }, 'v1.34'), message);
    assert.equal(ofCareful({ spec, container }, 'v1.22'), '');
  });

  it('demands a seccomp profile, from 1.19 on; from 1.25 on not of Windows', () => {
    const spec: Sparse<PodSpec> = { securityContext: { runAsNonRoot: true } };
    const message = 'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
    assert.equal(ofCareful({ spec }), message);
    assert.equal(ofCareful({ spec }, 'v1.18'), '');
    assert.equal(ofCareful({ spec: { ...spec, os: { name: 'windows' } } }), '');
    assert.equal(ofCareful({ spec: { ...spec, os: { name: 'windows' } } }, 'v1.24'), message);
    assert.equal(ofCareful({ spec, container: { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'p' } } } }), '');
    assert.equal(
      ofCareful({ container: { securityContext: { seccompProfile: { type: 'Unconfined' } } } }),
      'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
    );
  });
});
