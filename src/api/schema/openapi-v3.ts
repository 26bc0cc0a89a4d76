/** OpenAPI 3.0 documents, one per group version. Source: kube-openapi pkg/builder3. */
import type { JsonObject } from '../json.ts';
import { DefinitionBuilder } from './openapi/definitions.ts';
import type { OpenApiInput } from './openapi/input.ts';
import type { Operation, PathOperations } from './openapi/operation.ts';
import { discoveryPath, ResourceOperations, takesPretty } from './openapi/operations.ts';
import { type QueryParameter, queryParameter, queryParameters } from './openapi/parameters.ts';
import { groupVersionPath, kindsByModel, ownDefinitions, type ServedResource } from './openapi/served.ts';

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

function answerTypes({ action, answer, custom, streams }: Operation): readonly string[] {
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

function renderPath({ pathParameters, operations }: PathOperations, builder: DefinitionBuilder, input: OpenApiInput): JsonObject {
  const named = [...pathParameters].map(([name, description]) => ({
    description,
    in: 'path',
    name,
    required: true,
    schema: { type: 'string', uniqueItems: true },
  }));
  const pretty = takesPretty(operations) ? [queryJson(queryParameter('pretty'))] : [];
  return {
    ...Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, renderOperation(operation, builder, input)])),
    ...(named.length + pretty.length === 0 ? {} : { parameters: [...named, ...pretty] }),
  };
}

const securitySchemes: JsonObject = {
  BearerToken: { description: 'Bearer Token authentication', in: 'header', name: 'authorization', type: 'apiKey' },
};

/** Builds the document of one group version, e.g. `apis/apps/v1`; undefined when nothing is served there. */
export function buildOpenApiV3(input: OpenApiInput, resources: readonly ServedResource[], path: string): JsonObject | undefined {
  const own = resources.filter(({ group, version }) => groupVersionPath(group, version) === path);
  const first = own[0];
  if (first === undefined) return undefined;
  const builder = new DefinitionBuilder({
    schemas: input.schemas,
    descriptions: input.descriptions,
    dialect: 'v3',
    kindsOf: kindsByModel(resources, input.ownKind),
    own: ownDefinitions(resources),
  });
  const custom = own.every(({ format }) => format !== undefined);
  const discovery = custom ? [] : [discoveryPath(first.group, first.version)];
  const paths = [...discovery, ...own.flatMap((item) => new ResourceOperations(item, input.schemas).paths())];
  const rendered = paths.map((item): [string, JsonObject] => [item.path, renderPath(item, builder, input)]);
  rendered.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: '3.0.0',
    info: custom ? { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' } : { title: 'Kubernetes', version: input.version },
    paths: Object.fromEntries(rendered),
    components: { schemas: builder.definitions(), ...(custom ? {} : { securitySchemes }) },
  };
}
