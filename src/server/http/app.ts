/**
 * The API as a hono app: filters in upstream's order (audit id, authentication, impersonation, authorization), then one
 * handler per path. Serves with and without sockets (`app.request`). Only this folder imports hono.
 */

import { type Context, Hono } from 'hono';
import type { JsonObject } from '../../api/json.ts';
import { type MetricSource, MetricText } from '../../api/metric-text.ts';
import { type Clock, systemClock } from '../../client/clock.ts';
import type { Logger } from '../../client/logger.ts';
import type { MutableKindSet } from '../registry/kind-set.ts';
import type { Registry, UserInfo } from '../registry/registry.ts';
import { proxyToApi, remoteApiOf } from './aggregation/proxy-to-api.ts';
import type { Answer } from './answer.ts';
import { type AuditOptions, Auditor } from './audit/auditor.ts';
import { authenticate, knownUser, type PeerCertificate, PeerCertificates } from './auth/authenticate.ts';
import { authorize } from './auth/authorize.ts';
import { impersonate, mayImpersonate } from './auth/impersonate.ts';
import { type Control, handleControl } from './controls.ts';
import { Deadlines, requestTimeoutMs } from './deadlines.ts';
import { Discovery } from './discovery/discovery.ts';
import { handleDiscovery } from './discovery/discovery-handler.ts';
import { encodeObject, rawJson } from './encode/encode.ts';
import { ServedEntries } from './encode/served-entries.ts';
import { type DescribeFields, TableColumns } from './encode/table-columns.ts';
import { Exchange, type FlowClass, type NodeBindings, type ReceivedRequest } from './exchange.ts';
import type { FaultSource } from './faults/fault-source.ts';
import { InjectedError } from './faults/injected-errors.ts';
import { withFaults } from './faults/request-faults.ts';
import { handleResource } from './handlers/resource.ts';
import { allChecks, checkAll, type HealthEndpoint, healthOf, healthRoot } from './health.ts';
import { AccessMetrics } from './metrics/access-metrics.ts';
import { HealthMetrics } from './metrics/health-metrics.ts';
import { processMetrics } from './metrics/process-metrics.ts';
import { RequestMetrics } from './metrics/request-metrics.ts';
import { negotiateError } from './negotiation.ts';
import { handleOpenApi, OpenApiDocuments } from './openapi/openapi-handler.ts';
import type { ServedDocument } from './openid.ts';
import type { Authenticator, Authorizer, HealthCheck, NodeApis, OpenApiSource, ProtobufCodec, RuleResolver } from './ports.ts';
import { isProxyable } from './proxy/resolve-backend.ts';
import type { RequestInfo } from './request-info.ts';
import { baseHeaders, respond, respondText } from './respond.ts';
import { requireReadable } from './route-rules.ts';
import type { AggregatedApis, ServerContext } from './server-context.ts';
import { statusOf, toStatusError } from './status.ts';
import type { PodStreams } from './streaming/pod-streams.ts';
import { versionInfo } from './version.ts';
import { bindings } from './virtual/bindings.ts';
import { componentStatuses } from './virtual/component-statuses.ts';
import { oldVirtualVersions } from './virtual/old-versions.ts';
import { reviews } from './virtual/reviews.ts';
import type { VirtualResource } from './virtual/virtual-resource.ts';
import { WatchHub } from './watch/watch-hub.ts';
import { YamlBodies, type YamlWorker } from './yaml/yaml-bodies.ts';
import { flagz, statusz } from './zpages.ts';

