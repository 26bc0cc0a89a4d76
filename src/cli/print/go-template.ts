/**
 * Go templates as `-o go-template` runs them.
 * Source: Go text/template/exec.go; cli-runtime pkg/printers/template.go.
 */

import { goType, goValue, sortedKeys } from '../../api/go-format.ts';
import type { JsonValue } from '../../api/json.ts';
import { FunctionError, templateFunctions } from './go-template-functions.ts';
import {
  type Command,
  GoTemplateSyntaxError,
  type Operand,
  type ParsedTemplate,
  type Pipe,
  parseTemplate,
  type TemplateNode,
} from './go-template-parse.ts';
import { isMapping, printable, type TemplateValue, truth } from './go-template-values.ts';
import { toCompactJson } from './json.ts';
import { PrintError } from './print-error.ts';

/** A template that cannot be parsed, or that does not fit the object. */
export class GoTemplateError extends PrintError {}

export interface GoTemplate {
  /** Throws GoTemplateError. */
  execute(value: JsonValue): string;
}

interface Variable {
  readonly name: string;
  value: TemplateValue;
}

/** Leaves a range loop; no error. */
type Flow = 'break' | 'continue' | undefined;

const maxDepth = 1000;

class Execution {
  readonly #template: ParsedTemplate;
  readonly #allowMissing: boolean;
  #variables: Variable[];
  #name = 'output';
  #depth = 0;
  out = '';

  constructor(template: ParsedTemplate, value: JsonValue, allowMissing: boolean) {
    this.#template = template;
    this.#allowMissing = allowMissing;
    this.#variables = [{ name: '$', value }];
  }

