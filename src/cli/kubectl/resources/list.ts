/** Reading whole collections, page by page. */
import { StatusError } from '../../../api/status-error.ts';
import type { ApiObject, Session } from '../command/session.ts';
import type { ApiResource } from './discovery.ts';

export interface CollectionQuery {
  readonly selector: string;
  readonly fieldSelector: string;
  /** Items per page; 0 for all at once. */
  readonly limit: number;
}

/** `apps/v1, Resource=deployments`, as Go prints it. */
const resourceText = ({ group, version, plural }: Pick<ApiResource, 'group' | 'version' | 'plural'>): string =>
  `${group}/${version}, Resource=${plural}`;

/**
 * The error of a failed list, with which collection it was; any other error as it is. Source: cli-runtime
 * pkg/resource/helper.go (EnhanceListError).
 */
export function listError<E>(
  error: E,
  resource: Pick<ApiResource, 'group' | 'version' | 'plural'>,
  { selector, fieldSelector }: Pick<CollectionQuery, 'selector' | 'fieldSelector'>,
): E | StatusError {
  if (!(error instanceof StatusError) || (error.reason !== 'BadRequest' && error.reason !== 'NotFound')) return error;
  const subject = JSON.stringify(resourceText(resource));
  const message =
    selector === '' && fieldSelector === ''
      ? `Unable to list ${subject}: ${error.message}`
      : `Unable to find ${subject} that match label selector ${JSON.stringify(selector)}, field selector ${JSON.stringify(fieldSelector)}: ${error.message}`;
  return new StatusError({ ...error.status, message });
}

/** Further query parameters, by name. */
export type QueryParameters = Readonly<Record<string, string | number>>;

/** The query `?a=b&c=d`; parameters that are empty or 0 are left out. */
export function queryText(parts: QueryParameters): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(parts)) if (value !== '' && value !== 0) params.set(key, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** The pages of a collection, one after another. Rejects with StatusError. */
async function* pagesOf(session: Session, path: string, query: QueryParameters, accept?: string): AsyncGenerator<ApiObject> {
  let next = '';
  do {
    const page = await session.object({
      method: 'GET',
      path: `${path}${queryText({ ...query, continue: next })}`,
      ...(accept === undefined ? {} : { accept }),
    });
    yield page;
    const token = page.metadata?.continue;
    next = typeof token === 'string' ? token : '';
  } while (next !== '');
}

/**
 * The items of a list, unchanged; empty when the answer is not a list. `T` is the object type of the list's resource.
 */
export const itemsOf = <T = ApiObject>({ items }: ApiObject): readonly T[] => (Array.isArray(items) ? (items as readonly T[]) : []);

/** Every page of a collection. Rejects with StatusError. */
export async function listAll(
  session: Session,
  path: string,
  { selector, fieldSelector, limit }: CollectionQuery,
  accept?: string,
  more: QueryParameters = {},
): Promise<readonly ApiObject[]> {
  const pages: ApiObject[] = [];
  for await (const page of pagesOf(session, path, { labelSelector: selector, fieldSelector, limit, ...more }, accept)) pages.push(page);
  return pages;
}

/** Every object of a collection, with its kind and version, page by page. Rejects with StatusError. */
export async function* listObjects(session: Session, path: string, query: QueryParameters): AsyncGenerator<ApiObject> {
  for await (const page of pagesOf(session, path, { limit: 500, ...query })) {
    const kind = page.kind?.replace(/List$/, '') ?? '';
    for (const item of itemsOf(page)) yield { apiVersion: page.apiVersion ?? '', kind, ...item };
  }
}