export interface AppOptions {
  readonly registry: Registry;
  /** Tried in order. Client certificates need `certificateAuthenticator` among them. */
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  /** Used by SelfSubjectRulesReview. Absent: its answers are marked incomplete. */
  readonly ruleResolver?: RuleResolver;
  readonly podStreams: PodStreams;
  /** The kubelet APIs behind `nodes/{name}/proxy`. Default: none. */
  readonly nodeApis?: NodeApis;
  readonly codec: ProtobufCodec;
  /**
   * Starts the thread that reads large YAML bodies. Default: they are read at once, and the server stands still
   * meanwhile.
   */
  readonly createYamlWorker?: () => YamlWorker;
  readonly openApi: OpenApiSource;
  /** Descriptions for the column definitions of Tables. Default: no descriptions. */
  readonly describeFields?: DescribeFields;
  /** Called with the number of events that are sent to watchers, as they are sent. */
  readonly onEvents?: (count: number) => void;
  /** Called with the number of bytes that streams carry into pods and out of them, as they are transferred. */
  readonly onStreamed?: (bytes: number) => void;
  /** The store's newest revision, for bookmarks. */
  readonly currentRevision: () => number;
  /**
   * Checks in addition to the server's own. Checks named `scheduler`, `controller-manager` and `etcd` are also shown as
   * component statuses.
   */
  readonly healthChecks?: readonly HealthCheck[];
  /** The flags that `/flagz` shows. Default: none. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Shown at `/metrics` in addition to the server's own. Default: none. */
  readonly metrics?: readonly MetricSource[];
  /** Shown at `/metrics/resources`, as by kube-scheduler: too much for each look at `/metrics`. Default: none. */
  readonly resourceMetrics?: readonly MetricSource[];
  /** Tells when Kinds come, change and go. Default: they do not. */
  readonly kindChanges?: Pick<MutableKindSet, 'onChange'>;
  /** Whether reviews are served in versions that Kubernetes has removed. Default: true. */
  readonly legacyApis?: boolean;
  /** Virtual resources in addition to reviews, bindings and component statuses. */
  readonly virtualResources?: readonly VirtualResource[];
  /** APIs that Services in the cluster serve. Default: none. */
  readonly remoteApis?: AggregatedApis;
  /** Documents that are not API objects, by path, such as `/openid/v1/jwks`. Default: none. */
  readonly documents?: Readonly<Record<string, ServedDocument>>;
  /** What administrators read and change beside the objects, by path, such as `/minik/clock`. Default: nothing. */
  readonly controls?: Readonly<Record<string, Control>>;
  /**
   * Whether the proxy sub-resources may connect to an address. Default: upstream's rule, which refuses loopback and
   * link-local addresses.
   */
  readonly mayProxyTo?: (host: string) => boolean;
  /** False: the addresses of simulated pods lead nowhere, or to other hosts. Default: true. */
  readonly podsAreReachable?: boolean;
  /** Absent: requests are not recorded. */
  readonly audit?: AuditOptions | undefined;
  /** Which requests are struck by faults. Default: none. */
  readonly faults?: FaultSource;
  /** The flow schema and the priority level of a request; default: none, and no headers that name them. */
  readonly classify?: (user: UserInfo, request: RequestInfo) => FlowClass | undefined;
  readonly logger: Logger;
  /** Limits connections and requests. Default: the system's clock. */
  readonly clock?: Clock;
  /** The cluster's time, which objects and ages go by, in milliseconds since the epoch. Default: that of `clock`. */
  readonly now?: () => number;
}

/** Runs an exchange through the filters and then calls the handler. Upgrades use the same filters. */
export type Filters = (exchange: Exchange) => Promise<void> | void;

/** Runs the filters that have to wait: for an authenticator, or to check whether the user may impersonate another. */
async function filterSlowly(exchange: Exchange, certificate: PeerCertificate, server: ServerContext): Promise<void> {
  const user = await authenticated(exchange, certificate, server);
  exchange.user = user;
  server.auditor?.begin(exchange, user);
  exchange.user = await impersonate(exchange, user, server.authorizer);
  exchange.flow = server.classify?.(exchange.user, exchange.info);
  await authorized(exchange, server);
}

async function authenticated(
  exchange: Exchange,
  certificate: PeerCertificate,
  { access, authenticators, monotonicMs }: ServerContext,
): Promise<UserInfo> {
  const beganMs = monotonicMs();
  try {
    const user = await authenticate(exchange, authenticators, certificate);
    access.known(user.name, monotonicMs() - beganMs);
    return user;
  } catch (error) {
    access.unknown(error, monotonicMs() - beganMs);
    throw error;
  }
}

/** Throws, or rejects, when the user may not make the request. */
function authorized(exchange: Exchange, { access, authorizer, monotonicMs }: ServerContext): Promise<void> | undefined {
  const beganMs = monotonicMs();
  const allowed = (): void => access.decided(monotonicMs() - beganMs);
  const refused = (error: unknown): never => {
    access.decided(monotonicMs() - beganMs, error);
    throw error;
  };
  try {
    const deciding = authorize(exchange, authorizer);
    if (deciding !== undefined) return deciding.then(allowed, refused);
  } catch (error) {
    refused(error);
  }
  allowed();
  return undefined;
}

export interface App {
  readonly hono: Hono<{ Bindings: NodeBindings }>;
  /** Answers a request on a connection. */
  handle(request: ReceivedRequest, node: NodeBindings): Promise<Answer>;
  readonly server: ServerContext;
  readonly filters: Filters;
  /** The answer to any value thrown while serving an exchange. */
  renderError(exchange: Exchange, error: unknown): Promise<Answer>;
}

