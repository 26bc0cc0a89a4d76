/** Parses what a request is about from its method and path. Source: apiserver pkg/endpoints/request/requestinfo.go. */
import { namespace as namespaceKind } from '../../api/kinds/core/namespace.ts';

export interface RequestInfo {
  readonly isResourceRequest: boolean;
  readonly path: string;
  /** get, list, watch, create, update, patch, delete, deletecollection; the lower-case method for other paths. */
  readonly verb: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Path segments after the sub-resource, for proxies. */
  readonly rest: readonly string[];
  /** True for the deprecated `/watch/…` paths. */
  readonly watchPrefix: boolean;
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** `/namespaces/a/status` is a sub-resource of the namespace; `/namespaces/a/pods` is a resource within it. */
const namespaceSubresources: ReadonlySet<string> = new Set(Object.keys(namespaceKind.subresources));

const nonResource = (method: string, path: string): RequestInfo => ({
  isResourceRequest: false,
  path,
  verb: method.toLowerCase(),
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  rest: [],
  watchPrefix: false,
});

const decode = (segment: string): string => {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const isTrue = (value: string | null): boolean => value !== null && value !== 'false' && value !== '0';

/** The name in `metadata.name=x`, alone or among other terms, as RequiresExactMatch finds it. */
function exactName(fieldSelector: string | null): string {
  if (fieldSelector === null || !fieldSelector.includes('metadata.name=')) return '';
  for (const term of fieldSelector.split(',')) {
    const match = /^metadata\.name==?([^=!]*)$/.exec(term);
    if (match?.[1] !== undefined && match[1] !== '' && !/[/%]/.test(match[1]) && match[1] !== '.' && match[1] !== '..') return match[1];
  }
  return '';
}

/** Parses a request line. `path` is the escaped path without the query. */
export function requestInfo(method: string, path: string, query: URLSearchParams | undefined): RequestInfo {
  // Upstream splits the decoded path, so an escaped slash separates segments, and empty segments count.
  const parts = decode(path)
    .replace(/^\/+|\/+$/g, '')
    .split('/');
  const [prefix] = parts;
  if (parts.length < 3 || (prefix !== 'api' && prefix !== 'apis')) return nonResource(method, path);
  if (prefix === 'apis' && parts.length < 4) return nonResource(method, path);
  const apiGroup = prefix === 'api' ? '' : (parts[1] ?? '');
  const apiVersion = parts[prefix === 'api' ? 1 : 2] ?? '';
  let current = parts.slice(prefix === 'api' ? 2 : 3);
  let verb = verbs[method] ?? '';
  let watchPrefix = false;
  if (current[0] === 'watch' || current[0] === 'proxy') {
    if (current.length < 2) return nonResource(method, path);
    watchPrefix = current[0] === 'watch';
    verb = current[0];
    current = current.slice(1);
  }
  let namespace = '';
  if (current[0] === 'namespaces' && current.length > 1) {
    namespace = current[1] ?? '';
    if (current.length > 2 && !namespaceSubresources.has(current[2] ?? '')) current = current.slice(2);
  }
  const [resource = '', givenName = ''] = current;
  let name = givenName;
  if (name === '' && verb === 'get') {
    verb = isTrue(query?.get('watch') ?? null) && query?.get('watch') !== null ? 'watch' : 'list';
    name = exactName(query?.get('fieldSelector') ?? null);
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  const subresource = watchPrefix ? '' : (current[2] ?? '');
  return {
    isResourceRequest: true,
    path,
    verb,
    apiGroup,
    apiVersion,
    namespace,
    resource,
    subresource,
    name,
    rest: current.slice(3),
    watchPrefix,
  };
}
