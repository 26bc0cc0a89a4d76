/**
 * Rewrites a backend's links so that they lead through the proxy: URLs in headers and in HTML. Source: apimachinery
 * pkg/util/proxy/transport.go.
 */
import { posix } from 'node:path';

/** The backend of a page, and how the client reaches it. */
export interface Frontage {
  /** The backend's host and port. */
  readonly backendHost: string;
  /** The name by which the client reaches this server. */
  readonly requestHost: string;
  /** The path prefix before the backend's own path: `/api/v1/namespaces/default/pods/p/proxy`. */
  readonly prefix: string;
}

const urlParts = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

/** Joins paths as Go's path.Join does, but keeps a trailing slash. */
export function joinPath(prefix: string, path: string): string {
  const joined = posix.join(prefix, path).replace(/\/$/, '');
  return path.endsWith('/') ? `${joined}/` : joined;
}

/**
 * Rewrites a URL with an absolute path on the same host so that it leads through the proxy. Other URLs stay as they
 * are.
 */
export function rewriteUrl(url: string, { backendHost, requestHost, prefix }: Frontage): string {
  const [, scheme = '', authority = '', path = '', rest = ''] = urlParts.exec(url) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if ((host !== '' && host !== backendHost && host !== requestHost) || !path.startsWith('/')) return url;
  const origin = host !== '' && host === requestHost ? `${scheme === '' ? '' : `${scheme}:`}//${authority}` : '';
  return `${origin}${path.startsWith(prefix) ? path : joinPath(prefix, path)}${rest}`;
}

/** Attributes that hold URLs. Source: transport.go, atomsToAttrs. */
const urlAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['a', ['href']],
  ['applet', ['codebase']],
  ['area', ['href']],
  ['audio', ['src']],
  ['base', ['href']],
  ['blockquote', ['cite']],
  ['body', ['background']],
  ['button', ['formaction']],
  ['command', ['icon']],
  ['del', ['cite']],
  ['embed', ['src']],
  ['form', ['action']],
  ['frame', ['longdesc', 'src']],
  ['head', ['profile']],
  ['html', ['manifest']],
  ['iframe', ['longdesc', 'src']],
  ['img', ['longdesc', 'src', 'usemap']],
  ['input', ['src', 'usemap', 'formaction']],
  ['ins', ['cite']],
  ['link', ['href']],
  ['object', ['classid', 'codebase', 'data', 'usemap']],
  ['q', ['cite']],
  ['script', ['src']],
  ['source', ['src']],
  ['video', ['poster', 'src']],
]);

/** Elements whose content is text. Source: golang.org/x/net/html token.go, rawTag. */
const rawText = new Set(['iframe', 'noembed', 'noframes', 'noscript', 'plaintext', 'script', 'style', 'textarea', 'title', 'xmp']);

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescapeHtml = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code < 128 ? String.fromCharCode(code) : whole;
  });

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;');

/**
 * Rewrites the URLs of a page. Each character of `page` is one byte (latin1), so every encoding that contains ASCII
 * survives. Differs: upstream serializes tags with links anew; minik replaces only the URLs that change.
 */
export function rewriteHtml(page: string, rewrite: (url: string) => string): string {
  const parts: string[] = [];
  let copied = 0;
  let at = page.indexOf('<');
  while (at >= 0) {
    const tag = /[a-z][^\s/>]*/iy;
    tag.lastIndex = at + 1;
    const name = tag.exec(page)?.[0].toLowerCase();
    if (name === undefined) {
      const [end, skip] = page.startsWith('<!--', at) ? (['-->', 4] as const) : (['>', 1] as const);
      at = page.indexOf('<', after(page, end, at + skip));
      continue;
    }
    const wanted = urlAttributes.get(name);
    const attribute = /[\s/]*([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?|[\s/]*=/gy;
    attribute.lastIndex = at + 1 + name.length;
    let end = attribute.lastIndex;
    for (let found = attribute.exec(page); found !== null; found = attribute.exec(page)) {
      end = attribute.lastIndex;
      const value = found[2] ?? found[3] ?? found[4];
      if (value === undefined || wanted?.includes(found[1]?.toLowerCase() ?? '') !== true) continue;
      const url = unescapeHtml(value);
      const rewritten = rewrite(url);
      if (rewritten === url) continue;
      const start = end - value.length - (found[4] === undefined ? 1 : 0);
      parts.push(page.slice(copied, start), escapeHtml(rewritten));
      copied = start + value.length;
    }
    end = after(page, '>', end);
    if (rawText.has(name)) end = endOfRawText(page, name, end);
    at = page.indexOf('<', end);
  }
  parts.push(page.slice(copied));
  return parts.join('');
}

/** The index after the next `mark`, or the end of the page when there is none. */
function after(page: string, mark: string, from: number): number {
  const found = page.indexOf(mark, from);
  return found < 0 ? page.length : found + mark.length;
}

function endOfRawText(page: string, name: string, from: number): number {
  const closing = new RegExp(`</${name}`, 'gi');
  closing.lastIndex = from;
  return closing.exec(page)?.index ?? page.length;
}
