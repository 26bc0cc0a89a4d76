/** URLs as Go reads them. Source: Go's net/url (Parse, ParseRequestURI, EscapedPath, Query). */

export interface GoUrl {
  readonly scheme: string;
  /** Host and port as written. */
  readonly host: string;
  readonly user: string | undefined;
  readonly opaque: string;
  readonly path: string;
  /** The path as written, when that differs from how it would be escaped by default. */
  readonly rawPath: string;
  readonly query: string;
  readonly fragment: string;
}

/** Why a text is no URL, in Go's words. */
export class UrlError extends Error {
  constructor(text: string, cause: string) {
    super(`parse ${goQuoted(text)}: ${cause}`);
  }
}

class Cause extends Error {}

const goQuoted = (text: string): string => JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');

const encoder = new TextEncoder();

/** Replaces %XX; only in paths and queries may any byte be written so. */
function percentDecoded(text: string, mode: 'path' | 'query' | 'host' | 'zone'): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (character === '%') {
      const code = text.slice(at, at + 3);
      if (!/^%[0-9A-Fa-f]{2}$/.test(code)) throw new Cause(`invalid URL escape ${goQuoted(code)}`);
      const byte = Number.parseInt(code.slice(1), 16);
      if (mode === 'host' && byte < 128 && code !== '%25') throw new Cause(`invalid URL escape ${goQuoted(code)}`);
      bytes.push(byte);
      at += 3;
      continue;
    }
    const isBad =
      (mode === 'host' || mode === 'zone') && character.charCodeAt(0) < 128 && !/[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/.test(character);
    if (isBad) throw new Cause(`invalid character ${goQuoted(character)} in host name`);
    if (mode === 'query' && character === '+') bytes.push(32);
    else bytes.push(...encoder.encode(character));
    at += character.length;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** Source: Go's net/url (shouldEscape, encodePath). */
const escapePath = (path: string): string =>
  [...encoder.encode(path)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const plain = byte < 128 && /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character);
      return plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');

function parseHost(host: string): string {
  if (!host.startsWith('[')) {
    const colon = host.lastIndexOf(':');
    const port = colon < 0 ? '' : host.slice(colon);
    if (!/^(:\d*)?$/.test(port)) throw new Cause(`invalid port ${goQuoted(port)} after host`);
    return percentDecoded(host, 'host');
  }
  const end = host.lastIndexOf(']');
  if (end < 0) throw new Cause("missing ']' in host");
  const port = host.slice(end + 1);
  if (!/^(:\d*)?$/.test(port)) throw new Cause(`invalid port ${goQuoted(port)} after host`);
  return percentDecoded(host.slice(0, end + 1).replace(/%25/, '%25'), 'host') + port;
}

function parseAuthority(authority: string): { readonly host: string; readonly user: string | undefined } {
  const at = authority.lastIndexOf('@');
  const host = parseHost(authority.slice(at + 1));
  if (at < 0) return { host, user: undefined };
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw new Cause('net/url: invalid userinfo');
  return { host, user: percentDecoded(user, 'path') };
}

function splitScheme(text: string): readonly [string, string] {
  const match = /^([^:/?#]*):/.exec(text);
  if (match === null) return ['', text];
  const [, scheme = ''] = match;
  if (scheme === '') throw new Cause('missing protocol scheme');
  if (/^[A-Za-z][A-Za-z0-9+\-.]*$/.test(scheme)) return [scheme.toLowerCase(), text.slice(scheme.length + 1)];
  // A scheme that begins otherwise is a part of the path.
  return ['', text];
}

function pathParts(text: string): { readonly path: string; readonly rawPath: string } {
  const path = percentDecoded(text, 'path');
  return { path, rawPath: escapePath(path) === text ? '' : text };
}

function parseReference(text: string, viaRequest: boolean): Omit<GoUrl, 'fragment'> {
  const empty = { scheme: '', host: '', user: undefined, opaque: '', path: '', rawPath: '', query: '' };
  if ([...text].some((character) => character < ' ' || character === '\x7f')) throw new Cause('net/url: invalid control character in URL');
  if (text === '' && viaRequest) throw new Cause('empty url');
  if (text === '*') return { ...empty, path: '*' };
  const [scheme, afterScheme] = splitScheme(text);
  const question = afterScheme.indexOf('?');
  const rest = question < 0 ? afterScheme : afterScheme.slice(0, question);
  const query = question < 0 ? '' : afterScheme.slice(question + 1);
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...empty, scheme, opaque: rest, query };
    if (viaRequest) throw new Cause('invalid URI for request');
    const segment = rest.split('/')[0] ?? '';
    if (segment.includes(':')) throw new Cause('first path segment in URL cannot contain colon');
  }
  if ((scheme !== '' || (!viaRequest && !rest.startsWith('///'))) && rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2);
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    return { ...empty, scheme, query, ...parseAuthority(authority), ...pathParts(slash < 0 ? '' : rest.slice(slash)) };
  }
  return { ...empty, scheme, query, ...pathParts(rest) };
}

function guarded<T>(text: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Cause) throw new UrlError(text, error.message);
    throw error;
  }
}

/** Checks a text as Go's ParseRequestURI does. @throws UrlError */
export function checkRequestUri(text: string): void {
  guarded(text, () => parseReference(text, true));
}

/** @throws UrlError */
export function parseUrl(text: string): GoUrl {
  const hash = text.indexOf('#');
  const before = hash < 0 ? text : text.slice(0, hash);
  return guarded(text, () => ({
    ...parseReference(before, false),
    fragment: hash < 0 ? '' : percentDecoded(text.slice(hash + 1), 'path'),
  }));
}

/** Source: Go's net/url (EscapedPath). */
export function escapedPath({ path, rawPath }: GoUrl): string {
  const isValid = /^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]%/]*$/.test(rawPath);
  if (rawPath !== '' && isValid) return rawPath;
  return path === '*' ? '*' : escapePath(path);
}

export function hostname({ host }: GoUrl): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d*$/, '');
}

export const port = ({ host }: GoUrl): string => /:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';

/** The values of each key of the query, in order; what is malformed is left out, as Go does. */
export function queryValues({ query }: GoUrl): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    try {
      const key = percentDecoded(equals < 0 ? pair : pair.slice(0, equals), 'query');
      const value = percentDecoded(equals < 0 ? '' : pair.slice(equals + 1), 'query');
      values.set(key, [...(values.get(key) ?? []), value]);
    } catch (error) {
      if (!(error instanceof Cause)) throw error;
    }
  }
  return values;
}

/** The URL as text, by which two are compared. */
export const urlText = (url: GoUrl): string => {
  const { scheme, host, user, opaque, query, fragment } = url;
  const head = scheme === '' ? '' : `${scheme}:`;
  const authority = host === '' && user === undefined ? '' : `//${user === undefined ? '' : `${user}@`}${host}`;
  return (
    head +
    (opaque === '' ? authority + escapedPath(url) : opaque) +
    (query === '' ? '' : `?${query}`) +
    (fragment === '' ? '' : `#${fragment}`)
  );
};
