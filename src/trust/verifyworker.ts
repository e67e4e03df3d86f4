// The thread's end of verification: a task in, answers out.
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../core/index.ts';
import type { FromVerifier } from './thread.ts';
import { type VerifyTask, verifyEvidence } from './verify.ts';

parentPort?.on('message', ({ id, task }: { id: number; task: VerifyTask }) => {
  let answer: FromVerifier;
  try {
    answer = { id, answers: verifyEvidence(task) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) };
  }
  parentPort!.postMessage(answer);
});
