/** Ranges of cost and size, which stop at the largest 64-bit number. Source: cel-go checker/cost.go, common/cost.go. */

export interface CostRange {
  readonly min: number;
  readonly max: number;
}

/** The number beyond which everything counts as unbounded. */
export const unbounded = 2 ** 64;

export const selectCost = 1;
export const listCost = 10;
export const mapCost = 30;
export const structCost = 40;
export const traversalFactor = 0.1;
export const regexFactor = 0.25;

const capped = (value: number): number => (value >= unbounded || Number.isNaN(value) ? unbounded : value);

export const fixed = (cost: number): CostRange => ({ min: cost, max: cost });
export const unknownSize: CostRange = { min: 0, max: unbounded };
export const zero: CostRange = fixed(0);

export const plus = (a: CostRange, b: CostRange): CostRange => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) });
export const sumOf = (ranges: readonly CostRange[]): CostRange => ranges.reduce(plus, zero);

const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : capped(a * b));
export const times = (a: CostRange, b: CostRange): CostRange => ({ min: product(a.min, b.min), max: product(a.max, b.max) });

/** Multiplied by a factor and rounded up. */
export const scaled = ({ min, max }: CostRange, factor: number): CostRange => ({
  min: capped(Math.ceil(min * factor)),
  max: capped(Math.ceil(max * factor)),
});

export const union = (a: CostRange, b: CostRange): CostRange => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });

export const traversal = (size: CostRange): CostRange => scaled(size, traversalFactor);

/** What searching a text with an expression costs. */
export const searchCost = (text: CostRange, pattern: CostRange): CostRange =>
  times(traversal(plus(text, fixed(1))), scaled(pattern, regexFactor));
