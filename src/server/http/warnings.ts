/** The warnings of one answer: each once, and cut short when they would not fit into headers. Source: apiserver pkg/endpoints/filters/warning.go. */

/** In characters, over all warnings; beyond it each is cut. */
const truncateAtTotal = 4 * 1024;
const truncateItem = 256;

export class Warnings {
  readonly #texts = new Set<string>();
  #shown: string[] = [];
  #written = 0;
  #truncating = false;

  /** As they are sent, in the order in which they came. */
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

/** Characters, not UTF-16 units; a text that is surely too long is not counted. */
const lengthOf = (text: string): number => (text.length > 2 * truncateAtTotal ? text.length : [...text].length);

const cut = (text: string): string =>
  text.length <= truncateItem ? text : [...text.slice(0, 2 * truncateItem)].slice(0, truncateItem).join('');
