// Its power is cut at random instants, again and again, while it promises things: what it has acknowledged must be there when it
// is up again, and nothing half-made.
import { createHash, randomBytes } from 'node:crypto';
import { form } from '../clients/support.js';
import { seconds } from './checks.js';
import { pause, waitFor } from './guest.js';
import { chat } from './packs.js';

const kModels = 12; // files on the web server; each is pulled under many names
const kAtOnce = 4; // models installed at a time, about
const kMost = 20; // acknowledgements in one life before its cut, which then comes within
const kThen = 1000; // ms
const kEarly = 3; // each so many-th cut comes while the machine starts
const kRecent = 3; // lives

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const bearer = (key) => ({ authorization: `Bearer ${key}` });

// What was acknowledged, and what was asked for when the power went: that may be there or not.
class Promised {
  keys = new Map(); // name → { key, life }
  files = new Map(); // id → { digest, bytes, life }
  models = new Set();
  gone = new Set(); // models that were removed
  open = new Set(); // models that were being pulled or removed
  lost = [];
  looked = 0;
  restarts = 0; // of hearthd, by systemd, on the way up
}

async function workOnKeys(life, promised) {
  for (let i = 0; !life.over; ++i) {
    const name = `k${life.name}-${i}`;
    const key = await life.guest.hearth(`keys new ${name} --quiet`);
    promised.keys.set(name, { key, life: life.number });
    ++life.acknowledged;
  }
}

async function workOnFiles(life, promised) {
  while (!life.over) {
    const bytes = randomBytes(Math.floor(2 ** life.random.between(6, 19)));
    const answer = await form(life.guest, '/v1/files', { purpose: 'ocr', 'expires_after[seconds]': '2592000', file: bytes }, { signal: life.signal });
    const { id } = await answer.json();
    if (answer.status === 200) promised.files.set(id, { digest: digest(bytes), bytes: bytes.length, life: life.number });
    ++life.acknowledged;
    await pause(life.random.between(200, 1000)); // the others take longer
  }
}

async function workOnModels(life, promised, sources) {
  for (let i = 0; !life.over; ++i) {
    if (promised.models.size > kAtOnce) {
      const name = life.random.pick([...promised.models]);
      promised.open.add(name);
      promised.models.delete(name);
      await life.guest.hearth(`models rm ${name}`);
      promised.gone.add(name);
      promised.open.delete(name);
    }
    const name = `m${life.name}-${i}`;
    promised.open.add(name);
    await life.guest.hearth(`pull --insist --name ${name} '${life.random.pick(sources)}'`);
    promised.models.add(name);
    promised.open.delete(name);
    ++life.acknowledged;
  }
}

// Everything that was promised is looked for from outside; what was promised in the lives since `since` is used, too.
async function takeStock(guest, promised, since) {
  const lost = (what) => promised.lost.push(what);
  const names = new Set(JSON.parse(await guest.hearth('keys --json')).data.map((key) => key.name));
  for (const [name, { key, life }] of promised.keys) {
    ++promised.looked;
    if (!names.has(name)) lost(`the key ${name}`);
    if (life < since) continue;
    const { status } = await fetch(`${guest.url}/v1/models`, { headers: bearer(key) });
    if (status !== 200) lost(`the key ${name} (${status})`);
  }
  const listed = await (await fetch(`${guest.url}/v1/files`, { headers: bearer(guest.key) })).json();
  const sizes = new Map(listed.data.map((file) => [file.id, file.bytes]));
  for (const [id, file] of promised.files) {
    ++promised.looked;
    if (sizes.get(id) !== file.bytes) lost(`the file ${id} (${sizes.get(id)} of ${file.bytes} bytes)`);
    if (file.life < since) continue;
    const answer = await fetch(`${guest.url}/v1/files/${id}/content`, { headers: bearer(guest.key) });
    const got = Buffer.from(await answer.arrayBuffer());
    if (answer.status !== 200 || digest(got) !== file.digest) lost(`the file ${id} (${answer.status}, ${got.length} bytes)`);
  }
  const verified = await guest.try('hearth models verify --json');
  const { broken } = JSON.parse(verified.out);
  for (const one of broken) lost(`the model ${one.model} is broken: ${one.message}`);
  const list = JSON.parse(await guest.run('curl -s --unix-socket /run/hearth/admin.sock http://localhost/admin/models/installed'));
  const there = new Set(list.data.map((model) => model.name));
  for (const problem of list.problems) lost(`half a model: ${JSON.stringify(problem)}`);
  for (const name of promised.models) {
    ++promised.looked;
    if (!there.has(name)) lost(`the model ${name}`);
  }
  for (const name of promised.gone) if (there.has(name)) lost(`${name}, which was removed, is there again`);
  // What was under way is now known.
  for (const name of promised.open) if (there.has(name)) promised.models.add(name);
  promised.open.clear();
  promised.restarts += Number(await guest.run('systemctl show hearth -P NRestarts'));
}