function contextOf(options: AppOptions): ServerContext {
  const { registry, authenticators, authorizer, logger } = options;
  const clock = options.clock ?? systemClock;
  const now = options.now ?? (() => clock.now());
  const watches = new WatchHub(clock, options.currentRevision);
  if (options.kindChanges !== undefined) watches.follow(options.kindChanges);
  const metrics = new RequestMetrics((group, version, resource) => registry.kinds.byResource(group, version, resource) !== undefined);
  const access = new AccessMetrics();
  const auditor = options.audit === undefined ? undefined : new Auditor(options.audit, now);
  const healthChecks = allChecks(options.healthChecks ?? [], () => watches.isShuttingDown);
  const computed = reviews(authorizer, authenticators, options.ruleResolver, now);
  const virtualResources = [
    componentStatuses(healthChecks),
    bindings,
    ...computed,
    ...(options.legacyApis === false ? [] : oldVirtualVersions(computed)),
    ...(options.virtualResources ?? []),
  ];
  return {
    registry,
    faults: options.faults ?? { requests: undefined },
    classify: options.classify,
    authenticators,
    authorizer,
    ruleResolver: options.ruleResolver,
    podStreams: options.podStreams,
    nodeApis: options.nodeApis ?? { get: () => undefined },
    codec: options.codec,
    yaml: new YamlBodies({ clock, createWorker: options.createYamlWorker }),
    onEvents: options.onEvents ?? (() => undefined),
    onStreamed: options.onStreamed ?? (() => undefined),
    served: new ServedEntries(),
    columns: new TableColumns(options.describeFields ?? ((fields) => fields.map(() => ''))),
    openApi: options.openApi,
    healthChecks,
    mayProxyTo: options.mayProxyTo ?? isProxyable,
    podsAreReachable: options.podsAreReachable ?? true,
    virtualResources,
    auditor,
    logger,
    clock,
    now,
    metrics,
    healthMetrics: new HealthMetrics(),
    access,
    metricSources: [
      metrics,
      access,
      ...(auditor === undefined ? [] : [auditor]),
      processMetrics(clock.now() - process.uptime() * 1000),
      ...(options.metrics ?? []),
    ],
    watches,
    deadlines: new Deadlines(clock),
    discovery: new Discovery(registry.kinds, virtualResources, options.remoteApis?.known),
    remoteApis: options.remoteApis,
    monotonicMs: () => performance.now(),
  };
}

const endpoints: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz'];

const notFoundText = (exchange: Exchange): Answer | Promise<Answer> => respondText(exchange, 404, '404 page not found\n');

/** A JSON document that is not an API object. */
const document = (exchange: Exchange, object: JsonObject): Answer | Promise<Answer> =>
  respond(exchange, 200, rawJson(object), baseHeaders(exchange, 'application/json'));

const staticPaths: readonly string[] = [
  ...['/flagz', '/healthz', '/livez', '/metrics', '/metrics/slis', '/openapi/v2', '/openapi/v3', '/readyz', '/statusz', '/version'],
];
/** Those that `/statusz` names. */
const debuggingPaths = staticPaths.filter((path) => !path.startsWith('/openapi') && path !== '/metrics/slis');

function indexPaths(server: ServerContext, more: readonly string[]): readonly string[] {
  const checks = server.healthChecks.flatMap(({ name, endpoints: at }) => at.map((endpoint) => `/${endpoint}/${name}`));
  return [...server.discovery.paths(), '/apis/', ...staticPaths, '/openapi/v3/', ...checks, ...more].toSorted();
}

async function renderError(server: ServerContext, exchange: Exchange, thrown: unknown): Promise<Answer> {
  const injected = thrown instanceof InjectedError ? thrown.answer(exchange) : undefined;
  if (injected !== undefined) return injected;
  const error = toStatusError(thrown, server.logger, { method: exchange.method, path: exchange.path, auditId: exchange.auditId });
  const { accept, userAgent } = exchange;
  const representation = negotiateError({ accept, userAgent, pretty: exchange.param('pretty') });
  // A Status is JSON.
  const object = statusOf(error) as unknown as JsonObject;
  const body = representation === undefined ? rawJson(object) : await encodeObject(object, representation, server.codec);
  const headers = baseHeaders(exchange, representation?.mediaType ?? 'application/json');
  const retry = error.status.details?.retryAfterSeconds;
  if (retry !== undefined && retry > 0) headers['Retry-After'] = String(retry);
  if (error.code === 401 || error.code === 403) headers['X-Content-Type-Options'] = 'nosniff';
  return respond(exchange, error.code, body, headers);
}

/** hono passes on what handlers return; only its types ask for a `Response`. `handle` takes it back. */
export const throughHono = (answer: Promise<Answer>): Promise<Response> => answer as Promise<unknown> as Promise<Response>;

type Handler = (exchange: Exchange) => Promise<Answer | undefined> | Answer | undefined;

