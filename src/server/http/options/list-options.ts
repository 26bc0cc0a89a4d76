/** ListOptions of a request, validated. Source: apimachinery pkg/apis/meta/internalversion/validation/validation.go. */
import { type FieldError, FieldPath, fieldErrors } from '../../../api/field-error.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { ListRequest, WatchRequest } from '../../registry/registry.ts';
import type { Exchange } from '../exchange.ts';
import { boolParam, intParam, stringParam } from './query-values.ts';

export interface ListOptions {
  readonly watch: boolean;
  readonly list: ListRequest;
  readonly watching: WatchRequest;
  /** Seconds; 0 when absent. */
  readonly timeoutSeconds: number;
}

const root = FieldPath.root;
const at = (name: string): FieldPath => root.field(name);
const forbidden = (name: string, detail: string): FieldError => fieldErrors.forbidden(at(name), detail);

interface Raw {
  readonly match: string;
  readonly resourceVersion: string;
  readonly continue: string;
  readonly sendInitialEvents: boolean | undefined;
}

function listErrors(raw: Raw): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { match } = raw;
  if (match !== '') {
    if (raw.resourceVersion === '') {
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (raw.continue !== '') {
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(fieldErrors.notSupported(at('resourceVersionMatch'), match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && raw.resourceVersion === '0') {
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (raw.sendInitialEvents !== undefined) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors(raw: Raw): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { match } = raw;
  if (raw.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match !== '') {
    if (raw.sendInitialEvents === undefined) {
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    }
    if (match !== 'NotOlderThan') errors.push(fieldErrors.notSupported(at('resourceVersionMatch'), match, ['NotOlderThan']));
    if (raw.continue !== '') {
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    }
  }
  return errors;
}

/**
 * A watch without a resourceVersion, or from '0', starts with the current state; clients that allow bookmarks get one
 * at its end. The `/watch/` paths do not have this default. Source: apimachinery
 * pkg/apis/meta/internalversion/defaults.go (SetListOptionsDefaults).
 */
function withDefaults(exchange: Exchange, raw: Raw): Raw {
  const anywhere = raw.resourceVersion === '' || raw.resourceVersion === '0';
  if (raw.sendInitialEvents !== undefined || raw.match !== '' || !anywhere || boolParam(exchange, 'watch') !== true) return raw;
  return { ...raw, sendInitialEvents: true, match: 'NotOlderThan' };
}

/** A name in the path of a watch or list has the effect of a field selector. Source: handlers/get.go, listOpts. */
function withName(fieldSelector: string, name: string): string {
  if (name === '') return fieldSelector;
  const own = `metadata.name=${name}`;
  if (fieldSelector === '') return own;
  const terms = fieldSelector.split(',');
  if (terms.includes(own) || terms.includes(`metadata.name==${name}`)) return fieldSelector;
  throw statusErrors.badRequest("fieldSelector metadata.name doesn't match requested name");
}

export const emptyList: ListRequest = {
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
};
const emptyWatch: WatchRequest = {
  labelSelector: '',
  fieldSelector: '',
  resourceVersion: '',
  resourceVersionMatch: '',
  allowBookmarks: false,
  sendInitialEvents: undefined,
};
const nothingAsked: ListOptions = { watch: false, list: emptyList, watching: emptyWatch, timeoutSeconds: 0 };

/** Reads and checks list options; throws 400 or 422. */
export function listOptions(exchange: Exchange): ListOptions {
  const { info } = exchange;
  if (exchange.search === '' && !info.watchPrefix && info.name === '') return nothingAsked;
  const watch = info.watchPrefix || (boolParam(exchange, 'watch') ?? false);
  const raw = withDefaults(exchange, {
    match: stringParam(exchange, 'resourceVersionMatch'),
    resourceVersion: stringParam(exchange, 'resourceVersion'),
    continue: stringParam(exchange, 'continue'),
    sendInitialEvents: boolParam(exchange, 'sendInitialEvents'),
  });
  const limit = intParam(exchange, 'limit') ?? 0;
  const timeoutSeconds = intParam(exchange, 'timeoutSeconds') ?? 0;
  const allowBookmarks = boolParam(exchange, 'allowWatchBookmarks') ?? false;
  const errors = watch ? watchErrors(raw) : listErrors(raw);
  if (errors.length > 0) throw statusErrors.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  const labelSelector = stringParam(exchange, 'labelSelector');
  const fieldSelector = withName(stringParam(exchange, 'fieldSelector'), info.verb === 'deletecollection' ? '' : info.name);
  const match = raw.match === 'Exact' || raw.match === 'NotOlderThan' ? raw.match : '';
  return {
    watch,
    timeoutSeconds,
    list: {
      labelSelector,
      fieldSelector,
      limit: Math.max(limit, 0),
      continue: raw.continue,
      resourceVersion: raw.resourceVersion,
      resourceVersionMatch: match,
    },
    watching: {
      labelSelector,
      fieldSelector,
      resourceVersion: raw.resourceVersion,
      resourceVersionMatch: match === 'NotOlderThan' ? match : '',
      allowBookmarks,
      sendInitialEvents: raw.sendInitialEvents,
    },
  };
}
