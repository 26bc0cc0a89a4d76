/**
 * What simulated images and containers do. The first of these that applies is used: the script object (tests), what is
 * declared by annotations and rules (src/api/simulated/), image names under `simulated.invalid/`, and otherwise a guess
 * from the command line.
 */
import type { Duplex } from 'node:stream';
import { type Behaviour, type ExecAnswer, execAnswer, type LogLine } from '../../../api/simulated/behaviour.ts';
import { idleRunMs } from '../../../api/simulated/meant-to-end.ts';
import type { Container, ContainerConfig, RuntimeErrorCode, Sandbox } from '../container-runtime.ts';
import type { ContainerEnd } from './container-faults.ts';
import type { Step } from './program.ts';
import { guessProgram, type Surroundings } from './tiny-shell.ts';

export interface SimulatedFailure {
  /** Absent: 'StartFailed' for starts and 'ImagePullFailed' for pulls. */
  readonly code?: RuntimeErrorCode;
  readonly message: string;
}

export interface ContainerBehaviour {
  /** How long `start` takes, in milliseconds; 0 when absent. */
  readonly startDelayMs?: number;
  readonly startFailure?: SimulatedFailure;
  readonly createFailure?: SimulatedFailure;
  /** What it writes, and when; beside the steps. */
  readonly lines?: readonly LogLine[];
  /** After the last step, unless that is an exit, the container runs until it is stopped. */
  readonly steps: readonly Step[];
  /** A fault that ends it, whatever it does. */
  readonly end?: ContainerEnd | undefined;
  /** The reaction to the stop signal. Default: exits at once with 143 (128 + TERM). */
  readonly onTerm?: 'ignore' | { readonly exitCode: number; readonly delayMs?: number };
  /** What it leaves as its last words. */
  readonly terminationMessage?: string;
  /** Values for `stats`. */
  readonly memoryBytes?: number;
  readonly cpuMillicores?: number;
  readonly writableLayerBytes?: number;
  /** Default: 1. */
  readonly processes?: number;
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
  /** The names of the engine's runtimes; absent: any name is one of a runtime, which does what the default one does. */
  readonly handlers?: readonly string[];
  /** Makes `sandboxes.run` fail. */
  sandbox?(pod: Sandbox['pod'], attempt: number): SimulatedFailure | undefined;
}

const TEST_DOMAIN = 'simulated.invalid/';

/** What annotations and rules say of a container. */
export interface Declared {
  readonly behaviour: Behaviour;
  /** Whether it is expected to end by itself. */
  readonly isMeantToEnd: boolean;
}

/** What this container does. */
export function containerBehaviour(
  script: SimulatedScript,
  config: ContainerConfig,
  declared: Declared,
  around: Surroundings,
): ContainerBehaviour {
  const scripted = script.container?.(config);
  if (scripted !== undefined) return scripted;
  const { startDelay, startFailure, termDelay, termExitCode, terminationMessage } = declared.behaviour;
  return {
    ...processOf(config, declared, around),
    ...(startFailure === undefined ? {} : { startFailure: { message: startFailure } }),
    ...(startDelay === undefined ? {} : { startDelayMs: startDelay }),
    ...(termDelay === undefined && termExitCode === undefined
      ? {}
      : { onTerm: { exitCode: termExitCode ?? 143, delayMs: termDelay ?? 0 } }),
    ...(terminationMessage === undefined ? {} : { terminationMessage }),
  };
}

/** What an exec in a container does. A command that is not understood succeeds without output. */
export function execBehaviour(
  script: SimulatedScript,
  container: Container,
  command: readonly string[],
  { declared, around }: { readonly declared: Behaviour; readonly around: Surroundings },
): ExecBehaviour {
  const scripted = script.exec?.(container, command);
  if (scripted !== undefined) return scripted;
  const answer = execAnswer(declared, command);
  return { steps: answer === undefined ? guessProgram(command, around).steps : answerSteps(answer) };
}

function answerSteps({ delay = 0, stdout = '', stderr = '', echo = false, exitCode = 0 }: ExecAnswer): readonly Step[] {
  const write = (stream: 'stdout' | 'stderr', text: string): readonly Step[] => (text === '' ? [] : [{ do: 'log', stream, text }]);
  return [
    ...(delay === 0 ? [] : [{ do: 'wait', ms: delay } as const]),
    ...write('stdout', stdout),
    ...write('stderr', stderr),
    ...(echo ? [{ do: 'copyStdin' } as const] : []),
    { do: 'exit', code: exitCode },
  ];
}

/** The course of a container's process: as it is declared, as its image's name says, or as its command suggests. */
function processOf(config: ContainerConfig, { behaviour, isMeantToEnd }: Declared, around: Surroundings): ContainerBehaviour {
  const { log: lines = [], runFor, exitCode, oomKilled, exits } = behaviour;
  if (runFor !== undefined || exitCode !== undefined || oomKilled !== undefined) {
    const ends = runFor !== Number.POSITIVE_INFINITY && (exits === undefined || config.attempt < exits);
    return { lines, steps: ends ? endAfter(runFor ?? 0, exitCode ?? 0, oomKilled) : [] };
  }
  const named = fromImageName(config.image);
  if (named !== undefined) return { ...named, lines };
  const { steps: all, onTerm, understood } = guessProgram([...config.command, ...config.args], around);
  const steps = lines.length === 0 ? all : all.filter((step) => step.do !== 'log');
  const isKnown = understood && all.length > 0;
  const restMs = isKnown ? Number.POSITIVE_INFINITY : (behaviour.defaultRunFor ?? (isMeantToEnd ? idleRunMs : Number.POSITIVE_INFINITY));
  const lastLineMs = Math.max(0, ...lines.flatMap(({ at = 0, every }) => (every === undefined ? [at] : [])));
  return {
    lines,
    steps: restMs === Number.POSITIVE_INFINITY ? steps : [...steps, ...endAfter(lastLineMs + restMs, 0, false)],
    ...(onTerm === undefined ? {} : { onTerm }),
  };
}

const endAfter = (ms: number, code: number, oomKilled = false): readonly Step[] => [
  ...(ms === 0 ? [] : [{ do: 'wait', ms } as const]),
  { do: 'exit', code, oomKilled },
];

/** `simulated.invalid/exit-3`, `/exit-0-after-500`, `/start-failure`. */
function fromImageName(image: string): ContainerBehaviour | undefined {
  if (!image.startsWith(TEST_DOMAIN)) return undefined;
  const name = image.slice(TEST_DOMAIN.length).replace(/[:@].*$/, '');
  if (name === 'start-failure')
    return { steps: [], startFailure: { message: 'exec: "/missing": stat /missing: no such file or directory' } };
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
