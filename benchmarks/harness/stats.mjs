/** Medians and spreads. Means are no use on a machine that others use too. */

/** @param share 0 to 1 @returns that quantile, between the two values next to it */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (above - sorted[below]) * (at - below);
}

export const median = (values) => quantile(values, 0.5);

/** The median, and where four fifths of the values lie. */
export function summary(values) {
  return {
    median: median(values),
    low: quantile(values, 0.1),
    high: quantile(values, 0.9),
    n: values.length,
  };
}

/** One over the other, round by round, so that what the machine did in a round happened to both. */
export function pairedRatio(ones, others) {
  return summary(ones.map((one, round) => one / others[round]));
}

/** One less the other, round by round. */
export function pairedDifference(ones, others) {
  return summary(ones.map((one, round) => one - others[round]));
}
