/**
 * The registry's part of the connect verb: admission. Source: apiserver pkg/endpoints/handlers/rest.go
 * (ConnectResource).
 */
import { statusErrors } from '../../api/status-error.ts';
import { admitConnect } from './admit.ts';
import type { ChangeRequest } from './prepare.ts';

/** Decodes the options and runs admission. Rejects with StatusError. */
export async function connect(request: ChangeRequest, query: Iterable<readonly [name: string, value: string]>): Promise<void> {
  const { parts, target } = request;
  const declared = target.kind.subresources[target.subresource];
  if (declared?.does !== 'connect') throw statusErrors.noSuchResource();
  const parameters = [...query];
  if (parameters.some(([name]) => name === 'dryRun')) throw statusErrors.badRequest('dryRun is not supported');
  await admitConnect(request, parts.formats.decodeQuery(declared.options, parameters));
}
