/** PodLogOptions from the query. Source: pkg/apis/core/validation/validation.go (ValidatePodLogOptions). */
import { type FieldError, FieldPath, fieldErrors } from '../../../api/field-error.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { Exchange } from '../exchange.ts';
import { boolParam, intParam, stringParam } from '../options/query-values.ts';
import type { PodLogOptions } from './pod-streams.ts';

const at = (name: string): FieldPath => FieldPath.root.field(name);
/** How Go prints the path of an error that belongs to no field. */
const noField = FieldPath.root.field('[]');
const streams: Readonly<Record<string, 'stdout' | 'stderr' | undefined>> = { Stdout: 'stdout', Stderr: 'stderr', All: undefined };

function sinceMsOf(seconds: number | undefined, time: string, nowMs: number): number | undefined {
  if (seconds !== undefined) return nowMs - seconds * 1000;
  if (time === '') return undefined;
  const ms = Date.parse(time);
  if (Number.isNaN(ms) || !/^\d{4}-\d\d-\d\dT/.test(time)) {
    throw statusErrors.badRequest(
      `parsing time ${JSON.stringify(time)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(time)} as "2006"`,
    );
  }
  return ms;
}

export interface ReceivedLogOptions {
  readonly container: string;
  readonly options: Omit<PodLogOptions, 'signal'>;
}

/** Reads and checks the options. Throws 400 and 422. */
export function logOptions(exchange: Exchange, podName: string, nowMs: number): ReceivedLogOptions {
  const tailLines = intParam(exchange, 'tailLines');
  const limitBytes = intParam(exchange, 'limitBytes');
  const sinceSeconds = intParam(exchange, 'sinceSeconds');
  const sinceTime = stringParam(exchange, 'sinceTime');
  const stream = stringParam(exchange, 'stream');
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0)
    errors.push(fieldErrors.invalid(at('tailLines'), tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1) errors.push(fieldErrors.invalid(at('limitBytes'), limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== '') {
    errors.push(fieldErrors.forbidden(noField, 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(fieldErrors.invalid(at('sinceSeconds'), sinceSeconds, 'must be greater than 0'));
  }
  if (stream !== '' && !Object.hasOwn(streams, stream))
    errors.push(fieldErrors.notSupported(at('stream'), stream, ['All', 'Stderr', 'Stdout']));
  if (tailLines !== undefined && (stream === 'Stdout' || stream === 'Stderr')) {
    errors.push(fieldErrors.forbidden(noField, '`tailLines` and specific `stream` are mutually exclusive for now'));
  }
  if (errors.length > 0) throw statusErrors.invalid({ group: '', kind: 'PodLogOptions' }, podName, errors);
  const sinceMs = sinceMsOf(sinceSeconds, sinceTime, nowMs);
  const chosen = streams[stream];
  return {
    container: stringParam(exchange, 'container'),
    options: {
      follow: boolParam(exchange, 'follow') ?? false,
      previous: boolParam(exchange, 'previous') ?? false,
      timestamps: boolParam(exchange, 'timestamps') ?? false,
      ...(tailLines === undefined ? {} : { tailLines }),
      ...(limitBytes === undefined ? {} : { limitBytes }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(chosen === undefined ? {} : { stream: chosen }),
    },
  };
}
