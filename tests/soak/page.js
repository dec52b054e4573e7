// docs/soak.md, from what was seen.
import { machine } from '../chaos/table.js';
import { growth, median, memory, quantile } from './figures.js';
import { models } from './models.js';
import { kinds } from './requests.js';

const mb = (bytes) => `${(bytes / 1e6).toFixed(bytes < 100e6 ? 1 : 0)} MB`;
const time = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);
const percent = (share) => `${(share * 100).toFixed(1)} %`;

// Pulled models and what the box has itself are different stories.
const rows = [
  ...['chat', 'embedding', 'rerank'].map((kind) => ({ title: `${kind}, by pulled models`, kind, pulled: true })),
  ...['embedding', 'speech', 'transcription', 'ocr'].map((kind) => ({ title: `${kind}, by what the box has`, kind, pulled: false })),
];
const of = (results, { kind, pulled }) => results.filter((result) => result.kind === kind && (result.model !== undefined) === pulled);

function goodputTable(still, churn) {
  const cells = (results) => {
    const took = results.filter(({ ok }) => ok).map(({ ms }) => ms);
    return `${took.length} of ${results.length} | ${time(median(took))} / ${time(quantile(took, 0.95))} / ${time(quantile(took, 0.99))}`;
  };
  const lines = ['| requests | deadline | static: answered rightly in time | median / p95 / p99 | soak: answered rightly in time | median / p95 / p99 |', '|---|--:|--:|--:|--:|--:|'];
  for (const row of rows) lines.push(`| ${row.title} | ${kinds[row.kind].deadline} s | ${cells(of(still, row))} | ${cells(of(churn, row))} |`);
  return lines.join('\n');
}

function patienceTable(still, churn) {
  const within = (results, seconds) => percent(results.filter(({ ok, ms }) => ok && ms <= seconds * 1000).length / results.length);
  const pulled = (results) => results.filter(({ model }) => model !== undefined);
  const limits = [1, 2, 3, 5, 10, 15];
  return [
    `| pulled models: answered rightly within | ${limits.map((s) => `${s} s`).join(' | ')} |`,
    `|---|${limits.map(() => '--:').join('|')}|`,
    `| static assignment | ${limits.map((s) => within(pulled(still), s)).join(' | ')} |`,
    `| soak | ${limits.map((s) => within(pulled(churn), s)).join(' | ')} |`,
  ].join('\n');
}

function memoryTable(churn, before) {
  const seen = memory(churn);
  const still = memory(before);
  const line = (what, value) => `| ${what} | ${value(seen)} | ${value(still)} |`;
  return [
    '| all processes under hearthd | soak | static assignment |',
    '|---|--:|--:|',
    `| budget | **${mb(churn.budget)}** | ${mb(before.budget)} |`,
    line('most, PSS', (m) => `**${mb(m.most)}**`),
    line('99 of 100 samples at most', (m) => mb(m.p99)),
    line('median', (m) => mb(m.median)),
    line('samples above the budget', (m) => `**${m.over}** of ${m.samples}`),
    line('samples a second; longest pause', (m) => `${m.rate.toFixed(2)}; ${time(m.longestGap * 1000)}`),
    line('most, hearthd included', (m) => mb(m.mostWithOwn)),
    line('most, RSS (shared pages in full with each)', (m) => mb(m.mostRss)),
    line('most processes', (m) => m.processes),
    line('what looking costs: a sample; in all', (m) => `${time(m.cost / 1000)}; ${percent(m.costAll)} of a core`),
  ].join('\n');
}

