/**
 * `minik run`: a cluster for one command. It is made, the command runs with it, and nothing of it is left.
 *
 * Guarantees: the command has this process's standard streams and gets its signals, and its exit code is that of `run`.
 * The user's own kubeconfig and clusters are neither read nor changed. Whatever ends the run, its cluster goes: by the
 * run itself; if that is killed, by the cluster's server; if all is killed, by the next `minik` command (sweep.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../../../api/error-text.ts';
import { UserError } from '../../cluster-port.ts';
import { coloursOf } from '../../terminal.ts';
import { writeKubeconfigEntry } from '../kubeconfig-entry.ts';
import { printError } from '../print-error.ts';
import { minikHome, type Profile } from '../profile.ts';
import { attempts } from '../remove-cluster.ts';
import { launchServer, type ServeChoices } from '../server-process.ts';
import { endings, type SignalName, type Signals } from '../signals.ts';
import { choicesOf, type StartOptions } from '../start.ts';
import { InterruptedVerb, openProfile, type VerbContext } from '../verb.ts';
import { collectArtifacts, dropArtifacts, logsIn, prepareArtifacts } from './artifacts.ts';
import { type OwnerChannel, openOwnerChannel } from './channel.ts';
import { type ChildEnd, runChild, signalCode } from './child.ts';
import { ClusterView, notReady } from './cluster-view.ts';
import { callKubectl, type Kubectl } from './kubectl-call.ts';
import { logGroup } from './log-groups.ts';
import { checkManifests, Manifests } from './manifests.ts';
import { isAlive, isMarked, makeMark, type RunMark, removeMark } from './mark.ts';
import { removeRun } from './sweep.ts';

export interface RunOptions {
  /** As for `minik start`; the profile is not used. */
  readonly start: Omit<StartOptions, 'profile' | 'output'>;
  readonly command: readonly string[];
  readonly manifests: readonly string[];
  /** How long the manifests may take to become ready. */
  readonly timeoutMs: number;
  /** The folder for what is collected; absent: nothing is. */
  readonly artifacts: string | undefined;
  readonly artifactsOn: 'always' | 'failure';
  /** The cluster stays. */
  readonly keep: boolean;
  /** Nothing is printed but failures. */
  readonly quiet: boolean;
}

export interface RunContext extends VerbContext {
  readonly kubernetesVersion: string;
  readonly kubectl: Kubectl;
  readonly signals: Signals;
}

/** The exit code when `run` itself fails, so that it is told from the command's own, as that of `docker run`. */
export const runFailedCode = 125;

/** How long a server may take to remove its cluster before it is ended by force, in milliseconds. */
const dismissalMs = 60_000;

/** Records the writes of clients with what they wrote, but of Secrets and tokens only that they were written. */
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    verbs: [get, list, watch]
  - level: Metadata
    resources:
      - group: ""
        resources: [secrets, serviceaccounts/token]
      - group: authentication.k8s.io
        resources: [tokenreviews]
  - level: Request
