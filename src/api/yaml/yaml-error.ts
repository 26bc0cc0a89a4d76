/** Thrown for a text that is not YAML; the message is Go's, without its `yaml: ` prefix. */
export class YamlError extends Error {
  override readonly name: string = 'YamlError';
}
