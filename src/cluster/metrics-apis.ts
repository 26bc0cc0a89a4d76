/**
 * The metrics APIs for the autoscaler in this process, as a client of the API server would reach them: those that
 * Services serve, and this server's own. Source: client-go rest/request.go.
 */
import { isObject, type JsonObject } from '../api/json.ts';
import { availability } from '../api/kinds/apiregistration/api-service.ts';
import type { UserInfo } from '../api/requests.ts';
import { type Status, StatusError } from '../api/status-error.ts';
import { compareVersions } from '../api/version-order.ts';
import type { MetricsApis, MetricsRequest } from '../controllers/pod-autoscaler/metrics-apis.ts';
import type { RemoteApis } from '../server/aggregation/remote-apis.ts';
import type { RemoteConnections } from '../server/aggregation/remote-connections.ts';
import type { AccessAuthorizer } from '../server/auth/authorized-registry.ts';
import { forbiddenError } from '../server/auth/forbidden.ts';
import { metricsGroup } from '../server/resource-metrics/metrics-kinds.ts';
import type { ResourceMetrics } from '../server/resource-metrics/resource-metrics.ts';

export interface MetricsApisOptions {
  /** Whom every request is made as; it may read what this user's roles allow. */
  readonly user: UserInfo;
  readonly authorizer: Pick<AccessAuthorizer, 'authorize'>;
  readonly remote: {
    readonly known: Pick<RemoteApis, 'all' | 'find'>;
    readonly connections: Pick<RemoteConnections, 'to' | 'ask'>;
  };
  readonly own: Pick<ResourceMetrics, 'pods'>;
}

const generic: Readonly<Record<number, string>> = {
  404: 'the server could not find the requested resource',
  503: 'the server is currently unable to handle the request',
};

/** What client-go says of an answer that is no Status. Source: apimachinery api/errors (NewGenericServerResponse). */
function genericError(code: number, { group, resource, name }: MetricsRequest, cause?: unknown): Error {
  const what = generic[code] ?? `the server responded with the status code ${code} but did not return more information`;
  return new Error(`${what} (get ${resource}.${group}${name === '' ? '' : ` ${name}`})`, { cause });
}

const escaped = (part: string): string => encodeURIComponent(part).replaceAll('%2A', '*');

/** Path and query of a request. */
export function pathOf({ group, version, namespace, resource, name, subresource, query }: MetricsRequest): string {
  const below = [resource, name, subresource].filter((part) => part !== '').map(escaped);
  const parameters = new URLSearchParams(query).toString();
  const path = ['/apis', group, version, 'namespaces', escaped(namespace), ...below].join('/');
  return parameters === '' ? path : `${path}?${parameters}`;
}

const isStatus = (body: JsonObject): boolean => body.kind === 'Status' && typeof body.message === 'string';

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // What was parsed is JSON.
    return isObject(value as JsonObject) ? (value as JsonObject) : undefined;
  } catch {
    // Answers of proxies are often plain text.
    return undefined;
  }
}

/** Makes them for one user. */
export function metricsApis({ user, authorizer, remote, own }: MetricsApisOptions): MetricsApis {
  const { known, connections } = remote;

  function authorize({ group: apiGroup, namespace, resource, subresource, name }: MetricsRequest): void {
    const verb = name === '' ? 'list' : 'get';
    const attributes = { user, verb, isResourceRequest: true, namespace, apiGroup, resource, subresource, name, path: '' };
    const { allowed, reason } = authorizer.authorize(attributes);
    if (!allowed) throw forbiddenError(attributes, reason);
  }

  async function ask(request: MetricsRequest): Promise<JsonObject> {
    const api = known.find(request.group, request.version);
    if (api === undefined) return askOwn(request);
    if (availability(api)?.status !== 'True') throw genericError(503, request);
    const answer = await connections.ask(connections.to(api), pathOf(request), user).catch((cause: unknown) => {
      throw genericError(503, request, cause);
    });
    const body = parsed(answer.text);
    if (answer.status >= 200 && answer.status < 300 && body !== undefined) return body;
    // The server has made it a Status.
    if (body !== undefined && isStatus(body)) throw new StatusError(body as unknown as Status);
    throw genericError(answer.status, request);
  }

  async function askOwn(request: MetricsRequest): Promise<JsonObject> {
    const { group, version, namespace, resource, name, query } = request;
    if (group !== metricsGroup || version !== 'v1beta1' || resource !== 'pods' || name !== '') throw genericError(404, request);
    const items = await own.pods({ namespace, name: undefined, labelSelector: query.labelSelector ?? '', fieldSelector: '' });
    // What this server computes is JSON.
    return { items: items as unknown as readonly JsonObject[] };
  }

  return {
    versionsOf: (group) => {
      const served = known.all.filter(({ spec }) => spec.group === group);
      const sorted = served.toSorted(
        (a, b) => b.spec.versionPriority - a.spec.versionPriority || compareVersions(a.spec.version ?? '', b.spec.version ?? ''),
      );
      return sorted.map(({ spec }) => spec.version ?? '');
    },
    get: async (request) => {
      authorize(request);
      return ask(request);
    },
  };
}
