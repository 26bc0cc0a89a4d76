/** Source: kubectl pkg/describe/describe.go (describeStorageClass, describeVolumeAttributesClass). */
import type { StorageClass, VolumeAttributesClass } from '../../../../api/generated/storage/v1.ts';
import { isDefaultStorageClass } from '../../../../api/kinds/storage/storage-class.ts';
import { formatLabels } from '../../../../api/selector.ts';
import { Description } from '../../output/description.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { writeTerms } from './persistent-volume.ts';

export const describeStorageClass: Describer = async (object, context) => {
  const found = object as unknown as StorageClass; // the API's answer for this resource
  const { metadata, mountOptions = [], allowedTopologies, allowVolumeExpansion } = found;
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'IsDefaultClass:', isDefaultStorageClass(found) ? 'Yes' : 'No');
  to.line(0, 'Annotations:', formatLabels(metadata.annotations));
  to.line(0, 'Provisioner:', found.provisioner);
  to.line(0, 'Parameters:', formatLabels(found.parameters));
  to.line(0, 'AllowVolumeExpansion:', allowVolumeExpansion === undefined ? '<unset>' : allowVolumeExpansion ? 'True' : 'False');
  to.write(0, mountOptions.length === 0 ? 'MountOptions:\t<none>\n' : 'MountOptions:\n');
  for (const option of mountOptions) to.write(1, `${option}\n`);
  to.line(0, 'ReclaimPolicy:', found.reclaimPolicy);
  to.line(0, 'VolumeBindingMode:', found.volumeBindingMode);
  if (allowedTopologies !== undefined) {
    to.write(0, allowedTopologies.length === 0 ? 'AllowedTopologies:\t<none>\n' : 'AllowedTopologies:\t\n');
    const texts = allowedTopologies.map(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.map(({ key, values }) => (values.length === 0 ? `${key} in` : `${key} in [${values.join(', ')}]`)),
    );
    writeTerms(to, 1, texts);
  }
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};

export const describeVolumeAttributesClass: Describer = async (object, context) => {
  const { metadata, driverName, parameters } = object as unknown as VolumeAttributesClass; // the API's answer for this resource
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Annotations:', formatLabels(metadata.annotations));
  to.line(0, 'DriverName:', driverName);
  to.line(0, 'Parameters:', formatLabels(parameters));
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
