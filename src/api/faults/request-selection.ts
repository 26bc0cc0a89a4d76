/** Which requests a rule is about. */

import { matchesAny } from '../simulated/glob.ts';
import { kindOf } from './fault-kinds.ts';
import type { FaultRule } from './fault-order.ts';

/** A request as rules see it. */
export interface SelectableRequest {
  readonly isResourceRequest: boolean;
  /** The lower-case method for requests that are about no resource. */
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  /** '' when the path has none. */
  readonly name: string;
  readonly path: string;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  readonly userAgent: string;
  /** A watch from a certain version on, or a list that continues another or wants the state of a certain version. */
  readonly resumes: boolean;
}

/** minik's own tools, which look on and clean up. A rule strikes them when it selects user agents. */
const isOwnTool = (userAgent: string): boolean => /^minik( |$)/.test(userAgent);

/** What minik serves itself, by which rules are removed. */
const isControl = (path: string): boolean => /^\/minik(\/|$)/.test(path);

/** Streams into and out of containers, and the answers of their programs. */
const connections: readonly string[] = ['attach', 'exec', 'log', 'portforward', 'proxy'];

/** As in RBAC: a resource does not include its sub-resources; `*` includes everything. */
function matchesResource(wanted: string, { apiGroup, resource, subresource }: SelectableRequest): boolean {
  const [whole = '', sub = ''] = wanted.split('/');
  const subMatches = sub === '' ? subresource === '' || whole === '*' : sub === '*' ? subresource !== '' : sub === subresource;
  if (!subMatches || whole === '*') return subMatches;
  const dot = whole.indexOf('.');
  return dot < 0 ? whole === resource : whole.slice(0, dot) === resource && whole.slice(dot + 1) === apiGroup;
}

/** Whether a fault can happen to a request at all, whatever its rule selects. */
function isPossible({ fault, late }: FaultRule, { resumes, subresource, verb }: SelectableRequest): boolean {
  switch (fault) {
    case 'expired':
      return resumes;
    case 'stale-read':
      return !resumes && (subresource === '' || subresource === 'status');
    default:
      return !late || (verb !== 'watch' && !connections.includes(subresource));
  }
}

/** Whether a rule selects a request, of which it then may strike it. */
export function selectsRequest(rule: FaultRule, request: SelectableRequest): boolean {
  const { verbs, resources, namespaces, objects, users, groups, userAgents, paths } = rule;
  const { isResourceRequest, verb, namespace, name, path, user, userAgent } = request;
  if (isControl(path) || (userAgents.length === 0 && isOwnTool(userAgent))) return false;
  if (paths.length === 0 ? !isResourceRequest : isResourceRequest || !matchesAny(paths, path)) return false;
  const possible: readonly string[] = verbs.length > 0 ? verbs : (kindOf(rule.fault).verbs ?? []);
  if (possible.length > 0 && !possible.includes(verb)) return false;
  return (
    (resources.length === 0 || resources.some((wanted) => matchesResource(wanted, request))) &&
    (namespaces.length === 0 || matchesAny(namespaces, namespace)) &&
    (objects.length === 0 || matchesAny(objects, name)) &&
    (users.length === 0 || matchesAny(users, user.name)) &&
    (groups.length === 0 || user.groups.some((group) => matchesAny(groups, group))) &&
    (userAgents.length === 0 || matchesAny(userAgents, userAgent)) &&
    isPossible(rule, request)
  );
}

/** How a request is told of: `update deployments.apps default/web by jane`. */
export function requestText({ isResourceRequest, verb, path, user, ...request }: SelectableRequest): string {
  const { apiGroup, resource, subresource, namespace, name } = request;
  const by = user.name === '' ? '' : ` by ${user.name}`;
  if (!isResourceRequest) return `${verb} ${path}${by}`;
  const type = `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${subresource === '' ? '' : `/${subresource}`}`;
  const object = [namespace, name].filter((part) => part !== '').join('/');
  return `${verb} ${type}${object === '' ? '' : ` ${object}`}${by}`;
}
