/** Our bundle with the foreign ones beside it: what workloads are told to trust. */
import { type ForeignBundle, type Source, type TrustBundle, Value } from 'heddle/ports';
import { withFederated } from 'heddle/security';

/** Follows both. */
export function beside(
  ours: Source<TrustBundle>,
  foreign: Source<readonly ForeignBundle[]>,
): Source<TrustBundle> {
  const both = new Value(withFederated(ours.current(), foreign.current()));
  const follow = () => both.set(withFederated(ours.current(), foreign.current()));
  ours.subscribe(follow);
  foreign.subscribe(follow);
  return both;
}
