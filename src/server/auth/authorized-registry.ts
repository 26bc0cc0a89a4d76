/**
 * The registry for callers inside this process. Every call is authorised as the caller's user before it is carried out,
 * by the same rules as a request over HTTP. So a controller can do what its role allows and nothing else.
 *
 * Permissions for a whole resource are decided once per user, verb and resource and cached until a rule changes. Rules
 * for single names or namespaces are evaluated at each call.
 */
import type { AnyKind } from '../../api/kind.ts';
import type { Registry, RequestContext, Target, UserInfo } from '../registry/registry.ts';
import { forbiddenError } from './forbidden.ts';
import type { AccessAttributes, AccessDecision } from './rbac.ts';

/** Decides synchronously: callers inside this process do not wait for webhooks. */
export interface AccessAuthorizer {
  /** See {@link RuleSource.revision}. */
  readonly revision: number;
  authorize(attributes: AccessAttributes): AccessDecision;
}

/** Cached permissions for whole resources, by user, Kind, and verb with sub-resource. */
class WholeResources {
  readonly #authorizer: AccessAuthorizer;
  #revision: number;
  #decided = new WeakMap<UserInfo, WeakMap<AnyKind, Map<string, boolean>>>();

  constructor(authorizer: AccessAuthorizer) {
    this.#authorizer = authorizer;
    this.#revision = authorizer.revision;
  }

  allowed(user: UserInfo, verb: string, target: Target): boolean {
    if (this.#revision !== this.#authorizer.revision) {
      this.#revision = this.#authorizer.revision;
      this.#decided = new WeakMap();
    }
    const verbs = this.#verbsOf(user, target.kind);
    const key = target.subresource === '' ? verb : `${verb}/${target.subresource}`;
    let known = verbs.get(key);
    if (known === undefined) {
      known = this.#authorizer.authorize(attributesOf(user, verb, { ...target, namespace: '', name: '' })).allowed;
      verbs.set(key, known);
    }
    return known;
  }

  #verbsOf(user: UserInfo, kind: AnyKind): Map<string, boolean> {
    let kinds = this.#decided.get(user);
    if (kinds === undefined) {
      kinds = new WeakMap();
      this.#decided.set(user, kinds);
    }
    let verbs = kinds.get(kind);
    if (verbs === undefined) {
      verbs = new Map();
      kinds.set(kind, verbs);
    }
    return verbs;
  }
}

const attributesOf = (user: UserInfo, verb: string, { kind, namespace, name, subresource }: Target): AccessAttributes => ({
  user,
  verb,
  isResourceRequest: true,
  namespace,
  apiGroup: kind.group,
  resource: kind.plural,
  subresource,
  name,
  path: '',
});

/** Wraps a registry for callers that may only do what `authorizer` allows. Refuses with 403 as over HTTP. */
export function authorizedRegistry(registry: Registry, authorizer: AccessAuthorizer): Registry {
  const whole = new WholeResources(authorizer);
  const check = ({ user }: RequestContext, verb: string, target: Target, fieldSelector?: string): void => {
    if (whole.allowed(user, verb, target)) return;
    const attributes = { ...attributesOf(user, verb, target), fieldSelector };
    const { allowed, reason } = authorizer.authorize(attributes);
    if (!allowed) throw forbiddenError(attributes, reason);
  };
  return {
    kinds: registry.kinds,
    untilFresh: (resourceVersion) => registry.untilFresh(resourceVersion),
    get: async (context, target, options) => {
      check(context, 'get', target);
      return registry.get(context, target, options);
    },
    list: async (context, target, request) => {
      check(context, 'list', target, request.fieldSelector);
      return registry.list(context, target, request);
    },
    watch: (context, target, request, deliver) => {
      check(context, 'watch', target, request.fieldSelector);
      return registry.watch(context, target, request, deliver);
    },
    create: async (context, target, body, options) => {
      check(context, 'create', target);
      return registry.create(context, target, body, options);
    },
    update: async (context, target, body, options) => {
      check(context, 'update', target);
      return registry.update(context, target, body, { ...options, authorizeCreate: () => check(context, 'create', target) });
    },
    patch: async (context, target, patch, options) => {
      check(context, 'patch', target);
      return registry.patch(context, target, patch, options);
    },
    delete: async (context, target, options) => {
      check(context, 'delete', target);
      return registry.delete(context, target, options);
    },
    deleteCollection: async (context, target, request, options) => {
      check(context, 'deletecollection', target);
      return registry.deleteCollection(context, target, request, options);
    },
    order: async (context, target, body, options, code) => {
      check(context, 'create', target);
      return registry.order(context, target, body, options, code);
    },
    connect: async (context, target, query) => {
      check(context, 'create', target);
      return registry.connect(context, target, query);
    },
  };
}
