/** The table of webhook configurations. Source: pkg/printers/internalversion/printers.go. */
import type { KubeObject } from '../../object.ts';
import type { Column } from '../../table.ts';
import { ageColumn, nameColumn } from '../columns.ts';

type Configuration = KubeObject & { readonly webhooks?: readonly unknown[] | undefined };

export const webhookColumns: readonly Column<Configuration>[] = [
  nameColumn,
  {
    name: 'Webhooks',
    type: 'integer',
    description: 'Webhooks indicates the number of webhooks registered in this configuration',
    value: ({ webhooks }) => webhooks?.length ?? 0,
  },
  ageColumn,
];
