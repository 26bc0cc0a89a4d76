/** `minik faults` and the verbs that follow it, for parsing, help and completion. */
import { faultNames, kindOf, type Struck, struckBy } from '../../api/faults/fault-kinds.ts';
import { faultFlags } from './fault-flags.ts';
import { common, type VerbSpec } from './verb-spec.ts';

const widest = Math.max(...faultNames.map((name) => name.length));

/** What there is for one kind of victim, a line each. */
const linesOf = (struck: Struck): readonly string[] =>
  faultNames
    .filter((name) => struckBy(name) === struck)
    .map((name) => {
      const { also, summary, simulated } = kindOf(name);
      const notes = [...also.map((word) => `also: ${word}`), ...(simulated === true ? ['simulated clusters only'] : [])];
      return `  ${name.padEnd(widest)}   ${summary}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
    });

const faultVerbs: readonly VerbSpec[] = [
  {
    name: 'faults add',
    summary: 'Make requests, containers or nodes fail from now on',
    description: [
      'FAULT is what happens to a request:',
      ...linesOf('requests'),
      'to a container:',
      ...linesOf('containers'),
      'or to a node:',
      ...linesOf('nodes'),
      'Without flags, all are struck to which that can happen; not the requests of minik itself. * in a value stands for any characters.',
      'The rule applies until it is removed, its times or its time are over, or the server ends.',
    ],
    operand: { name: 'FAULT', choices: faultNames, text: 'a fault, such as conflict, 429 or crash' },
    flags: [...common, ...faultFlags],
    examples: [
      ['A fifth of the updates of Deployments', 'minik faults add conflict --resource deployments --share 20%'],
      ['An operator that must wait', 'minik faults add 429 --user system:serviceaccount:ops:operator --times 5 --retry-after 2'],
      ['A create whose answer is lost', 'minik faults add reset --verb create --resource jobs --late --times 1'],
      ['Watches that break all the time', 'minik faults add watch-close --events 10'],
      ['A registry that is down for the next ten minutes', "minik faults add pull-error --image 'ghcr.io/*' --for 10m"],
      ['One of the pods, now', 'minik faults add crash -l app=web --times 1'],
      ['A node of which nothing is heard', 'minik faults add node-silence --node minik-m02'],
    ],
  },
  {
    name: 'faults list',
    summary: 'List the faults, and how often they have happened',
    description: ['STRUCK is how many requests (or pulls, runs of containers, nodes) were struck, of how many that were selected.'],
    flags: common,
    examples: [['For a program, with what was struck', 'minik faults list -o json']],
  },
  {
    name: 'faults remove',
    summary: 'Let everything work again as it should',
    description: ['Watches and nodes that were silent go on with what they have missed.'],
    operand: { name: 'NAME', text: 'the name of a fault, or --all', unless: 'all' },
    flags: [...common, { name: 'all', text: 'Remove every fault' }],
    examples: [['All of them', 'minik faults remove --all']],
  },
];

export const faults: VerbSpec = {
  ...{
    name: 'faults',
    args: '[COMMAND] [flags]',
    summary: 'Make requests, containers and nodes fail, to test what happens then',
    flags: [],
  },
  ...{ verbs: faultVerbs, usual: 'list' },
  description: [
    'By verb, resource, namespace, user and share of requests: delays, conflicts, overload, errors, resets, broken and silent watches, stale reads.',
    'By image, labels, namespace and node: pulls that fail, slow starts, crashes, OOM kills; and nodes that fall silent.',
    'The same requests and starts meet the same faults in every run. See docs/faults.md.',
  ],
  examples: [
    ['What there is', 'minik faults'],
    ['Every third request or so fails', 'minik faults add 500 --share 33%'],
  ],
};
