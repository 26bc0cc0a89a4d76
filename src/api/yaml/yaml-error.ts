/** Thrown for a text that is not YAML; the message is Go's, without its `yaml: ` prefix. */
export class YamlError extends Error {
  override readonly name: string = 'YamlError';
}

/** The error of strict reading, from the lines that tell of keys given twice; none when there are none. */
export const duplicateKeysError = ({ duplicates }: { readonly duplicates: readonly string[] }): readonly string[] =>
  duplicates.length === 0 ? [] : [`yaml: unmarshal errors:\n${duplicates.join('\n')}`];
