// Names, versions and other text from strangers: single words, or bounded and without control characters.

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

/** Text for a person to read: one line of at most `limit` characters, control characters replaced. */
export function plainText(text: string, limit: number = maxToken): string {
  const short = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return short.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
