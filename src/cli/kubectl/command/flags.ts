/**
 * Command-line flags as kubectl takes them: `--name=value`, `--name value`, `-nvalue`, `-n value`, bundled short
 * switches, `--` ends flags. Source: spf13/pflag flag.go.
 */

import { errorText } from '../../../api/error-text.ts';
import { goDuration } from '../../../api/go-duration.ts';

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  /** A `list` is split at commas, an `array` is not. */
  readonly type: 'bool' | 'string' | 'int' | 'list' | 'array' | 'duration';
  /**
   * The value when the flag is given without one, e.g. `--dry-run` → `unchanged`. It makes the value optional, so that
   * a value must follow a `=`.
   */
  readonly bare?: string;
  /** Default as text. */
  readonly fallback?: string;
  readonly help?: string;
  /** Must be given. */
  readonly required?: boolean;
  /** Not shown in the help: a flag that only old tutorials use. */
  readonly hidden?: boolean;
  /** Printed once as a warning when the flag is used. */
  readonly deprecated?: string;
}

/** A mistake on the command line; printed as kubectl does, with exit code 1. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/**
 * Positional arguments that a verb does not accept. Differs from a bad flag only in the hint that is printed after the
 * error.
 */
export class ArgumentError extends UsageError {
  constructor(message: string) {
    super(message);
    this.name = 'ArgumentError';
  }
}

/** A required flag is missing. Source: spf13/cobra command.go ValidateRequiredFlags. */
export class MissingFlagError extends Error {
  constructor(names: readonly string[]) {
    super(`required flag(s) ${names.join(', ')} not set`);
    this.name = 'MissingFlagError';
  }
}

/**
 * Parsed flags with typed access. A list collects the values of all uses of its flag, each split at commas like pflag's
 * string slices.
 */
export class Flags {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #values: ReadonlyMap<string, readonly string[]>;
  /** Positional arguments, in order. */
  readonly args: readonly string[];
  /** How many of `args` came before `--`; -1 when there was none. */
  readonly dashAt: number;

  constructor(
    specs: ReadonlyMap<string, FlagSpec>,
    values: ReadonlyMap<string, readonly string[]>,
    args: readonly string[],
    dashAt: number,
  ) {
    this.#specs = specs;
    this.#values = values;
    this.args = args;
    this.dashAt = dashAt;
  }

  /** Whether the user gave the flag. */
  given(name: string): boolean {
    return this.#values.has(name);
  }

  /** The type of a flag as the verb has declared it; undefined when there is none. */
  typeOf(name: string): FlagSpec['type'] | undefined {
    return this.#specs.get(name)?.type;
  }

  string(name: string): string {
    return this.#values.get(name)?.at(-1) ?? this.#specs.get(name)?.fallback ?? '';
  }

  bool(name: string): boolean {
    return this.string(name) === 'true';
  }

  int(name: string): number {
    return Number(this.string(name) === '' ? '0' : this.string(name));
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** Every value of a flag, not split at commas. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** A duration flag (`30s`, `1m30s`, or a bare number of seconds) in milliseconds. */
  durationMs(name: string): number {
    return parseDuration(this.string(name));
  }

  /** The flags given, with their values as text, in the order of first use. */
  uses(): readonly (readonly [name: string, value: string])[] {
    return [...this.#values].map(([name, values]) => [name, values.join(',')] as const);
  }

  /** Deprecation texts of the flags in use. */
  deprecations(): readonly string[] {
    return [...this.#values.keys()].flatMap((name) => {
      const text = this.#specs.get(name)?.deprecated;
      return text === undefined ? [] : [`Flag --${name} has been deprecated, ${text}`];
    });
  }
}

/** Go's duration syntax, or whole seconds; in milliseconds. Throws UsageError. */
export function parseDuration(text: string): number {
  if (text === '' || text === '0') return 0;
  if (/^[+-]?\d+$/.test(text)) return Number(text) * 1000;
  const duration = goDuration(text);
  if ('problem' in duration) throw new UsageError(duration.problem);
  return duration.ms;
}

class Parser {
  readonly #byName = new Map<string, FlagSpec>();
  readonly #byShort = new Map<string, FlagSpec>();
  readonly values = new Map<string, string[]>();
  readonly args: string[] = [];
  dashAt = -1;

