/**
 * One run of a kubectl verb: the terminal, the chosen cluster and namespace, and the server's discovery, each made when
 * first needed.
 */
import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { type HttpCall, type HttpClientConfig, HttpTransport } from '../../../client/http-transport.ts';
import { KubeconfigError, kubeconfigPaths, loadKubeconfig, type ResolvedContext, resolveContext } from '../../../client/kubeconfig.ts';
import type { Terminal } from '../../terminal.ts';
import { Discovery } from '../resources/discovery.ts';
import { type Flags, parseDuration } from './flags.ts';

/** A JSON object from the API, with the metadata that verbs read. */
export interface ApiObject extends JsonObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: JsonObject & {
    readonly name?: string;
    readonly namespace?: string;
    readonly generateName?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
    readonly uid?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
  };
}

export interface KubectlTerminal extends Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } => {
  const result: { [P in K]?: V } = {};
  if (value !== undefined) result[key] = value;
  return result;
};

export class Session {
  readonly terminal: KubectlTerminal;
  readonly flags: Flags;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  warnings = 0;
  readonly #warned = new Set<string>();
  #context: ResolvedContext | undefined;
  #transport: HttpTransport | undefined;
  #discovery: Promise<Discovery> | undefined;

  constructor(terminal: KubectlTerminal, flags: Flags, signal: AbortSignal) {
    this.terminal = terminal;
    this.flags = flags;
    this.signal = signal;
  }

  out(text: string): void {
    this.terminal.out(text);
  }

  err(text: string): void {
    this.terminal.err(text);
  }

  /** The kubeconfig files; only that of `--kubeconfig` when the flag is given. */
  kubeconfigFiles(): readonly string[] {
    const chosen = this.flags.string('kubeconfig');
    return chosen === '' ? kubeconfigPaths(this.terminal.env, this.terminal.home) : [chosen];
  }

  /** The chosen context. Throws KubeconfigError with kubectl's texts. */
  get context(): ResolvedContext {
    if (this.#context === undefined) {
      const kubeconfig = loadKubeconfig(this.kubeconfigFiles());
      const chosen = this.flags.given('context') ? this.flags.string('context') : undefined;
      if (chosen !== undefined && !kubeconfig.contexts.has(chosen)) {
        throw new KubeconfigError(`context was not found for specified context: ${chosen}`);
      }
      this.#context = resolveContext(kubeconfig, chosen);
    }
    return this.#context;
  }

  /** The namespace of the request: from the flag, else from the context, else `default`. */
  get namespace(): string {
    if (this.flags.given('namespace')) return this.flags.string('namespace');
    if (this.flags.given('server')) return 'default';
    return this.context.namespace === '' ? 'default' : this.context.namespace;
  }

  /** Whether the user gave a namespace. Manifests must then not name another one. */
  get namespaceGiven(): boolean {
    return this.flags.given('namespace');
  }

  get config(): HttpClientConfig {
    const { flags } = this;
    const file = (name: string): string | undefined => (flags.given(name) ? readFileSync(flags.string(name), 'utf8') : undefined);
    const base: HttpClientConfig =
      flags.given('server') && !flags.given('context') ? { server: flags.string('server') } : this.context.config;
    const timeout = parseDuration(flags.string('request-timeout'));
    return {
      ...base,
      ...(flags.given('server') ? { server: flags.string('server') } : {}),
      ...optional('token', flags.given('token') ? flags.string('token') : undefined),
      ...optional('certificateAuthority', file('certificate-authority')),
      ...optional('clientCertificate', file('client-certificate')),
      ...optional('clientKey', file('client-key')),
      ...optional('tlsServerName', flags.given('tls-server-name') ? flags.string('tls-server-name') : undefined),
      ...optional('insecureSkipTlsVerify', flags.bool('insecure-skip-tls-verify') ? true : undefined),
      ...optional('username', flags.given('username') ? flags.string('username') : undefined),
      ...optional('password', flags.given('password') ? flags.string('password') : undefined),
      ...optional(
        'impersonate',
        flags.given('as') ? { user: flags.string('as'), uid: flags.string('as-uid'), groups: flags.list('as-group') } : undefined,
      ),
      ...optional('timeoutMs', timeout > 0 ? timeout : undefined),
      userAgent: 'kubectl/v1.36.0 (minik)',
      onWarning: (text) => {
        this.warnings += 1;
        // Each warning is printed only once, as upstream.
        if (!this.#warned.has(text)) this.err(`Warning: ${text}\n`);
        this.#warned.add(text);
      },
    };
  }

  get transport(): HttpTransport {
    this.#transport ??= new HttpTransport(this.config);
    return this.#transport;
  }

  /** Sends a request and parses the answer; rejects with StatusError. */
  request(call: HttpCall): Promise<JsonValue> {
    return this.transport.json({ signal: this.signal, ...call });
  }

  /** Sends a request whose answer is an object. */
  async object(call: HttpCall): Promise<ApiObject> {
    const answer = await this.request(call);
    // The API answers every call on a resource with an object. Any other answer comes from a proxy in between, and
    // fails where it is used.
    return withTypedItems(answer as ApiObject);
  }

  get discovery(): Promise<Discovery> {
    this.#discovery ??= Discovery.load(this.transport);
    return this.#discovery;
  }

  close(): void {
    this.#transport?.close();
  }
}

/**
 * Gives the items of a typed list (`PodList`) their kind and version, which the API omits. Source: apimachinery
 * pkg/apis/meta/v1/unstructured/unstructured.go (decodeToList).
 */
function withTypedItems(answer: ApiObject): ApiObject {
  const { apiVersion, kind, items } = answer;
  if (apiVersion === undefined || kind === undefined || !Array.isArray(items)) return answer;
  const type = { apiVersion, kind: kind.replace(/List$/, '') };
  // A List's items are objects.
  const typed = (items as readonly ApiObject[]).map((item) =>
    (item.kind ?? '') === '' && (item.apiVersion ?? '') === '' ? { ...type, ...item, ...type } : item,
  );
  return { ...answer, items: typed };
}
