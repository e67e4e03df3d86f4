// The end of what a program wrote, as lines that a terminal can show: bounded, whatever it writes.

const mostBytes = 16 << 10;
const mostLines = 20;
const mostColumns = 200;

export class Tail {
  #bytes = Buffer.alloc(0);

  add(bytes: Buffer): void {
    const all = Buffer.concat([this.#bytes, bytes.subarray(-mostBytes)]);
    this.#bytes = Buffer.from(all.subarray(-mostBytes));
  }

  lines(): string[] {
    return this.#bytes
      .toString('utf8')
      .split(/[\r\n]+/)
      .map((line) => line.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\ufffd').trimEnd())
      .filter((line) => line !== '')
      .slice(-mostLines)
      .map((line) => (line.length > mostColumns ? `${line.slice(0, mostColumns)}…` : line));
  }
}
