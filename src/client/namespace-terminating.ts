/**
 * The API's answer to creations in a namespace that is being deleted. Source: api core/v1 NamespaceTerminatingCause.
 */
import { StatusError } from '../api/status-error.ts';

export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof StatusError && (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
}
