/** `--profile`: what a debugging container may do. Source: kubectl pkg/cmd/debug/profiles.go. */
import { CommandError } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import { type DebugContainer, type DebugPod, type DebugStyle, type SecurityContext, withContainer, withSpec } from './debug-pod.ts';

type Change = (pod: DebugPod, container: string) => DebugPod;

interface Profile {
  /** For every style, before the changes of the style. */
  readonly always?: readonly Change[];
  readonly node?: readonly Change[];
  readonly copy?: readonly Change[];
  readonly ephemeral?: readonly Change[];
}

const secured =
  (change: (context: SecurityContext) => SecurityContext): Change =>
  (pod, name) =>
    withContainer(pod, name, (container) => ({ ...container, securityContext: change(container.securityContext ?? {}) }));

const clearSecurityContext: Change = (pod, name) =>
  withContainer(pod, name, ({ securityContext: _cleared, ...container }): DebugContainer => container as DebugContainer); // it has a name still

const addCapabilities = (...names: readonly string[]): Change =>
  secured(({ capabilities, ...context }) => ({
    ...context,
    capabilities: { ...capabilities, add: [...(capabilities?.add ?? []), ...names] },
  }));

const setPrivileged = secured((context) => ({ ...context, privileged: true }));

const restricted = secured((context) => ({
  ...context,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  allowPrivilegeEscalation: false,
  seccompProfile: { type: 'RuntimeDefault' },
}));

const hostRoot = 'host-root';

const mountHostRoot: Change = (pod, name) =>
  withContainer(
    withSpec(pod, { volumes: [...(pod.spec.volumes ?? []), { name: hostRoot, hostPath: { path: '/' } }] }),
    name,
    (container) => ({ ...container, volumeMounts: [...(container.volumeMounts ?? []), { mountPath: '/host', name: hostRoot }] }),
  );

const useHostNamespaces: Change = (pod) => withSpec(pod, { hostNetwork: true, hostPID: true, hostIPC: true });

const shareProcesses: Change = (pod) => withSpec(pod, { shareProcessNamespace: pod.spec.shareProcessNamespace ?? true });

const profiles: Readonly<Record<string, Profile>> = {
  general: {
    node: [mountHostRoot, clearSecurityContext, useHostNamespaces],
    copy: [addCapabilities('SYS_PTRACE'), shareProcesses],
    ephemeral: [addCapabilities('SYS_PTRACE')],
  },
  baseline: { always: [clearSecurityContext], copy: [shareProcesses] },
  restricted: { always: [clearSecurityContext, restricted], copy: [shareProcesses] },
  netadmin: { always: [addCapabilities('NET_ADMIN', 'NET_RAW')], node: [useHostNamespaces], copy: [shareProcesses] },
  sysadmin: { always: [setPrivileged], node: [useHostNamespaces, mountHostRoot], copy: [shareProcesses] },
};

/** Upstream is about to remove it. */
const legacy = 'legacy';
const legacyProfile: Profile = { node: [mountHostRoot, useHostNamespaces] };

/** Throws CommandError when there is no such profile. */
export function checkProfile(name: string): void {
  if (name !== legacy && profiles[name] === undefined) throw new CommandError(`unknown profile: ${name}`);
}

export const legacyWarning = (name: string): string =>
  name === legacy
    ? '--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example "--profile=general".\n'
    : '';

const probes = [
  ['keep-liveness', 'livenessProbe'],
  ['keep-readiness', 'readinessProbe'],
  ['keep-startup', 'startupProbe'],
] as const;

/** What a copy has of its original only when that is asked for. */
function withoutUnkept(pod: DebugPod, flags: Flags): DebugPod {
  const { labels, annotations, ...metadata } = pod.metadata ?? {};
  const dropped = probes.filter(([flag]) => !flags.bool(flag)).map(([, field]) => [field, undefined] as const);
  const containers = pod.spec.containers.map((container) => ({ ...container, ...Object.fromEntries(dropped) }));
  const kept: DebugPod = {
    ...pod,
    metadata: {
      ...metadata,
      ...(flags.bool('keep-labels') && labels !== undefined ? { labels } : {}),
      ...(flags.bool('keep-annotations') && annotations !== undefined ? { annotations } : {}),
    },
  };
  return withSpec(kept, { containers, ...(flags.bool('keep-init-containers') ? {} : { initContainers: [] }) });
}

/** The labels of a copy under the legacy profile. */
function withoutLabels(pod: DebugPod): DebugPod {
  const { labels: _dropped, ...metadata } = pod.metadata ?? {};
  return { ...pod, metadata };
}

/** The Pod as the profile of the flags wants it; `container` is the one that debugs. */
export function withProfile(pod: DebugPod, container: string, style: DebugStyle, flags: Flags): DebugPod {
  const name = flags.string('profile');
  if (name === legacy && style === 'copy') return withoutLabels(pod);
  const profile = profiles[name] ?? legacyProfile;
  const kept = style === 'copy' ? withoutUnkept(pod, flags) : pod;
  return [...(profile.always ?? []), ...(profile[style] ?? [])].reduce((changed, change) => change(changed, container), kept);
}
