/**
 * YAML as kubectl prints it: keys in natural order, lists not indented, strings quoted where YAML 1.1 would read
 * something else, long lines folded after column 80.
 * Source: sigs.k8s.io/yaml goyaml.v2 (encode.go, emitterc.go, sorter.go). Written by hand because no library breaks
 * lines where go-yaml does.
 */

import { goNumber } from '../../api/go-format.ts';
import type { JsonValue } from '../../api/json.ts';
import { naturalOrder } from './natural-order.ts';
import { givenEntries } from './sorted-entries.ts';
import { blockScalar, plainOrQuoted, scalarStyle } from './yaml-scalar.ts';

const longestSimpleKey = 128;

class Emitter {
  #out = '';

  get text(): string {
    return this.#out;
  }

  #column(): number {
    return [...this.#out.slice(this.#out.lastIndexOf('\n') + 1)].length;
  }

  /** Writes a value after what introduces it; `indent` is that of the collection around it. */
  value(value: JsonValue, indent: number, inMapping: boolean): void {
    if (Array.isArray(value)) this.#sequence(value, indent, inMapping);
    else if (typeof value === 'object' && value !== null)
      this.#mapping(value as Readonly<Record<string, JsonValue | undefined>>, indent, inMapping);
    else this.#out += `${this.#scalar(value, indent)}\n`;
  }

  #scalar(value: string | number | boolean | null, indent: number): string {
    if (typeof value === 'number') return ` ${goNumber(value)}`;
    if (typeof value !== 'string') return ` ${String(value)}`;
    const style = scalarStyle(value, false);
    if (style === 'literal') return ` ${blockScalar(value, indent + 2)}`;
    return ` ${plainOrQuoted(value, style, { column: this.#column() + 1, indent: indent + 2 })}`;
  }

  #sequence(items: readonly JsonValue[], indent: number, inMapping: boolean): void {
    if (items.length === 0) {
      this.#out += ' []\n';
      return;
    }
    // Within a mapping, a list is not indented.
    const own = inMapping ? indent : indent + 2;
    for (const [i, item] of items.entries()) {
      if (i === 0 && !inMapping && this.#out.endsWith('-')) this.#out += ' -';
      else this.#line(own, '-');
      this.value(item, own, false);
    }
  }

  #mapping(value: Readonly<Record<string, JsonValue | undefined>>, indent: number, inMapping: boolean): void {
    const entries = givenEntries(value).toSorted(([a], [b]) => naturalOrder(a, b));
    if (entries.length === 0) {
      this.#out += ' {}\n';
      return;
    }
    const own = indent + 2;
    for (const [i, [key, inner]] of entries.entries()) {
      const simple = Buffer.byteLength(key) <= longestSimpleKey && !key.includes('\n');
      const style = scalarStyle(key, simple);
      const text =
        style === 'literal'
          ? blockScalar(key, own + 2)
          : plainOrQuoted(key, style, simple ? undefined : { column: own + 2, indent: own + 2 });
      const written = simple ? `${text}:` : `? ${text}\n${' '.repeat(own)}:`;
      // The first key of a list's item stands beside the dash.
      if (i === 0 && !inMapping && this.#out.endsWith('-')) this.#out += ` ${written}`;
      else this.#line(own, written);
      this.value(inner, own, true);
    }
  }

  #line(indent: number, text: string): void {
    if (this.#out !== '' && !this.#out.endsWith('\n')) this.#out += '\n';
    this.#out += ' '.repeat(Math.max(0, indent)) + text;
  }
}

/** One document, ending in a newline. */
export function toYaml(value: JsonValue): string {
  const emitter = new Emitter();
  emitter.value(value, -2, false);
  return emitter.text.replace(/^ /, '');
}
