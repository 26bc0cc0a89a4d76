/** The answers of requests that a fault has struck. */

import { StatusError, statusErrors } from '../../../api/status-error.ts';
import { type Answer, alreadySent } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { baseHeaders, respond, respondText } from '../respond.ts';
import { resetConnection } from './reset-connection.ts';

type Answered = Answer | Promise<Answer>;

/** Answered as the Status that it is, unless a subclass says otherwise; nothing is logged. */
export class InjectedError extends StatusError {
  /** `retryAfter`: seconds; 0 and undefined: no header. */
  constructor({ status }: StatusError, retryAfter: number | undefined = 0) {
    super(retryAfter === 0 ? status : { ...status, details: { ...status.details, retryAfterSeconds: retryAfter } });
  }

  /** The answer; undefined: a Status like any other. */
  answer(_exchange: Exchange): Answered | undefined {
    return undefined;
  }
}

const retryHeader = (seconds: number): Readonly<Record<string, string>> => (seconds === 0 ? {} : { 'Retry-After': String(seconds) });

/** As from a server whose priority level is full. Source: apiserver pkg/server/filters/priority-and-fairness.go. */
export class Overloaded extends InjectedError {
  readonly #retryAfter: number;

  constructor(message = 'Too many requests, please try again later.', retryAfter = 1) {
    super(statusErrors.tooManyRequests(message, retryAfter));
    this.#retryAfter = retryAfter;
  }

  override answer(exchange: Exchange): Answered {
    return respondText(exchange, 429, `${this.message}\n`, retryHeader(this.#retryAfter));
  }
}

/** As from a server that shuts down. Source: apiserver pkg/server/filters/waitgroup.go. */
export class ShuttingDown extends InjectedError {
  readonly #retryAfter: number;

  constructor(message = 'apiserver is shutting down', retryAfter = 1) {
    super(statusErrors.serviceUnavailable(message));
    this.#retryAfter = retryAfter;
  }

  override answer(exchange: Exchange): Answered {
    // The filter that answers comes before the one that knows the priority level.
    exchange.flow = undefined;
    const headers = { ...baseHeaders(exchange, 'application/json'), 'X-Content-Type-Options': 'nosniff', ...retryHeader(this.#retryAfter) };
    return respond(exchange, 503, `${JSON.stringify(this.status)}\n\n`, headers);
  }
}

/** No answer: the connection is reset. Counted and recorded as a handler that has failed. */
export class Reset extends InjectedError {
  constructor() {
    super(new StatusError({ code: 500, message: 'the connection was reset' }));
  }

  override answer({ node }: Exchange): Answered {
    if (node !== undefined) resetConnection(node);
    return alreadySent;
  }
}
