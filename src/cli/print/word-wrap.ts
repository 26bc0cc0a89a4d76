/** Breaking lines between words, as kubectl's explanations do. Source: mitchellh/go-wordwrap. */

class Wrapper {
  readonly #limit: number;
  #out = '';
  #word = '';
  #space = '';
  #current = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  wrap(text: string): string {
    for (const char of text) {
      if (char === '\n') this.#newline();
      else if (/\s/.test(char) && char !== '\u00a0') {
        if (this.#space === '' || this.#word !== '') this.#flush();
        this.#space += char;
      } else this.#letter(char);
    }
    if (this.#word !== '') return this.#out + this.#space + this.#word;
    return this.#current + this.#space.length <= this.#limit ? this.#out + this.#space : this.#out;
  }

  #flush(): void {
    this.#current += this.#space.length + this.#word.length;
    this.#out += this.#space + this.#word;
    this.#space = '';
    this.#word = '';
  }

  #newline(): void {
    if (this.#word !== '' || this.#current + this.#space.length <= this.#limit) this.#flush();
    this.#space = '';
    this.#out += '\n';
    this.#current = 0;
  }

  #letter(char: string): void {
    this.#word += char;
    if (this.#current + this.#word.length + this.#space.length <= this.#limit || this.#word.length >= this.#limit) return;
    this.#out += '\n';
    this.#current = 0;
    this.#space = '';
  }
}

/** The text in lines of at most `limit` characters, where words allow. */
export const wordWrap = (text: string, limit: number): string => new Wrapper(limit).wrap(text);
