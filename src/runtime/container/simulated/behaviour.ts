/**
 * What simulated images and containers do. The first of these that applies is used: the script object (tests),
 * annotations of the pod (`simulated.minik.io/…`), image names under `simulated.invalid/`, and otherwise a guess from
 * the command line.
 */
import type { Duplex } from 'node:stream';
import { SIMULATED_ANNOTATION_PREFIX, simulatedAnnotation } from '../../../api/simulated-annotations.ts';
import type { Container, ContainerConfig, RuntimeErrorCode, Sandbox } from '../container-runtime.ts';
import type { Step } from './program.ts';
import { guessProgram, type Surroundings } from './tiny-shell.ts';

export interface SimulatedFailure {
  /** Absent: 'StartFailed' for starts and 'ImagePullFailed' for pulls. */
  readonly code?: RuntimeErrorCode;
  readonly message: string;
  /** Exit code that the container shows after a failed start; absent: 128. */
  readonly exitCode?: number;
}

export interface ContainerBehaviour {
  /** How long `start` takes, in milliseconds; 0 when absent. */
  readonly startDelayMs?: number;
  readonly startFailure?: SimulatedFailure;
  readonly createFailure?: SimulatedFailure;
  /** After the last step, unless that is an exit, the container runs until it is stopped. */
  readonly steps: readonly Step[];
  /** The reaction to the stop signal. Default: exits at once with 143 (128 + TERM). */
  readonly onTerm?: 'ignore' | { readonly exitCode: number; readonly delayMs?: number };
  /** Values for `stats`. */
  readonly memoryBytes?: number;
  readonly cpuMillicores?: number;
  readonly writableLayerBytes?: number;
}

export interface ImageBehaviour {
  /** True: the image is on the node without a pull. */
  readonly present?: boolean;
  readonly pullDelayMs?: number;
  readonly pullFailure?: SimulatedFailure;
  /** True: the image was built on the machine and is from no registry. */
  readonly local?: boolean;
  readonly sizeBytes?: number;
  readonly user?: string;
  readonly volumes?: readonly string[];
  readonly stopSignal?: string;
}

export interface ExecBehaviour {
  /** Ends with exit code 0 when no step exits. */
  readonly steps: readonly Step[];
  readonly failure?: SimulatedFailure;
}

/** How a test controls what happens. Every function may return undefined for the default. */
export interface SimulatedScript {
  container?(config: ContainerConfig): ContainerBehaviour | undefined;
  image?(canonicalName: string): ImageBehaviour | undefined;
  exec?(container: Container, command: readonly string[]): ExecBehaviour | undefined;
  /**
   * A stream to a port of the pod; 'refuse'; or undefined for the default: a small HTTP answer while a container runs.
   */
  dial?(sandbox: Sandbox, port: number): Duplex | 'refuse' | undefined;
  /** Makes `sandboxes.run` fail. */
  sandbox?(pod: Sandbox['pod'], attempt: number): SimulatedFailure | undefined;
}

const TEST_DOMAIN = 'simulated.invalid/';

/** What this container does. */
export function containerBehaviour(
  script: SimulatedScript,
  config: ContainerConfig,
  podAnnotations: Readonly<Record<string, string>>,
  around: Surroundings,
): ContainerBehaviour {
  const scripted = script.container?.(config);
  if (scripted !== undefined) return scripted;
  const annotated = fromAnnotations(config, podAnnotations);
  if (annotated !== undefined) return annotated;
  const named = fromImageName(config.image);
  if (named !== undefined) return named;
  const guess = guessProgram([...config.command, ...config.args], around);
  return { steps: guess.steps, ...(guess.onTerm === undefined ? {} : { onTerm: guess.onTerm }) };
}

/** What an exec in a container does. A command that is not understood succeeds without output. */
export function execBehaviour(
  script: SimulatedScript,
  container: Container,
  command: readonly string[],
  around: Surroundings,
): ExecBehaviour {
  return script.exec?.(container, command) ?? { steps: guessProgram(command, around).steps };
}

function fromAnnotations(config: ContainerConfig, podAnnotations: Readonly<Record<string, string>>): ContainerBehaviour | undefined {
  const read = (key: string): string | undefined =>
    config.annotations[SIMULATED_ANNOTATION_PREFIX + key] ?? simulatedAnnotation(podAnnotations, config.name, key);
  const startFailure = read('start-failure');
  const exitCode = read('exit-code');
  const runMs = read('run-ms');
  const startDelayMs = read('start-delay-ms');
  const log = read('log');
  const termDelayMs = read('term-delay-ms');
  if ([startFailure, exitCode, runMs, startDelayMs, log, termDelayMs].every((value) => value === undefined)) return undefined;
  const steps: Step[] = [];
  if (log !== undefined) steps.push({ do: 'log', stream: 'stdout', text: `${log}\n` });
  if (runMs !== undefined) steps.push({ do: 'wait', ms: Number(runMs) });
  if (exitCode !== undefined || runMs !== undefined)
    steps.push({ do: 'exit', code: Number(exitCode ?? 0), oomKilled: read('oom-killed') === 'true' });
  return {
    steps,
    ...(startFailure === undefined ? {} : { startFailure: { message: startFailure } }),
    ...(startDelayMs === undefined ? {} : { startDelayMs: Number(startDelayMs) }),
    ...(termDelayMs === undefined ? {} : { onTerm: { exitCode: 143, delayMs: Number(termDelayMs) } }),
  };
}

/** `simulated.invalid/exit-3`, `/exit-0-after-500`, `/start-failure`. */
function fromImageName(image: string): ContainerBehaviour | undefined {
  if (!image.startsWith(TEST_DOMAIN)) return undefined;
  const name = image.slice(TEST_DOMAIN.length).replace(/[:@].*$/, '');
  if (name === 'start-failure')
    return { steps: [], startFailure: { message: 'exec: "/missing": stat /missing: no such file or directory', exitCode: 127 } };
  const [, code, after] = /^exit-(\d+)(?:-after-(\d+))?$/.exec(name) ?? [];
  if (code === undefined) return undefined;
  return { steps: [...(after === undefined ? [] : [{ do: 'wait' as const, ms: Number(after) }]), { do: 'exit', code: Number(code) }] };
}

/**
 * How an image behaves: pulls of `simulated.invalid/pull-not-found`, `/pull-denied` and `/pull-unavailable` fail; all
 * other images can be pulled at once.
 */
export function imageBehaviour(script: SimulatedScript, canonicalName: string): ImageBehaviour {
  const scripted = script.image?.(canonicalName);
  if (scripted !== undefined) return scripted;
  const name = canonicalName.startsWith(TEST_DOMAIN) ? canonicalName.slice(TEST_DOMAIN.length).replace(/[:@].*$/, '') : '';
  switch (name) {
    case 'pull-not-found':
      return {
        pullFailure: { code: 'ImageNotFound', message: `manifest for ${canonicalName} not found: manifest unknown: manifest unknown` },
      };
    case 'pull-denied':
      return {
        pullFailure: {
          code: 'ImagePullFailed',
          message: `pull access denied for ${canonicalName}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
        },
      };
    case 'pull-unavailable':
      return {
        pullFailure: {
          code: 'RegistryUnavailable',
          message: 'Get "https://simulated.invalid/v2/": dial tcp: lookup simulated.invalid: no such host',
        },
      };
    default:
      return {};
  }
}
