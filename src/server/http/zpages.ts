/**
 * `/statusz` and `/flagz`: what the server is and how it was started, for people and for programs. Source: apiserver
 * pkg/server/{statusz,flagz}.
 */

import type { JsonObject } from '../../api/json.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import type { Answer } from './answer.ts';
import { yamlOf } from './encode/encode.ts';
import type { Exchange } from './exchange.ts';
import { parseAccept } from './negotiation.ts';
import { baseHeaders, respond } from './respond.ts';
import { versionInfo } from './version.ts';

const group = 'config.k8s.io';
const acceptable = 'only the following media types are accepted: application/json, application/yaml, text/plain';
const heading = (page: string): string =>
  `\napiserver ${page}\nWarning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.\n`;

/** A page in both its forms. */
interface Page {
  /** `statusz` or `flagz`. */
  readonly name: string;
  /** The kind of its object. */
  readonly kind: string;
  text(): string;
  fields(): JsonObject;
}

interface Form {
  readonly mediaType: 'application/json' | 'application/yaml' | 'text/plain';
  /** '' for text. */
  readonly version: string;
}

/** Answers a page as text, or as an object when the client names its kind and version. */
async function answer(exchange: Exchange, page: Page): Promise<Answer> {
  if (exchange.method !== 'GET') throw statusErrors.methodNotAllowed();
  const { mediaType, version } = formFor(exchange.accept, page.kind);
  if (version === '') return respond(exchange, 200, heading(page.name) + page.text(), baseHeaders(exchange, 'text/plain; charset=utf-8'));
  if (version === 'v1alpha1') exchange.warn(`This version of the ${page.name} endpoint is deprecated. Please use a newer version.`);
  const object = { kind: page.kind, apiVersion: `${group}/${version}`, metadata: { name: 'apiserver' }, ...page.fields() };
  const headers = baseHeaders(exchange, `${mediaType};g=${group};v=${version};as=${page.kind}`);
  return respond(exchange, 200, mediaType === 'application/yaml' ? await yamlOf(object) : `${JSON.stringify(object, null, 2)}\n`, headers);
}

/** The best form that the client accepts. Throws StatusError (406). */
function formFor(accept: string, kind: string): Form {
  if (accept.trim() === '') return plain;
  for (const { type, params } of parseAccept(accept)) {
    if (['text/plain', 'text/*', '*/*'].includes(type) && !params.has('as')) return plain;
    const version = params.get('v') ?? '';
    const known = params.get('as') === kind && params.get('g') === group && (version === 'v1beta1' || version === 'v1alpha1');
    if (known && (type === 'application/json' || type === 'application/yaml')) return { mediaType: type, version };
  }
  throw new StatusError({ code: 406, reason: 'NotAcceptable', message: acceptable });
}

const plain: Form = { mediaType: 'text/plain', version: '' };

export interface StatuszOptions {
  readonly startMs: number;
  readonly nowMs: number;
  readonly paths: readonly string[];
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** `0 hr 02 min 09 sec`. */
export function uptimeText(seconds: number): string {
  return `${Math.floor(seconds / 3600)} hr ${twoDigits(Math.floor(seconds / 60) % 60)} min ${twoDigits(seconds % 60)} sec`;
}

/** Go's time.UnixDate: `Sun Nov 29 01:15:15 UTC 2026`. */
function unixDate(ms: number): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} UTC ${year}`;
}

export function statusz(exchange: Exchange, { startMs, nowMs, paths }: StatuszOptions): Promise<Answer> {
  const uptimeSeconds = Math.floor((nowMs - startMs) / 1000);
  const goVersion = String(versionInfo.goVersion);
  const binaryVersion = String(versionInfo.gitVersion).replace(/^v|\+.*$/g, '');
  const emulationVersion = `${String(versionInfo.emulationMajor)}.${String(versionInfo.emulationMinor)}`;
  return answer(exchange, {
    name: 'statusz',
    kind: 'Statusz',
    text: () =>
      [
        ...['', `Started: ${unixDate(startMs)}`, `Up: ${uptimeText(uptimeSeconds)}`, `Go version: ${goVersion}`],
        ...[`Binary version: ${binaryVersion}`, `Emulation version: ${emulationVersion}`, `Paths: ${paths.join(' ')}`, ''],
      ].join('\n'),
    fields: () => ({ startTime: rfc3339(startMs), uptimeSeconds, goVersion, binaryVersion, emulationVersion, paths }),
  });
}

/** `flags`: upstream's flags with their values, as far as the server has them. */
export function flagz(exchange: Exchange, flags: Readonly<Record<string, string>>): Promise<Answer> {
  const sorted = Object.entries(flags).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return answer(exchange, {
    name: 'flagz',
    kind: 'Flagz',
    text: () => sorted.map(([name, value]) => `${name}: ${value}\n`).join(''),
    fields: () => ({ flags: Object.fromEntries(sorted) }),
  });
}
