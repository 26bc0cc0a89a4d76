/** An address that is taken. https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/ */
import { FieldPath } from '../../field-error.ts';
import type { IPAddress } from '../../generated/networking/v1.ts';
import { ipErrors } from '../../ip.ts';
import { defineKind } from '../../kind.ts';
import { oldServiceAddresses } from '../../legacy/same-shape.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { ipAddressErrors, ipAddressUpdateErrors } from './validation/ip-address.ts';

function parentText({ spec: { parentRef } }: IPAddress): string {
  if ((parentRef ?? undefined) === undefined) return '<none>';
  const { group = '', resource, namespace = '', name } = parentRef;
  const type = (group === '' ? resource : `${resource}.${group}`).toLowerCase();
  return [type, ...(namespace === '' ? [] : [namespace]), name].join('/');
}

/** Names are addresses in their one form; only what is said of an address, not of a field, is told. */
const nameIsIp = (name: string): readonly string[] =>
  ipErrors(name, FieldPath.root).map(({ message }) => message.replace(/^Invalid value: (?:"(?:[^"\\]|\\.)*"): /, ''));

export const ipAddress = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  scope: 'Cluster',
  names: { shortNames: ['ip'] },
  codec: { schema: 'io.k8s.api.networking.v1.IPAddress', alsoServed: oldServiceAddresses('IPAddress') },
  create: { generatesName: false },
  rules: { validateName: nameIsIp, validate: ipAddressErrors },
  update: { metadata: 'whole', validate: ipAddressUpdateErrors },
  table: {
    columns: [
      nameColumn,
      {
        name: 'ParentRef',
        type: 'string',
        descriptionOf: ['io.k8s.api.networking.v1.IPAddressSpec', 'parentRef'],
        value: parentText,
      },
    ],
    // Source: pkg/printers/internalversion/printers.go (printIPAddress).
    moreCells: [ageColumn.value],
  },
});
