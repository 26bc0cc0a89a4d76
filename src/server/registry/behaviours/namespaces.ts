/** Namespaces: their label, their own finalizers, and deletion in two steps. Source: pkg/registry/core/namespace/{strategy.go,storage/storage.go}. */
import { FieldPath } from '../../../api/field-error.ts';
import type { Namespace } from '../../../api/generated/core/v1.ts';
import type { KubeObject } from '../../../api/object.ts';
import { kubeFinalizerErrors } from '../../../api/validation/object-meta.ts';
import { withMeta } from '../object-fields.ts';
import type { Reservation, ResourceBehaviour } from '../registry-parts.ts';

const nameLabel = 'kubernetes.io/metadata.name';
const ownFinalizer = 'kubernetes';

/** Only Namespaces reach this behaviour. */
const asNamespace = (object: KubeObject): Namespace => object as Namespace;
const nothingHeld = (object: KubeObject): Reservation => ({ object, release: () => undefined });

const labelled = (object: Namespace): Namespace =>
  object.metadata.labels?.[nameLabel] === object.metadata.name
    ? object
    : withMeta(object, { labels: { ...object.metadata.labels, [nameLabel]: object.metadata.name } });

function started(received: Namespace): Namespace {
  const namespace = labelled(received);
  const finalizers = namespace.spec?.finalizers ?? [];
  return {
    ...namespace,
    spec: { ...namespace.spec, finalizers: finalizers.includes(ownFinalizer) ? finalizers : [...finalizers, ownFinalizer] },
    status: { phase: 'Active' },
  };
}

export const namespacesBehaviour: ResourceBehaviour = {
  beginCreate: (object) => nothingHeld(started(asNamespace(object))),
  beginUpdate: (next, previous) => nothingHeld({ ...labelled(asNamespace(next)), spec: asNamespace(previous).spec } as Namespace),
  mayRemove: (object) => (asNamespace(object).spec.finalizers ?? []).length === 0,
  markDeleting: (object) => {
    const namespace = withMeta(asNamespace(object), { deletionGracePeriodSeconds: undefined });
    return { ...namespace, status: { ...namespace.status, phase: 'Terminating' } } as Namespace;
  },
  updates: {
    finalize: {
      apply: (next, previous) => ({ ...asNamespace(previous), metadata: next.metadata, spec: asNamespace(next).spec }) as Namespace,
      validate: (next) =>
        (asNamespace(next).spec.finalizers ?? []).flatMap((finalizer, index) =>
          kubeFinalizerErrors(finalizer, FieldPath.root.field('spec', 'finalizers').index(index)),
        ),
    },
  },
};