  constructor(specs: readonly FlagSpec[]) {
    for (const spec of specs) {
      this.#byName.set(spec.name, spec);
      if (spec.short !== undefined) this.#byShort.set(spec.short, spec);
    }
  }

  get specs(): ReadonlyMap<string, FlagSpec> {
    return this.#byName;
  }

  parse(argv: readonly string[]): void {
    const rest = [...argv];
    for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
      if (arg === '--') {
        this.dashAt = this.args.length;
        this.args.push(...rest);
        return;
      }
      if (arg.startsWith('--')) this.#long(arg.slice(2), rest);
      else if (arg.startsWith('-') && arg.length > 1) this.#shorts(arg.slice(1), rest);
      else this.args.push(arg);
    }
  }

  #long(text: string, rest: string[]): void {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    const spec = this.#byName.get(name);
    if (spec === undefined) throw new UsageError(`unknown flag: --${name}`);
    if (equals !== -1) this.#set(spec, text.slice(equals + 1));
    else if (spec.type === 'bool' || spec.bare !== undefined) this.#set(spec, spec.bare ?? 'true');
    else this.#set(spec, this.#next(rest, `--${name}`));
  }

  #shorts(text: string, rest: string[]): void {
    for (let i = 0; i < text.length; i++) {
      const letter = text[i] ?? '';
      const spec = this.#byShort.get(letter);
      if (spec === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in -${text}`);
      const after = text.slice(i + 1);
      if (after.startsWith('=')) {
        this.#set(spec, after.slice(1));
        return;
      }
      if (spec.type === 'bool' || spec.bare !== undefined) {
        this.#set(spec, spec.bare ?? 'true');
        continue;
      }
      this.#set(spec, after !== '' ? after : this.#next(rest, `'${letter}' in -${text}`));
      return;
    }
  }

  #next(rest: string[], flag: string): string {
    const value = rest.shift();
    if (value === undefined)
      throw new UsageError(flag.startsWith('--') ? `flag needs an argument: ${flag}` : `flag needs an argument: ${flag}`);
    return value;
  }

  #set(spec: FlagSpec, value: string): void {
    this.#check(spec, value);
    const known = this.values.get(spec.name) ?? [];
    known.push(
      ...(spec.type === 'list'
        ? value.split(',')
        : [
            spec.type === 'bool'
              ? String(value === 'true' || value === '1' || value === 't' || value === 'T' || value === 'True' || value === 'TRUE')
              : value,
          ]),
    );
    this.values.set(spec.name, known);
  }

  #check(spec: FlagSpec, value: string): void {
    const shown = spec.short === undefined ? `--${spec.name}` : `-${spec.short}, --${spec.name}`;
    const invalid = (why: string): UsageError =>
      new UsageError(`invalid argument ${JSON.stringify(value)} for ${JSON.stringify(shown)} flag: ${why}`);
    if (spec.type === 'bool' && !/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value)) {
      throw invalid(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    if (spec.type === 'int' && !/^[+-]?\d+$/.test(value))
      throw invalid(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (spec.type === 'duration') {
      try {
        // A duration must have a unit. (`--request-timeout` need not, but it is declared as a string.)
        if (/^[+-]?\d+$/.test(value) && Number(value) !== 0)
          throw new UsageError(`time: missing unit in duration ${JSON.stringify(value)}`);
        parseDuration(value);
      } catch (error) {
        throw invalid(errorText(error));
      }
    }
  }
}

/** Parses arguments. Throws UsageError with pflag's texts. */
export function parseFlags(specs: readonly FlagSpec[], argv: readonly string[]): Flags {
  const parser = new Parser(specs);
  parser.parse(argv);
  const help = parser.values.get('help')?.at(-1) === 'true';
  const missing = help ? [] : specs.filter((spec) => spec.required === true && !parser.values.has(spec.name));
  if (missing.length > 0) throw new MissingFlagError(missing.map((spec) => JSON.stringify(spec.name)).toSorted());
  return new Flags(parser.specs, parser.values, parser.args, parser.dashAt);
}
