/** Table columns that many Kinds share. Source: pkg/printers/internalversion/printers.go. */
import type { Container } from '../generated/core/v1.ts';
import type { KubeObject } from '../object.ts';
import type { Column } from '../table.ts';
import { ageOf } from '../time.ts';

/** The description of `name` in ObjectMeta. */
const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
/** The description of `creationTimestamp` in ObjectMeta. */
export const createdDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

/** NAME. */
export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: nameDescription,
  value: (object) => object.metadata.name,
};

/** AGE, from the creation timestamp. */
export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'string',
  description: createdDescription,
  value: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** CONTAINERS and IMAGES of a template, shown with `-o wide` only unless `wide` is false. */
export const containerColumns = <T extends KubeObject>(
  containers: (object: T) => readonly Container[],
  { wide }: { readonly wide: boolean } = { wide: true },
): readonly Column<T>[] => [
  {
    name: 'Containers',
    type: 'string',
    ...(wide ? { priority: 1 } : {}),
    description: 'Names of each container in the template.',
    value: (object) =>
      containers(object)
        .map(({ name }) => name)
        .join(','),
  },
  {
    name: 'Images',
    type: 'string',
    ...(wide ? { priority: 1 } : {}),
    description: 'Images referenced by each container in the template.',
    value: (object) =>
      containers(object)
        .map(({ image }) => image)
        .join(','),
  },
];

/** The text, or `<none>` when it is empty. */
export const orNone = (text: string | undefined): string => (text === undefined || text === '' ? '<none>' : text);

/** `a,b,c + 2 more...`: at most three items of a list. */
export function firstThree(list: readonly string[], whenEmpty: string): string {
  const shown = list.slice(0, 3).join(',');
  if (list.length > 3) return `${shown} + ${list.length - 3} more...`;
  return shown === '' ? whenEmpty : shown;
}