function failures(phases) {
  const counts = new Map();
  for (const { name, results } of phases)
    for (const { ok, kind, model, why } of results) {
      if (ok) continue;
      const key = `${name.split(',')[0]}: ${model ?? kind}: ${why.replaceAll('\n', ' ').slice(0, 200)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  return counts.size === 0 ? 'No request failed.' : `What failed:\n\n${[...counts].map(([why, count]) => `* ${count} × ${why}`).join('\n')}`;
}

export function page({ seed, churn, statics, modelBytes }, verdicts) {
  const still = statics.flatMap(({ results }) => results);
  const covered = ({ at }) => statics.some(({ from, until }) => at >= from && at < until);
  const minute = (at) => Number((at / 60).toFixed(1));
  const loads = churn.events.filter(({ what }) => what === 'loaded');
  const modelLoads = loads.filter(({ engine }) => engine.startsWith('llama-'));
  const own = growth(churn.samples, churn.until - churn.from);
  const minutes = (churn.until - churn.from) / 60;
  const whys = new Map();
  for (const { what, why } of churn.events) if (what === 'left') whys.set(why, (whys.get(why) ?? 0) + 1);
  return `# Soak

<!-- Written by tools/soak (\`make soak\`). -->

${models.length} models of ${mb(modelBytes)} and what the box has itself, on a budget of ${mb(churn.budget)} for ${minutes} minutes, against the same requests
where everything stays resident.

${machine()}. ${new Date().toISOString().slice(0, 10)}, seed ${seed}, ${churn.results.length} requests in the soak. Load average
(15 minutes) at the end of the soak: ${churn.load.toFixed(1)}; of the phases of the static assignment: ${statics.map(({ load }) => load.toFixed(1)).join(', ')}.

| must hold | | seen |
|---|---|---|
${verdicts.map(({ what, holds, figure }) => `| ${what} | ${holds ? 'yes' : '**no**'} | ${figure} |`).join('\n')}

![Memory over time](soak-memory.svg)

## Memory

${memoryTable(churn, statics[0])}

hearthd itself: ${mb(own.early)} (RSS, median of minutes ${(own.warmUp / 60).toFixed(1)} to ${((own.warmUp + own.window) / 60).toFixed(1)}), ${mb(own.late)} (of the last ${(own.window / 60).toFixed(1)}): ${percent(own.growth)}.

## Churn

${loads.length} engines were loaded, ${modelLoads.length} of them with a pulled model: ${(modelLoads.length / minutes).toFixed(1)} a minute, one for each ${(churn.results.filter(({ model }) => model).length / Math.max(1, modelLoads.length)).toFixed(1)} requests to such models.
From spawn to ready: median ${time(median(modelLoads.map(({ seconds }) => seconds * 1000)))}, worst ${time(Math.max(0, ...modelLoads.map(({ seconds }) => seconds * 1000)))}.
${churn.evictions} left for others: ${[...whys].map(([why, count]) => `${count} because ${why}`).join(', ')}.

## Goodput

The same requests in both: those of minutes ${statics.map(({ from, until }) => `${minute(from)} to ${minute(until)}`).join(', ')}. Of all ${churn.results.length} requests of the soak, ${churn.results.filter(({ ok }) => ok).length} were answered rightly in time.

${goodputTable(still, churn.results.filter(covered))}

${patienceTable(still, churn.results.filter(covered))}

${failures([...statics, churn])}

## How it is measured

\`make soak\` runs the programs of \`tests/soak\`; it takes ${(minutes + statics.reduce((sum, { from, until }) => sum + (until - from), 0) / 60).toFixed(0)} minutes and some for making the models. \`SOAK_MINUTES\` (30), \`SOAK_STATIC_MINUTES\` (as many),
\`SOAK_BUDGET\` (2000, in MB) and \`SOAK_SEED\` (1) change it.

* **Load**: Poisson arrivals that do not wait for answers. Sessions come every 12 s on average, choose a model by Zipf's law (the first of
  the list twice as often as the second) and ask it 6 times on average, 6 s apart. Beside them the box's own embeddings (every 2 s),
  speech (15 s), transcription (40 s) and OCR (45 s). The seed decides all of it before anything runs.
* **Models**: ${models.map(({ name }) => name).join(', ')}, named by their task and size in MB, most popular first. They are of the usual
  architectures and sizes, but made by the tests, so that what they must answer is known. llama.cpp runs them.
* **Right**: a chat's answer to the letter; vectors and scores as they were first, to a thousandth; speech as long; a recording written down as at
  first; the page's text. **In time**: by the deadline in the table, loading included. Everything else counts as failed: errors,
  refusals (clients do not try again), wrong answers.
* **Static assignment**: the same programs with so large a budget that nobody ever leaves; everything resident before it begins. Half of it
  runs before the soak, with its first requests, and half after it, with its last; where it is shorter than the soak, requests between
  are not compared. What engines were seen to need is forgotten before each phase.
* **Memory**: a process of its own adds up PSS (\`smaps_rollup\`) of all processes under hearthd, sandboxes included, ten times a second; who was
  once seen there counts until it is gone. A process whose resident size is as it was is asked for its PSS once a second only: the kernel
  walks all its pages for it. Only hearthd's own pages are left out (but for the row that says so).
`;
}