/** Makes the app. It does not listen yet: see `createServer`. */
export function createApp(options: AppOptions): App {
  const server = contextOf(options);
  const certificates = new PeerCertificates(server.clock);
  const filters: Filters = (exchange) => {
    const beganMs = server.monotonicMs();
    const certificate = certificates.of(exchange);
    const known = knownUser(certificate);
    if (known === undefined || mayImpersonate(exchange)) return filterSlowly(exchange, certificate, server);
    exchange.user = known;
    server.access.known(known.name, server.monotonicMs() - beganMs);
    server.auditor?.begin(exchange, known);
    exchange.flow = server.classify?.(known, exchange.info);
    return authorized(exchange, server);
  };
  const serve = async (exchange: Exchange, handler: Handler): Promise<Answer> => {
    let response: Answer;
    let code: number;
    const finished = server.metrics.began(exchange);
    try {
      if (exchange.search !== '') exchange.timeoutMs = requestTimeoutMs(exchange);
      const filtering = filters(exchange);
      if (filtering !== undefined) await filtering;
      const { requests } = server.faults;
      if (requests === undefined) response = (await handler(exchange)) ?? (await notFoundText(exchange));
      else response = await withFaults(exchange, server, requests, async () => (await handler(exchange)) ?? notFoundText(exchange));
      server.auditor?.answered(exchange, response.status);
      code = response.status;
    } catch (error) {
      response = await renderError(server, exchange, error);
      code = error instanceof InjectedError ? error.code : response.status;
      server.auditor?.answered(exchange, code, error);
    }
    finished();
    server.metrics.record(exchange, code, server.monotonicMs() - exchange.startMs);
    return response;
  };
  const hono = new Hono<{ Bindings: NodeBindings }>();
  const served = (handler: Handler) => (c: Context<{ Bindings: NodeBindings }>) =>
    throughHono(serve(new Exchange(c.req.raw, c.env?.incoming === undefined ? undefined : c.env, server.monotonicMs()), handler));
  const route = (path: string, handler: Handler): void => {
    hono.all(path, served(handler));
  };
  // All other paths are handled here rather than by a route: hono dispatches a request fastest when a single route
  // matches.
  hono.notFound(served(() => undefined));
  addRoutes(route, server, options);
  const startMs = server.clock.now() - process.uptime() * 1000;
  route('/statusz', (exchange) => statusz(exchange, { startMs, nowMs: server.clock.now(), paths: debuggingPaths }));
  route('/flagz', (exchange) => flagz(exchange, options.flags ?? {}));
  return {
    hono,
    // Of the request, hono reads method and URL.
    handle: async (request, node) => (await hono.fetch(request as Request, node)) as unknown as Answer,
    server,
    filters,
    renderError: (exchange, error) => renderError(server, exchange, error),
  };
}

function addRoutes(
  route: (path: string, handler: Handler) => void,
  server: ServerContext,
  { documents: served = {}, controls = {}, resourceMetrics = [] }: AppOptions,
): void {
  const documents = new OpenApiDocuments(server);
  const api: Handler = (exchange) => {
    const remote = remoteApiOf(exchange, server);
    if (remote !== undefined) return proxyToApi(exchange, server, remote);
    return exchange.info.isResourceRequest ? handleResource(exchange, server) : handleDiscovery(exchange, server);
  };
  // These patterns also match /api and /apis themselves.
  for (const path of ['/api/*', '/apis/*']) route(path, api);
  for (const endpoint of endpoints) {
    route(`/${endpoint}`, (exchange) => healthRoot(exchange, endpoint, server));
    route(`/${endpoint}/*`, (exchange) => healthOf(exchange, endpoint, exchange.path.slice(endpoint.length + 2), server));
  }
  for (const path of ['/version', '/version/']) {
    route(path, (exchange) => {
      requireReadable(exchange, ['application/json'], ['application/json']);
      return document(exchange, versionInfo);
    });
  }
  for (const [path, { contentType, cacheControl, json }] of Object.entries(served)) {
    route(path, async (exchange) => {
      requireReadable(exchange, [contentType]);
      return respond(exchange, 200, JSON.stringify(await json()), { ...baseHeaders(exchange, contentType), 'Cache-Control': cacheControl });
    });
  }
  for (const [path, control] of Object.entries(controls))
    for (const each of [path, `${path}/*`]) route(each, (exchange) => handleControl(exchange, path, control));
  route('/openapi/*', (exchange) => handleOpenApi(exchange, documents));
  const metrics = (exchange: Exchange, sources: readonly MetricSource[]): Answer | Promise<Answer> => {
    const text = new MetricText();
    for (const source of sources) source.write(text);
    return respond(exchange, 200, text.toString(), baseHeaders(exchange, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'));
  };
  route('/metrics', (exchange) => metrics(exchange, server.metricSources));
  route('/metrics/slis', async (exchange) => {
    await checkAll(server);
    return metrics(exchange, [server.healthMetrics]);
  });
  route('/metrics/resources', (exchange) => metrics(exchange, resourceMetrics));
  route('/', (exchange) => document(exchange, { paths: indexPaths(server, [...Object.keys(served), ...Object.keys(controls)]) }));
}
