/** A text that is no YAML; the message is Go's, without its `yaml: ` in front. */
export class YamlError extends Error {
  override readonly name: string = 'YamlError';
}
