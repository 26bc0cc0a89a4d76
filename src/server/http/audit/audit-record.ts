/**
 * What is recorded of one request: an Event of audit.k8s.io/v1 at each stage. Source: apiserver
 * pkg/endpoints/filters/audit.go, pkg/audit/{request,context}.go, pkg/apis/audit/v1/types.go.
 */
import { goDurationText } from '../../../api/go-duration.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import type { Status } from '../../../api/status-error.ts';
import { rfc3339Micro } from '../../../api/time.ts';
import type { UserInfo } from '../../registry/registry.ts';
import type { Exchange, RequestAudit } from '../exchange.ts';
import type { AuditStage, AuditVerdict } from './audit-policy.ts';

const maxUserAgentLength = 1024;
/** Requests that take longer tell where their time went. */
const slowMs = 500;
const levelsWithRequest = ['Request', 'RequestResponse'];

/** Takes events, each a line of JSON without the line's end. */
export type AuditSink = (line: string) => void;

const userJson = ({ name, uid, groups, extra }: UserInfo): JsonObject => ({
  ...(name === '' ? {} : { username: name }),
  ...(uid === '' ? {} : { uid }),
  ...(groups.length === 0 ? {} : { groups }),
  ...(Object.keys(extra).length === 0 ? {} : { extra }),
});

const unlessEmpty = (members: Readonly<Record<string, string>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== ''));

/** The addresses from which a request came: what proxies say, and the connection's own. */
function sourcesOf(exchange: Exchange): readonly string[] {
  const forwarded = exchange
    .header('x-forwarded-for')
    .split(',')
    .map((text) => text.trim());
  const said = forwarded.some((text) => text !== '') ? forwarded.filter((text) => text !== '') : [exchange.header('x-real-ip')];
  const remote = (exchange.node?.incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const all = said.filter((text) => text !== '');
  return remote === '' || all.at(-1) === remote ? all : [...all, remote];
}

function agentOf({ userAgent }: Exchange): string {
  return userAgent.length > maxUserAgentLength ? `${userAgent.slice(0, maxUserAgentLength)}...TRUNCATED` : userAgent;
}

/** The object, or the items of a list, without managed fields. */
function withoutManagedFields(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  const { metadata, items } = value;
  return {
    ...value,
    ...(isObject(metadata) && metadata.managedFields !== undefined ? { metadata: { ...metadata, managedFields: undefined } } : {}),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
  };
}

export interface AuditRecordOptions {
  readonly exchange: Exchange;
  /** Who sent the request, before it acts as another. */
  readonly user: UserInfo | undefined;
  readonly verdict: AuditVerdict;
  readonly sink: AuditSink;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class AuditRecord implements RequestAudit {
  readonly #options: AuditRecordOptions;
  readonly #receivedMs: number;
  readonly #annotations: Record<string, string> = {};
  #impersonated: { readonly user: UserInfo; readonly constraint: string } | undefined;
  #requestObject: JsonValue | undefined;
  #responseObject: JsonValue | undefined;
  #status: JsonObject | undefined;
  #outcome: Partial<Status> | undefined;

  constructor(options: AuditRecordOptions) {
    this.#options = options;
    this.#receivedMs = options.now();
    for (const [key, value] of options.exchange.earlyAnnotations) this.annotate(key, value);
  }

  /** Notes where the time of a slow request went. Source: writeLatencyToAnnotation. */
  noteLatency(): void {
    const { now, exchange } = this.#options;
    const totalMs = now() - this.#receivedMs;
    if (totalMs <= slowMs) return;
    const { mutatingMs, validatingMs } = exchange.webhookWaits;
    for (const [layer, ms] of [
      ['total', totalMs],
      ['mutating-webhook', mutatingMs],
      ['validating-webhook', validatingMs],
    ] as const) {
      if (ms > 0) this.annotate(`apiserver.latency.k8s.io/${layer}`, goDurationText(ms));
    }
  }

  annotate(key: string, value: string): void {
    this.#annotations[key] ??= value;
  }

  /** `constraint`: the verb of constrained impersonation that allowed it; '' for the old kind. */
  impersonates(user: UserInfo, constraint: string): void {
    this.#impersonated = { user, constraint };
  }

  /** The decoded body. Only its names are kept when the level is below Request. */
  request(json: JsonValue): void {
    this.#requestObject = json;
  }

  get keepsResponse(): boolean {
    return this.#options.verdict.level === 'RequestResponse';
  }

  response(json: JsonValue): void {
    this.#responseObject = json;
  }

  outcome(status: Partial<Status>): void {
    this.#outcome = status;
  }

  /** How the request was answered: by a code, or by a Status. */
  answered(code: number, status = this.#outcome): void {
    const { status: outcome, message, reason, details } = status ?? {};
    this.#status = {
      metadata: {},
      ...unlessEmpty({ status: outcome ?? '', message: message ?? '', reason: reason ?? '' }),
      // Details of a Status are JSON.
      ...(details === undefined ? {} : { details: details as unknown as JsonObject }),
      code,
    };
  }

  /** Writes the event of a stage, unless the policy leaves it out. */
  stage(stage: AuditStage): void {
    const { verdict, sink } = this.#options;
    if (!verdict.omitStages.includes(stage)) sink(JSON.stringify(this.#event(stage)));
  }

  #event(stage: AuditStage): JsonObject {
    const { exchange, user, verdict, now } = this.#options;
    const { info, auditId, path, search } = exchange;
    const body = (json: JsonValue): JsonValue => (verdict.omitManagedFields ? withoutManagedFields(json) : json);
    const sources = sourcesOf(exchange);
    const agent = agentOf(exchange);
    const received = stage === 'RequestReceived';
    return {
      ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: verdict.level, auditID: auditId, stage },
      ...{ requestURI: search === '' ? path : `${path}?${search}`, verb: info.verb, user: user === undefined ? {} : userJson(user) },
      ...this.#impersonation(),
      ...(sources.length === 0 ? {} : { sourceIPs: sources }),
      ...(agent === '' ? {} : { userAgent: agent }),
      ...(info.isResourceRequest ? { objectRef: this.#objectRef() } : {}),
      ...(this.#status === undefined ? {} : { responseStatus: this.#status }),
      ...(received || this.#requestObject === undefined || !levelsWithRequest.includes(verdict.level)
        ? {}
        : { requestObject: body(this.#requestObject) }),
      ...(this.#responseObject === undefined || !this.keepsResponse ? {} : { responseObject: body(this.#responseObject) }),
      ...{ requestReceivedTimestamp: rfc3339Micro(this.#receivedMs), stageTimestamp: rfc3339Micro(now()) },
      ...(Object.keys(this.#annotations).length === 0 ? {} : { annotations: this.#annotations }),
    };
  }

  #impersonation(): JsonObject {
    if (this.#impersonated === undefined) return {};
    const { user, constraint } = this.#impersonated;
    return {
      impersonatedUser: userJson(user),
      ...(constraint === '' ? {} : { authenticationMetadata: { impersonationConstraint: constraint } }),
    };
  }

  #objectRef(): JsonObject {
    const { resource, subresource, namespace, name, apiGroup, apiVersion } = this.#options.exchange.info;
    const sent = isObject(this.#requestObject) && isObject(this.#requestObject.metadata) ? this.#requestObject.metadata : {};
    const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
    return unlessEmpty({
      resource,
      namespace: namespace || text(sent.namespace),
      name: name || text(sent.name),
      uid: text(sent.uid),
      apiGroup,
      apiVersion,
      resourceVersion: text(sent.resourceVersion),
      subresource,
    });
  }
}