  walk(nodes: readonly TemplateNode[], dot: TemplateValue): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  #node(node: TemplateNode, dot: TemplateValue): Flow {
    switch (node.type) {
      case 'text':
        this.out += node.text;
        return undefined;
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.out += printable(value);
        return undefined;
      }
      case 'template':
        return this.#invoke(node, dot);
      case 'break':
      case 'continue':
        return node.type;
      case 'range':
        return this.#scoped(() => this.#range(node, dot));
      default:
        return this.#scoped(() => {
          const value = this.#pipe(node.pipe, dot);
          if (truth(value)) return this.walk(node.body, node.type === 'with' ? value : dot);
          return this.walk(node.otherwise, dot);
        });
    }
  }

  #scoped(run: () => Flow): Flow {
    const mark = this.#variables.length;
    const flow = run();
    this.#variables.length = mark;
    return flow;
  }

  #range(node: Extract<TemplateNode, { body: unknown }>, dot: TemplateValue): Flow {
    const value = this.#pipe({ ...node.pipe, variables: [] }, dot);
    const entries = this.#entries(value, node);
    for (const [key, element] of entries) {
      let flow: Flow;
      this.#scoped(() => {
        this.#assignRange(node.pipe, key, element);
        flow = this.walk(node.body, element);
        return flow;
      });
      if (flow === 'break') return undefined;
    }
    return entries.length === 0 ? this.walk(node.otherwise, dot) : undefined;
  }

  #entries(value: TemplateValue, node: { readonly at: string; readonly pipe: Pipe }): readonly (readonly [TemplateValue, TemplateValue])[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value.map((element: JsonValue, i) => [i, element] as const);
    if (isMapping(value)) return sortedKeys(value).map((key) => [key, value[key]] as const);
    if (typeof value === 'number' && Number.isInteger(value)) return Array.from({ length: Math.max(0, value) }, (_, i) => [i, i] as const);
    const place = node.pipe.commands[0]?.[0];
    return this.#fail(place ?? { at: node.at, text: 'range' }, `range can't iterate over ${goValue(value)}`);
  }

  #assignRange(pipe: Pipe, key: TemplateValue, element: TemplateValue): void {
    const [first, second] = pipe.variables;
    const values = second === undefined ? [element] : [key, element];
    for (const [i, name] of [first, second].entries()) if (name !== undefined) this.#assign(name, values[i], pipe.declares);
  }

  #assign(name: string, value: TemplateValue, declares: boolean): void {
    const known = this.#variables.findLast((variable) => variable.name === name);
    if (declares || known === undefined) this.#variables.push({ name, value });
    else known.value = value;
  }

  #invoke(node: Extract<TemplateNode, { type: 'template' }>, dot: TemplateValue): Flow {
    const body = this.#template.defined.get(node.name);
    if (body === undefined)
      return this.#fail(
        { at: node.at, text: `{{template ${JSON.stringify(node.name)}}}` },
        `template ${JSON.stringify(node.name)} not defined`,
      );
    if (this.#depth === maxDepth) this.#fail({ at: node.at, text: node.name }, `exceeded maximum template depth (${maxDepth})`);
    const argument = node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot);
    const [variables, name] = [this.#variables, this.#name];
    this.#variables = [{ name: '$', value: argument }];
    this.#name = node.name;
    this.#depth += 1;
    this.walk(body, argument);
    this.#depth -= 1;
    this.#variables = variables;
    this.#name = name;
    return undefined;
  }

  #pipe(pipe: Pipe, dot: TemplateValue): TemplateValue {
    let value: TemplateValue;
    for (const [i, command] of pipe.commands.entries()) value = this.#command(command, dot, i === 0 ? [] : [value]);
    for (const name of pipe.variables) this.#assign(name, value, pipe.declares);
    return value;
  }

  #command(command: Command, dot: TemplateValue, final: readonly TemplateValue[]): TemplateValue {
    const [first, ...rest] = command;
    if (first.type === 'function') return this.#call(first, rest, dot, final);
    if (rest.length + final.length > 0) return this.#misused(first, dot);
    if (first.type === 'nil') return this.#fail(first, 'nil is not a command');
    return this.#operand(first, dot);
  }

  #misused(first: Operand, dot: TemplateValue): never {
    if (first.type === 'field' || first.type === 'variable') {
      this.#operand(first, dot);
      const name = first.path.at(-1);
      if (name !== undefined) return this.#fail(first, `${name} is not a method but has arguments`);
    }
    return this.#fail(first, `can't give argument to non-function ${first.text}`);
  }

  #call(
    node: Extract<Operand, { type: 'function' }>,
    args: readonly Operand[],
    dot: TemplateValue,
    final: readonly TemplateValue[],
  ): TemplateValue {
    const known = templateFunctions[node.name];
    if (known === undefined) return this.#fail(node, `${JSON.stringify(node.name)} is not a defined function`);
    const count = args.length + final.length;
    if (count < known.min || count > known.max) {
      const want = known.max === Number.POSITIVE_INFINITY ? `at least ${known.min}` : String(known.max);
      return this.#fail(node, `wrong number of args for ${node.name}: want ${want} got ${count}`);
    }
    if (node.name === 'and' || node.name === 'or') return this.#shortCircuit(node.name, args, dot, final);
    const values = [...args.map((arg) => this.#operand(arg, dot)), ...final];
    try {
      return known.call(...values);
    } catch (error) {
      if (error instanceof FunctionError)
        return this.#fail(
          { ...node, text: [node.text, ...args.map((a) => a.text)].join(' ') },
          `error calling ${node.name}: ${error.message}`,
        );
      throw error;
    }
  }

  #shortCircuit(name: 'and' | 'or', args: readonly Operand[], dot: TemplateValue, final: readonly TemplateValue[]): TemplateValue {
    let value: TemplateValue;
    for (const arg of args) {
      value = this.#operand(arg, dot);
      if (truth(value) === (name === 'or')) return value;
    }
    return final.length > 0 ? final[0] : value;
  }

  #operand(node: Operand, dot: TemplateValue): TemplateValue {
    switch (node.type) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'literal':
        return node.value;
      case 'field':
        return this.#path(node, node.path, dot);
      case 'variable':
        return this.#path(node, node.path, this.#variables.findLast((variable) => variable.name === node.name)?.value);
      case 'function':
        return this.#call(node, [], dot, []);
      case 'pipe':
        return this.#path(node, node.path, this.#pipe(node.pipe, dot));
    }
  }

  #path(node: Operand, path: readonly string[], from: TemplateValue): TemplateValue {
    return path.reduce((value, name): TemplateValue => {
      if (value === undefined)
        return this.#allowMissing ? undefined : this.#fail(node, `nil data; no entry for key ${JSON.stringify(name)}`);
      if (value === null) return this.#fail(node, `nil pointer evaluating interface {}.${name}`);
      if (!isMapping(value))
        return this.#fail(node, `can't evaluate field ${name} in type ${node.type === 'pipe' ? goType(value) : 'interface {}'}`);
      if (Object.hasOwn(value, name)) return value[name];
      return this.#allowMissing ? undefined : this.#fail(node, `map has no entry for key ${JSON.stringify(name)}`);
    }, from);
  }

  #fail(place: { readonly at: string; readonly text: string }, message: string): never {
    const shown = [...place.text].length > 20 ? `${[...place.text].slice(0, 20).join('')}...` : place.text;
    throw new GoTemplateError(`template: output:${place.at}: executing ${JSON.stringify(this.#name)} at <${shown}>: ${message}`);
  }
}

const functionNames = new Set(Object.keys(templateFunctions));

function parseOrFail(text: string): ParsedTemplate {
  try {
    return parseTemplate(text, functionNames);
  } catch (error) {
    if (error instanceof GoTemplateSyntaxError) throw new GoTemplateError(`error parsing template ${text}, ${error.message}\n`);
    throw error;
  }
}

/** Parses a template. Throws GoTemplateError with kubectl's text. */
export function parseGoTemplate(text: string, { allowMissing }: { readonly allowMissing: boolean }): GoTemplate {
  const template = parseOrFail(text);
  return {
    execute: (value) => {
      const execution = new Execution(template, value, allowMissing);
      try {
        execution.walk(template.root, value);
        return execution.out;
      } catch (error) {
        if (!(error instanceof GoTemplateError)) throw error;
        const debug = `Error executing template: ${error.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${text}\n\traw data was:\n\t\t${toCompactJson(value)}\n\tobject given to template engine was:\n\t\t${goValue(value)}\n\n`;
        throw new GoTemplateError(`error executing template ${JSON.stringify(text)}: ${error.message}`, execution.out + debug);
      }
    },
  };
}
