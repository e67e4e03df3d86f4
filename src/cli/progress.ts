// Progress on a terminal's last line; silence when nobody is looking.
import type { ScanProgress } from '../scan/index.ts';

interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Undefined when `terminal` is none. `clear` leaves nothing behind. */
export function terminalProgress(terminal: Terminal): (ScanProgress & { clear(): void }) | undefined {
  if (!terminal.isTTY) return undefined;
  let line = '';
  let shown = 0;
  let layers = { count: 0, done: 0, bytes: 0, read: 0 };
  const show = (text: string, now = Date.now()) => {
    line = text;
    if (now - shown < 80) return;
    shown = now;
    terminal.write(`\r\x1b[2K${text.slice(0, Math.max(10, (terminal.columns ?? 80) - 1))}`);
  };
  const showLayers = () =>
    show(
      `reading layers: ${layers.done} of ${layers.count}, ${megabytes(layers.read)} of ${megabytes(layers.bytes)} MB`,
    );
  return {
    layers(count, bytes) {
      layers = { count, done: 0, bytes, read: 0 };
      showLayers();
    },
    bytes(count) {
      layers.read += count;
      showLayers();
    },
    layerDone() {
      layers.done++;
      showLayers();
    },
    files: (count) => show(`reading files: ${count}`),
    stage(text) {
      shown = 0;
      // Names come from strangers.
      show(text.replace(/[^\x20-\x7e\u00a0-\u2027\u2030-\ud7ff]/g, '?'));
    },
    clear() {
      if (line !== '') terminal.write('\r\x1b[2K');
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
