/** Reads the further objects that describers show. */

import type { ApiObject, Session } from '../../command/session.ts';
import type { ApiResource } from '../../resources/discovery.ts';
import { itemsOf, listAll } from '../../resources/list.ts';

export interface DescribeContext {
  readonly session: Session;
  readonly showEvents: boolean;
  readonly chunkSize: number;
  readonly nowMs: number;
}

/** Describes one object, read from the API, as text. */
export type Describer = (object: ApiObject, context: DescribeContext, resource: ApiResource) => Promise<string>;

/** Every item of a collection. Rejects with StatusError. */
export async function listItems<T>(
  context: DescribeContext,
  path: string,
  selectors: { readonly labels?: string; readonly fields?: string } = {},
): Promise<readonly T[]> {
  const pages = await listAll(context.session, path, {
    selector: selectors.labels ?? '',
    fieldSelector: selectors.fields ?? '',
    limit: context.chunkSize,
  });
  return pages.flatMap((page) => itemsOf<T>(page));
}

/** `/api/v1/namespaces/x/pods`. */
export const corePath = (namespace: string, plural: string): string =>
  `/api/v1${namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${plural}`;
