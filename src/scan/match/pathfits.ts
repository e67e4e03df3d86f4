// Path patterns of suppressions: `*` is any part of a name, `**` any number of directories.

/** Matched part by part without a regular expression of the reader's making. */
export function pathFits(pattern: string, path: string): boolean {
  return partsFit(pattern.replace(/^\/+/, '').split('/'), path.split('/'));
}

function partsFit(pattern: readonly string[], path: readonly string[]): boolean {
  // reach[j]: the pattern so far fits the first j parts.
  let reach = path.map(() => false).concat(false);
  reach[0] = true;
  for (const part of pattern) {
    const next = reach.map(() => false);
    let open = false;
    for (let j = 0; j <= path.length; j++) {
      if (part === '**') {
        open ||= reach[j]!;
        next[j] = open;
      } else if (j > 0 && reach[j - 1] && partFits(part, path[j - 1]!)) next[j] = true;
    }
    reach = next;
  }
  return reach[path.length]!;
}

function partFits(pattern: string, text: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === text;
  const last = pieces.pop()!;
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    const found = i === 0 ? (text.startsWith(piece) ? 0 : -1) : text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
