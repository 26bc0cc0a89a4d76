/** `kubectl events`. Source: kubectl pkg/cmd/events/{events,event_printer}.go. */
import type { Event } from '../../../api/generated/core/v1.ts';
import { parseTime } from '../../../api/time.ts';
import { escapeTerminal, growingLayout, type Layout, renderRows } from '../../print/table.ts';
import { CommandError, type KubectlCommand, PlainError } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { eventInterval } from '../kinds/describe/events.ts';
import { noPrinter, objectPrinter, outputFlags, outputName, writtenFormats } from '../output/output.ts';
import { apiVersionOf, resourcePath } from '../resources/discovery.ts';
import { listObjects } from '../resources/list.ts';
import { findResource } from '../resources/resource-args.ts';
import { watchObjects } from '../waiting/watch.ts';
import { allNamespacesFlag } from '../writing/write-flags.ts';

/** The field selector of `--for TYPE/NAME`. Rejects with CommandError. */
async function subjectSelector(session: Session, text: string): Promise<string> {
  if (text === '') return '';
  const [type = '', name = '', ...more] = text.split('/');
  if (!text.includes('/')) throw new CommandError('--for must be in resource/name form');
  if (more.length > 0) throw new CommandError('arguments in resource/name form may not have more than one slash');
  const resource = (await session.discovery).find(type.toLowerCase());
  if (resource === undefined) throw new PlainError(`the server doesn't have a resource type ${JSON.stringify(type.toLowerCase())}`);
  return `involvedObject.apiVersion=${apiVersionOf(resource)},involvedObject.kind=${resource.kind},involvedObject.name=${name}`;
}

/** The time at which an event last occurred, for sorting. */
const happened = (event: Event): number =>
  parseTime(event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? '') ?? Number.NEGATIVE_INFINITY;

/** Prints events as lines of a table, or as `-o` asks. */
class EventPrinter {
  readonly #session: Session;
  readonly #layout: Layout = growingLayout();
  #headersDue: boolean;

  constructor(session: Session) {
    this.#session = session;
    this.#headersDue = !session.flags.bool('no-headers');
  }

  lines(events: readonly Event[]): void {
    const everywhere = this.#session.flags.bool('all-namespaces');
    const nowMs = Date.now();
    const rows = events.map((event) => [
      ...(everywhere ? [event.metadata.namespace ?? ''] : []),
      eventInterval(event, nowMs),
      escapeTerminal(event.type ?? ''),
      escapeTerminal(event.reason ?? ''),
      escapeTerminal(`${event.involvedObject.kind ?? ''}/${event.involvedObject.name ?? ''}`),
      escapeTerminal((event.message ?? '').trim()),
    ]);
    if (this.#headersDue) rows.unshift([...(everywhere ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']);
    this.#headersDue = false;
    this.#session.out(renderRows(rows, this.#layout));
  }
}

function checkFlags(flags: Flags): void {
  if (flags.list('types').some((type) => !['normal', 'warning'].includes(type.toLowerCase())))
    throw new CommandError('valid --types are Normal or Warning');
}

export const events: KubectlCommand = {
  name: 'events',
  summary: 'List events',
  usage:
    '[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]',
  flags: [
    ...outputFlags,
    allNamespacesFlag,
    { name: 'watch', short: 'w', type: 'bool', help: 'After listing the requested events, watch for more events.' },
    { name: 'for', type: 'string', help: 'Filter events to only those pertaining to the specified resource.' },
    { name: 'types', type: 'list', help: 'Output only events of given types.' },
    { name: 'no-headers', type: 'bool', help: "When using the default output format, don't print headers." },
    { name: 'chunk-size', type: 'int', fallback: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable.' },
  ],
  run: async (session, flags) => {
    const fieldSelector = await subjectSelector(session, flags.string('for'));
    const format = outputName(flags);
    if (format === 'wide') throw noPrinter(format, writtenFormats);
    const printer = objectPrinter(flags, () => ({ group: '', kind: 'Event' }), writtenFormats);
    checkFlags(flags);
    const types = flags.list('types').map((type) => type.toLowerCase());
    const wanted = (object: ApiObject): boolean => types.length === 0 || types.includes(String(object.type ?? '').toLowerCase());
    const resource = await findResource(session, 'events.v1.');
    const namespace = flags.bool('all-namespaces') ? '' : session.namespace;
    const table = new EventPrinter(session);
    if (flags.bool('watch')) {
      const selection = { resource, namespace, names: undefined };
      await watchObjects(session, { selection, selector: '', fieldSelector, initial: true }, ({ type, object }) => {
        if (type === 'DELETED' || !wanted(object)) return;
        const typed: ApiObject = { apiVersion: 'v1', kind: 'Event', ...object };
        if (printer === undefined)
          table.lines([typed as unknown as Event]); // the API's Events
        else session.out(printer(typed));
      });
      return 0;
    }
    const found: ApiObject[] = [];
    for await (const object of listObjects(session, resourcePath(resource, namespace), { fieldSelector }))
      if (wanted(object)) found.push(object);
    if (found.length === 0) {
      session.err(flags.bool('all-namespaces') ? 'No events found.\n' : `No events found in ${session.namespace} namespace.\n`);
      return 0;
    }
    const asEvent = (object: ApiObject): Event => object as unknown as Event; // the API's Events
    const sorted = found.toSorted((a, b) => happened(asEvent(a)) - happened(asEvent(b)) || 0);
    if (printer === undefined) table.lines(sorted.map(asEvent));
    else session.out(printer({ apiVersion: 'v1', items: sorted, kind: 'EventList', metadata: {} }));
    return 0;
  },
};
