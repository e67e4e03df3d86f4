// Names and versions from strangers: single words of bounded length, or nothing.

const maxToken = 512;

/** Whether a text can be a name or a version: no white space, no control character, not empty, not endless. */
export function isToken(text: string | undefined): text is string {
  if (text === undefined || text.length === 0 || text.length > maxToken) return false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    // U+FFFD is what invalid UTF-8 becomes: such a name is not the one that was meant.
    if (char <= 0x20 || (char >= 0x7f && char <= 0xa0) || char === 0xfffd || char === 0x2028) return false;
  }
  return true;
}
