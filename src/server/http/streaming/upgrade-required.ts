/**
 * exec, attach and portforward requests without `Connection: Upgrade`. Source: apimachinery pkg/util/httpstream
 * (UpgradeAwareHandler).
 */

import { statusErrors } from '../../../api/status-error.ts';
import type { Target } from '../../registry/registry.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { stringParam } from '../options/query-values.ts';
import type { ServerContext } from '../server-context.ts';
import { containerOf, podOf, requireNode } from './pod-container.ts';

/** Makes the same checks as for an upgrade, then answers that the upgrade is missing. */
export async function streamOverPlainHttp(
  exchange: Exchange,
  server: ServerContext,
  target: Target,
  to: 'container' | 'pod',
): Promise<Answer> {
  const pod = await podOf(exchange, server, target);
  if (to === 'container') containerOf(pod, stringParam(exchange, 'container'));
  requireNode(pod);
  throw statusErrors.badRequest('Upgrade request required');
}
