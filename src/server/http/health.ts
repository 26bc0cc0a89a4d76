/** `/healthz`, `/livez`, `/readyz`. Source: apiserver pkg/server/healthz/healthz.go. */
import type { Logger } from '../../client/logger.ts';
import type { Exchange } from './exchange.ts';
import type { HealthCheck } from './ports.ts';
import { respondText } from './respond.ts';

export type HealthEndpoint = HealthCheck['endpoints'][number];

/** Upstream's ping check: always there. */
export const pingCheck: HealthCheck = { name: 'ping', endpoints: ['healthz', 'livez', 'readyz'], check: () => undefined };

async function failure(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Answers the whole endpoint: `ok`, or with `?verbose` a line per check. Failures are always verbose, reasons only logged. */
export async function healthRoot(
  exchange: Exchange,
  endpoint: HealthEndpoint,
  checks: readonly HealthCheck[],
  logger: Logger,
): Promise<Response> {
  const excluded = new Set(exchange.search === '' ? [] : exchange.query.getAll('exclude'));
  const unknown = new Set(excluded);
  const failed: string[] = [];
  let lines = '';
  for (const check of checks.filter((item) => item.endpoints.includes(endpoint))) {
    if (excluded.has(check.name)) {
      unknown.delete(check.name);
      lines += `[+]${check.name} excluded: ok\n`;
      continue;
    }
    const reason = await failure(check);
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

/** One check alone; undefined when there is none of that name. */
export async function healthOf(
  exchange: Exchange,
  endpoint: HealthEndpoint,
  name: string,
  checks: readonly HealthCheck[],
): Promise<Response | undefined> {
  const check = checks.find((item) => item.name === name && item.endpoints.includes(endpoint));
  if (check === undefined) return undefined;
  const reason = await failure(check);
  return reason === undefined ? respondText(exchange, 200, 'ok') : respondText(exchange, 500, `internal server error: ${reason}\n`);
}
