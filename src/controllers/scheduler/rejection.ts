/** Why a node is refused. Unresolvable: removing Pods from it would not help. */
export interface Rejection {
  readonly reasons: readonly string[];
  readonly unresolvable: boolean;
}
