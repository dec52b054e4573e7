// One fault in one engine, and what becomes of it.
import { status } from '../clients/support.js';
import { leftOf, lives, pause } from './processes.js';
import { ask, kindOf } from './requests.js';

const kPatience = 120_000; // ms; against hanging only
const kAlone = 60_000; // ms; what has not healed by then waits for a person

export async function waitFor(condition, what, patience = kPatience) {
  const began = performance.now();
  for (;;) {
    const found = await condition();
    if (found) return found;
    const waited = performance.now() - began;
    if (waited > patience) throw new Error(`${what}: not within ${patience / 1000} s`);
    await pause(Math.min(50, Math.max(5, waited / 20)));
  }
}

// Asks until it is answered rightly and `good` holds.
export async function askUntil(site, row, kind, good = () => true) {
  const end = performance.now() + kPatience;
  let last;
  while (performance.now() < end) {
    last = await ask(site.box, kind);
    row.count([last]);
    if (last.ok && (await good())) return last;
    await pause(20);
  }
  throw new Error(`no ${kind} any more: ${last.why || 'the engine that answers is not the one that should'}`);
}

// Asks until whoever asks is told that it cannot be had, with the reason in the status, or another process than `pid`
// answers already. When that was.
export async function told(site, row, kind, pid) {
  return waitFor(async () => {
    const last = await ask(site.box, kind);
    row.count([last]);
    const engine = (await status(site.box)).engines.find(({ name }) => kindOf[name] === kind);
    const known = last.why.startsWith('503') && (!engine || engine.last_error);
    return (known || (last.ok && engine?.pid !== pid)) && last.ended;
  }, `whoever asks for ${kind} is told`);
}

// How long from now until `kind` is answered rightly: by itself, or else after the order `mend`, which counts as a person's.
export async function healed(site, row, kind, mend) {
  const began = performance.now();
  const well = async (patience) => {
    const end = performance.now() + patience;
    for (let last; performance.now() < end; await pause(50)) {
      last = await ask(site.box, kind);
      row.count([last]);
      if (last.ok) return last;
    }
    return null;
  };
  const alone = await well(kAlone);
  if (alone) return alone.ended - began;
  ++row.actions;
  const ordered = performance.now();
  await mend();
  return (await askUntil(site, row, kind)).ended - ordered;
}

// Each of these engines runs and has answered.
export async function warm(site, names) {
  for (const name of names) {
    let last;
    await waitFor(async () => (last = await ask(site.box, kindOf[name])).ok && (await site.engine(name))?.state === 'ready', `${name} is ready (${last?.why})`);
  }
}

// `inject` gets the victim's process; `replaced`: a new process is what heals; `noticed`: when the box knows.
export async function strike(site, row, name, inject, { replaced = true, noticed, before = async () => {}, after = async () => {} } = {}) {
  await warm(site, [name]);
  await pause(site.random.between(0, 300));
  await before();
  const pids = await site.running();
  const pid = pids.get(name);
  const members = await site.remember();
  const began = performance.now();
  await inject(pid);
  const struck = performance.now();
  const answered = askUntil(site, row, kindOf[name], async () => !replaced || (await site.engine(name)).pid !== pid);
  const known = noticed ?? (async () => ((engine) => engine.pid !== pid || engine.state !== 'ready')(await site.engine(name)));
  const told = replaced || noticed ? waitFor(known, `${name}: the box notices`).then(() => row.noticed.push(performance.now() - struck)) : null;
  await Promise.all([answered.then((result) => row.recovered.push(result.ended - struck)), told]);
  await after();
  await pause(300); // what is felt late
  await takeStock(site, row, { began, victims: [name], pids, members });
}

// Counts requests, other engines' processes and processes without a parent since a fault began.
export async function takeStock(site, row, { began, victims, pids, members }) {
  if (site.load) {
    const { sent, failed, needless } = site.load.since(began, victims);
    row.sent += sent;
    row.failed += failed.length;
    row.needless += needless.length;
    for (const one of needless.slice(0, 3)) row.broke(`${one.kind} failed: ${one.why}`);
  }
  const now = await site.running();
  for (const [other, was] of pids) {
    if (victims.includes(other) || now.get(other) === was) continue;
    ++row.collateral;
    row.broke(`${other} was replaced: ${(await site.engine(other)).last_error}`);
  }
  const still = await site.remember();
  const gone = members.filter((member) => !still.some((s) => s.pid === member.pid && s.born === member.born));
  const left = await leftOf(gone);
  for (const member of left) if (await lives(member)) ++row.orphans;
}
