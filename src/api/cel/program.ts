/**
 * CEL, whole: `compileCel` makes a text into a program that is checked against an environment and counts what it costs.
 * Nothing here knows of Kubernetes' objects; `kubernetes-environment.ts` does.
 */
import { walk } from './ast.ts';
import type { SizeEstimator } from './call-cost.ts';
import { type CheckedExpr, check } from './checker.ts';
import type { CostRange } from './cost.ts';
import { estimateCost } from './cost-estimate.ts';
import type { Environment } from './environment.ts';
import { type Activation, CostExceeded, Frame, InstantiationError, plan } from './interpreter.ts';
import { literalIssues } from './literal-issues.ts';
import { parse } from './parser.ts';
import { type CelIssue, formatIssues } from './source.ts';
import type { CelType } from './types.ts';
import { CelError, type Value } from './value.ts';

export type { Activation } from './interpreter.ts';

export type Evaluation =
  | { readonly value: Value; readonly cost: number }
  | { readonly error: string; readonly cost: number /** The limit was passed. */; readonly exceeded: boolean };

export interface Program {
  readonly type: CelType;
  /** Evaluates with values for the variables, up to a cost. */
  run(variables: Activation, costLimit: number): Evaluation;
  /** What it may cost at most. */
  estimate(estimateSize?: SizeEstimator): CostRange;
  /** Whether it refers to a variable. */
  uses(variable: string): boolean;
}

/** Why a text makes no program: `issues` as cel-go prints them; `instantiation` for what shows only after the check. */
export interface CompileFailure {
  readonly issues?: string;
  readonly instantiation?: string;
}

class CheckedProgram implements Program {
  readonly #checked: CheckedExpr;
  readonly #evaluate: ReturnType<typeof plan>;

  /** @throws InstantiationError */
  constructor(checked: CheckedExpr, environment: Environment) {
    this.#checked = checked;
    this.#evaluate = plan(checked, environment);
  }

  get type(): CelType {
    return this.#checked.type;
  }

  run(variables: Activation, costLimit: number): Evaluation {
    const frame = new Frame(variables, costLimit);
    try {
      const value = this.#evaluate(frame);
      if (value instanceof CelError) return { error: value.message, cost: frame.cost, exceeded: false };
      return { value, cost: frame.cost };
    } catch (error) {
      if (error instanceof CostExceeded) return { error: error.message, cost: frame.cost, exceeded: true };
      throw error;
    }
  }

  estimate(estimateSize?: SizeEstimator): CostRange {
    return estimateCost(this.#checked, estimateSize);
  }

  uses(variable: string): boolean {
    let found = false;
    walk(this.#checked.expr, (expr) => {
      found ||= expr.kind === 'ident' && expr.name === variable;
    });
    return found;
  }
}

/** Parses and checks a text, and makes it ready to run. */
export function compileCel(text: string, environment: Environment): Program | CompileFailure {
  const failure = (issues: readonly CelIssue[]): CompileFailure => ({ issues: formatIssues(text, issues) });
  const parsed = parse(text, environment);
  if ('issues' in parsed) return failure(parsed.issues);
  const checked = check(parsed, environment);
  if ('issues' in checked) return failure(checked.issues);
  const issues = literalIssues(checked);
  if (issues.length > 0) return failure(issues);
  try {
    return new CheckedProgram(checked, environment);
  } catch (error) {
    if (error instanceof InstantiationError) return { instantiation: error.message };
    throw error;
  }
}

export const isProgram = (compiled: Program | CompileFailure): compiled is Program => 'run' in compiled;
