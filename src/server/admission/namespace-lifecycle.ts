/**
 * NamespaceLifecycle: refuses to create objects in namespaces that are absent or being deleted, and to delete the
 * system's namespaces. Source: apiserver pkg/admission/plugin/namespace/lifecycle/admission.go.
 */
import type { Namespace } from '../../api/generated/core/v1.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);
const accessReviews: ReadonlySet<string> = new Set(['localsubjectaccessreviews.authorization.k8s.io']);

/** Makes the plugin. */
export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    leavesDefaults: true,
    admit(attributes) {
      const { operation, kind, name } = attributes;
      if (operation === 'DELETE' && kind.resourceName === 'namespaces' && immortal.has(name)) {
        throw statusErrors.forbidden({ group: '', resource: 'namespaces' }, name, 'this namespace may not be deleted');
      }
      if (operation === 'CREATE' || operation === 'UPDATE') checkNamespace(reader, attributes);
      return undefined;
    },
  };
}

function checkNamespace(reader: ObjectReader, attributes: AdmissionAttributes): void {
  const { kind, namespace, operation } = attributes;
  if (kind.scope === 'Cluster' || namespace === '' || accessReviews.has(kind.resourceName)) return;
  const found = reader.get('namespaces', '', namespace);
  if (found === undefined) throw statusErrors.notFound({ group: '', resource: 'namespaces' }, namespace);
  if (operation !== 'CREATE') return;
  // Only Namespaces are stored under this resource name.
  const { metadata, status } = found as Namespace;
  if (metadata.deletionTimestamp === undefined && status.phase !== 'Terminating') return;
  const refused = admissionForbidden(attributes, `unable to create new content in namespace ${namespace} because it is being terminated`);
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' };
  throw new StatusError({ ...refused.status, details: { ...refused.status.details, causes: [cause] } });
}
