/** The help texts of `minik` and its verbs. */
import type { FlagSpec, VerbSpec } from './verb-spec.ts';
import { verbs } from './verbs.ts';

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}\n`).join('');
};

/** Environment variables, which are the same for all verbs. */
const environment = columns([
  ['MINIK_HOME', 'Folder of everything that clusters keep (default ~/.minik)'],
  ['MINIK_PROFILE', 'Name of the cluster when -p gives none (default minik)'],
  ['KUBECONFIG', 'As for kubectl: files to which a cluster is added'],
  ['DOCKER_HOST', 'As for docker, like DOCKER_CONTEXT: the daemon of a new cluster'],
]);

const exitCodes = columns([
  ['0', 'Done'],
  ['1', 'Not done; the message says why'],
  ['64', 'Used wrongly: an unknown command or flag, a bad value, a stray argument'],
  ['130', 'Interrupted; the message says what became of it'],
  ['Any', "Of run: its command's, or 125 when run itself failed"],
  ['1 to 7', 'Of status: see "minik help status"'],
]);

export const generalHelp = (): string =>
  `minik is Kubernetes for this machine in one process, on its Docker daemon.

Usage:
  minik COMMAND [flags]

Commands:
${columns(verbs.map(({ name, summary }) => [name, summary]))}
Environment:
${environment}
Exit codes:
${exitCodes}
"minik help COMMAND" tells more of a command.
`;

const flagRow = ({ name, short, value, text, fallback }: FlagSpec): readonly [string, string] => [
  `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
  `${text}${fallback === undefined ? '' : ` (default: ${fallback})`}`,
];

const operandText = ({ name, unless }: NonNullable<VerbSpec['operand']>): string =>
  unless === undefined ? name : `(${name} | --${unless})`;

export function verbHelp({ name, summary, description, args, operand, flags, verbs: following = [], examples }: VerbSpec): string {
  const words = args ?? (operand === undefined ? '[flags]' : `${operandText(operand)} [flags]`);
  const sections = [
    `${summary}\n`,
    `${description.join('\n')}\n`,
    `Usage:\n  minik ${name} ${words}\n`,
    ...(following.length === 0 ? [] : [`Commands:\n${columns(following.map((each) => [each.name, each.summary]))}`]),
    ...(flags.length === 0 ? [] : [`Flags:\n${columns([...flags, { name: 'help', short: 'h', text: 'This text' }].map(flagRow))}`]),
    ...(examples.length === 0 ? [] : [`Examples:\n${examples.map(([what, command]) => `  # ${what}\n  ${command}\n`).join('')}`]),
  ];
  return sections.join('\n');
}
