/** Refuses pods whose annotations tell simulated containers something that cannot be done. Not in upstream. */
import { simulatedAnnotationErrors } from '../../api/simulated/annotations.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { AdmissionPlugin } from './admission.ts';

/** Makes the plugin, for clusters on the simulated runtime. */
export function simulatedAnnotations(): AdmissionPlugin {
  return {
    name: 'SimulatedAnnotations',
    validate: ({ kind, subresource, operation, name, object, oldObject }) => {
      if (kind.resourceName !== 'pods' || subresource !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      const annotations = object?.metadata?.annotations;
      if (annotations === undefined || annotations === oldObject?.metadata?.annotations) return;
      const errors = simulatedAnnotationErrors(annotations);
      if (errors.length > 0) throw statusErrors.invalid({ group: '', kind: 'Pod' }, name, errors);
    },
  };
}
