import { MessageChannel } from 'node:worker_threads';

/**
 * Keeps the process from ending while somebody waits. Timers and watchers of the mesh never do that, so a process that waits for
 * nothing but its policy would end in silence instead of saying what was missing.
 * @returns lets it end again
 */
export function keepAlive(): () => void {
  const { port1, port2 } = new MessageChannel();
  // A port counts as alive while somebody listens to it.
  port1.on('message', () => {});
  return () => {
    port1.close();
    port2.close();
  };
}
