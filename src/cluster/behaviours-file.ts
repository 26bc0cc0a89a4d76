/** The rules for simulated containers of a cluster that is served from a folder: its file, and what was applied. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../api/errno.ts';
import { errorText } from '../api/error-text.ts';
import { type BehaviourRule, BehaviourRules, readRules, readRulesText, rulesFile, rulesProblem } from '../api/simulated/rules.ts';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';

type Settings = Pick<ClusterSettings, 'behavioursFile' | 'folder' | 'runtime'>;

const stateFile = ({ folder }: Settings): string => join(folder, 'behaviours.json');

/** The rules of the file that the settings name; none when they name none. Throws UserError. */
export function readBehavioursFile({ behavioursFile: path, runtime }: Settings): readonly BehaviourRule[] {
  if (path === undefined) return [];
  if (runtime !== 'simulated')
    throw new UserError('--behaviours is for simulated containers: those on Docker do what their programs do', [
      'Use it with "--runtime simulated".',
    ]);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`the behaviours cannot be read: ${errorText(error)}`, [], { cause: error });
  }
  const { rules, errors } = readRulesText(text);
  if (errors.length > 0) throw new UserError(`the behaviours ${path} are not valid: ${rulesProblem(errors)}`);
  return rules;
}

function appliedRules(settings: Settings): readonly BehaviourRule[] {
  try {
    // Only `saveBehaviours` writes this file, and atomically.
    return readRules(JSON.parse(readFileSync(stateFile(settings), 'utf8'))).rules;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

export interface KeptBehaviours {
  readonly rules: BehaviourRules;
  /** Keeps what has been applied beside the file for the next process. */
  save(): void;
}

/** The rules of a cluster: those of its file, and what has been applied while it ran. Throws UserError. */
export function keptBehaviours(settings: Settings): KeptBehaviours {
  const ofFile = readBehavioursFile(settings);
  const rules = new BehaviourRules(ofFile);
  rules.apply(appliedRules(settings));
  return {
    rules,
    save: () => {
      const path = stateFile(settings);
      const applied = rules.all.filter((rule) => !ofFile.includes(rule));
      writeFileSync(`${path}.new`, `${JSON.stringify(rulesFile(applied))}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
