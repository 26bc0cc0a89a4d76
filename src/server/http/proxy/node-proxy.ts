/**
 * `nodes/{name}/proxy` to the kubelet's own port. Source: pkg/registry/core/node/strategy.go (ResourceLocation);
 * pkg/kubelet/server/server.go.
 */

import { statusErrors } from '../../../api/status-error.ts';
import { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { baseHeaders, respond, respondText } from '../respond.ts';
import type { ServerContext } from '../server-context.ts';
import { answerLog } from '../streaming/log-handler.ts';
import { logOptions } from '../streaming/log-options.ts';

/** Throws StatusError (400) when a path is badly escaped. */
export const decodedPath = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    throw statusErrors.badRequest(`invalid path ${JSON.stringify(path)}`);
  }
};

const logPath = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/;

/**
 * Answers with the response of the node's kubelet. `path` is decoded. Throws 503 when this process has no kubelet for
 * the node.
 */
export async function askKubelet(exchange: Exchange, server: ServerContext, node: string, path: string): Promise<Answer> {
  const [, namespace, name, container] = logPath.exec(path) ?? [];
  if (namespace !== undefined && name !== undefined && container !== undefined) {
    const { options } = logOptions(exchange, name, server.now());
    return answerLog(exchange, server, { namespace, name, container, options });
  }
  const asked = server.nodeApis.get(node, path, exchange.query);
  if (asked === undefined)
    throw statusErrors.serviceUnavailable(`error trying to reach service: the kubelet of node ${JSON.stringify(node)} does not run`);
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return respondText(exchange, 405, '405: Method Not Allowed');
  const { status, contentType, location, body } = await asked;
  const headers = { ...baseHeaders(exchange, contentType), ...(location === undefined ? {} : { Location: location }) };
  if (typeof body === 'string') return respond(exchange, status, body, headers);
  return new Answer(status, headers, body);
}
