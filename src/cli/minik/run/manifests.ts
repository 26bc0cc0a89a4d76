/** The manifests of a `minik run`: applied, and waited for, before the command starts. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Readiness, readinessOf } from '../../../client/readiness/readiness.ts';
import { objectName } from '../../../client/readiness/story.ts';
import { UserError } from '../../cluster-port.ts';
import type { ClusterObject, ClusterView } from './cluster-view.ts';
import { notReady, unready } from './cluster-view.ts';
import type { KubectlOutcome } from './kubectl-call.ts';

export interface ManifestOptions {
  /** Files, folders (with those in them), URLs. */
  readonly paths: readonly string[];
  readonly timeoutMs: number;
  /** Runs the bundled kubectl on the cluster. */
  kubectl(args: readonly string[]): Promise<KubectlOutcome>;
  /** Opens the cluster; the abort of the signal ends what is being awaited. */
  view(signal: AbortSignal): ClusterView;
  /** Ends the waiting. */
  readonly interrupted: AbortSignal;
  /** Prints lines under a title. */
  report(title: string, lines: readonly string[]): void;
}

const kustomizations = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Throws UserError for what the bundled kubectl does not apply, before a cluster is made. */
export function checkManifests(paths: readonly string[]): void {
  for (const path of paths) {
    if (/^https?:\/\//.test(path)) continue;
    if (!existsSync(path)) throw new UserError(`--manifests: there is no ${path}`);
    if (statSync(path).isDirectory() && kustomizations.some((name) => existsSync(join(path, name))))
      throw new UserError(`--manifests: ${path} is a kustomization, which minik does not build`, [
        'Build it first (kubectl kustomize), or let the command apply it (kubectl apply -k).',
      ]);
  }
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '');

/** Whether an object needs to be waited for; throws UserError when it will not become ready. */
const pending = (objects: readonly ClusterObject[]): readonly ClusterObject[] =>
  objects.filter((object) => readinessOf(object).state !== 'ready');

export class Manifests {
  readonly #options: ManifestOptions;
  readonly #deadline: AbortSignal;
  readonly #signal: AbortSignal;

  constructor(options: ManifestOptions) {
    this.#options = options;
    this.#deadline = AbortSignal.timeout(options.timeoutMs);
    this.#signal = AbortSignal.any([options.interrupted, this.#deadline]);
  }

  /** Resolves with how many objects were applied and are ready. Rejects with UserError, after it has reported why. */
  async apply(): Promise<number> {
    const view = this.#options.view(this.#signal);
    try {
      await this.#applied(view);
      return await this.#ready(view);
    } finally {
      view.close();
    }
  }

  /**
   * Applies until nothing fails. Objects may come before what they need (a namespace, a definition, a webhook's
   * server): what fails is tried again once everything that is there is ready, unless it fails in the same way again.
   */
  async #applied(view: ClusterView): Promise<void> {
    const { paths, kubectl, report } = this.#options;
    let before: string | undefined;
    for (;;) {
      const { code, out, err } = await kubectl(['apply', '--recursive', ...paths.flatMap((path) => ['-f', path])]);
      this.#options.interrupted.throwIfAborted();
      if (code === 0) return report('minik: the manifests', linesOf(out));
      if (err === before) {
        report('minik: the manifests could not be applied', linesOf(err));
        throw new UserError(`the manifests could not be applied: ${linesOf(err).at(-1) ?? `kubectl apply ended with ${code}`}`);
      }
      before = err;
      await this.#wait(view, unready((await view.everything()).lists));
    }
  }

  /** Waits for the objects of the manifests. */
  async #ready(view: ClusterView): Promise<number> {
    const { paths, kubectl } = this.#options;
    const { code, out, err } = await kubectl(['get', '--recursive', ...paths.flatMap((path) => ['-f', path]), '-o', 'json']);
    if (code !== 0) throw new UserError(`the manifests' objects cannot be read: ${err.trim()}`);
    const answer = JSON.parse(out) as ClusterObject & { readonly items?: readonly ClusterObject[] }; // what get -o json prints
    const objects = answer.kind === 'List' ? (answer.items ?? []) : [answer];
    await this.#wait(view, pending(objects));
    return objects.length;
  }

  async #wait(view: ClusterView, objects: readonly ClusterObject[]): Promise<void> {
    const verdicts = new Map<ClusterObject, Readiness>();
    const done =
      (object: ClusterObject) =>
      (now: ClusterObject | undefined): boolean => {
        const verdict: Readiness = now === undefined ? { state: 'failed', why: 'it was deleted' } : readinessOf(now);
        verdicts.set(object, verdict);
        if (verdict.state === 'failed') throw new NotReady();
        return verdict.state === 'ready';
      };
    try {
      await Promise.all(objects.map((object) => view.until(object, done(object))));
    } catch (error) {
      this.#options.interrupted.throwIfAborted();
      if (!(error instanceof NotReady || this.#deadline.aborted)) throw error;
      await this.#tell(verdicts);
    }
  }

  /** Reports what is not ready, and why; throws UserError with the first cause. */
  async #tell(verdicts: ReadonlyMap<ClusterObject, Readiness>): Promise<never> {
    const view = this.#options.view(this.#options.interrupted);
    const stories = await view
      .everything()
      .then(({ lists }) => notReady(lists))
      .finally(() => view.close());
    this.#options.report('minik: what is not ready', stories.flat());
    const late = [...verdicts].filter(([, { state }]) => state !== 'ready');
    const [object, { why }] = late.find(([, { state }]) => state === 'failed') ?? late[0] ?? [undefined, { why: 'it was not seen' }];
    const story = stories.find(([first = '']) => object !== undefined && first.startsWith(`${objectName(object)}:`));
    const cause = story?.findLast((line) => !/^ *(event: |and \d)/.test(line))?.trim();
    const name = object === undefined ? 'something' : objectName(object);
    const after = this.#deadline.aborted ? ` after ${this.#options.timeoutMs / 1000} s` : '';
    throw new UserError(
      `the manifests are not ready${after}: ${name}: ${why}${cause === undefined || cause === story?.[0] ? '' : `; ${cause}`}`,
    );
  }
}

/** An object will not become ready. */
class NotReady extends Error {}
