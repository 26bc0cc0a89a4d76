/**
 * The operations of paths that serve no resources: discovery, the version, and what verifies tokens. Each path has a
 * document of OpenAPI 3.0 to itself. Source: apiserver pkg/endpoints/discovery (legacy.go, root.go, group.go),
 * pkg/server/routes (version.go, openidmetadata.go).
 */
import type { Operation, PathOperations } from './operation.ts';
import { groupName, tagOf } from './operations.ts';
import { versionInfoModel } from './version-info.ts';

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const discoveryTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

function reading(
  path: string,
  fields: Pick<Operation, 'id' | 'description' | 'tag' | 'answer'> & Partial<Operation>,
): readonly [document: string, path: PathOperations] {
  const operation: Operation = {
    action: undefined,
    kind: undefined,
    query: [],
    options: undefined,
    body: undefined,
    bodyRequired: false,
    bodyTypes: discoveryTypes,
    codes: [200],
    streams: false,
    custom: false,
    ...fields,
  };
  return [path, { path: `/${path}/`, pathParameters: new Map(), operations: { get: operation } }];
}

/** The paths by their documents' names: `api`, `apis`, `apis/apps`, `version` … */
export function serverPaths(groups: readonly string[]): ReadonlyMap<string, PathOperations> {
  const named = [...new Set(groups)].filter((group) => group !== '').toSorted();
  return new Map([
    reading('.well-known/openid-configuration', {
      id: 'getServiceAccountIssuerOpenIDConfiguration',
      description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
      tag: 'WellKnown',
      answer: 'string',
      answerTypes: ['application/json'],
      bodyTypes: [],
    }),
    reading('api', {
      id: 'getCoreAPIVersions',
      description: 'get available API versions',
      tag: 'core',
      answer: `${metaPackage}.APIVersions`,
    }),
    reading('apis', {
      id: 'getAPIVersions',
      description: 'get available API versions',
      tag: 'apis',
      answer: `${metaPackage}.APIGroupList`,
    }),
    ...named.map((group) =>
      reading(`apis/${group}`, {
        id: `get${groupName(group)}APIGroup`,
        description: 'get information of a group',
        tag: tagOf(group),
        answer: `${metaPackage}.APIGroup`,
      }),
    ),
    reading('openid/v1/jwks', {
      id: 'getServiceAccountIssuerOpenIDKeyset',
      description: 'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
      tag: 'openid',
      answer: 'string',
      answerTypes: ['application/jwk-set+json'],
      bodyTypes: [],
    }),
    reading('version', {
      id: 'getCodeVersion',
      description: 'get the version information for this server',
      tag: 'version',
      answer: versionInfoModel,
      answerTypes: ['application/json'],
      bodyTypes: ['application/json'],
    }),
  ]);
}
