/**
 * The owners of an object's fields, and how `metadata.managedFields` tells of them. Source: apimachinery
 * pkg/util/managedfields/internal/managedfields.go.
 */
import { errorText } from '../error-text.ts';
import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import type { FieldSet } from './field-set.ts';
import type { FieldSetPool } from './field-set-pool.ts';
import { compareBytes } from './path-element.ts';

export type Operation = 'Apply' | 'Update';

/** Who wrote, by which operation. The version belongs to the identity of updates only. */
export interface OwnerName {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface Owner extends OwnerName {
  readonly set: FieldSet;
  /** When the owner last changed something; undefined when nobody wrote it down. */
  readonly time: string | undefined;
}

/** By identity: see `ownerId`. */
export type Owners = Map<string, Owner>;

/** Thrown for managed fields that cannot be read. */
export class ManagedFieldsError extends Error {}

/** The identity of an owner: upstream's JSON text, by which it also sorts. */
export function ownerId({ manager, operation, apiVersion, subresource }: OwnerName): string {
  const who = manager === '' ? '' : `"manager":${JSON.stringify(manager)},`;
  const version = operation === 'Apply' ? '' : `,"apiVersion":${JSON.stringify(apiVersion)}`;
  return `{${who}"operation":"${operation}"${version}${subresource === '' ? '' : `,"subresource":${JSON.stringify(subresource)}`}}`;
}

/** Reads managed fields. Throws ManagedFieldsError. */
export function readOwners(entries: readonly ManagedFieldsEntry[], pool: FieldSetPool): Owners {
  const owners: Owners = new Map();
  for (const [index, entry] of entries.entries()) {
    const { manager = '', operation, apiVersion = '', time, fieldsType = '', fieldsV1, subresource = '' } = entry;
    if (operation !== 'Apply' && operation !== 'Update') throw new ManagedFieldsError('operation must be `Apply` or `Update`');
    if (apiVersion === '') throw new ManagedFieldsError('apiVersion must not be empty');
    if (fieldsType === '') throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`);
    if (fieldsType !== 'FieldsV1') {
      throw new ManagedFieldsError(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
    }
    const name: OwnerName = { manager, operation, apiVersion, subresource };
    try {
      owners.set(ownerId(name), { ...name, set: pool.read(fieldsV1 ?? {}), time });
    } catch (error) {
      throw new ManagedFieldsError(`error decoding versioned set from ${JSON.stringify(entry)}: error decoding set: ${errorText(error)}`);
    }
  }
  return owners;
}

const secondsOf = (time: string | undefined): number => (time === undefined ? 0 : Math.floor(Date.parse(time) / 1000));

const byOperationAndAge = (a: Owner, b: Owner): number =>
  compareBytes(a.operation, b.operation) ||
  secondsOf(a.time) - secondsOf(b.time) ||
  compareBytes(a.manager, b.manager) ||
  compareBytes(a.apiVersion, b.apiVersion) ||
  compareBytes(a.subresource, b.subresource);

/** Writes managed fields in upstream's order; undefined when nobody owns anything. */
export function writeOwners(owners: Owners, pool: FieldSetPool): readonly ManagedFieldsEntry[] | undefined {
  if (owners.size === 0) return undefined;
  const sorted = [...owners.values()];
  if (sorted.length > 1) sorted.sort(byOperationAndAge);
  return sorted.map(({ manager, operation, apiVersion, time, set, subresource }) => ({
    ...(manager === '' ? {} : { manager }),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    // A set is FieldsV1 as it is written.
    fieldsV1: pool.share(set) as ManagedFieldsEntry['fieldsV1'],
    ...(subresource === '' ? {} : { subresource }),
  }));
}

/** At most this many updates are kept apart. Source: internal/fieldmanager.go (DefaultMaxUpdateManagers). */
export const maxUpdaters = 10;

/** Sorts updates by time, oldest first. Source: internal/capmanagers.go. */
export const byAge = ([idA, a]: readonly [string, Owner], [idB, b]: readonly [string, Owner]): number =>
  secondsOf(a.time) - secondsOf(b.time) || compareBytes(idA, idB);
