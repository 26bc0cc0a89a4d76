/** Whom the parts of this process act as: each has a user of its own, and may do what that user's roles say. */
import type { UserInfo } from '../api/requests.ts';

/** A user by name and groups. */
export type Identity = Pick<UserInfo, 'name' | 'groups'>;

const authenticated = 'system:authenticated';

/** A user of the cluster's own, such as `system:kube-scheduler`. */
export const systemUser = (name: string, ...groups: readonly string[]): Identity => ({ name, groups: [...groups, authenticated] });

/** A ServiceAccount of kube-system, as kube-controller-manager's controllers have one each (`--use-service-account-credentials`). */
export const controllerAccount = (name: string): Identity => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', authenticated],
});

/** A node's kubelet. */
export const nodeUser = (name: string): Identity => systemUser(`system:node:${name}`, 'system:nodes');

/** kube-controller-manager itself: what reads the caches that its controllers share. */
export const controllerManager = systemUser('system:kube-controller-manager');
export const scheduler = systemUser('system:kube-scheduler');
