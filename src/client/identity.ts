/**
 * The users as which parts of this process call the API. Each part has its own user and may do what that user's roles
 * allow.
 */
import type { UserInfo } from '../api/requests.ts';

/** A user by name and groups. */
export type Identity = Pick<UserInfo, 'name' | 'groups'>;

const authenticated = 'system:authenticated';

/** A built-in user, such as `system:kube-scheduler`. */
export const systemUser = (name: string, ...groups: readonly string[]): Identity => ({ name, groups: [...groups, authenticated] });

/**
 * A ServiceAccount of kube-system. kube-controller-manager runs each controller as one of its own
 * (`--use-service-account-credentials`).
 */
export const controllerAccount = (name: string): Identity => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', authenticated],
});

/** The user of a node's kubelet. */
export const nodeUser = (name: string): Identity => systemUser(`system:node:${name}`, 'system:nodes');

/** The user of kube-controller-manager itself, which fills the caches that its controllers share. */
export const controllerManager = systemUser('system:kube-controller-manager');
const programs: readonly (readonly [prefix: string, program: string])[] = [
  ['system:node:', 'kubelet'],
  ['system:kube-scheduler', 'kube-scheduler'],
  ['system:kube-controller-manager', 'kube-controller-manager'],
  ['system:serviceaccount:kube-system:', 'kube-controller-manager'],
];

/** The program of upstream's that acts as a user: by this name it owns the fields that it sets. */
export const programOf = ({ name }: Identity): string => programs.find(([prefix]) => name.startsWith(prefix))?.[1] ?? 'minik';

/** Whoever may do everything: what kubeadm does as the owner of a cluster. */
export const clusterAdmin = systemUser('kubernetes-admin', 'system:masters');
export const scheduler = systemUser('system:kube-scheduler');
