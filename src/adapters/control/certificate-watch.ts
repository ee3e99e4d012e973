/** A connection lives no longer than the certificate that opened it. */
import type { Clock, Timer } from '../../base/clock.js';
import type { Source } from '../../base/source.js';
import type { Svid } from '../../ports/identity.js';
import type { PolicyStream } from './stream.js';

/** The connection is replaced when this share of its certificate's life is left. */
const REMAINING_RATIO = 0.1;
/** How often to look again while there is no newer certificate to replace it with. */
const LOOK_AGAIN_MS = 1_000;
/** The longest delay that Node's timers take. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Tells the service of each new certificate, and replaces `stream` before the one it was opened with ends, if there is a newer one.
 * @returns stops it
 */
export function followCertificate(
  stream: Pick<PolicyStream, 'send' | 'replace'>,
  svids: Source<Svid>,
  clock: Clock,
): () => void {
  const used = svids.current();
  const replaceAt = used.notAfter - REMAINING_RATIO * (used.notAfter - used.notBefore);
  let timer: Timer;
  const look = () => {
    if (svids.current() !== used && clock.wallNow() >= replaceAt) stream.replace();
    else wait();
  };
  const wait = () => {
    const delayMs = Math.max(LOOK_AGAIN_MS, replaceAt - clock.wallNow());
    timer = clock.after(Math.min(delayMs, MAX_TIMER_MS), look);
  };
  wait();
  const unsubscribe = svids.subscribe((svid) => {
    stream.send({ type: 'certificate', expiresAt: svid.notAfter });
  });
  return () => {
    timer.cancel();
    unsubscribe();
  };
}