`;

/** The end of a run: its exit code, and why it is not the command's. */
interface Ending {
  readonly code: number;
  readonly error?: unknown;
  /** How the command ended; absent: it was not started. */
  readonly child?: ChildEnd;
}

class Run {
  readonly #context: RunContext;
  readonly #options: RunOptions;
  readonly #mark: RunMark;
  readonly #profile: Profile;
  readonly #channel: OwnerChannel;
  readonly #startedAt = new Date();

  constructor(context: RunContext, options: RunOptions, mark: RunMark, channel: OwnerChannel) {
    this.#context = context;
    this.#options = options;
    this.#mark = mark;
    this.#channel = channel;
    this.#profile = openProfile(context, mark.profile);
  }

  /** Does everything; resolves with the exit code after it has printed what failed, the cause last. */
  async do(): Promise<number> {
    const ending = await this.#runCommand();
    const { child, error } = ending;
    await this.#tellFailure(ending);
    const failures: unknown[] = [];
    const attempt = (action: Promise<void>): Promise<void> => action.catch((failure: unknown) => void failures.push(failure));
    await attempt(this.#collect(ending));
    await attempt(this.#stays ? this.#keep() : this.#remove());
    const { artifacts, artifactsOn } = this.#options;
    if (artifacts !== undefined && artifactsOn === 'failure' && ending.code === 0 && !this.#stays) dropArtifacts(artifacts);
    this.#channel.close();
    for (const failure of failures) printError(this.#context.terminal, failure);
    const code = ending.code === 0 && failures.length > 0 ? runFailedCode : ending.code;
    if (error !== undefined) printError(this.#context.terminal, error);
    else if (child !== undefined && child.code !== 0) this.#say(`minik: the command failed: ${child.why ?? `exit code ${child.code}`}`);
    return code;
  }

  /** Only a cluster that runs can stay. */
  get #stays(): boolean {
    return this.#options.keep && (this.#profile.isKept || this.#profile.server() !== undefined);
  }

  async #runCommand(): Promise<Ending> {
    const interrupted = new AbortController();
    const received: SignalName[] = [];
    const stop = this.#context.signals.listen((signal) => {
      if (!endings.has(signal)) return;
      received.push(signal);
      interrupted.abort(new InterruptedVerb('interrupted before the command was started'));
    });
    try {
      await this.#start(interrupted.signal);
      interrupted.signal.throwIfAborted();
    } catch (error) {
      const [signal] = received;
      if (signal === undefined) return { code: runFailedCode, error };
      return { code: signalCode(signal), error: interrupted.signal.reason };
    } finally {
      stop();
    }
    const child = await runChild({ command: this.#options.command, env: this.#env(), signals: this.#context.signals });
    return { code: child.code, child };
  }

  /** Makes the cluster with its kubeconfig, and applies the manifests. */
  async #start(signal: AbortSignal): Promise<void> {
    const { terminal, selfCommand } = this.#context;
    const { start, artifacts, manifests, timeoutMs } = this.#options;
    const profile = this.#profile;
    const from = performance.now();
    const release = profile.lock('run');
    try {
      const known = choicesOf(profile, { ...start, profile: profile.name, output: 'text' });
      const choices = { ...known, anyPort: true, owner: this.#mark, ...(artifacts === undefined ? {} : this.#recording(known)) };
      await launchServer({ profile, choices, command: selfCommand, env: terminal.env, signal, onStep: () => undefined });
    } finally {
      release();
    }
    await this.#writeKubeconfig();
    const count = profile.settings()?.nodes.length ?? 1;
    this.#say(
      `minik: cluster ${profile.name} (${profile.settings()?.runtime}, ${count} ${count === 1 ? 'node' : 'nodes'}) is ready after ${seconds(from)}`,
    );
    if (manifests.length === 0) return;
    const applying = performance.now();
    const ready = await new Manifests({
      paths: manifests,
      timeoutMs,
      kubectl: (args) => this.#kubectl(args),
      view: (ending) => this.#view(ending),
      interrupted: signal,
      report: (title, lines) => this.#report(title, lines),
    }).apply();
    this.#say(`minik: the ${ready} objects of the manifests are ready after ${seconds(applying)}`);
  }

  /** What the server records for the artifacts. */
  #recording({ auditLogPath }: ServeChoices): Partial<ServeChoices> {
    const removedLogs = logsIn(this.#options.artifacts ?? this.#profile.folder);
    if (auditLogPath !== undefined && auditLogPath !== '') return { removedLogs };
    const { folder } = this.#profile;
    const auditPolicyFile = join(folder, 'audit-policy.yaml');
    writeFileSync(auditPolicyFile, auditPolicy, { mode: 0o600 });
    return { removedLogs, auditLogPath: join(folder, 'audit.log'), auditPolicyFile };
  }

  async #writeKubeconfig(): Promise<void> {
    const { terminal } = this.#context;
    const { name, ownKubeconfig } = this.#profile;
    const env = { ...terminal.env, KUBECONFIG: ownKubeconfig };
    const credentials = this.#profile.credentials();
    await writeKubeconfigEntry({ ...terminal, env }, { profile: name, apiUrl: this.#apiUrl, credentials, marks: this.#profile.marks() });
  }

  get #apiUrl(): string {
    const server = this.#profile.server();
    if (server === undefined) throw new UserError('the server ended right after it had started', [`See ${this.#profile.logFile}.`]);
    return server.apiUrl;
  }

  #view(signal?: AbortSignal): ClusterView {
    return new ClusterView(this.#apiUrl, this.#profile.credentials(), signal);
  }

  #kubectl(args: readonly string[]) {
    return callKubectl(this.#context.kubectl, this.#context.terminal, this.#profile.ownKubeconfig, args);
  }

  /** The command's environment: the cluster is the one that kubectl, its libraries and minik use. */
  #env(): Readonly<Record<string, string | undefined>> {
    const { terminal } = this.#context;
    const cache = join(this.#profile.folder, 'kubectl-cache');
    mkdirSync(cache, { mode: 0o700 });
    return {
      ...terminal.env,
      KUBECONFIG: this.#profile.ownKubeconfig,
      MINIK_PROFILE: this.#profile.name,
      MINIK_HOME: minikHome(terminal),
      // What kubectl remembers of a cluster is in the user's home otherwise, and would stay.
      KUBECACHEDIR: cache,
    };
  }

  /** After a failed command, says what was not ready. */
  async #tellFailure({ code, child }: Ending): Promise<void> {
    if (child === undefined || code === 0 || this.#profile.server() === undefined) return;
    const view = this.#view(AbortSignal.timeout(reportLimitMs));
    try {
      const stories = notReady((await view.everything()).lists);
      if (stories.length > 0) this.#report('minik: what was not ready when the command failed', stories.flat());
    } catch {
      // The artifacts say what the API does not answer; here it is only a help.
    } finally {
      view.close();
    }
  }

  async #collect({ code, error }: Ending): Promise<void> {
    const { artifacts, artifactsOn, command } = this.#options;
    if (artifacts === undefined || (artifactsOn === 'failure' && code === 0)) return;
    const profile = this.#profile;
    const settings = profile.settings();
    const view = profile.server() === undefined ? undefined : this.#view();
    await collectArtifacts(artifacts, {
      record: {
        command,
        exitCode: code,
        ...(error === undefined ? {} : { error: errorText(error) }),
        profile: profile.name,
        runtime: settings?.runtime ?? this.#options.start.runtime ?? 'docker',
        startedAt: this.#startedAt.toISOString(),
        endedAt: new Date().toISOString(),
        minik: this.#context.version,
        kubernetes: this.#context.kubernetesVersion,
      },
      view,
      kubectl: (args) => this.#kubectl(args),
      serverLog: profile.logFile,
      auditLog: settings?.auditLogPath,
      stays: this.#stays,
    }).finally(() => view?.close());
    this.#say(`minik: artifacts are in ${artifacts}`);
  }

  async #keep(): Promise<void> {
    const { name, ownKubeconfig } = this.#profile;
    this.#profile.keep();
    removeMark(minikHome(this.#context.terminal), this.#mark);
    this.#say(
      `minik: the cluster stays. To reach it:\n  export KUBECONFIG=${ownKubeconfig} MINIK_PROFILE=${name}\nTo delete it:\n  minik delete -p ${name}`,
      true,
    );
  }

  /** The server removes its cluster; what it does not remove, because it has crashed, say, is removed here. */
  async #remove(): Promise<void> {
    const { terminal } = this.#context;
    const processes = [this.#profile.guard(), this.#profile.server()].filter((each) => each !== undefined);
    await this.#channel.dismiss(dismissalMs);
    if (isMarked(minikHome(terminal), this.#mark))
      await removeRun(this.#context, this.#mark, { attempt: attempts(this.#context, false), waits: true });
    // The guard ends right after its server.
    while (processes.some(isAlive)) await delay(1);
  }

  #report(title: string, lines: readonly string[]): void {
    if (!this.#options.quiet || title.includes('not')) this.#context.terminal.err(logGroup(this.#context.terminal.env, title, lines));
  }

  #say(text: string, always = false): void {
    if (always || !this.#options.quiet) this.#context.terminal.err(`${coloursOf(this.#context.terminal).dim(text)}\n`);
  }
}

const reportLimitMs = 5000;

const seconds = (fromMs: number): string => `${((performance.now() - fromMs) / 1000).toFixed(2)} s`;

/**
 * Runs the command with a cluster of its own; resolves with the exit code. Rejects with UserError before anything is
 * made.
 */
export async function run(context: RunContext, options: RunOptions): Promise<number> {
  checkManifests(options.manifests);
  const artifacts = options.artifacts === undefined ? undefined : resolve(options.artifacts);
  if (artifacts !== undefined) prepareArtifacts(artifacts);
  const home = minikHome(context.terminal);
  const mark = makeMark(home);
  let channel: OwnerChannel;
  try {
    channel = await openOwnerChannel(mark);
  } catch (error) {
    removeMark(home, mark);
    throw error;
  }
  return new Run(context, { ...options, artifacts }, mark, channel).do();
}
