/**
 * Sub-resources and printer columns. Source: apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CustomResourceColumnDefinition, CustomResourceSubresources } from '../../../generated/apiextensions/v1.ts';

type Errors = readonly FieldError[];

const pathErrors = (path: string, at: FieldPath): Errors =>
  path.startsWith('.') ? [] : [fieldErrors.invalid(at, path, 'must be a simple json path starting with .')];

function underErrors(path: string, roots: readonly string[], at: FieldPath): Errors {
  const wrong = pathErrors(path, at);
  if (wrong.length > 0 || roots.some((root) => path.startsWith(root))) return wrong;
  const where = roots.map((root) => root.slice(0, -1)).join(' or ');
  return [fieldErrors.invalid(at, path, `should be a json path under ${roots.length > 1 ? 'either ' : ''}${where}`)];
}

export function subresourceErrors(subresources: CustomResourceSubresources | undefined, at: FieldPath): Errors {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = '' } = scale;
  const required = (path: string, root: string, where: FieldPath): Errors =>
    path === '' ? [fieldErrors.required(where)] : underErrors(path, [root], where);
  return [
    ...required(specReplicasPath, '.spec.', at.field('scale.specReplicasPath')),
    ...required(statusReplicasPath, '.status.', at.field('scale.statusReplicasPath')),
    ...(labelSelectorPath === '' ? [] : underErrors(labelSelectorPath, ['.spec.', '.status.'], at.field('scale.labelSelectorPath'))),
  ];
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

export function columnErrors({ name, type, format = '', jsonPath }: CustomResourceColumnDefinition, at: FieldPath): Errors {
  const types = `must be one of ${columnTypes.join(',')}`;
  return [
    ...(name === '' ? [fieldErrors.required(at.field('name'))] : []),
    ...(type === ''
      ? [fieldErrors.required(at.field('type'), types)]
      : columnTypes.includes(type)
        ? []
        : [fieldErrors.invalid(at.field('type'), type, types)]),
    ...(format === '' || columnFormats.includes(format)
      ? []
      : [fieldErrors.invalid(at.field('format'), format, `must be one of ${columnFormats.join(',')}`)]),
    ...(jsonPath === '' ? [fieldErrors.required(at.field('JSONPath'))] : pathErrors(jsonPath, at.field('JSONPath'))),
  ];
}
