/** The built-in Kinds, in discovery order. Adding a kind is adding a file and a line here. */
import type { AnyKind } from '../kind.ts';

export const builtInKinds: readonly AnyKind[] = [];
