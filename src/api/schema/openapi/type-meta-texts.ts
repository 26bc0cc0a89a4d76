/** Descriptions of the fields that say which type an object has. */

export const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

export const typeMetaTexts = {
  apiVersion: `The version of the schema that the object is written in. More info: ${conventions}#resources`,
  kind: `The REST resource that the object stands for. More info: ${conventions}#types-kinds`,
};
