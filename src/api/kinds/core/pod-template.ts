/** A Pod template that is kept by itself, for whoever wants to make Pods from it. */

import type { PodTemplate } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { podTemplateErrors } from '../../pod/validation/pod.ts';
import { formatLabels } from '../../selector.ts';
import { containerColumns, nameColumn } from '../columns.ts';
import { templateWarnings } from './validation/pod-template.ts';

/** Source: pkg/registry/core/podtemplate/strategy.go. */
export const podTemplate = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  scope: 'Namespaced',
  codec: {
    schema: 'io.k8s.api.core.v1.PodTemplate',
    defaults: (object) => ({ ...object, template: defaultPodTemplate(object.template) }),
  },
  rules: {
    generation: true,
    validate: ({ template }, at) => podTemplateErrors(template, at.field('template')),
    warnings: templateWarnings,
  },
  delete: { answersObject: true },
  table: {
    columns: [
      nameColumn,
      ...containerColumns<PodTemplate>(({ template }) => template.spec.containers, { wide: false }),
      {
        name: 'Pod Labels',
        type: 'string',
        description: 'The labels for the pod template.',
        value: ({ template }) => formatLabels(template.metadata.labels),
      },
    ],
  },
});
