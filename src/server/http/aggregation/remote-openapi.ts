/** OpenAPI documents of what Services serve. Source: kube-aggregator pkg/controllers/{openapi,openapiv3}. */
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import type { RemoteApi } from '../../aggregation/remote-apis.ts';
import type { ServerContext } from '../server-context.ts';

/**
 * The v3 document of a path such as `apis/metrics.k8s.io/v1beta1`; undefined when no Service serves it, or gives one.
 */
export async function remoteDocument(path: string, server: ServerContext): Promise<JsonObject | undefined> {
  const [prefix, group = '', version = ''] = path.split('/');
  const api = prefix === 'apis' ? server.remoteApis?.known.find(group, version) : undefined;
  return api === undefined ? undefined : documentOf(api, `/openapi/v3/${path}`, server);
}

/** Undefined, with a line in the log, when the Service does not answer. */
async function documentOf(api: RemoteApi, path: string, { remoteApis, logger }: ServerContext): Promise<JsonObject | undefined> {
  try {
    return await remoteApis?.connections.document(api, path);
  } catch (error) {
    logger.warn('the Service of an API gives no OpenAPI document', { api: api.metadata.name, error: String(error) });
    return undefined;
  }
}

/** The v2 document with what Services serve added to it. */
export async function withRemote(own: JsonObject, server: ServerContext): Promise<JsonObject> {
  let whole = own;
  for (const api of server.remoteApis?.known.all ?? []) {
    const document = await documentOf(api, '/openapi/v2', server);
    if (document !== undefined) whole = merged(whole, document, `/apis/${api.spec.group ?? ''}/${api.spec.version ?? ''}/`);
  }
  return whole;
}

const membersOf = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {});

/** Adds the paths below a prefix, and all definitions that have new names. */
function merged(own: JsonObject, other: JsonObject, prefix: string): JsonObject {
  const paths = Object.entries(membersOf(other.paths)).filter(([path]) => path.startsWith(prefix));
  return {
    ...own,
    paths: { ...membersOf(own.paths), ...Object.fromEntries(paths) },
    definitions: { ...membersOf(other.definitions), ...membersOf(own.definitions) },
  };
}
