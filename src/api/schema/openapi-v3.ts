/**
 * OpenAPI 3.0 documents: one per group version, and one per path that serves no resources. Source: kube-openapi
 * pkg/builder3.
 */
import type { JsonObject } from '../json.ts';
import { DefinitionBuilder } from './openapi/definitions.ts';
import type { OpenApiInput } from './openapi/input.ts';
import { clientVersions, ownVersions } from './openapi/known-versions.ts';
import type { Operation, PathOperations } from './openapi/operation.ts';
import { discoveryPath, ResourceOperations, takesPretty } from './openapi/operations.ts';
import { type QueryParameter, queryParameter, queryParameters } from './openapi/parameters.ts';
import { builtInGroups, groupVersionPath, kindsByModel, ownDefinitions, type ServedResource } from './openapi/served.ts';
import { serverPaths } from './openapi/server-operations.ts';

const contentTypes = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'];
const customTypes = ['application/json', 'application/yaml'];
const streamTypes = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

const queryJson = ({ name, description, type }: QueryParameter): JsonObject => ({
  description,
  in: 'query',
  name,
  schema: { type, uniqueItems: true },
});

const contentOf = (types: readonly string[], schema: JsonObject): JsonObject => Object.fromEntries(types.map((type) => [type, { schema }]));

function answerTypes({ action, answer, answerTypes: exact, custom, streams }: Operation): readonly string[] {
  if (exact !== undefined) return exact;
  if (answer === 'string') return action === 'connect' ? ['*/*'] : ['text/plain', ...contentTypes];
  if (custom) return customTypes;
  return streams ? [...contentTypes, ...streamTypes] : contentTypes;
}

function renderOperation(operation: Operation, builder: DefinitionBuilder, input: OpenApiInput): JsonObject {
  const query = queryParameters(operation, input);
  const texts: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };
  const schema: JsonObject = operation.answer === 'string' ? { type: 'string' } : builder.ref(operation.answer);
  const types = answerTypes(operation);
  const body = operation.body === undefined ? undefined : contentOf(operation.bodyTypes, builder.ref(operation.body));
  return {
    description: operation.description,
    operationId: operation.id,
    ...(query.length === 0 ? {} : { parameters: query.map(queryJson) }),
    ...(body === undefined ? {} : { requestBody: { content: body, ...(operation.bodyRequired ? { required: true } : {}) } }),
    responses: {
      ...Object.fromEntries(
        operation.codes.map((code) => [String(code), { description: texts[code] ?? '', content: contentOf(types, schema) }]),
      ),
      401: { description: 'Unauthorized' },
    },
    tags: [operation.tag],
    ...(operation.action === undefined ? {} : { 'x-kubernetes-action': operation.action }),
    ...(operation.kind === undefined ? {} : { 'x-kubernetes-group-version-kind': { ...operation.kind } }),
  };
}

function renderPath(
  { pathParameters, query = [], operations }: PathOperations,
  builder: DefinitionBuilder,
  input: OpenApiInput,
): JsonObject {
  const named = [...pathParameters].map(([name, description]) => ({
    description,
    in: 'path',
    name,
    required: true,
    schema: { type: 'string', uniqueItems: true },
  }));
  const common = [...(takesPretty(operations) ? ['pretty' as const] : []), ...query].map((name) => queryJson(queryParameter(name)));
  return {
    ...Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, renderOperation(operation, builder, input)])),
    ...(named.length + common.length === 0 ? {} : { parameters: [...named, ...common] }),
  };
}

const securitySchemes: JsonObject = {
  BearerToken: { description: 'Bearer Token authentication', in: 'header', name: 'authorization', type: 'apiKey' },
};

/** Builds the document of one path, e.g. `apis/apps/v1` or `version`; undefined when nothing is served there. */
export function buildOpenApiV3(input: OpenApiInput, resources: readonly ServedResource[], path: string): JsonObject | undefined {
  const own = resources.filter(({ group, version }) => groupVersionPath(group, version) === path);
  const first = own[0];
  const custom = own.length > 0 && own.every(({ format }) => format !== undefined);
  const versions = first === undefined ? [] : custom ? clientVersions() : ownVersions(first.group, first.version);
  const builder = new DefinitionBuilder({
    schemas: input.schemas,
    descriptions: input.descriptions,
    dialect: 'v3',
    kindsOf: kindsByModel(resources, input.ownKind, versions),
    own: ownDefinitions(resources),
  });
  const paths = pathsOf(input, resources, own, path);
  if (paths.length === 0) return undefined;
  const rendered = paths.map((item): [string, JsonObject] => [item.path, renderPath(item, builder, input)]);
  rendered.sort(([a], [b]) => (a < b ? -1 : 1));
  const schemas = builder.definitions();
  return {
    openapi: '3.0.0',
    info: custom ? { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' } : { title: 'Kubernetes', version: input.version },
    paths: Object.fromEntries(rendered),
    components: { ...(Object.keys(schemas).length === 0 ? {} : { schemas }), ...(custom ? {} : { securitySchemes }) },
  };
}

function pathsOf(
  input: OpenApiInput,
  resources: readonly ServedResource[],
  own: readonly ServedResource[],
  path: string,
): readonly PathOperations[] {
  const first = own[0];
  if (first === undefined) {
    const alone = serverPaths(builtInGroups(resources)).get(path);
    return alone === undefined ? [] : [alone];
  }
  const discovery = own.every(({ format }) => format !== undefined) ? [] : [discoveryPath(first.group, first.version)];
  return [...discovery, ...own.flatMap((item) => new ResourceOperations(item, input.schemas).paths())];
}
