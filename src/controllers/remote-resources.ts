/** The kinds of other servers behind this API: how controllers that cover all kinds see them. */
import type { AnyKind } from '../api/kind.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';

/** All of its kinds can be listed and deleted. */
export interface RemoteResources extends KindCatalog {
  supports(kind: AnyKind, verb: 'watch' | 'deletecollection'): boolean;
  /** Versions of groups, as `group/version`, whose kinds cannot be known now. */
  readonly missing: readonly string[];
}

/** There are no other servers. */
export const noRemoteResources: RemoteResources = {
  all: [],
  byKind: () => undefined,
  supports: () => false,
  missing: [],
  onChange: () => () => undefined,
};

/** The kinds of both; what is served here comes first. */
export const joinedKinds = (own: KindCatalog, remote: KindCatalog): KindCatalog => ({
  get all() {
    return [...own.all, ...remote.all];
  },
  byKind: (...names) => own.byKind(...names) ?? remote.byKind(...names),
  onChange: (listener) => {
    const unsubscribe = [own.onChange(listener), remote.onChange(listener)];
    return () => {
      for (const end of unsubscribe) end();
    };
  },
});
