/**
 * The one place that turns errors into Status objects. Source: apiserver
 * pkg/endpoints/handlers/responsewriters/status.go.
 */

import { errorStack } from '../../api/error-text.ts';
import { type Status, StatusError, statusErrors } from '../../api/status-error.ts';
import type { Logger } from '../../client/logger.ts';
import { InjectedError } from './faults/injected-errors.ts';

/**
 * The error that the client sees for any thrown value. A value that is not a `StatusError` is a bug: it becomes a 500
 * and is logged with its cause.
 */
export function toStatusError(error: unknown, logger: Logger, fields: Readonly<Record<string, unknown>>): StatusError {
  if (error instanceof StatusError) {
    if (error.code === 500 && !(error instanceof InjectedError))
      logger.error('request failed', { ...fields, error: stackOf(error.cause ?? error) });
    return error;
  }
  logger.error('request failed', { ...fields, error: stackOf(error) });
  return statusErrors.internal(error);
}

const stackOf = (error: unknown): string => errorStack(error);

/** The Status of an error with every member that upstream always writes. */
export const statusOf = (error: StatusError): Status & { readonly code: number } => ({ ...error.status, code: error.code });
