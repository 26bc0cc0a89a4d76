/** DeleteOptions from the body or, without one, from the query. Source: apiserver pkg/endpoints/handlers/delete.go. */
import { type FieldError, FieldPath, fieldErrors } from '../../../api/field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import type { DeleteOptions } from '../../../api/request-options.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { Exchange } from '../exchange.ts';
import { dryRunErrors } from './mutate-options.ts';
import { boolParam, intParam } from './query-values.ts';

export interface ReceivedDeleteOptions {
  readonly options: DeleteOptions;
  /**
   * True when the client sent `orphanDependents=false`: a delete that leaves the object in place is then answered 202.
   */
  readonly acceptedIfPending: boolean;
}

type Policy = NonNullable<DeleteOptions['propagationPolicy']>;
const policies = ['Foreground', 'Background', 'Orphan'] as const;
const isPolicy = (text: string): text is Policy => policies.some((policy) => policy === text);

const at = (name: string): FieldPath => FieldPath.root.field(name);
const none: ReceivedDeleteOptions = { options: {}, acceptedIfPending: false };

function fromQuery(exchange: Exchange): JsonObject {
  const { query } = exchange;
  const grace = intParam(exchange, 'gracePeriodSeconds');
  const orphan = boolParam(exchange, 'orphanDependents');
  const policy = query.get('propagationPolicy');
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(orphan === undefined ? {} : { orphanDependents: orphan }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  };
}

const goType = (value: JsonValue): string =>
  Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;

function member<T>(from: JsonObject, name: string, goName: string, is: (value: JsonValue) => value is T & JsonValue): T | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (!is(value)) {
    throw statusErrors.badRequest(`json: cannot unmarshal ${goType(value)} into Go struct field DeleteOptions.${name} of type ${goName}`);
  }
  return value;
}

const isInteger = (value: JsonValue): value is number => typeof value === 'number' && Number.isInteger(value);
const isBoolean = (value: JsonValue): value is boolean => typeof value === 'boolean';
const isString = (value: JsonValue): value is string => typeof value === 'string';
const isStrings = (value: JsonValue): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string');

function checked(json: JsonObject): ReceivedDeleteOptions {
  const grace = member(json, 'gracePeriodSeconds', 'int64', isInteger);
  const orphan = member(json, 'orphanDependents', 'bool', isBoolean);
  const policy = member(json, 'propagationPolicy', 'v1.DeletionPropagation', isString);
  const dryRun = member(json, 'dryRun', '[]string', isStrings) ?? [];
  const preconditions = member(json, 'preconditions', 'v1.Preconditions', isObject);
  const errors: FieldError[] = [];
  if (orphan !== undefined && policy !== undefined) {
    errors.push(fieldErrors.invalid(at('propagationPolicy'), policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (policy !== undefined && !isPolicy(policy)) {
    errors.push(fieldErrors.notSupported(at('propagationPolicy'), policy, [...policies, 'nil']));
  }
  errors.push(...dryRunErrors(dryRun));
  if (errors.length > 0) throw statusErrors.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const chosen = policy !== undefined && isPolicy(policy) ? policy : orphan === undefined ? undefined : orphan ? 'Orphan' : 'Background';
  const uid = preconditions === undefined ? undefined : member(preconditions, 'uid', 'types.UID', isString);
  const resourceVersion = preconditions === undefined ? undefined : member(preconditions, 'resourceVersion', 'string', isString);
  return {
    acceptedIfPending: orphan === false,
    options: {
      ...(dryRun.length > 0 ? { dryRun: true } : {}),
      ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
      ...(chosen === undefined ? {} : { propagationPolicy: chosen }),
      ...(preconditions === undefined
        ? {}
        : { preconditions: { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) } }),
    },
  };
}

/** Reads and checks delete options. `body` is the decoded body, undefined when there was none. Throws 400 or 422. */
export function deleteOptions(exchange: Exchange, body: JsonValue | undefined): ReceivedDeleteOptions {
  if (body === undefined) return exchange.search === '' ? none : checked(fromQuery(exchange));
  if (!isObject(body)) throw statusErrors.badRequest('decoded object cannot be converted to DeleteOptions');
  const kind = body.kind;
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions') {
    const version = typeof body.apiVersion === 'string' ? body.apiVersion : '';
    const scheme = 'pkg/apis/meta/internalversion/scheme/register.go:27';
    throw statusErrors.badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)} in scheme "${scheme}"`,
    );
  }
  return checked(body);
}
