/**
 * Faults of requests: what a rule makes of a request that it strikes. Everything else of the request is as it would be
 * without: the user is known and may do it, and the answer is what a real server would send.
 */

import type { FaultName } from '../../../api/faults/fault-kinds.ts';
import type { SelectableRequest } from '../../../api/faults/request-selection.ts';
import { StatusError, statusErrors } from '../../../api/status-error.ts';
import { sleep } from '../../../client/clock.ts';
import { type Answer, discard } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { ServerContext } from '../server-context.ts';
import type { RequestFaults, Strike } from './fault-source.ts';
import { InjectedError, Overloaded, Reset, ShuttingDown } from './injected-errors.ts';

/** The strike of one of these faults on a request; undefined: there is none. */
export const strikeOf = ({ strikes }: Exchange, ...faults: readonly FaultName[]): Strike | undefined =>
  strikes?.find(({ rule }) => faults.includes(rule.fault));

const auditKey = 'minik.io/faults';

function selectable(exchange: Exchange): SelectableRequest {
  const { info, user, userAgent } = exchange;
  const from = exchange.param('resourceVersion') ?? '';
  const version = from !== '' && from !== '0';
  const resumes = info.verb === 'watch' ? version : (exchange.param('continue') ?? '') !== '' || (version && isExact(exchange));
  return { ...info, user, userAgent, resumes };
}

/** Whether a list is asked for as it was at a version: see registry/list.ts. */
const isExact = (exchange: Exchange): boolean => {
  const match = exchange.param('resourceVersionMatch') ?? '';
  return match === 'Exact' || (match === '' && Number(exchange.param('limit') ?? 0) > 0);
};

/** Delays a request; throws 504 as soon as it has taken as long as a request may. */
async function delay(exchange: Exchange, server: ServerContext, { rule, chance }: Strike): Promise<void> {
  const [fromMs, toMs] = rule.delayMs;
  const waiting = sleep(server.clock, fromMs + Math.round(chance * (toMs - fromMs)), exchange.signal);
  await (exchange.info.verb === 'watch' ? waiting : server.deadlines.bound(waiting, exchange.timeoutMs));
  // Nobody waits for the answer any more; a real server gives up, too.
  if (exchange.signal.aborted) throw new InjectedError(new StatusError({ code: 500, message: 'context canceled' }));
}

function errorOf({ info }: Exchange, { rule }: Strike): InjectedError | undefined {
  const { message, retryAfter } = rule;
  switch (rule.fault) {
    case 'conflict':
      return new InjectedError(statusErrors.modified({ group: info.apiGroup, resource: info.resource }, info.name));
    case 'too-many-requests':
      return new Overloaded(message, retryAfter);
    case 'internal-error':
      return new InjectedError(statusErrors.internal(new Error(message ?? 'etcdserver: request timed out')), retryAfter);
    case 'unavailable':
      return new ShuttingDown(message, retryAfter);
    case 'reset':
      return new Reset();
    default:
      return undefined;
  }
}

async function strike(exchange: Exchange, server: ServerContext, each: Strike): Promise<void> {
  if (each.rule.fault === 'delay') await delay(exchange, server, each);
  const error = errorOf(exchange, each);
  if (error !== undefined) throw error;
}

/**
 * Lets the faults happen that come before a request is carried out, and notes the others in the exchange. Throws what
 * the request is answered with.
 */
export async function strikeBefore(exchange: Exchange, server: ServerContext, requests: RequestFaults): Promise<void> {
  const strikes = requests.strikes(selectable(exchange));
  if (strikes.length === 0) return;
  exchange.strikes = strikes;
  exchange.annotate(auditKey, strikes.map(({ name, rule }) => `${name} (${rule.fault})`).join(', '));
  for (const each of strikes) if (!each.rule.late) await strike(exchange, server, each);
}

/**
 * Answers a request as `handle` does, but for the faults that strike it. Rejects with what the request is answered with
 * instead.
 */
export async function withFaults(
  exchange: Exchange,
  server: ServerContext,
  requests: RequestFaults,
  handle: () => Promise<Answer>,
): Promise<Answer> {
  await strikeBefore(exchange, server, requests);
  const late = exchange.strikes?.filter(({ rule }) => rule.late) ?? [];
  if (late.length === 0) return handle();
  const [done] = await Promise.allSettled([handle()]);
  try {
    for (const each of late) await strike(exchange, server, each);
  } catch (error) {
    if (done.status === 'fulfilled') await discard(done.value);
    throw error;
  }
  if (done.status === 'rejected') throw done.reason;
  return done.value;
}
