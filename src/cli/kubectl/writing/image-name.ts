/** Whether a text can be an image's name. Source: distribution/reference (ReferenceRegexp), in essence. */
export const isImageName = (text: string): boolean =>
  /^[\w][\w.:/@+-]*$/.test(text) && !/[A-Z]/.test(text.split('/').at(-1)?.split(/[:@]/)[0] ?? '');
