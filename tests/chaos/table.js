// docs/reliability.md, from what was seen.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const time = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);

function spread(list) {
  if (list.length === 0) return '—';
  const sorted = [...list].sort((a, b) => a - b);
  return `${time(sorted[Math.floor((sorted.length - 1) / 2)])} / ${time(sorted.at(-1))}`;
}

export function table(rows) {
  const lines = ['| fault | repeats | noticed: median / worst | well again: median / worst | failed, of those that a healthy engine could serve | failed in all, of sent | other engines replaced | orphans | human actions |', '|---|--:|--:|--:|--:|--:|--:|--:|--:|'];
  for (const row of rows)
    lines.push(`| ${row.title}${row.problems().length ? ' **(broken, below)**' : ''} | ${row.repeats} | ${spread(row.noticed)} | ${spread(row.recovered)} | ${row.needless} | ${row.failed} of ${row.sent} | ${row.collateral} | ${row.orphans} | ${row.actions ? `${row.actions / row.repeats} each` : 0} |`);
  return lines.join('\n');
}

export function machine() {
  const version = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  return `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / (1 << 30))} GiB, ${version}, Linux ${execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()}`;
}

export function page(campaign) {
  const { rows, leftovers } = campaign;
  const sum = (what) => rows.reduce((all, row) => all + row[what], 0);
  const broken = [...rows.flatMap((row) => row.problems().map((problem) => `* ${row.title}: ${problem}`)), ...leftovers.map((left) => `* ${left}`)];
  return `# Reliability

<!-- Written by tools/chaos (\`make chaos\`). -->

What happens to the box when its engines, its disk, its network and it itself fail, measured with the real engines and a real
hearthd.

${machine()}. ${new Date().toISOString().slice(0, 10)}, seed ${campaign.seed}: ${sum('repeats')} faults of ${rows.length} kinds,
${sum('sent')} requests.

${table(rows)}

${broken.length ? `**What does not hold:**\n\n${broken.join('\n')}` : 'Everything that must hold, held: no request failed that an engine without a fault could serve, no other engine was replaced, no\nprocess outlived the box, a wedge was noticed within 10 s.'}

## How it is measured

\`make chaos\` runs the programs of \`tests/chaos\`, a file a group of faults. Two boxes are struck at a time, each a hearthd with its
engines in their sandboxes and a tiny language model in llama.cpp's own server. Four clients ask it all the time, one request
after another: embeddings, speech, OCR and chat. \`CHAOS_REPEATS\` (20) is how often each fault is made, \`KIND=NUMBER\` after it
another number for one kind; \`CHAOS_SEED\` (1) decides which engine it strikes, when, and in which variant. It needs root, for
file systems of its own and for other users' processes.

* **noticed**: from the fault until the box acts on it or says so: another process, another state of the engine, the error that
  whoever asks is given. The box is looked at every 5 ms. For a killed hearthd: until the last of its engines is gone.
* **well again**: from the fault until the first right answer by a process without it. Where the fault is one that only its end can
  heal (a full disk, a broken program), from that end; where an order is needed, from the order. For a killed hearthd: from its next
  start, which is the service manager's work.
* **a healthy engine could serve**: the clients' requests whose engines (speech and OCR take two) were not struck. While hearthd itself
  is killed or out of descriptors, no request counts as such.
* **failed in all**: every answer but 200, those of the struck engine included; clients do not try again.
* **human actions**: orders given to the box (\`hearth pull\`, \`hearth engines install\`) besides ending what was the fault.

## What is known not to hold

* llama.cpp's server, out of file descriptors, tries to accept connections again and again, and that counts as computing: it is not
  replaced before a request's deadline, though connections that are open go on. The campaign leaves this out.
* A damaged model is refused with the reason, but not pulled again by itself.

The campaign fails when one of these columns is not 0: failed that a healthy engine could serve, other engines replaced, orphans.
`;
}
