/** Reading whole collections, page by page. */
import type { ApiObject, Session } from '../command/session.ts';

export interface CollectionQuery {
  readonly selector: string;
  readonly fieldSelector: string;
  /** Items a page; 0 for all at once. */
  readonly limit: number;
}

/** Further query parameters, by name. */
export type QueryParameters = Readonly<Record<string, string | number>>;

/** `?a=b&c=d` of the parameters that are neither empty nor 0. */
export function queryText(parts: QueryParameters): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(parts)) if (value !== '' && value !== 0) params.set(key, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** Every page of a collection. Rejects with StatusError. */
export async function listAll(
  session: Session,
  path: string,
  options: CollectionQuery,
  accept?: string,
  more: QueryParameters = {},
): Promise<readonly ApiObject[]> {
  const pages: ApiObject[] = [];
  let next = '';
  do {
    const page = await session.object({
      method: 'GET',
      path: `${path}${queryText({ labelSelector: options.selector, fieldSelector: options.fieldSelector, limit: options.limit, continue: next, ...more })}`,
      ...(accept === undefined ? {} : { accept }),
    });
    pages.push(page);
    const token = page.metadata?.continue;
    next = typeof token === 'string' ? token : '';
  } while (next !== '');
  return pages;
}
