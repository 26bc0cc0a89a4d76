/** Parts that most descriptions share: labels, annotations, times. Source: kubectl pkg/describe/describe.go. */
import { ageOf, parseTime } from '../../../../api/time.ts';
import type { DescriptionWriter } from '../../output/description.ts';

export type Texts = Readonly<Record<string, string>>;

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);

/** Entries in the order of their keys. */
export const sortedEntries = <V>(record: Readonly<Record<string, V>> | undefined): readonly (readonly [string, V])[] =>
  Object.entries(record ?? {}).sort(byKey);

/** Writes `Title:  first line`, and the further lines aligned below the first. */
export function writeList(to: DescriptionWriter, title: string, lines: readonly string[]): void {
  if (lines.length === 0) to.write(0, `${title}:\t<none>\n`);
  for (const [i, line] of lines.entries()) to.write(0, `${i === 0 ? `${title}:` : ''}\t${line}\n`);
}

/** Writes labels. `indent` is put before the title and before every further line. */
export function writeLabels(to: DescriptionWriter, title: string, labels: Texts | undefined, indent = ''): void {
  const lines = sortedEntries(labels).map(([key, value]) => `${key}=${value}`);
  if (lines.length === 0) to.write(0, `${indent}${title}:\t<none>\n`);
  for (const [i, line] of lines.entries()) to.write(0, `${indent}${i === 0 ? `${title}:` : ''}\t${line}\n`);
}

const maxAnnotationLength = 140;
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

const shorten = (text: string, length: number): string =>
  Buffer.byteLength(text) > length ? `${Buffer.from(text).subarray(0, length).toString()}...` : text;

/** Writes annotations. Long and multi-line values start below their key, and are cut. */
export function writeAnnotations(to: DescriptionWriter, title: string, annotations: Texts | undefined): void {
  const entries = sortedEntries(annotations).filter(([key]) => key !== lastApplied);
  to.write(0, `${title}:\t`);
  if (entries.length === 0) to.write(0, '<none>\n');
  for (const [i, [key, text]] of entries.entries()) {
    if (i > 0) to.write(0, '\t');
    const value = text.replace(/\n$/, '');
    if (Buffer.byteLength(value) + Buffer.byteLength(key) + 2 <= maxAnnotationLength && !value.includes('\n')) {
      to.write(0, `${key}: ${value}\n`);
      continue;
    }
    to.write(0, `${key}:\n`);
    for (const line of value.split('\n')) to.write(0, `\t  ${shorten(line, maxAnnotationLength - 2)}\n`);
  }
}

/** Writes the beginning of most descriptions: name, namespace (if any), labels, annotations. */
export function writeIdentity(
  to: DescriptionWriter,
  metadata: {
    readonly name?: string;
    readonly namespace?: string | undefined;
    readonly labels?: Texts | undefined;
    readonly annotations?: Texts | undefined;
  },
): void {
  to.line(0, 'Name:', metadata.name ?? '');
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** A timestamp in Go's RFC1123Z form in the local zone; Go's zero time when there is none. */
export function longTime(timestamp: string | null | undefined): string {
  const ms = parseTime(timestamp ?? '');
  if (ms === undefined) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const date = new Date(ms);
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${days[date.getDay()] ?? ''}, ${two(date.getDate())} ${months[date.getMonth()] ?? ''} ${date.getFullYear()} ${clock} ${zone}`;
}

/** The time since a timestamp; `<unknown>` when there is none. */
export const since = (timestamp: string | null | undefined, nowMs: number): string => ageOf(timestamp, nowMs);

interface Owned {
  readonly ownerReferences?:
    | readonly { readonly kind: string; readonly name: string; readonly uid: string; readonly controller?: boolean | undefined }[]
    | undefined;
}

/** The owner that manages an object. */
export const controllerOf = (metadata: Owned) => metadata.ownerReferences?.find((owner) => owner.controller === true);

export function writeController(to: DescriptionWriter, metadata: Owned): void {
  const owner = controllerOf(metadata);
  if (owner !== undefined) to.line(0, 'Controlled By:', `${owner.kind}/${owner.name}`);
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
}

/** Writes the conditions of replica sets, deployments and similar workloads. */
export function writeConditions(to: DescriptionWriter, conditions: readonly Condition[] | undefined): void {
  if (conditions === undefined || conditions.length === 0) return;
  to.write(0, 'Conditions:\n  Type\tStatus\tReason\n');
  to.line(1, '----', '------', '------');
  for (const { type, status, reason } of conditions) to.line(1, `${type} `, status, reason ?? '');
}
