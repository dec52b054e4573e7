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
    lines.push(`| \`${row.key}\`: ${row.title}${row.problems().length ? ' **(broken, below)**' : ''} | ${row.repeats} | ${spread(row.noticed)} | ${spread(row.recovered)} | ${row.needless} | ${row.failed} of ${row.sent} | ${row.collateral} | ${row.orphans} | ${row.actions ? `${row.actions / row.repeats} each` : 0} |`);
  return lines.join('\n');
}

export function machine() {
  const version = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  return `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / (1 << 30))} GiB, ${version}, Linux ${execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()}`;
}

// `picture`: the name of the file with plot.js's drawing.
export function page(campaign, picture) {
  const { rows, leftovers } = campaign;
  const sum = (what) => rows.reduce((all, row) => all + row[what], 0);
  const broken = [...rows.flatMap((row) => row.problems().map((problem) => `* ${row.title}: ${problem}`)), ...leftovers.map((left) => `* ${left}`)];
  return `# Reliability

<!-- Written by tools/chaos (\`make chaos\`). -->

What happens to the box when its engines, its disk, its network, its clock and it itself fail, measured with the real engines
and a real hearthd. Power cuts, memory limits of control groups and the real clock are tried in a virtual machine:
\`make test-vm\`.

${machine()}. ${new Date().toISOString().slice(0, 10)}, seed ${campaign.seed}: ${sum('repeats')} faults of ${rows.length} kinds
in ${Math.ceil(campaign.seconds / 60)} minutes, ${sum('sent')} requests.

${table(rows)}

${broken.length ? `**What does not hold:**\n\n${broken.join('\n')}` : 'Everything that must hold, held: no request failed that an engine without a fault could serve, no other engine was replaced, no\nprocess outlived the box, nobody had to do anything, a wedge was noticed within 10 s.'}

![From a fault until it is noticed, and until all is well again](${picture})

## How it is measured

\`make chaos\` runs the programs of \`tests/chaos\`, a file a group of faults. Four boxes are struck at a time, each a hearthd with
its engines in their sandboxes and a tiny language model in llama.cpp's own server. Four clients ask each of them all the time,
one request after another: embeddings, speech, OCR and chat. \`CHAOS_REPEATS\` (20) is how often each fault is made, \`KIND=NUMBER\`
after it another number for one kind; \`CHAOS_SEED\` (1) decides which engine it strikes, when, and in which variant. It needs
root, for file systems and a network of its own and for other users' processes.

* **noticed**: from the fault until the box acts on it or says so: another process, another state of the engine, the error that
  whoever asks is given. The box is looked at every 5 to 50 ms. For a killed hearthd: until the last of its engines is gone. For a
  leak: until it has grown enough to be told from a cache, which takes a minute. A dash: there is nothing that should be noticed.
* **well again**: from the fault until the first right answer by a process without it. Where the fault is one that only its end can
  heal (a full disk, a broken program), from that end; for pulls, until the next bytes come; for a damaged model or pack, from the
  time it is noticed until the model answers again. For a killed hearthd: from its next start, which is the service manager's work.
* **a healthy engine could serve**: the clients' requests whose engines (speech and OCR take two) were not struck. While hearthd itself
  is killed or out of descriptors, no request counts as such.
* **failed in all**: every answer but a right one, those of the struck engine included; clients do not try again.
* **human actions**: orders given to the box (\`hearth pull\`, \`hearth engines install\`) because it did not heal within a minute. Ending
  what was the fault is none: giving room back, repairing a program, mounting a disk anew. Nor is asking again for a pull that was
  refused for want of room.

**Real or made:** processes are killed, stopped and held by signals and ptrace; limits are the kernel's; disks are file systems of
the campaign's own (tmpfs, and ext4 that is told to fail); the network is a cable between two network namespaces, with nginx and a
name server at its end. The clock is libfaketime's, in hearthd alone. Garbage, errors and leaks come from \`faulty_engine.cpp\`, which
stands between hearthd and the real engine and counts as a part of it. The two boxes for a damaged program and for such engines run
copies of the build's engines.

## What is known not to hold

* An engine that has run into its memory limit, and refuses inputs because of it (400), counts as well until it has done so three
  times in a row; then it gets a fresh process. One whose limit is too small goes on refusing.
* llama.cpp's server and others out of file descriptors are replaced after 9 to 15 s: they go on answering on the connections
  they have, so it takes longer to be sure than with an engine that stands still.

The campaign fails when one of these columns is not 0: failed that a healthy engine could serve, other engines replaced, orphans,
human actions.

## The gateway and bad upstreams

What a provider, or any other server that calls are sent to, may do wrong, and what its client gets. Each row is a test of
\`tests/clients/providers.test.js\` (in \`make test\`): a real hearthd, OpenAI's and Anthropic's own clients, and a provider
(\`provider.js\` beside it) that fails in this one way, once in each of the two dialects. "Another one" is the next upstream that
the call's plan names; without one, the client is told who failed and how.

| what goes wrong | what the client gets | test |
|---|---|---|
| no answer at all; a header that comes a byte at a time | after \`first_byte_time\` another one answers | silent, slow headers |
| connection refused, reset before the answer | another one answers | connection refused, connection reset |
| 500, 502 with a page of HTML, 529; HTML with status 200 | another one answers | 500, HTML 502, 529, HTML 200 |
| 200 with an error in it, with nothing, with \`{}\`, without choices, with half a JSON document | another one answers | 200 with error body … half a JSON document |
| an answer longer or shorter than its Content-Length says | another one answers | longer than it says, shorter than it says |
| 429, with seconds, a fraction of them, a date, \`retry-after-ms\` or nothing | another one answers, and until then this one is not asked; alone, 429 with \`Retry-After\` and \`retry-after-ms\` | 429 with … |
| 401 on one of two keys | the answer, with the other key, which alone is used from then on | 401 on one of two keys |
| 401 on all keys | another one answers; alone, 503 that names \`key_files\` and no key | none of its keys is good |
| a stream that ends without its terminator, is cut within a chunk, is reset, stalls, has a chunk that is no JSON or an error event | an error event of the client's dialect: nothing looks whole that is not, and nobody goes on with what another began | ended without its terminator … error event |
| UTF-8 in single bytes, CRLF, CR, comments, two \`[DONE]\`, no usage, absurd usage | the answer, with one end, and usage only if asked for | UTF-8 split into single bytes … huge usage |
| the client leaves, before or in the middle of the answer | the provider's work is cancelled, the call is recorded | a client that leaves |
| a certificate that is out of date or from a stranger | another one answers, and no byte of the request went; alone, 503 that says what to do | a provider over TLS |
| what Anthropic's models cannot do (several choices, JSON without a schema) | another one answers; alone, 400 that names the field | what its models cannot do |
| a prompt of 100,000 tokens beside small streams; 500,000 messages | the answers | size |

Nothing is sent twice to a server that may have taken it: a kept-alive connection that breaks under a request is an error, and
the next upstream is another one. What such a request may have cost is counted.
`;
}
