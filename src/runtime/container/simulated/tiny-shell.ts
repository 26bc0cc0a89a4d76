/**
 * Guesses what a command line would do, so that manifests behave plausibly without a container engine: echo, sleep,
 * exit, true, false, cat, env, printenv, hostname, pwd, trap and `sh -c` sequences of them. Any other command is
 * assumed to be a server, which runs until it is stopped.
 */
import type { Step } from './program.ts';

/** The environment that the process can see. */
export interface Surroundings {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly hostname: string;
  readonly workingDir: string;
}

export interface Guess {
  readonly steps: readonly Step[];
  /** The reaction to the stop signal; absent: it exits at once. */
  readonly onTerm?: 'ignore' | { readonly exitCode: number };
  /** False when a command was not understood. */
  readonly understood: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Compiles an argv into steps. An argv that is empty or not understood has no exit step. */
export function guessProgram(argv: readonly string[], around: Surroundings): Guess {
  const shell = /^(?:\/bin\/|\/usr\/bin\/)?(?:ba|a)?sh$/;
  const [program = '', flag, script] = argv;
  if (shell.test(program) && /^-\w*c$/.test(flag ?? '') && script !== undefined) return compileScript(script, around);
  const command = compileCommand(argv, 'stdout', around);
  if (command === undefined) return { steps: [], understood: argv.length === 0 };
  const ends = command.steps.some((step) => step.do === 'exit');
  return { steps: ends ? command.steps : [...command.steps, { do: 'exit', code: command.code }], understood: true };
}

interface Command {
  readonly steps: readonly Step[];
  readonly code: number;
}

function compileScript(script: string, around: Surroundings): Guess {
  const steps: Step[] = [];
  let onTerm: Guess['onTerm'];
  let code = 0;
  let skip = false;
  for (const { text, joiner } of splitCommands(script)) {
    const words = splitWords(text, around);
    const wasSkipped = skip;
    if (!wasSkipped && words[0] === 'trap') {
      const action = (words[1] ?? '').trim();
      onTerm = action === '' ? 'ignore' : { exitCode: Number(/exit (\d+)/.exec(action)?.[1] ?? 0) };
      code = 0;
    } else if (!wasSkipped && words.length > 0 && words[0] !== 'set' && words[0] !== 'wait') {
      const command = compileCommand(words, text.includes('>&2') ? 'stderr' : 'stdout', around);
      if (command === undefined) return { steps, understood: false, ...(onTerm === undefined ? {} : { onTerm }) };
      steps.push(...command.steps);
      code = command.code;
      if (command.steps.at(-1)?.do === 'exit') break;
    }
    skip = joiner === '&&' ? code !== 0 : joiner === '||' ? code === 0 : false;
  }
  if (steps.at(-1)?.do !== 'exit') steps.push({ do: 'exit', code });
  return { steps, understood: true, ...(onTerm === undefined ? {} : { onTerm }) };
}

function compileCommand(words: readonly string[], stream: 'stdout' | 'stderr', around: Surroundings): Command | undefined {
  const [name = '', ...args] = words;
  const print = (text: string, code = 0): Command => ({ steps: text === '' ? [] : [{ do: 'log', stream, text }], code });
  switch (name.replace(/^(?:\/usr)?\/bin\//, '')) {
    case 'echo':
      return args[0] === '-n' ? print(args.slice(1).join(' ')) : print(`${args.join(' ')}\n`);
    case 'true':
    case ':':
      return print('');
    case 'false':
      return print('', 1);
    case 'sleep':
      return { steps: [{ do: 'wait', ms: args.reduce((sum, text) => sum + durationMs(text), 0) }], code: 0 };
    case 'exit':
      return { steps: [{ do: 'exit', code: Number(args[0] ?? 0) & 255 }], code: 0 };
    case 'cat':
      return args.length === 0 ? { steps: [{ do: 'copyStdin' }], code: 0 } : undefined;
    case 'env':
      return args.length === 0 ? print(around.env.map(({ name: key, value }) => `${key}=${value}\n`).join('')) : undefined;
    case 'printenv': {
      const found = around.env.findLast((variable) => variable.name === args[0]);
      return found === undefined ? print('', 1) : print(`${found.value}\n`);
    }
    case 'hostname':
      return print(`${around.hostname}\n`);
    case 'pwd':
      return print(`${around.workingDir === '' ? '/' : around.workingDir}\n`);
    default:
      return undefined;
  }
}

function durationMs(text: string): number {
  if (text === 'infinity' || text === 'inf') return Number.POSITIVE_INFINITY;
  const [, amount = '0', unit = ''] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  return Number(amount) * (UNIT_MS[unit] ?? 1000);
}

function splitCommands(script: string): { text: string; joiner: string }[] {
  const commands: { text: string; joiner: string }[] = [];
  let quote = '';
  let text = '';
  for (let at = 0; at < script.length; at++) {
    const char = script[at] ?? '';
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    const two = script.slice(at, at + 2);
    const redirected = script[at - 1] === '>';
    if (quote === '' && (two === '&&' || two === '||')) {
      commands.push({ text, joiner: two });
      text = '';
      at++;
    } else if (quote === '' && (char === ';' || char === '\n' || (char === '&' && !redirected))) {
      commands.push({ text, joiner: ';' });
      text = '';
    } else text += char;
  }
  commands.push({ text, joiner: ';' });
  return commands;
}

function splitWords(text: string, around: Surroundings): string[] {
  const expand = (part: string): string =>
    part.replace(/\$\{?(\w+)\}?/g, (_whole, name: string) =>
      name === 'HOSTNAME' ? around.hostname : (around.env.findLast((variable) => variable.name === name)?.value ?? ''),
    );
  const words: string[] = [];
  const pattern = /(?:'([^']*)'|"([^"]*)"|([^\s'"]+))(\s*)/g;
  let open = '';
  let started = false;
  for (const [, single, double, bare, gap] of text
    .replace(/\d?>&\d|>\s*\/dev\/\w+/g, '')
    .trim()
    .matchAll(pattern)) {
    open += single ?? expand(double ?? bare ?? '');
    started = true;
    if (gap === '') continue;
    words.push(open);
    open = '';
    started = false;
  }
  if (started) words.push(open);
  return words;
}
