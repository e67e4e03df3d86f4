// What the main thread and a thread that reads layers say to each other.

export type ToWorker =
  | { kind: 'read'; digest: string; file?: { path: string; offset: number; length: number } }
  | { kind: 'chunk'; bytes: Uint8Array }
  | { kind: 'end' }
  | { kind: 'fail'; message: string };

export type FromWorker =
  | { kind: 'read'; count: number }
  | { kind: 'result'; bytes: Uint8Array }
  | { kind: 'fault'; code: string; message: string; hint: string | undefined }
  | { kind: 'source-failed' }
  | { kind: 'bug'; message: string };
