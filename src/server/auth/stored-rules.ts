/**
 * The roles and bindings that the API stores, as a source of rules. They are read from the store itself, so a decision
 * shows what has been written, and roles are kept only once.
 */
import type { ClusterRole, Role, RoleBinding } from '../../api/generated/rbac/v1.ts';
import { type Store, type StoreEvent, storeKey, storePrefix } from '../store/store.ts';
import type { Binding, PolicyRule, RuleSource } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';
const roles = `roles.${group}`;
const clusterRoles = `clusterroles.${group}`;
const roleBindings = `rolebindings.${group}`;
const clusterRoleBindings = `clusterrolebindings.${group}`;

/** Undefined for no role. */
const rulesOf = (role: ClusterRole | Role | undefined): readonly PolicyRule[] | undefined =>
  role === undefined ? undefined : (role.rules ?? []);

const none: readonly Binding[] = Object.freeze([]);

/** Watches the store until it is closed. */
export class StoredRules implements RuleSource {
  readonly #store: Store;
  #revision = 0;
  #ofCluster: readonly Binding[] | undefined;
  /** By namespace; namespaces without bindings are not kept. */
  readonly #ofNamespaces = new Map<string, readonly Binding[]>();

  constructor(store: Store) {
    this.#store = store;
    const watch = (resource: string, forget: (events: readonly StoreEvent[]) => void): void => {
      store.watch(storePrefix(resource), store.revision, (events) => {
        this.#revision += 1;
        forget(events);
      });
    };
    watch(roles, () => undefined);
    watch(clusterRoles, () => undefined);
    watch(clusterRoleBindings, () => {
      this.#ofCluster = undefined;
    });
    watch(roleBindings, (events) => {
      for (const { entry } of events) this.#ofNamespaces.delete(entry.object.metadata.namespace ?? '');
    });
  }

  get revision(): number {
    return this.#revision;
  }

  clusterRoleBindings(): readonly Binding[] {
    this.#ofCluster ??= this.#bindings(clusterRoleBindings);
    return this.#ofCluster;
  }

  roleBindings(namespace: string): readonly Binding[] {
    const known = this.#ofNamespaces.get(namespace);
    if (known !== undefined) return known;
    const found = this.#bindings(roleBindings, namespace);
    if (found.length > 0) this.#ofNamespaces.set(namespace, found);
    return found;
  }

  clusterRole(name: string): readonly PolicyRule[] | undefined {
    // Only ClusterRoles are stored under these keys; the same holds for the other kinds below.
    return rulesOf(this.#store.get(storeKey(clusterRoles, '', name))?.object as ClusterRole | undefined);
  }

  role(namespace: string, name: string): readonly PolicyRule[] | undefined {
    return rulesOf(this.#store.get(storeKey(roles, namespace, name))?.object as Role | undefined);
  }

  #bindings(resource: string, namespace?: string): readonly Binding[] {
    const { entries } = this.#store.list(storePrefix(resource, namespace));
    if (entries.length === 0) return none;
    return entries.map(({ object }) => {
      const { metadata, roleRef, subjects = [] } = object as RoleBinding;
      return { name: metadata.name, roleRef, subjects };
    });
  }
}
