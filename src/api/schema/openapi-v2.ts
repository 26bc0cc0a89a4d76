/**
 * The Swagger 2.0 document of everything served. Source: kube-openapi pkg/builder; kubectl reads definitions and query
 * parameters.
 */
import type { JsonObject } from '../json.ts';
import { DefinitionBuilder } from './openapi/definitions.ts';
import type { OpenApiInput } from './openapi/input.ts';
import { serverVersions } from './openapi/known-versions.ts';
import type { Operation, PathOperations } from './openapi/operation.ts';
import { discoveryPath, ResourceOperations, takesPretty } from './openapi/operations.ts';
import { type QueryParameter, queryParameter, queryParameters } from './openapi/parameters.ts';
import { builtInGroups, kindsByModel, ownDefinitions, type ServedResource } from './openapi/served.ts';
import { serverPaths } from './openapi/server-operations.ts';

const produces = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const customTypes = ['application/json', 'application/yaml'];
const streamTypes = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

const queryJson = ({ name, description, type }: QueryParameter): JsonObject => ({
  uniqueItems: true,
  type,
  description,
  name,
  in: 'query',
});

function producedBy({ action, answer, answerTypes, custom, streams }: Operation): readonly string[] {
  if (answerTypes !== undefined) return answerTypes;
  if (custom) return customTypes;
  if (answer === 'string') return action === 'connect' ? ['*/*'] : ['text/plain', ...produces];
  return streams ? [...produces, ...streamTypes] : produces;
}

function renderOperation(operation: Operation, builder: DefinitionBuilder, input: OpenApiInput): JsonObject {
  const query = queryParameters(operation, input);
  const body: JsonObject[] =
    operation.body === undefined
      ? []
      : [{ name: 'body', in: 'body', ...(operation.bodyRequired ? { required: true } : {}), schema: builder.ref(operation.body) }];
  const schema = operation.answer === 'string' ? { type: 'string' } : builder.ref(operation.answer);
  const texts: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };
  const all = [...body, ...query.map(queryJson)];
  return {
    description: operation.description,
    ...(operation.bodyTypes.length === 0 ? {} : { consumes: operation.bodyTypes }),
    produces: producedBy(operation),
    schemes: ['https'],
    tags: [operation.tag],
    operationId: operation.id,
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: {
      ...Object.fromEntries(operation.codes.map((code) => [String(code), { description: texts[code] ?? '', schema }])),
      401: { description: 'Unauthorized' },
    },
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
    uniqueItems: true,
    type: 'string',
    description,
    name,
    in: 'path',
    required: true,
  }));
  const common = [...(takesPretty(operations) ? ['pretty' as const] : []), ...query].map((name) => queryJson(queryParameter(name)));
  return {
    ...Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, renderOperation(operation, builder, input)])),
    ...(named.length + common.length === 0 ? {} : { parameters: [...named, ...common] }),
  };
}

/** Builds the document. */
export function buildOpenApiV2(input: OpenApiInput, resources: readonly ServedResource[]): JsonObject {
  const builder = new DefinitionBuilder({
    schemas: input.schemas,
    descriptions: input.descriptions,
    dialect: 'v2',
    kindsOf: kindsByModel(resources, input.ownKind, serverVersions()),
    own: ownDefinitions(resources),
  });
  const builtIn = resources.filter(({ format }) => format === undefined);
  const groupVersions = new Map(builtIn.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
  const paths = [
    ...serverPaths(builtInGroups(resources)).values(),
    ...[...groupVersions.values()].map(({ group, version }) => discoveryPath(group, version)),
    ...resources.flatMap((resource) => new ResourceOperations(resource, input.schemas).paths()),
  ];
  const rendered = paths.map((path): [string, JsonObject] => [path.path, renderPath(path, builder, input)]);
  rendered.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: input.version },
    paths: Object.fromEntries(rendered),
    definitions: builder.definitions(),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  };
}
