/**
 * What upstream says of the operations of custom resources, which differs from what it says of others. Source:
 * apiextensions-apiserver pkg/controller/openapi/builder/builder.go.
 */
import type { GroupVersionKind } from '../../object.ts';
import type { Operation, PathOperations } from './operation.ts';

const bodies = ['application/json', 'application/yaml'];
const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];

const isCreateOrReplace = ({ action }: Operation): boolean => action === 'post' || action === 'put';

function changesOf(operation: Operation, listed: Operation['query']): Partial<Operation> {
  switch (operation.action) {
    case 'list':
      return { description: operation.description.replace('list or watch', 'list'), streams: false };
    case 'deletecollection':
      return { query: listed, body: undefined };
    case 'get':
      return { query: ['resourceVersion'] };
    case 'patch':
      return { bodyTypes: patches, codes: [200] };
    default:
      return isCreateOrReplace(operation) || operation.action === 'delete' ? { bodyTypes: bodies } : {};
  }
}

/** The same path with its operations as those of a custom resource. `listed`: the query of lists. */
export function asCustom(path: PathOperations, own: GroupVersionKind, listed: Operation['query']): PathOperations {
  const operations = Object.entries(path.operations).map(([method, operation]) => [
    method,
    { ...operation, kind: own, custom: true, ...changesOf(operation, listed) },
  ]);
  return { ...path, operations: Object.fromEntries(operations) };
}
