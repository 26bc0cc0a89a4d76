/** Label selectors. Source: apimachinery pkg/labels/selector.go. */

export type Labels = Readonly<Record<string, string>>;

/** A compiled label selector. */
export interface Selector {
  matches(labels: Labels | undefined): boolean;
  /** True when it selects everything. */
  readonly empty: boolean;
  /** Upstream's string form: `a=b,c!=d,e in (f,g)`. */
  toString(): string;
}
