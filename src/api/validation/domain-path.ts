/**
 * A domain and a path, such as `acme.io/foo`. Source: apimachinery pkg/util/validation/validation.go
 * (IsDomainPrefixedPath).
 */
import { type FieldPath, fieldErrors } from '../field-error.ts';
import { isDns1123Subdomain, regexComplaint } from '../names.ts';
import { type Errors, invalidEach } from './common.ts';

const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const pathPattern = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

/** All that is wrong with a domain-prefixed path; an empty one is missing. */
export function domainPrefixedPathErrors(text: string, at: FieldPath): Errors {
  if (text === '') return [fieldErrors.required(at)];
  const slash = text.indexOf('/');
  const [host, path] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash < 1 || path === '') return [fieldErrors.invalid(at, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [
    ...invalidEach(isDns1123Subdomain(host), host, at),
    ...(pathPattern.test(path) ? [] : [fieldErrors.invalid(at, path, regexComplaint('Invalid path', pathFormat))]),
  ];
}
