/**
 * One run of a kubectl verb: the terminal, the chosen cluster and namespace, and the server's discovery, each made when
 * first needed.
 */
import { existsSync } from 'node:fs';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { type HttpCall, type HttpClientConfig, HttpTransport } from '../../../client/http-transport.ts';
import {
  type ContextOverrides,
  filesOf,
  impersonated,
  type Kubeconfig,
  KubeconfigError,
  kubeconfigPaths,
  loadKubeconfig,
  type ResolvedContext,
  resolveContext,
} from '../../../client/kubeconfig.ts';
import type { Terminal } from '../../terminal.ts';
import { Discovery } from '../resources/discovery.ts';
import { type Flags, parseDuration, UsageError } from './flags.ts';

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

/** `key=value`s by their keys. Source: cli-runtime pkg/genericclioptions/config_flags.go. */
function userExtras(given: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const each of given) {
    const at = each.indexOf('=');
    // As upstream, which says nothing of it.
    if (at === -1) continue;
    const key = each.slice(0, at);
    found[key] = [...(found[key] ?? []), each.slice(at + 1)];
  }
  return found;
}

/** In milliseconds. Source: client-go tools/clientcmd/helpers.go (ParseTimeout). */
function requestTimeout(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new KubeconfigError(
      'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
    );
  }
}

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
      const overrides = this.#overrides();
      const kubeconfig = this.#kubeconfig();
      const { context } = overrides;
      if (context !== undefined && !kubeconfig.contexts.has(context)) {
        throw new KubeconfigError(`context was not found for specified context: ${context}`);
      }
      const isAlone = context === undefined && kubeconfig.currentContext === '' && this.flags.given('server');
      this.#context = isAlone ? this.#contextOf(overrides) : resolveContext(kubeconfig, overrides);
    }
    return this.#context;
  }

  /** A server that no kubeconfig says anything of. */
  #contextOf(overrides: ContextOverrides): ResolvedContext {
    const files = filesOf(overrides, { clusterName: '', userName: '' });
    const config = { server: this.flags.string('server'), ...files, ...impersonated(overrides.impersonate ?? {}, '') };
    return { name: '', namespace: 'default', config };
  }

  #kubeconfig(): Kubeconfig {
    const chosen = this.flags.string('kubeconfig');
    if (chosen !== '' && !existsSync(chosen)) throw new KubeconfigError(`stat ${chosen}: no such file or directory`);
    return loadKubeconfig(this.kubeconfigFiles());
  }

  #overrides(): ContextOverrides {
    const { flags } = this;
    // `--user` of verbs that bind users takes several, and hides the one that is meant here.
    const isOwn = (name: string): boolean => flags.given(name) && flags.typeOf(name) === 'string';
    const text = (name: string): string | undefined => (isOwn(name) && flags.string(name) !== '' ? flags.string(name) : undefined);
    return {
      ...optional('context', flags.given('context') ? flags.string('context') : undefined),
      ...optional('cluster', text('cluster')),
      ...optional('user', text('user')),
      ...optional('certificateAuthority', text('certificate-authority')),
      ...optional('clientCertificate', text('client-certificate')),
      ...optional('clientKey', text('client-key')),
      impersonate: {
        ...optional('user', text('as')),
        ...optional('uid', text('as-uid')),
        ...optional('groups', flags.given('as-group') ? flags.list('as-group') : undefined),
        ...optional('extra', flags.given('as-user-extra') ? userExtras(flags.list('as-user-extra')) : undefined),
      },
    };
  }

  /** The namespace of the request: from the flag, else from the context, else `default`. */
  get namespace(): string {
    if (this.flags.given('namespace')) return this.flags.string('namespace');
    return this.context.namespace === '' ? 'default' : this.context.namespace;
  }

  /** Whether the user gave a namespace. Manifests must then not name another one. */
  get namespaceGiven(): boolean {
    return this.flags.given('namespace');
  }

  get config(): HttpClientConfig {
    const { flags } = this;
    const { config } = this.context;
    const timeout = requestTimeout(flags.string('request-timeout'));
    return {
      ...config,
      ...(flags.given('server') ? { server: flags.string('server') } : {}),
      ...optional('token', flags.given('token') ? flags.string('token') : undefined),
      ...optional('tlsServerName', flags.given('tls-server-name') ? flags.string('tls-server-name') : undefined),
      ...optional('insecureSkipTlsVerify', flags.bool('insecure-skip-tls-verify') ? true : undefined),
      ...optional('username', flags.given('username') ? flags.string('username') : undefined),
      ...optional('password', flags.given('password') ? flags.string('password') : undefined),
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
