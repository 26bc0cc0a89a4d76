/** What is wrong with a PriorityLevelConfiguration. Source: pkg/apis/flowcontrol/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../../generated/flowcontrol/v1.ts';
import { internalForm } from '../../../internal-form/internal-form.ts';
import type { Errors } from '../../../validation/common.ts';
import { mandatoryPriorityLevels } from '../bootstrap-objects.ts';
import { conditionErrors } from './flow-schema.ts';

const maxQueues = 10_000_000;
const maxHashBits = 60;
const roundTrip = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

function queuingErrors({ queues, handSize, queueLengthLimit }: QueuingConfiguration, at: FieldPath): Errors {
  const hand = at.field('handSize');
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0) errors.push(fieldErrors.invalid(at.field('queueLengthLimit'), queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(fieldErrors.invalid(at.field('queues'), queues, 'must be positive'));
  else if (queues > maxQueues) errors.push(fieldErrors.invalid(at.field('queues'), queues, `must not be greater than ${maxQueues}`));
  if (handSize <= 0) errors.push(fieldErrors.invalid(hand, handSize, 'must be positive'));
  else if (handSize > queues) errors.push(fieldErrors.invalid(hand, handSize, `should not be greater than queues (${queues})`));
  else if (Math.ceil(Math.log2(queues) * handSize) > maxHashBits) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`;
    errors.push(fieldErrors.invalid(hand, handSize, detail));
  }
  return errors;
}

function responseErrors({ type, queuing }: LimitResponse, at: FieldPath): Errors {
  const here = at.field('queuing');
  if (type === 'Reject') {
    return queuing === undefined ? [] : [fieldErrors.forbidden(here, 'must be nil if limited.limitResponse.type is not Limited')];
  }
  if (type === 'Queue') {
    return queuing === undefined
      ? [fieldErrors.required(here, 'must not be empty if limited.limitResponse.type is Limited')]
      : queuingErrors(queuing, here);
  }
  return (type ?? '') === ''
    ? [fieldErrors.required(at.field('type'))]
    : [fieldErrors.notSupported(at.field('type'), type, ['Queue', 'Reject'])];
}

const nominal = 'nominalConcurrencyShares';
/** Of limited levels in these versions. */
const sharesNames: Readonly<Record<string, string>> = { v1beta1: 'assuredConcurrencyShares', v1beta2: 'assuredConcurrencyShares' };

function sharesErrors(shares: number | null | undefined, at: FieldPath, name = nominal): Errors {
  return (shares ?? 0) < 0 ? [fieldErrors.invalid(at.field(name), shares, 'must be a non-negative integer')] : [];
}

const lendableErrors = (percent: number | undefined, at: FieldPath): Errors =>
  percent !== undefined && (percent < 0 || percent > 100)
    ? [fieldErrors.invalid(at.field('lendablePercent'), percent, 'must be between 0 and 100, inclusive')]
    : [];

function limitedErrors(limited: LimitedPriorityLevelConfiguration, at: FieldPath, version: string | undefined): Errors {
  const { borrowingLimitPercent: borrowed } = limited;
  return [
    ...sharesErrors(limited.nominalConcurrencyShares, at, sharesNames[version ?? '']),
    ...responseErrors(limited.limitResponse, at.field('limitResponse')),
    ...lendableErrors(limited.lendablePercent, at),
    ...(borrowed !== undefined && borrowed < 0
      ? [fieldErrors.invalid(at.field('borrowingLimitPercent'), borrowed, 'if specified, must be a non-negative integer')]
      : []),
  ];
}

function typeErrors({ type, limited, exempt }: PriorityLevelConfigurationSpec, at: FieldPath, version: string | undefined): Errors {
  if (type === 'Exempt') {
    return [
      ...(limited === undefined ? [] : [fieldErrors.forbidden(at.field('limited'), 'must be nil if the type is not Limited')]),
      ...(exempt === undefined
        ? []
        : [
            ...sharesErrors(exempt.nominalConcurrencyShares, at.field('exempt')),
            ...lendableErrors(exempt.lendablePercent, at.field('exempt')),
          ]),
    ];
  }
  if (type === 'Limited') {
    return [
      ...(exempt === undefined ? [] : [fieldErrors.forbidden(at.field('exempt'), 'must be nil if the type is Limited')]),
      ...(limited === undefined
        ? [fieldErrors.required(at.field('limited'), 'must not be empty when type is Limited')]
        : limitedErrors(limited, at.field('limited'), version)),
    ];
  }
  return (type ?? '') === ''
    ? [fieldErrors.required(at.field('type'))]
    : [fieldErrors.notSupported(at.field('type'), type, ['Exempt', 'Limited'])];
}

/** The levels of the server itself stay as they are, but for the shares of the exempt one. */
function mandatoryErrors({ metadata: { name }, spec }: PriorityLevelConfiguration, at: FieldPath): Errors {
  const fixed = Object.hasOwn(mandatoryPriorityLevels, name ?? '') ? mandatoryPriorityLevels[name] : undefined;
  if (fixed === undefined) return [];
  const shown = internalForm('PriorityLevelConfigurationSpec', spec);
  if (name !== 'exempt') {
    return deepEqual(spec, fixed) ? [] : [fieldErrors.invalid(at, shown, `spec of '${name}' must equal the fixed value`)];
  }
  return deepEqual({ ...spec, exempt: fixed.exempt }, fixed)
    ? []
    : [fieldErrors.invalid(at, shown, `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`)];
}

/** `version`: that of the request, when it is not v1. */
export function priorityLevelErrors(object: PriorityLevelConfiguration, at: FieldPath, version?: string): Errors {
  const { metadata, spec, status } = object;
  const here = at.field('spec');
  const errors: FieldError[] = [];
  if (metadata.annotations?.[roundTrip] !== undefined) {
    errors.push(fieldErrors.forbidden(at.field('metadata', 'annotations'), `annotation '${roundTrip}' is forbidden`));
  }
  if ((metadata.name === 'exempt') !== (spec.type === 'Exempt')) {
    errors.push(fieldErrors.invalid(here.field('type'), spec.type ?? '', "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  return [
    ...errors,
    ...typeErrors(spec, here, version),
    ...mandatoryErrors(object, here),
    ...conditionErrors(status.conditions, at.field('status', 'conditions')),
  ];
}
