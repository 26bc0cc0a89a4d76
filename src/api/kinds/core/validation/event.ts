/** What is wrong with an Event. Source: pkg/apis/core/validation/events.go. */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Event } from '../../../generated/core/v1.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../../names.ts';
import { byteLength, type Errors, invalidEach } from '../../../validation/common.ts';

const maxFieldBytes = 128;
const maxNoteBytes = 1024;

function limited(value: string, max: number, required: boolean, at: FieldPath): Errors {
  if (value === '') return required ? [fieldErrors.required(at)] : [];
  return byteLength(value) > max ? [fieldErrors.invalid(at, '', `can have at most ${max} characters`)] : [];
}

/** Required fields of an event that was recorded through the newer API. */
function newStyleErrors(event: Event, at: FieldPath, version: string | undefined): Errors {
  const { reportingComponent: controller } = event;
  // The only field that is named as in the request's version.
  const here = at.field(version === undefined ? 'reportingComponent' : 'reportingController');
  return [
    ...(controller === '' ? [fieldErrors.required(here)] : []),
    ...invalidEach(isQualifiedName(controller), controller, here),
    ...limited(event.reportingInstance, maxFieldBytes, true, at.field('reportingInstance')),
    ...limited(event.action ?? '', maxFieldBytes, true, at.field('action')),
    ...limited(event.reason ?? '', maxFieldBytes, true, at.field('reason')),
    ...limited(event.message ?? '', maxNoteBytes, false, at.field('message')),
  ];
}

/** All that is wrong with an event by the rules of core/v1. `version`: the request's, when it is not core/v1. */
export function eventErrors(event: Event, at: FieldPath, version?: string): Errors {
  const namespace = event.metadata.namespace ?? '';
  const { namespace: involved = '' } = event.involvedObject;
  const isNew = event.eventTime !== undefined && event.eventTime !== null;
  const clusterScoped = namespace === '' || namespace === 'default' || (isNew && namespace === 'kube-system');
  const matches = involved === '' ? clusterScoped : isNew || namespace === involved;
  return [
    ...(matches ? [] : [fieldErrors.invalid(at.field('involvedObject', 'namespace'), involved, 'does not match event.namespace')]),
    ...(isNew ? newStyleErrors(event, at, version) : []),
    ...invalidEach(isDns1123Subdomain(namespace), namespace, at.field('namespace')),
  ];
}
