/** What tasks did over time, in buckets of equal length; pure. */

export const BUCKETS = 60;

/**
 * Sums `rows` up over the `rangeS` seconds before `now`. Answers arrays of BUCKETS values, the last bucket not over yet:
 * `ended` and `failed` (tasks), `waits` and `runs` (`p50` and `p95` in seconds, null where nothing started or ended), `oldest`
 * (seconds that the task had waited which waited longest). `bucketS` is a bucket's length. Buckets lie on multiples of it, so
 * that they don't change while time goes on.
 */
export function summed(rows, now, rangeS, failedStatus) {
  const bucketS = rangeS / BUCKETS;
  const last = Math.floor(now / bucketS);
  const start = (last - BUCKETS + 1) * bucketS;
  const bucketOf = (at) => (at === null || at < start ? -1 : Math.min(BUCKETS - 1, Math.floor((at - start) / bucketS)));
  const [ended, failed] = [zeros(), zeros()];
  const [waits, runs] = [lists(), lists()];
  const oldest = zeros();
  for (const row of rows) {
    const [starts, ends] = [bucketOf(row.started_at), bucketOf(row.finished_at)];
    if (starts >= 0) waits[starts].push(row.started_at - row.added_at);
    if (ends >= 0) {
      ended[ends] += 1;
      if (row.status === failedStatus) failed[ends] += 1;
      if (row.started_at !== null) runs[ends].push(row.finished_at - row.started_at);
    }
    noteWaiting(oldest, row, start, bucketS, now);
  }
  return { bucketS, ended, failed, waits: quantiles(waits), runs: quantiles(runs), oldest };
}

/** How long the task had waited at the end of each bucket at which it still did. */
function noteWaiting(oldest, row, start, bucketS, now) {
  if (row.added_at === null) return;
  const until = row.started_at ?? row.finished_at ?? Infinity;
  const first = Math.max(0, Math.ceil((row.added_at - start) / bucketS) - 1);
  for (let index = first; index < BUCKETS; index++) {
    const at = Math.min(now, start + (index + 1) * bucketS);
    if (at >= until) break;
    oldest[index] = Math.max(oldest[index], at - row.added_at);
  }
}

/** By the nearest rank. */
function quantiles(samples) {
  for (const sample of samples) sample.sort((a, b) => a - b);
  const at = (share) => samples.map((sample) => (sample.length ? sample[Math.ceil(sample.length * share) - 1] : null));
  return { p50: at(0.5), p95: at(0.95) };
}

function zeros() {
  return new Array(BUCKETS).fill(0);
}

function lists() {
  return Array.from({ length: BUCKETS }, () => []);
}
