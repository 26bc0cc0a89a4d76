/** `/healthz`, `/livez`, `/readyz`. Source: apiserver pkg/server/healthz/healthz.go. */

import { errorText } from '../../api/error-text.ts';
import type { Logger } from '../../client/logger.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { HealthMetrics } from './metrics/health-metrics.ts';
import type { HealthCheck } from './ports.ts';
import { respondText } from './respond.ts';

export type HealthEndpoint = HealthCheck['endpoints'][number];

const everywhere: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz'];

const well = (name: string, endpoints: readonly HealthEndpoint[] = everywhere): HealthCheck => ({
  name,
  endpoints,
  check: () => undefined,
});

/**
 * What upstream does after it has started to listen, and reports as checks. minik does this work before it listens, so
 * these checks always pass. Source: pkg/controlplane/{instance,apiserver/server}.go, kube-aggregator
 * pkg/apiserver/apiserver.go.
 */
const startChecks: readonly string[] = [
  ...['start-apiserver-admission-initializer', 'generic-apiserver-start-informers', 'max-in-flight-filter'].map(hook),
  ...['storage-object-count-tracker-hook', 'start-apiextensions-informers', 'start-apiextensions-controllers'].map(hook),
  ...['crd-informer-synced', 'start-system-namespaces-controller', 'peer-endpoint-reconciler-controller'].map(hook),
  ...['start-cluster-authentication-info-controller', 'start-kube-apiserver-identity-lease-controller'].map(hook),
  ...['start-kube-apiserver-identity-lease-garbage-collector', 'storage-readiness', 'start-legacy-token-tracking-controller'].map(hook),
  ...['start-service-ip-repair-controllers', 'rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes'].map(hook),
  ...['priority-and-fairness-config-producer', 'bootstrap-controller', 'start-kubernetes-service-cidr-controller'].map(hook),
  ...['start-kube-aggregator-informers', 'apiservice-status-local-available-controller'].map(hook),
  ...['apiservice-status-remote-available-controller', 'apiservice-registration-controller', 'apiservice-discovery-controller'].map(hook),
  hook('kube-apiserver-autoregistration'),
  'autoregister-completion',
  ...['apiservice-openapi-controller', 'apiservice-openapiv3-controller'].map(hook),
];

function hook(name: string): string {
  return `poststarthook/${name}`;
}

/** All checks in upstream's order; `own` are the checks of the server's parts. */
export function allChecks(own: readonly HealthCheck[], isShuttingDown: () => boolean): readonly HealthCheck[] {
  const shutdown = (): void => {
    if (isShuttingDown()) throw new Error('process is shutting down');
  };
  return [
    ...[well('ping'), well('log'), well('loopback-serving-certificate', ['healthz', 'livez'])],
    ...[...own, well('informer-sync', ['readyz'])],
    ...startChecks.map((name) => well(name)),
    { name: 'shutdown', endpoints: ['readyz'], check: shutdown },
  ];
}

/** What is wrong, if anything; counted for the endpoint. */
async function failure(check: HealthCheck, endpoint: HealthEndpoint, metrics: HealthMetrics): Promise<string | undefined> {
  let reason: string | undefined;
  try {
    await check.check();
  } catch (error) {
    reason = errorText(error);
  }
  metrics.checked(endpoint, check.name, reason === undefined);
  return reason;
}

/** Who is told of the checks. */
export interface HealthParts {
  readonly healthChecks: readonly HealthCheck[];
  readonly healthMetrics: HealthMetrics;
  readonly logger: Logger;
}

/**
 * Answers a health endpoint: `ok`, or with `?verbose` a line per check. Failures always list all checks; their reasons
 * are only logged.
 */
export async function healthRoot(
  exchange: Exchange,
  endpoint: HealthEndpoint,
  { healthChecks, healthMetrics, logger }: HealthParts,
): Promise<Answer> {
  const excluded = new Set(exchange.search === '' ? [] : exchange.query.getAll('exclude'));
  const unknown = new Set(excluded);
  const failed: string[] = [];
  let lines = '';
  for (const check of healthChecks.filter((item) => item.endpoints.includes(endpoint))) {
    if (excluded.has(check.name)) {
      unknown.delete(check.name);
      lines += `[+]${check.name} excluded: ok\n`;
      continue;
    }
    const reason = await failure(check, endpoint, healthMetrics);
    if (reason === undefined) lines += `[+]${check.name} ok\n`;
    else {
      failed.push(check.name);
      lines += `[-]${check.name} failed: reason withheld\n`;
      logger.warn('health check failed', { endpoint, check: check.name, reason });
    }
  }
  if (unknown.size > 0) {
    const names = [...unknown].toSorted().map((name) => JSON.stringify(name));
    lines += `warn: some health checks cannot be excluded: no matches for ${names.join(',')}\n`;
  }
  if (failed.length > 0) return respondText(exchange, 500, `${lines}${endpoint} check failed\n`);
  const verbose = exchange.search !== '' && exchange.query.has('verbose');
  return respondText(exchange, 200, verbose ? `${lines}${endpoint} check passed\n` : 'ok');
}

/** Makes all checks, so that metrics tell what they say now although nobody else asks. */
export async function checkAll({ healthChecks, healthMetrics }: HealthParts): Promise<void> {
  await Promise.all(healthChecks.flatMap((check) => check.endpoints.map((endpoint) => failure(check, endpoint, healthMetrics))));
}

/** Answers one check; undefined when there is no check of that name. */
export async function healthOf(
  exchange: Exchange,
  endpoint: HealthEndpoint,
  name: string,
  { healthChecks, healthMetrics }: HealthParts,
): Promise<Answer | undefined> {
  const check = healthChecks.find((item) => item.name === name && item.endpoints.includes(endpoint));
  if (check === undefined) return undefined;
  const reason = await failure(check, endpoint, healthMetrics);
  return reason === undefined ? respondText(exchange, 200, 'ok') : respondText(exchange, 500, `internal server error: ${reason}\n`);
}
