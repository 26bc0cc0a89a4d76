/**
 * What a simulated container does. Annotations of pods (annotations.ts) and rules (rules.ts) say it in the same terms:
 * each field is declared here once, with its reader. docs/simulated.md describes them for users.
 *
 * In what has been read, times are in milliseconds, and ages count from the container's start.
 */
import { fieldErrors } from '../field-error.ts';
import type { JsonValue } from '../json.ts';
import { isHttpHeaderName } from '../names.ts';
import { matchesGlob } from './glob.ts';
import {
  duration,
  durationOrForever,
  type Fields,
  flag,
  interval,
  listOf,
  looseText,
  objectOf,
  type Place,
  quantity,
  type Reader,
  text,
  texts,
  wholeNumber,
} from './readers.ts';
import { health, overTime } from './timeline.ts';

const exitCode = wholeNumber(0, 255);

const lineFields = {
  /** Default: at the start. */
  at: duration,
  text: looseText,
  stream: oneOf('stdout', 'stderr'),
  /** It is written again and again, at this interval. */
  every: interval,
  /** How often it is written in all. Default: as long as the container runs; once without `every`. */
  times: wholeNumber(1, 1_000_000_000),
} as const;
/** A line of the log. */
export type LogLine = Fields<typeof lineFields>;

const execFields = {
  /** A pattern for the words of the command, joined by spaces. */
  command: looseText,
  stdout: looseText,
  stderr: looseText,
  exitCode,
  /** Before anything is written. */
  delay: duration,
  /** Copies what it reads to its output, after `stdout` and until its input ends. */
  echo: flag,
} as const;
/** The answer to commands that are run in the container. */
export type ExecAnswer = Fields<typeof execFields>;

const httpFields = {
  /** Default: every port. */
  port: wholeNumber(1, 65_535),
  /** A pattern for the path, without the query. Default: every path. */
  path: text,
  /** Default: every method. */
  method: text,
  /** Default: 200. */
  status: wholeNumber(200, 599),
  headers: httpHeaders,
  body: looseText,
  /** Before the answer. */
  delay: duration,
  /** Whether the port is closed; with nothing beside it but the port. */
  refuse: flag,
} as const;
/** The answer to requests to a port. */
export type HttpAnswer = Fields<typeof httpFields>;

const logLine = objectOf(lineFields, ['text']);

/** A text, which is a line at the start, or a list of lines. */
const log: Reader<readonly LogLine[]> = (value, place) => {
  if (Array.isArray(value)) return listOf(logLine)(value, place);
  const line = looseText(value, place);
  return line === undefined ? undefined : [{ text: line }];
};

const httpAnswer: Reader<HttpAnswer> = (value, place) => {
  const answer = objectOf(httpFields)(value, place);
  const others = Object.keys(answer ?? {}).filter((name) => name !== 'refuse' && name !== 'port');
  if (answer?.refuse !== undefined && others.length > 0)
    place.report(fieldErrors.forbidden(place.at.field(others[0] ?? ''), 'refuse is about a port, not about an answer'));
  return answer;
};

/** All that can be said of a container. */
export const behaviourFields = {
  /** CPUs that it uses. */
  cpu: overTime(quantity),
  /** Bytes of memory. */
  memory: overTime(quantity),
  /** Bytes of its writable layer. */
  ephemeralStorage: overTime(quantity),
  startDelay: duration,
  /** It cannot be started; this is the error. */
  startFailure: text,
  log,
  /** It ends by itself after this time; Infinity: it does not. */
  runFor: durationOrForever,
  /** The code with which it ends: after `runFor`, or at once. */
  exitCode,
  oomKilled: flag,
  /** How many of its runs end so; the next one does not end. Default: all. */
  exits: wholeNumber(1, 1_000_000),
  terminationMessage: looseText,
  /** How long it runs when neither these fields nor its command tell. Default: see `idleRunMs`. */
  defaultRunFor: durationOrForever,
  /** How long it takes to end when it is asked to. */
  termDelay: duration,
  /** With which code it ends then. */
  termExitCode: exitCode,
  /** What startup, readiness and liveness probes find. Default: what their action finds. */
  started: health,
  ready: health,
  live: health,
  exec: listOf(objectOf(execFields, ['command'])),
  http: listOf(httpAnswer),
} as const;

export type Behaviour = Fields<typeof behaviourFields>;
export type BehaviourField = keyof Behaviour;
export const behaviourNames = Object.keys(behaviourFields) as readonly BehaviourField[];

export const readBehaviour: Reader<Behaviour> = objectOf(behaviourFields);

/**
 * What several behaviours say together. The later one counts, field by field; but of answers to commands and requests
 * there are those of all, the later ones' first.
 */
export function mergeBehaviours(behaviours: readonly Behaviour[]): Behaviour {
  const [only] = behaviours;
  if (behaviours.length <= 1) return only ?? {};
  const answers = <K extends 'exec' | 'http'>(name: K) => behaviours.toReversed().flatMap((each) => each[name] ?? []);
  const merged: Behaviour = Object.assign({}, ...behaviours);
  return {
    ...merged,
    ...(merged.exec === undefined ? {} : { exec: answers('exec') as readonly ExecAnswer[] }),
    ...(merged.http === undefined ? {} : { http: answers('http') as readonly HttpAnswer[] }),
  };
}

/** The answer to a command; undefined when none is for it. */
export const execAnswer = ({ exec = [] }: Behaviour, command: readonly string[]): ExecAnswer | undefined =>
  exec.find(({ command: pattern = '*' }) => matchesGlob(pattern, command.join(' ')));

export interface HttpQuestion {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly port: number;
}

/** The answer to a request; undefined when none is for it. */
export const httpAnswerTo = ({ http = [] }: Behaviour, { method, path, port }: HttpQuestion): HttpAnswer | undefined =>
  http.find(
    (answer) =>
      (answer.port ?? port) === port &&
      answer.refuse === undefined &&
      (answer.method ?? method).toUpperCase() === method.toUpperCase() &&
      matchesGlob(answer.path ?? '*', path),
  );

/** Whether connections to a port are refused. */
export const refusesPort = ({ http = [] }: Behaviour, port: number): boolean =>
  http.find(({ port: own = port, refuse }) => refuse !== undefined && own === port)?.refuse === true;

function httpHeaders(value: JsonValue, place: Place): Readonly<Record<string, string>> | undefined {
  const headers = texts(value, place) ?? {};
  for (const [name, content] of Object.entries(headers)) {
    const at = place.at.key(name);
    for (const complaint of isHttpHeaderName(name)) place.report(fieldErrors.invalid(at, name, complaint));
    if (/[^\t\x20-\x7e\x80-\xff]/.test(content)) place.report(fieldErrors.invalid(at, content, 'a header holds no control characters'));
  }
  return headers;
}

function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, place) => {
    const found = allowed.find((each) => each === value);
    if (found !== undefined) return found;
    place.report(fieldErrors.notSupported(place.at, value, allowed));
    return undefined;
  };
}
