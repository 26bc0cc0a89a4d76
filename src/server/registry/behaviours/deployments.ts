/**
 * The `rollback` sub-resource that Deployments have in extensions/v1beta1 and apps/v1beta1: it tells the controller
 * what to go back to. Source: pkg/registry/apps/deployment/storage/storage.go of Kubernetes 1.15 (RollbackREST);
 * pkg/apis/apps/validation/validation.go (ValidateDeploymentRollback).
 */
import { FieldPath, fieldErrors } from '../../../api/field-error.ts';
import { isObject, type JsonObject } from '../../../api/json.ts';
import { rollbackAnnotation } from '../../../api/legacy/apps.ts';
import { withMeta } from '../../../api/object-fields.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { nonNegative } from '../../../api/validation/common.ts';
import { annotationErrors } from '../../../api/validation/object-meta.ts';
import { commit, keyOf } from '../commit.ts';
import type { Order } from '../registry.ts';
import type { RegistryParts, ResourceBehaviour } from '../registry-parts.ts';
import { textOf } from './bodies.ts';

const root = FieldPath.root;

interface Rollback {
  readonly name: string;
  readonly revision: number;
  readonly annotations: Readonly<Record<string, string>>;
}

function rollbackOf({ name, rollbackTo, updatedAnnotations }: JsonObject): Rollback {
  return {
    name: textOf(name),
    revision: isObject(rollbackTo) ? Number(rollbackTo.revision ?? 0) : 0,
    // The body was decoded as a DeploymentRollback, so these are texts.
    annotations: isObject(updatedAnnotations) ? (updatedAnnotations as Readonly<Record<string, string>>) : {},
  };
}

const errorsOf = ({ name, revision, annotations }: Rollback) => [
  ...annotationErrors(annotations, root.field('updatedAnnotations')),
  ...(name === '' ? [fieldErrors.required(root.field('name'), '')] : []),
  ...nonNegative(revision, root.field('rollback', 'version')),
];

/** Rejects with StatusError: 400 when the names differ, 404, 422. */
async function rollBack(parts: RegistryParts, { object, target, options, admit }: Order): Promise<JsonObject> {
  const { kind, name } = target;
  const rollback = rollbackOf(object);
  const errors = errorsOf(rollback);
  if (errors.length > 0) throw statusErrors.invalid({ group: kind.group, kind: 'DeploymentRollback' }, rollback.name, errors);
  if (rollback.name !== name) throw statusErrors.badRequest('name in URL does not match name in DeploymentRollback object');
  await admit(object);
  const key = keyOf(target);
  for (;;) {
    const entry = parts.store.get(key);
    if (entry === undefined) throw statusErrors.notFound({ group: kind.group, resource: kind.plural }, name);
    if (options.dryRun) break;
    const { annotations } = entry.object.metadata;
    const next = { ...annotations, ...rollback.annotations, [rollbackAnnotation]: String(rollback.revision) };
    const written = await commit(parts, { key, object: withMeta(entry.object, { annotations: next }), expectedRevision: entry.revision });
    if (written !== undefined) break;
  }
  const message = `rollback request for deployment ${JSON.stringify(name)} succeeded`;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', message, code: 200 };
}

export const deploymentsBehaviour: ResourceBehaviour = { orders: { rollback: rollBack } };
