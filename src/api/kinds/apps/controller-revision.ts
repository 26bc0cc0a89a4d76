/** A state that a StatefulSet or DaemonSet had, for roll-backs. It never changes. */

import { type FieldPath, fieldErrors } from '../../field-error.ts';
import type { ControllerRevision } from '../../generated/apps/v1.ts';
import { isObject, type JsonValue } from '../../json.ts';
import { defineKind } from '../../kind.ts';
import { oldControllerRevisions } from '../../legacy/apps.ts';
import { type Errors, immutable, nonNegative } from '../../validation/common.ts';
import { ageColumn, nameColumn } from '../columns.ts';

/** Source: pkg/apis/apps/validation/validation.go (ValidateControllerRevisionCreate). */
function dataErrors(data: JsonValue | undefined, at: FieldPath): Errors {
  if (data === undefined || data === null) return [fieldErrors.required(at, 'data is mandatory')];
  return isObject(data) ? [] : [fieldErrors.required(at, 'data must be a valid JSON object')];
}

/** `statefulset.apps/web`. Source: pkg/printers/internalversion/printers.go (formatResourceName). */
function controllerName({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return '<none>';
  const slash = owner.apiVersion.indexOf('/');
  const group = slash === -1 ? '' : `.${owner.apiVersion.slice(0, slash)}`;
  return `${owner.kind}${group}`.toLowerCase().concat('/', owner.name);
}

/** Source: pkg/registry/apps/controllerrevision/strategy.go. */
export const controllerRevision = defineKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.apps.v1.ControllerRevision', alsoServed: oldControllerRevisions },
  rules: { validate: ({ revision }, at) => nonNegative(revision, at.field('revision')) },
  create: { validate: ({ data }, at) => dataErrors(data, at.field('data')) },
  update: { metadata: 'whole', validate: (next, previous, at) => immutable(next.data, previous.data, at.field('data')) },
  table: {
    columns: [
      nameColumn,
      { name: 'Controller', type: 'string', description: 'Controller of the object', value: controllerName },
      {
        name: 'Revision',
        type: 'string',
        descriptionOf: ['io.k8s.api.apps.v1.ControllerRevision', 'revision'],
        value: ({ revision }) => revision,
      },
      ageColumn,
    ],
  },
});
