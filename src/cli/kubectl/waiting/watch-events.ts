/** Reads the events of a watch. */
import type { IncomingMessage } from 'node:http';
import { type Status, StatusError } from '../../../api/status-error.ts';
import type { ApiObject } from '../command/session.ts';
import { linesOf } from '../streams/answer-body.ts';

export interface KubectlWatchEvent {
  readonly type: string;
  readonly object: ApiObject;
}

/**
 * Yields all events except bookmarks, and finally closes the body. Rejects with StatusError when the server ends the
 * watch with an error, and in the cases of `linesOf`.
 */
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
