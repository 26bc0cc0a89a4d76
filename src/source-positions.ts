/**
 * Rewrites stacks of the executable's bundles to source files and lines, by the source maps in the executable. Imports
 * nothing but Node.
 */
import { SourceMap, type SourceMapPayload } from 'node:module';

const frame = /([\w-]+\.cjs):(\d+):(\d+)/g;
/** Frames are cached, because repeated errors have the same frames; a map is read only for new ones. */
const maxKnownFrames = 1000;

/** `readMap` returns the source map of a bundle as JSON; undefined when there is none. */
export function sourcePositionsBy(readMap: (bundle: string) => string | undefined): (stack: string) => string {
  const known = new Map<string, string>();
  return (stack) => {
    const maps = new Map<string, SourceMap | undefined>();
    const mapOf = (bundle: string): SourceMap | undefined => {
      if (!maps.has(bundle)) {
        const text = readMap(bundle);
        // The map is esbuild's.
        maps.set(bundle, text === undefined ? undefined : new SourceMap(JSON.parse(text) as SourceMapPayload));
      }
      return maps.get(bundle);
    };
    return stack.replace(frame, (whole, bundle: string, line: string, column: string) => {
      const before = known.get(whole);
      if (before !== undefined) return before;
      const entry = mapOf(bundle)?.findEntry(Number(line) - 1, Number(column) - 1);
      const source =
        entry === undefined || !('originalSource' in entry)
          ? whole
          : `${entry.originalSource.replace(/^(\.\.\/)+/, '')}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
      if (known.size < maxKnownFrames) known.set(whole, source);
      return source;
    });
  };
}
