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

What a provider, or any other server that calls are sent to, may do wrong, and what its client gets. Each row is a test (in
\`make test\`) with a real hearthd, OpenAI's and Anthropic's own clients, and a provider (\`tests/clients/provider.js\`) that fails in
this one way. Tests without a file are in \`tests/clients/providers.test.js\` and run once in each of the two dialects. "Another one"
is the next upstream that the call's plan names; without one, the client is told who failed and how.

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
| 200 with an empty text | that is the answer: models may have nothing to say, and it is paid for | an empty text is an answer |
| the client leaves, before or in the middle of the answer | the provider's work is cancelled, the call is recorded | a client that leaves |
| a certificate that is out of date or from a stranger | another one answers, and no byte of the request went; alone, 503 that says what to do | a provider over TLS |
| what Anthropic's models cannot do (several choices, JSON without a schema) | another one answers; alone, 400 that names the field | what its models cannot do |
| prompts of 100,000 tokens beside small streams, under way at the provider or half sent by their clients | each stream comes to its end while they wait | large prompts that are under way hold up no small stream |
| 500,000 messages | the answer | 500,000 messages |
| a flood of requests with keys that nobody has | 401 for each; who has a key is served meanwhile, nothing of it reaches a provider | a flood with keys that nobody has |
| headers of 1 MB, bodies past their limit, announced or in chunks, slow ones, more at once than memory is set aside for | 431, 413, 408, 503, before memory is used for them | \`bad_input.test.js\`: large bodies, HTTP, slow clients |
| what is secret: passwords in prompts, keys of clients, of providers, of nobody, an error that repeats the prompt | is in no error but the provider's own, no log, record, database or metric | secrets; \`access.test.js\`: the log and the store hold no key |

### Nothing is paid twice

| what goes wrong | what comes of it | test |
|---|---|---|
| a provider has had a call and its answer is lost: silence, a broken connection, an answer that cannot be used, a 504 of somebody in front of it | no other provider is asked, nor by the client's SDK (\`x-should-retry: false\`); what costs nothing may answer | \`charged.test.js\`: silent … 524 |
| a kept-alive connection breaks under a request | it is not sent anew | \`charged.test.js\`: a kept-alive connection that breaks under it |
| 429, 500, 503, 529, connection refused | the next provider answers | \`charged.test.js\`: a call that a provider surely did not work on |
| the same request under one \`Idempotency-Key\`, at once, later, after the client left | one call, one answer | \`answers.test.js\`: Idempotency-Key |
| kill -9 at any moment under an \`Idempotency-Key\` | never sent twice; who was answered is answered the same again; what may have been answered is 409 \`answer_lost\` | \`answers.test.js\`: killed at any moment; \`idempotency_crash_test.cpp\` |
| an SDK that gives up and tries again (\`x-stainless-retry-count\`) | gets the call it left | \`answers.test.js\`: an SDK that tries again |
| the same prompt from 100 clients at once | one call | \`answers.test.js\`: 100 clients with one prompt |
| late to a stream; the first leaves; a failure | what was said, then live; it goes on; all are told | \`answers.test.js\`: the same call at the same time |
| the same last turn with other history, system, tools, key; prompts that mean the opposite; random ones | asked anew: only the same request is the same | \`answers.test.js\`: the same last turn; \`request_test.cpp\`: AnythingElseCounts |
| a failure, a broken stream, something secret | is not kept as an answer | \`answers.test.js\`: a failure is not kept, nothing secret is kept |

### Budgets

| what goes wrong | what comes of it | test |
|---|---|---|
| eight calls at once against a budget for one | one is made, seven get 429 with \`x-should-retry: false\`; what is left is exact | \`budgets.test.js\`: for one call, and eight at once |
| a hundred at once, durable and in blocks | exactly what there is, never more | \`budgets_test.cpp\`: AHundredAtOnceGetExactlyWhatThereIs, ExactInBothWays; \`book_test.cpp\`: NeverOverALimitAndNothingIsLost |
| a client that leaves in the middle of a stream | what had come is charged, and stands in the ledger | \`budgets.test.js\`: a client that leaves in the middle |
| kill -9 during a stream, then a new start | charged in full until settled, never less; sent once; the ledger shows it as unfinished and is whole | \`budgets.test.js\`: kill -9 in the middle of a stream; \`tests/unit/spend/crash_test.cpp\` |
| no limit in the request; an unknown price; a usage beyond the worst case | the model's longest answer counts; not affordable under a budget of money; counted in full | \`budgets.test.js\`: without a limit; \`budgets_test.cpp\`: AnUnknownPriceIsNotAffordable; \`book_test.cpp\`: WhatAProviderBillsBeyondTheWorstCase |

### The line, and what may leave

| what goes wrong | what comes of it | test |
|---|---|---|
| the line is down | calls get 503 at once, not after a timeout; those that may wait are taken, and drained when it is back, once each | \`line.test.js\`: down (as root) |
| the line flaps while calls are under way | each call is made once, each webhook told once | \`line.test.js\`: flaps (as root) |
| it flaps, and hearthd is killed again and again | none is made twice, each ends once, each webhook is told once | \`line.test.js\`: flaps, and the daemon is killed (as root); \`deferred.test.js\`: kill -9 of the daemon |
| an upstream that is away; a call cancelled, expired, of a key that is gone | waited for; left alone; given up; not made | \`deferred.test.js\` |
| data of a class that nobody may see who could be asked | 403, and no packet (a capture in network namespaces, names included) | \`escape_test.cpp\`: ProvidersAndWebhooks (as root) |
| a provider's or a webhook's name that leads to a private address; a webhook that nobody named | not contacted | \`escape_test.cpp\`: ProvidersAndWebhooks (as root) |
| \`egress.mode: closed\`, and calls, webhooks, a pull, a pack install | no packet at all | \`escape_test.cpp\`: AClosedBox (as root) |
| the ledger was tampered with, or cannot be written | nothing leaves: no call, webhook, pull or program of a pack install | \`egress_records_test.cpp\`, \`deferred_runner_test.cpp\`: SendsNothingThatIsNotRecorded; \`pull_daemon_test.cpp\`: WhatCannotBeRecordedIsNotPulled; \`audit_test.cpp\` |
`;
}
