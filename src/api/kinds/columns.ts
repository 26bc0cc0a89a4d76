/** Table columns that many Kinds share. Source: pkg/printers/internalversion/printers.go. */
import type { Container } from '../generated/core/v1.ts';
import type { Column, KubeObject } from '../kind.ts';
import { ageOf } from '../time.ts';

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** NAME. */
export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  descriptionOf: [objectMeta, 'name'],
  value: (object) => object.metadata.name,
};

/** AGE, from the creation timestamp. */
export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'string',
  descriptionOf: [objectMeta, 'creationTimestamp'],
  value: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** CONTAINERS and IMAGES of a template, shown with `-o wide`. */
export const containerColumns = <T extends KubeObject>(containers: (object: T) => readonly Container[]): readonly Column<T>[] => [
  {
    name: 'Containers',
    type: 'string',
    priority: 1,
    description: 'Names of each container in the template.',
    value: (object) =>
      containers(object)
        .map(({ name }) => name)
        .join(','),
  },
  {
    name: 'Images',
    type: 'string',
    priority: 1,
    description: 'Images referenced by each container in the template.',
    value: (object) =>
      containers(object)
        .map(({ image }) => image)
        .join(','),
  },
];

/** `<none>` for nothing. */
export const orNone = (text: string | undefined): string => (text === undefined || text === '' ? '<none>' : text);

/** `a,b,c + 2 more...`: at most three of a list. */
export function firstThree(list: readonly string[], whenEmpty: string): string {
  const shown = list.slice(0, 3).join(',');
  if (list.length > 3) return `${shown} + ${list.length - 3} more...`;
  return shown === '' ? whenEmpty : shown;
}
