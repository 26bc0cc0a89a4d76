/** The events of a watch, as they come. */
import type { IncomingMessage } from 'node:http';
import { type Status, StatusError } from '../../../api/status-error.ts';
import type { ApiObject } from '../command/session.ts';
import { linesOf } from '../streams/answer-body.ts';

export interface KubectlWatchEvent {
  readonly type: string;
  readonly object: ApiObject;
}

/** All but bookmarks; closes the body in the end. Rejects with StatusError when the server ends the watch with an error, and as `linesOf`. */
export async function* watchEvents(body: IncomingMessage): AsyncGenerator<KubectlWatchEvent> {
  try {
    for await (const line of linesOf(body)) {
      if (line === '') continue;
      const event = JSON.parse(line) as KubectlWatchEvent; // the API's watch framing: one event a line
      if (event.type === 'ERROR') throw new StatusError(event.object as unknown as Status); // ERROR events carry a Status
      if (event.type !== 'BOOKMARK') yield event;
    }
  } finally {
    body.destroy();
  }
}
