/** Where workloads keep the template of their pods. Source: pod-security-admission admission/admission.go. */
import type { PodSpec, PodTemplateSpec } from '../../api/generated/core/v1.ts';
import type { AdmissionObject } from './admission.ts';

/** What of a template is checked. */
export interface PodParts {
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly spec: PodSpec;
}

interface Templated {
  readonly template?: PodTemplateSpec;
  readonly spec?: Templated;
  readonly jobTemplate?: Templated;
}

const inSpec = ({ spec }: Templated): PodTemplateSpec | undefined => spec?.template;

const templates: ReadonlyMap<string, (object: Templated) => PodTemplateSpec | undefined> = new Map([
  ['podtemplates', ({ template }: Templated) => template],
  ['replicationcontrollers', inSpec],
  ['replicasets.apps', inSpec],
  ['deployments.apps', inSpec],
  ['statefulsets.apps', inSpec],
  ['daemonsets.apps', inSpec],
  ['jobs.batch', inSpec],
  ['cronjobs.batch', ({ spec }: Templated) => spec?.jobTemplate?.spec?.template],
]);

/** Whether objects of a resource can have a template. */
export const hasPodTemplate = (resourceName: string): boolean => templates.has(resourceName);

/** The template in an object of such a resource; undefined when it has none. */
export function podTemplateOf(resourceName: string, object: AdmissionObject): PodParts | undefined {
  // The schema of the resource has these fields.
  const template = templates.get(resourceName)?.(object as Templated);
  return template === undefined ? undefined : { annotations: template.metadata?.annotations, spec: template.spec };
}
