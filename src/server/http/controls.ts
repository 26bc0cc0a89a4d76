/**
 * What minik serves beside the API of Kubernetes, below `/minik/`: the clock of the cluster, for example. Who may do
 * what is decided by RBAC, as for every path that is no resource; by default only administrators may.
 */

import { isObject, type JsonValue } from '../../api/json.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Answer } from './answer.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { baseHeaders, respond } from './respond.ts';

export interface ControlRequest {
  readonly method: string;
  /** The rest of the path below the control's own, without a slash at its ends; '' when there is none. */
  readonly rest: string;
  /** Undefined: the request has no body. */
  readonly body: JsonValue | undefined;
  /** Aborts when the client goes. */
  readonly signal: AbortSignal;
}

/** Answers the requests of one path and of those below it. Throws StatusError. */
export type Control = (request: ControlRequest) => Promise<JsonValue> | JsonValue;

async function bodyOf(exchange: Exchange): Promise<JsonValue | undefined> {
  if (exchange.method === 'GET' || exchange.method === 'HEAD') return undefined;
  const text = (await readBody(exchange)).toString('utf8');
  if (text.trim() === '') return undefined;
  try {
    // What JSON.parse returns is JSON.
    return JSON.parse(text) as JsonValue;
  } catch {
    throw statusErrors.badRequest('the body of the request is no JSON');
  }
}

function decoded(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    throw statusErrors.badRequest(`the path of the request is not escaped as it should be: ${escaped}`);
  }
}

/** Answers a request of a control whose own path is `path`. */
export async function handleControl(exchange: Exchange, path: string, control: Control): Promise<Answer> {
  const body = await bodyOf(exchange);
  if (exchange.audit !== undefined && isObject(body)) exchange.audit.request(body);
  const rest = decoded(exchange.path.slice(path.length)).replace(/^\/+|\/+$/g, '');
  const answer = await control({ method: exchange.method, rest, body, signal: exchange.signal });
  return respond(exchange, 200, `${JSON.stringify(answer)}\n`, baseHeaders(exchange, 'application/json'));
}
