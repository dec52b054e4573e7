// What the phases say, in figures.
export const quantile = (list, share) => (list.length === 0 ? NaN : [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))]);
export const median = (list) => quantile(list, 0.5);

// Of requests that were offered, how many were answered rightly within their deadline.
export function goodput(results) {
  const good = results.filter(({ ok }) => ok).length;
  return { sent: results.length, good, share: good / results.length };
}

// hearthd's own memory: the median of a window after the warm-up, of one at the end, and what lies between.
export function growth(samples, seconds) {
  const warmUp = Math.min(300, seconds / 6);
  const window = Math.min(120, seconds / 15);
  const between = (from, until) => median(samples.filter(({ at }) => at >= from && at < until).map(({ ownRss }) => ownRss));
  const early = between(warmUp, warmUp + window);
  const late = between(seconds - window, seconds);
  return { warmUp, window, early, late, growth: late / early - 1 };
}

export function memory({ samples, budget, until, from }) {
  const pss = samples.map((sample) => sample.pss);
  const gaps = samples.slice(1).map(({ at }, i) => at - samples[i].at);
  return {
    samples: samples.length,
    rate: samples.length / (until - from),
    longestGap: Math.max(...gaps),
    most: Math.max(...pss),
    p99: quantile(pss, 0.99),
    median: median(pss),
    over: pss.filter((bytes) => bytes > budget).length,
    mostRss: Math.max(...samples.map((sample) => sample.rss)),
    mostWithOwn: Math.max(...samples.map((sample) => sample.pss + sample.ownPss)),
    processes: Math.max(...samples.map((sample) => sample.processes)),
    cost: median(samples.map((sample) => sample.cost)),
    costAll: samples.reduce((sum, { cost }) => sum + cost, 0) / 1e6 / (until - from),
  };
}

// What must hold, with what is seen; `seconds` of churn.
export function judge({ statics, churn }) {
  const seconds = churn.until - churn.from;
  const still = goodput(statics.flatMap(({ results }) => results));
  const alike = goodput(churn.results.filter(({ at }) => statics.some(({ from, until }) => at >= from && at < until)));
  const seen = memory(churn);
  const own = growth(churn.samples, seconds);
  const percent = (share) => `${(share * 100).toFixed(2)} %`;
  const must = [
    ['the budget is never exceeded', seen.over === 0 && seen.samples > 0, `${seen.over} of ${seen.samples} samples above it`],
    ['memory is looked at ten times a second', seen.rate >= 9, `${seen.rate.toFixed(2)} a second`],
    ['goodput is at least 95 % of the static assignment’s, of the same requests', alike.good / still.good >= 0.95, `${alike.good} of ${alike.sent} against ${still.good} of ${still.sent}: ${percent(alike.good / still.good)}`],
    ['hearthd’s own memory grows by less than 5 %', own.growth < 0.05, percent(own.growth)],
    ['models come and go: at least one eviction a minute', churn.evictions >= seconds / 60, `${churn.evictions} evictions`],
    ['under the static assignment nobody leaves', statics.every(({ evictions }) => evictions === 0), `${statics.reduce((sum, { evictions }) => sum + evictions, 0)} evictions`],
    ['no engine fails, no process is left behind', [churn, ...statics].every(({ problems }) => problems.length === 0), [churn, ...statics].flatMap(({ problems }) => problems).join('; ') || 'none'],
  ];
  return must.map(([what, holds, figure]) => ({ what, holds, figure }));
}
