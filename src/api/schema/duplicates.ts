/** A JSON reader that keeps fields given twice. Used only once a document is known to have some. */
import type { JsonValue } from '../json.ts';

/** An object with its fields as written, duplicates included. */
export class MultiObject {
  readonly entries: ReadonlyArray<readonly [string, DuplicateAwareValue]>;

  constructor(entries: ReadonlyArray<readonly [string, DuplicateAwareValue]>) {
    this.entries = entries;
  }
}

export type DuplicateAwareValue = JsonValue | MultiObject | readonly DuplicateAwareValue[];

const literal = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): DuplicateAwareValue {
    const open = this.#peek();
    if (open === '{') return this.#object();
    if (open === '[') return this.#array();
    return this.#literal();
  }

  #peek(): string {
    while (this.#text.charCodeAt(this.#at) <= 32) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  /** Steps over one punctuation character. */
  #skip(): void {
    this.#peek();
    this.#at += 1;
  }

  #literal(): JsonValue {
    this.#peek();
    literal.lastIndex = this.#at;
    const found = literal.exec(this.#text)?.[0];
    if (found === undefined) throw new SyntaxError(`no JSON value at offset ${this.#at}`);
    this.#at += found.length;
    // A literal's text parses to a primitive.
    return JSON.parse(found) as JsonValue;
  }

  #object(): MultiObject {
    const entries: Array<readonly [string, DuplicateAwareValue]> = [];
    this.#skip();
    while (this.#peek() !== '}') {
      if (this.#peek() === ',') this.#skip();
      const key = String(this.#literal());
      this.#skip();
      entries.push([key, this.value()]);
    }
    this.#skip();
    return new MultiObject(entries);
  }

  #array(): readonly DuplicateAwareValue[] {
    const items: DuplicateAwareValue[] = [];
    this.#skip();
    while (this.#peek() !== ']') {
      if (this.#peek() === ',') this.#skip();
      items.push(this.value());
    }
    this.#skip();
    return items;
  }
}

/** Reads text that JSON.parse has accepted. */
export const parseWithDuplicates = (text: string): DuplicateAwareValue => new Reader(text).value();
