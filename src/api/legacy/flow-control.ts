/** Old versions of flow control. Source: pkg/apis/flowcontrol/{v1beta1,v1beta2,v1beta3}: defaults.go, conversion.go. */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { annotated, withoutAnnotation } from './annotations.ts';
import { oldVersion, withSpec } from './old-version.ts';

const group = 'flowcontrol.apiserver.k8s.io';
const beta = (version: string, deprecated: string, removed: string, replacement: string) =>
  ({ ofGroup: group, version, package: 'flowcontrol', deprecated, removed, replacement: `${group}/${replacement}` }) as const;

const beta3 = beta('v1beta3', '1.29', '1.32', 'v1');
const beta2 = beta('v1beta2', '1.26', '1.29', 'v1beta3');
const beta1 = beta('v1beta1', '1.23', '1.26', 'v1beta3');

export const flowControlVersions: readonly ReturnType<typeof beta>[] = [beta3, beta2, beta1];

const defaultShares = 30;
/** In v1beta3, where 0 stands for the default, says that 0 is meant. */
const keepsZero = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

const withLimited = (object: JsonObject, change: (limited: JsonObject) => JsonObject): JsonObject =>
  withSpec(object, (spec) => (isObject(spec.limited) ? { ...spec, limited: change(spec.limited) } : spec));

const orDefault = (shares: JsonValue | undefined): JsonValue =>
  shares === undefined || shares === null || shares === 0 ? defaultShares : shares;

/** The shares have another name. */
const assured = {
  toStored: (object: JsonObject): JsonObject =>
    withLimited(object, ({ assuredConcurrencyShares, ...limited }) => ({
      ...limited,
      nominalConcurrencyShares: orDefault(assuredConcurrencyShares),
    })),
  fromStored: (object: JsonObject): JsonObject =>
    withLimited(object, ({ nominalConcurrencyShares, ...limited }) => ({
      ...limited,
      assuredConcurrencyShares: nominalConcurrencyShares ?? 0,
    })),
} as const;

const isZero = ({ spec }: JsonObject): boolean => isObject(spec) && isObject(spec.limited) && spec.limited.nominalConcurrencyShares === 0;

const zeroAnnotated = {
  toStored: (received: JsonObject): JsonObject => {
    const [object, kept] = withoutAnnotation(received, keepsZero);
    return kept === undefined
      ? withLimited(object, (limited) => ({ ...limited, nominalConcurrencyShares: orDefault(limited.nominalConcurrencyShares) }))
      : withLimited(object, (limited) => ({ ...limited, nominalConcurrencyShares: limited.nominalConcurrencyShares ?? 0 }));
  },
  fromStored: (object: JsonObject): JsonObject =>
    isZero(object) ? { ...object, metadata: annotated(object.metadata, keepsZero, '') } : object,
} as const;

export const oldPriorityLevels: readonly ServedVersion[] = [
  oldVersion({ ...beta3, kind: 'PriorityLevelConfiguration' }, zeroAnnotated),
  oldVersion({ ...beta2, kind: 'PriorityLevelConfiguration' }, assured),
  oldVersion({ ...beta1, kind: 'PriorityLevelConfiguration' }, assured),
];
