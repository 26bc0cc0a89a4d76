/** Scalars that Go writes in a special form: times and base64 bytes. Pure. */
import { DecodeError } from './decode-error.ts';

const plainTime = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Month and day of the dates that exist in every year: all but 29 February. */
const everyYear = '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
/** Matches times that are already written as Go writes them: nearly all that components send. */
const goTime = new RegExp(`^(?!0001)\\d{4}-${everyYear}T(?:[01]\\d|2[0-3])(?::[0-5]\\d){2}Z$`);
const goMicroTime = new RegExp(`^(?!0001)\\d{4}-${everyYear}T(?:[01]\\d|2[0-3])(?::[0-5]\\d){2}\\.\\d{6}Z$`);

const quote = (text: string): string => JSON.stringify(text);

/**
 * Go's layouts for parsing, which its error messages show. Source: apimachinery pkg/apis/meta/v1/{time,micro_time}.go.
 */
const timeLayout = '2006-01-02T15:04:05Z07:00';
const microTimeLayout = '2006-01-02T15:04:05.000000Z07:00';

/** What is wrong with an RFC 3339 time, in the words of Go's time.Parse. */
function timeError(text: string, layout: string): DecodeError {
  const steps: ReadonlyArray<readonly [RegExp, string]> = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d\d/, '01'],
    [/^-/, '-'],
    [/^\d\d/, '02'],
    [/^T/, 'T'],
    [/^\d\d/, '15'],
    [/^:/, ':'],
    [/^\d\d/, '04'],
    [/^:/, ':'],
    [/^\d\d(?:[.,]\d+)?/, '05'],
    [/^(?:Z|[+-]\d\d:\d\d)/, 'Z07:00'],
  ];
  let rest = text;
  for (const [pattern, name] of steps) {
    const found = pattern.exec(rest);
    if (found === null)
      return new DecodeError(`parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(name)}`);
    rest = rest.slice(found[0].length);
  }
  return new DecodeError(`parsing time ${quote(text)}: ${rest === '' ? 'day out of range' : `extra text: ${quote(rest)}`}`);
}

/**
 * Splits a time into the milliseconds since the epoch of its whole second and the digits of its fraction. Throws
 * DecodeError.
 */
function parseTime(text: string, layout: string): { readonly seconds: Date; readonly fraction: string } {
  const parts = plainTime.exec(text);
  if (parts === null) throw timeError(text, layout);
  const [, year, month, day, hour, minute, second, fraction = '', zone] = parts;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const asUtc = new Date(`${local}Z`);
  if (Number.isNaN(asUtc.getTime()) || !asUtc.toISOString().startsWith(local)) throw timeError(text, layout);
  const seconds = zone === 'Z' ? asUtc : new Date(`${local}${zone}`);
  return { seconds, fraction: fraction.slice(1) };
}

const zeroTime = '0001-01-01T00:00:00';

/** A metav1.Time as Go writes it: UTC, whole seconds; null for the zero time. Throws DecodeError. */
export function canonicalTime(text: string): string | null {
  if (goTime.test(text)) return text;
  const utc = `${parseTime(text, timeLayout).seconds.toISOString().slice(0, 19)}`;
  return utc === zeroTime ? null : `${utc}Z`;
}

/** A metav1.MicroTime as Go writes it: UTC with six digits; null for the zero time. Throws DecodeError. */
export function canonicalMicroTime(text: string): string | null {
  if (goMicroTime.test(text)) return text;
  const { seconds, fraction } = parseTime(text, microTimeLayout);
  const utc = seconds.toISOString().slice(0, 19);
  return utc === zeroTime ? null : `${utc}.${fraction.padEnd(6, '0').slice(0, 6)}Z`;
}

const notBase64 = /[^A-Za-z0-9+/]/;

/** Position of the first byte at which Go's decoder stops, -1 when the text is valid. */
function badBase64(text: string): number {
  const body = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  const bad = notBase64.exec(body);
  if (bad !== null) return bad.index;
  return text.length % 4 === 0 && body.length % 4 !== 1 ? -1 : text.length - (text.length % 4);
}

/** Standard base64 without the line breaks that Go ignores. Throws DecodeError at the byte where Go does. */
export function canonicalBase64(text: string): string {
  if (badBase64(text) < 0) return text;
  const joined = text.replace(/[\r\n]/g, '');
  const bad = badBase64(joined);
  if (bad < 0) return joined;
  throw new DecodeError(`illegal base64 data at input byte ${bad}`);
}
