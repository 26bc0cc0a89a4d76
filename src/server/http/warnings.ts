/**
 * The warnings of one answer: each is sent once, and shortened when all together would not fit into headers. Source:
 * apiserver pkg/endpoints/filters/warning.go.
 */

/** Limit in characters over all warnings. Beyond it, each warning is shortened. */
const truncateAtTotal = 4 * 1024;
const truncateItem = 256;

export class Warnings {
  readonly #texts = new Set<string>();
  #shown: string[] = [];
  #written = 0;
  #truncating = false;

  /** The texts as they are sent, in the order in which they were added. */
  get shown(): readonly string[] {
    return this.#shown;
  }

  add(text: string): void {
    if (text === '' || (this.#truncating && this.#written >= truncateAtTotal) || this.#texts.has(text)) return;
    this.#texts.add(text);
    if (this.#truncating) this.#show(cut(text));
    else if (this.#written + lengthOf(text) <= truncateAtTotal) this.#show(text);
    else this.#startTruncating();
  }

  #show(text: string): void {
    this.#shown.push(text);
    this.#written += lengthOf(text);
  }

  #startTruncating(): void {
    this.#truncating = true;
    this.#written = 0;
    this.#shown = [];
    for (const text of this.#texts) this.#show(cut(text));
  }
}

/** Length in characters, not UTF-16 units. A text that is certainly too long is not counted exactly. */
const lengthOf = (text: string): number => (text.length > 2 * truncateAtTotal ? text.length : [...text].length);

const cut = (text: string): string =>
  text.length <= truncateItem ? text : [...text.slice(0, 2 * truncateItem)].slice(0, truncateItem).join('');
