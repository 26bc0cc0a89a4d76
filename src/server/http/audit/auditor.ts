/**
 * Decides which requests are recorded, and follows each of them to its end. Source: apiserver
 * pkg/endpoints/filters/{audit,authn_audit}.go, pkg/server/config.go (longRunningRequestCheck).
 */

import type { MetricSource, MetricText } from '../../../api/metric-text.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { UserInfo } from '../../registry/registry.ts';
import { attributesOf } from '../auth/authorize.ts';
import { anonymousUser, type Exchange } from '../exchange.ts';
import type { AuditPolicy } from './audit-policy.ts';
import { AuditRecord, type AuditSink } from './audit-record.ts';

export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly sink: AuditSink;
}

const longVerbs = ['watch', 'proxy'];
const longSubresources = ['attach', 'exec', 'proxy', 'log', 'portforward'];

/** Requests that last as long as the client wishes are also recorded when their answer begins. */
const isLongRunning = ({ info }: Exchange): boolean =>
  longVerbs.includes(info.verb) || (info.isResourceRequest && longSubresources.includes(info.subresource));

/** Source of the metrics: apiserver pkg/audit/metrics.go. */
export class Auditor implements MetricSource {
  readonly #options: AuditOptions;
  readonly #levels = new Map<string, number>();
  #events = 0;
  readonly #now: () => number;

  constructor(options: AuditOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** Begins the record of a request whose sender is known, unless the policy wants none. */
  begin(exchange: Exchange, user: UserInfo): void {
    exchange.audit = this.#record(exchange, user);
    exchange.audit?.stage('RequestReceived');
  }

  /** Notes how a request was answered: by a response, or by an error. */
  answered(exchange: Exchange, code: number, error?: unknown): void {
    // A sender who is not known is told so, and the policy is asked as for the anonymous.
    const { audit, node } = exchange;
    if (audit === undefined) {
      if (code === 401) this.#refused(exchange);
      return;
    }
    audit.answered(code, error instanceof StatusError ? error.status : undefined);
    if (!isLongRunning(exchange)) {
      audit.noteLatency();
      audit.stage('ResponseComplete');
      return;
    }
    audit.stage('ResponseStarted');
    const end = (): void => audit.stage('ResponseComplete');
    if (node === undefined || error !== undefined) end();
    else node.outgoing.once('close', end);
  }

  write(text: MetricText): void {
    text.counter('apiserver_audit_event_total', 'Counter of audit events generated and sent to the audit backend.', [[{}, this.#events]]);
    text.counter(
      'apiserver_audit_level_total',
      'Counter of policy levels for audit events (1 per request).',
      [...this.#levels].map(([level, count]) => [{ level }, count]),
    );
  }

  #refused(exchange: Exchange): void {
    const record = this.#record(exchange, undefined);
    const attempted = exchange.header('authorization') === '' ? 'x509' : 'bearer';
    record?.answered(401, { message: `Authentication failed, attempted: ${attempted}` });
    record?.stage('ResponseStarted');
  }

  #record(exchange: Exchange, user: UserInfo | undefined): AuditRecord | undefined {
    const verdict = this.#options.policy.verdict({ ...attributesOf(exchange), user: user ?? anonymousUser });
    this.#levels.set(verdict.level, (this.#levels.get(verdict.level) ?? 0) + 1);
    if (verdict.level === 'None') return undefined;
    const sink: AuditSink = (line) => {
      this.#events++;
      this.#options.sink(line);
    };
    return new AuditRecord({ exchange, user, verdict, sink, now: this.#now });
  }
}
