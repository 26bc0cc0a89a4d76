/**
 * Counts who is known and who may do what they ask for. Source: apiserver pkg/endpoints/filters/metrics.go; pkg/audit
 * metrics.go; pkg/endpoints/metrics/metrics.go (TLSHandshakeErrors).
 */
import { Histogram } from '../../../api/histogram.ts';
import type { Labels, MetricSource, MetricText } from '../../../api/metric-text.ts';
import { StatusError } from '../../../api/status-error.ts';

/** Users that are counted by name. */
const ownNames: ReadonlySet<string> = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default']);

/** 1 ms, doubled 14 times. */
const durationBounds: readonly number[] = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power);

/** How often something ended in one way, and how long that took. */
class Outcomes<R extends string> {
  readonly #seconds = new Map<R, Histogram>();

  add(result: R, ms: number): void {
    let seconds = this.#seconds.get(result);
    if (seconds === undefined) {
      seconds = new Histogram(durationBounds);
      this.#seconds.set(result, seconds);
    }
    seconds.add(ms / 1000);
  }

  samples(): readonly (readonly [Labels, Histogram])[] {
    return [...this.#seconds].map(([result, seconds]) => [{ result }, seconds]);
  }

  counts(): readonly (readonly [Labels, number])[] {
    return this.samples().map(([labels, { count }]) => [labels, count]);
  }
}

/** A few categories for all names. Source: compressUsername. */
const shownName = (user: string): string => (ownNames.has(user) ? user : user.includes('@') ? 'email_id' : 'other');

const codeOf = (error: unknown): number | undefined => (error instanceof StatusError ? error.code : undefined);

export class AccessMetrics implements MetricSource {
  readonly #users = new Map<string, number>();
  readonly #authentication = new Outcomes<'error' | 'failure' | 'success'>();
  readonly #authorization = new Outcomes<'allowed' | 'error' | 'no-opinion'>();
  #handshakeErrors = 0;

  /** Counts a request whose sender is known; `ms`: how long that took. */
  known(user: string, ms: number): void {
    this.#authentication.add('success', ms);
    const shown = shownName(user);
    this.#users.set(shown, (this.#users.get(shown) ?? 0) + 1);
  }

  /** Counts a request whose sender could not be found out. */
  unknown(error: unknown, ms: number): void {
    this.#authentication.add(codeOf(error) === 401 ? 'failure' : 'error', ms);
  }

  /** Counts an answer to the question whether a request is allowed; `error`: what it was refused with. */
  decided(ms: number, error?: unknown): void {
    this.#authorization.add(error === undefined ? 'allowed' : codeOf(error) === 403 ? 'no-opinion' : 'error', ms);
  }

  handshakeFailed(): void {
    this.#handshakeErrors++;
  }

  write(text: MetricText): void {
    text.counter('apiserver_tls_handshake_errors_total', "Number of requests dropped with 'TLS handshake error from' error", [
      [{}, this.#handshakeErrors],
    ]);
    text.counter(
      'authenticated_user_requests',
      'Counter of authenticated requests broken out by username.',
      [...this.#users].map(([username, count]) => [{ username }, count]),
    );
    text.counter('authentication_attempts', 'Counter of authenticated attempts.', this.#authentication.counts());
    text.histogram(
      'authentication_duration_seconds',
      'Authentication duration in seconds broken out by result.',
      this.#authentication.samples(),
    );
    text.counter(
      'authorization_attempts_total',
      "Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
      this.#authorization.counts(),
    );
    text.histogram(
      'authorization_duration_seconds',
      'Authorization duration in seconds broken out by result.',
      this.#authorization.samples(),
    );
  }
}
