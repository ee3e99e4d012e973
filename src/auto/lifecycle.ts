/** The end of a process that knows nothing of the mesh. */
import type { Mesh } from '../mesh.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * A process that has nothing left to do leaves the mesh and ends. A signal that nobody listens for lets what is under way finish, and
 * then ends the process as it would have; a second one ends it at once. Whoever listens for a signal has it for itself: then the mesh
 * is left as the servers are closed.
 */
export function followProcess(mesh: Mesh): void {
  process.once('beforeExit', () => void mesh.close());
  for (const signal of SIGNALS) {
    if (process.listenerCount(signal) > 0) continue;
    const stand = () => process.removeListener(signal, onSignal).removeListener('newListener', onListener);
    const onSignal = () => {
      stand();
      void mesh.close().finally(() => process.kill(process.pid, signal));
    };
    // Not there beside others: some count the listeners, to end the process if they are alone. Gone only when the other is there, since
    // with the last listener Node lets go of the signal.
    const onListener = (name: string | symbol) => {
      if (name === signal) queueMicrotask(stand);
    };
    process.on(signal, onSignal);
    process.on('newListener', onListener);
  }
}
