/**
 * Doing the same with the real kubectl and the bundled one, each in a namespace of its own, and comparing all that they
 * say.
 */
import assert from 'node:assert/strict';
import { type E2eCluster, type Flavour, flavours } from './cluster.ts';
import type { Outcome } from './shell.ts';

export interface Step {
  readonly args: readonly string[];
  /** `NAMESPACE` in it stands for the namespace of each. */
  readonly stdin?: string;
}

/** What may differ: names of namespaces and pods, and what newer versions of kubectl print and older ones do not. */
function normalized({ code, stdout, stderr }: Outcome): Outcome {
  const clean = (text: string): string =>
    text
      .replaceAll(/parity-(real|ours)/g, 'NAMESPACE')
      .replaceAll(/ from NAMESPACE namespace/g, '')
      .replaceAll(/-[0-9a-z]{9,10}-[0-9a-z]{5}\b/g, '-POD')
      .replaceAll(/\bagent-[0-9a-z]{5}\b/g, 'agent-POD')
      // As some versions of kubectl have it.
      .replaceAll('cannot delete cannot delete', 'cannot delete')
      .replaceAll(/pod-template-hash=\w+/g, 'pod-template-hash=HASH')
      // kubectl goes through the containers in the order of a Go map: none.
      .replaceAll(/(?:^\[pod\/.*\n)+/gm, (block) =>
        block
          .split(/(?<=\n)/)
          .sort((a, b) => (a.split(' ')[0] ?? '').localeCompare(b.split(' ')[0] ?? ''))
          .join(''),
      )
      .replaceAll(/^ *creationTimestamp: null\n/gm, '')
      // What chooses among several kubectls capitalizes what it says of flags.
      .replaceAll(/^Error: (?=unknown|flag needs|invalid argument)/gm, 'error: ')
      // kubectl before 1.35 prints no KYAML.
      .replaceAll(/\bkyaml,/g, '')
      .replaceAll(/^WARNING: version difference between client .*\n/gm, '')
      .replaceAll(/^All commands and output from this session will be recorded.*\n/gm, '');
  return { code, stdout: clean(stdout), stderr: clean(stderr) };
}

const told = ({ args }: Step, { code, stdout, stderr }: Outcome): string => `$ kubectl ${args.join(' ')}\n${stdout}${stderr}-> ${code}\n`;

/** Steps for one cluster. `namespaceOf` keeps the two kubectls apart. */
export function parity(cluster: E2eCluster, namespaceOf: Readonly<Record<Flavour, string>>) {
  async function said(flavour: Flavour, steps: readonly Step[]): Promise<string> {
    let text = '';
    for (const each of steps) {
      const options = each.stdin === undefined ? {} : { stdin: each.stdin.replaceAll('NAMESPACE', namespaceOf[flavour]) };
      text += told(each, normalized(await cluster.try(flavour, ['-n', namespaceOf[flavour], ...each.args], options)));
    }
    return text;
  }
  return {
    /** A command line, split at spaces, with what it reads. */
    step: (line: string, stdin?: string): Step => ({ args: line.split(' '), ...(stdin === undefined ? {} : { stdin }) }),
    /** A command line whose words hold spaces. */
    command: (...args: readonly string[]): Step => ({ args }),
    /** Does the same with both, one after the other, and compares everything that is printed, and the exit codes. */
    async same(steps: readonly Step[]): Promise<void> {
      const texts: string[] = [];
      for (const flavour of flavours) texts.push(await said(flavour, steps));
      assert.equal(texts[1], texts[0]);
    },
    /** The same with both at once, for steps that do not change what they share. */
    async sameAtOnce(steps: readonly Step[]): Promise<void> {
      const [real, ours] = await Promise.all(flavours.map((flavour) => said(flavour, steps)));
      assert.equal(ours, real);
    },
  };
}
