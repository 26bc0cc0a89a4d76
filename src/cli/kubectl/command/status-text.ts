/** API errors as kubectl prints them. */
import type { StatusError } from '../../../api/status-error.ts';

/** Source: kubectl pkg/cmd/util/helpers.go (StandardErrorMessage, MultilineError). */
export function statusText(error: StatusError): string {
  const cause = error.cause;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ECONNREFUSED') {
    const address =
      cause instanceof Error && 'address' in cause && 'port' in cause ? `${String(cause.address)}:${String(cause.port)}` : 'the server';
    return `The connection to the server ${address} was refused - did you specify the right host or port?`;
  }
  if (code !== undefined && error.code === 503)
    return `Unable to connect to the server: ${cause instanceof Error ? cause.message : error.message}`;
  if (error.reason === 'Unauthorized') return `error: You must be logged in to the server (${error.message})`;
  if (error.reason === 'Invalid') return invalidText(error);
  return `Error from server${error.reason === '' ? '' : ` (${error.reason})`}: ${error.message}`;
}

/** Source: helpers.go checkErr and statusCausesToAggrError. */
function invalidText({ message, status: { details } }: StatusError): string {
  const { name = '', kind = '', causes = [] } = details ?? {};
  const named = kind !== '' || name !== '';
  const head = named ? `The ${kind} ${JSON.stringify(name)} is invalid` : 'The request is invalid';
  const lines = [...new Set(causes.map((c) => `${c.field ?? ''}: ${c.message ?? ''}`))];
  if (lines.length > 1) return `${head}: \n${lines.map((line) => `* ${line}`).join('\n')}`;
  if (lines.length === 1) return `${head}: ${lines[0] ?? ''}`;
  return named || message === '' ? head : `${head}: ${message}`;
}