export async function cuts(site, checks) {
  const { random } = site;
  const count = Number(process.env.VM_CUTS ?? 50);
  // Slow enough for a cut to come in the middle.
  const sources = [];
  for (let i = 0; i < kModels; ++i) sources.push(await site.makeModel(`cut-${i}`, ['context=512', 'embedding=128', 'layers=2', 'weights=f32', `seed=${i + 1}`]));
  const promised = new Promised();
  const run = Date.now().toString(36); // names of this run's own: the machine may have been through another one
  const ready = [];
  let early = 0;
  let done = 0;
  // What a cut breaks off says nothing.
  const quiet = (life, work) => work.catch((error) => life.over || promised.lost.push(`while it worked: ${error.message}`));
  for (let number = 1; number <= count; ++number) {
    const guest = await site.boot();
    if (number % kEarly === 0) {
      await pause(random.between(0, ready.at(-1)));
      await guest.cut();
      await site.keep();
      ++early;
      ++done;
      console.log(`cut ${number} of ${count}, while it started`);
      continue;
    }
    await guest.up();
    await guest.ready();
    ready.push(performance.now() - guest.began);
    const before = promised.lost.length;
    await takeStock(guest, promised, number - kRecent);
    const stop = new AbortController();
    const life = { guest, number, name: `${run}-${number}`, random, signal: stop.signal, acknowledged: 0, over: false };
    const work = [workOnKeys(life, promised), workOnFiles(life, promised), workOnModels(life, promised, sources)].map((one) => quiet(life, one));
    const enough = Math.floor(random.between(0, kMost));
    await waitFor(() => life.acknowledged >= enough || promised.lost.length > before, 'it acknowledges what it is asked for');
    await pause(random.between(0, kThen));
    life.over = true;
    await guest.cut();
    stop.abort();
    await Promise.all(work);
    await site.keep();
    ++done;
    const lost = promised.lost.slice(before);
    console.log(`cut ${number} of ${count}: ready after ${seconds(ready.at(-1))}; promised so far: ${promised.keys.size} keys, ${promised.files.size} files, ${promised.models.size + promised.gone.size} models${lost.length ? `; LOST ${lost.join('; ')}` : ''}`);
  }
  const guest = await site.boot();
  await guest.up();
  await guest.ready();
  await takeStock(guest, promised, 0);
  await checks.step('after all of it, chat answers', async () => {
    await waitFor(async () => (await chat(guest)).status === 200, 'chat');
    return 'yes';
  });
  const sorted = ready.sort((a, b) => a - b);
  checks.add('power cuts, of these while it started', `${done}, ${early}`, done === count);
  checks.add('acknowledged: keys, files, models pulled and removed', `${promised.keys.size}, ${promised.files.size}, ${promised.models.size + promised.gone.size}, ${promised.gone.size}`, promised.keys.size > 0 && promised.files.size > 0 && promised.models.size > 0);
  checks.add('of it lost, damaged, or half-made afterwards, in so many looks', `${promised.lost.length} in ${promised.looked}${promised.lost.length ? ` (${promised.lost.slice(0, 5).join('; ')})` : ''}`, promised.lost.length === 0);
  checks.add('from power on to ready, by itself: median, worst; restarts of hearthd on the way', sorted.length ? `${seconds(sorted[Math.floor((sorted.length - 1) / 2)])}, ${seconds(sorted.at(-1))}; ${promised.restarts}` : '—', true);
}
