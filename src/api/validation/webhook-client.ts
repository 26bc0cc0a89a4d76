/** How webhooks are reached. Source: apiserver pkg/util/webhook/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import { isDns1123Subdomain, isPortNumber } from '../names.ts';
import type { Errors } from './common.ts';

/** A Service that is called. */
export interface CalledService {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
}

const form = '; desired format: https://host[/path]';

/** A URL of `https` without user, query or fragment. */
export function webhookUrlErrors(text: string, at: FieldPath): Errors {
  const parts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  const [, scheme = '', authority = '', , query = '', fragment = ''] = parts ?? [];
  const userEnd = authority.lastIndexOf('@');
  const host = authority.slice(userEnd + 1);
  const complaint = unparsable(text, host);
  if (complaint !== undefined) return [fieldErrors.required(at, `url must be a valid URL: ${complaint}${form}`)];
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https')
    errors.push(fieldErrors.invalid(at, scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`));
  if (host === '') errors.push(fieldErrors.invalid(at, host, `host must be specified${form}`));
  if (userEnd !== -1) errors.push(fieldErrors.invalid(at, authority.slice(0, userEnd), 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(fieldErrors.invalid(at, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(fieldErrors.invalid(at, query, 'query parameters are not permitted in the URL'));
  return errors;
}

/** What Go's url.Parse says of a URL that it does not understand; undefined when it does. Source: Go net/url/url.go. */
function unparsable(text: string, host: string): string | undefined {
  const quoted = JSON.stringify(text);
  if ([...text].some((character) => character < ' ' || character === '\x7f'))
    return `parse ${quoted}: net/url: invalid control character in URL`;
  if (text.startsWith(':')) return `parse ${quoted}: missing protocol scheme`;
  const badEscape = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(text);
  if (badEscape !== null) return `parse ${quoted}: invalid URL escape ${JSON.stringify(badEscape[0])}`;
  if (host.startsWith('[') && !host.includes(']')) return `parse ${quoted}: missing ']' in host`;
  const port = host.startsWith('[') ? host.slice(host.indexOf(']') + 1) : host.includes(':') ? host.slice(host.indexOf(':')) : '';
  if (port !== '' && !/^:\d*$/.test(port)) return `parse ${quoted}: invalid port ${JSON.stringify(port)} after host`;
  const odd = /[ "<>\\^`{|}]/.exec(host);
  return odd === null ? undefined : `parse ${quoted}: invalid character ${JSON.stringify(odd[0])} in host name`;
}

/** A Service with its port and path. */
export function webhookServiceErrors({ name, namespace, path = '', port = 0 }: CalledService, at: FieldPath): Errors {
  const required = [
    // Upstream's callers hand these two over in the other order, so each is missed under the other's name.
    ...(namespace === '' ? [fieldErrors.required(at.field('name'))] : []),
    ...(name === '' ? [fieldErrors.required(at.field('namespace'))] : []),
  ];
  const complaints = isPortNumber(port);
  const ports = complaints.length === 0 ? [] : [fieldErrors.invalid(at.field('port'), port, `port is not valid: ${complaints.join(', ')}`)];
  return [...required, ...ports, ...pathErrors(path, at.field('path'))];
}

function pathErrors(path: string, at: FieldPath): Errors {
  if (path === '' || path === '/') return [];
  if (path === '//') return [fieldErrors.invalid(at, path, 'segment[0] may not be empty')];
  const errors = path.startsWith('/') ? [] : [fieldErrors.invalid(at, path, "must start with a '/'")];
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  return [
    ...errors,
    ...steps.flatMap((step, i) =>
      step === ''
        ? [fieldErrors.invalid(at, path, `segment[${i}] may not be empty`)]
        : isDns1123Subdomain(step).map((complaint) => fieldErrors.invalid(at, path, `segment[${i}]: ${complaint}`)),
    ),
  ];
}
