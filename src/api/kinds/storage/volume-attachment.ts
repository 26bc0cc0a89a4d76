/** That a volume is, or should be, attached to a node. Made by a controller, and acted on by a CSI driver. */
import type { VolumeAttachment } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldStorage } from '../../legacy/same-shape.ts';
import { defaultResourceList } from '../../pod/defaults/container.ts';
import { defaultNetworkStorage } from '../../pod/defaults/volume.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { attachmentErrors, attachmentUpdateErrors } from './validation/volume-attachment.ts';

const spec = 'io.k8s.api.storage.v1.VolumeAttachmentSpec';

/** Source: pkg/apis/storage/v1/zz_generated.defaults.go. */
function withDefaults(object: VolumeAttachment): VolumeAttachment {
  const { source } = object.spec;
  const inline = source.inlineVolumeSpec;
  if (inline === undefined) return object;
  const { capacity, hostPath } = inline;
  const inlineVolumeSpec = {
    ...defaultNetworkStorage(inline),
    ...(capacity === undefined ? {} : { capacity: defaultResourceList(capacity) }),
    ...(hostPath === undefined ? {} : { hostPath: { ...hostPath, type: hostPath.type ?? '' } }),
  };
  return { ...object, spec: { ...object.spec, source: { ...source, inlineVolumeSpec } } };
}

export const volumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  scope: 'Cluster',
  codec: {
    schema: 'io.k8s.api.storage.v1.VolumeAttachment',
    alsoServed: oldStorage('VolumeAttachment', { deprecated: '1.19', removed: '1.22' }),
    defaults: withDefaults,
  },
  rules: { generation: false, validate: attachmentErrors },
  create: { prepare: (object) => ({ ...object, status: { attached: false } }) },
  update: { unconditional: false, validate: attachmentUpdateErrors },
  delete: { answersObject: true },
  subresources: {
    status: statusSubresource({
      keeps: ['labels', 'annotations', 'ownerReferences', 'finalizers'],
      validate: (next, previous, at) => [...attachmentErrors(next, at), ...attachmentUpdateErrors(next, previous, at)],
    }),
  },
  table: {
    columns: [
      nameColumn,
      { name: 'Attacher', type: 'string', format: 'name', descriptionOf: [spec, 'attacher'], value: (object) => object.spec.attacher },
      {
        name: 'PV',
        type: 'string',
        descriptionOf: ['io.k8s.api.storage.v1.VolumeAttachmentSource', 'persistentVolumeName'],
        value: (object) => object.spec.source.persistentVolumeName ?? '',
      },
      { name: 'Node', type: 'string', descriptionOf: [spec, 'nodeName'], value: (object) => object.spec.nodeName },
      {
        name: 'Attached',
        type: 'boolean',
        descriptionOf: ['io.k8s.api.storage.v1.VolumeAttachmentStatus', 'attached'],
        value: ({ status }) => status.attached,
      },
      ageColumn,
    ],
  },
});
