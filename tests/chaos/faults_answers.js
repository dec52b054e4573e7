// Engines that answer garbage or only errors, and engines that leak memory: real ones behind faulty_engine.cpp.
import { rm } from 'node:fs/promises';
import { copyEngines, makeFaulty } from './engine_copies.js';
import { run as command } from './processes.js';
import { kindOf } from './requests.js';
import { Site } from './site.js';
import { askUntil, strike, takeStock, waitFor, warm } from './strike.js';

// As in faulty_engine.cpp.
const faults = ['none', 'noise', 'bad-header', 'cut-short', 'too-long', 'too-short', 'nonsense', 'server-error', 'leak'];
const kVictims = ['embed', 'speech', 'ocr'];
// Sound has no length that could be wrong, and no shape that anybody looks at.
const kGarbage = { embed: faults.slice(1, 7), ocr: faults.slice(1, 7), speech: faults.slice(1, 4) };
// KiB for each request: its limit is reached soon; more than what may be a cache, but the limit is far.
const kFast = { embed: 16 << 10, speech: 8 << 10 };
const kSlow = { embed: 192, speech: 320, ocr: 512 };

const switchOn = (pid, fault, kib = 0) => command('/usr/bin/kill', ['--queue', String(faults.indexOf(fault) + 16 * kib), '-s', 'USR1', String(pid)]);

// All victims leak at the same time: it is the watching that takes long.
async function leakSlowly(site, row) {
  await warm(site, kVictims);
  const pids = await site.running();
  const members = await site.remember();
  const began = performance.now();
  const recycled = async (name) => (await site.engine(name)).recycles;
  await Promise.all(
    kVictims.map(async (name) => {
      const before = await recycled(name);
      await switchOn(pids.get(name), 'leak', kSlow[name]);
      await waitFor(async () => (await recycled(name)) > before || (await site.engine(name)).pid !== pids.get(name), `${name} gets a fresh process`, 300_000);
      row.noticed.push(performance.now() - began);
      if ((await recycled(name)) === before) row.broke(`${name} was not recycled, it ended: ${(await site.engine(name)).last_error}`);
      const good = await askUntil(site, row, kindOf[name], async () => (await site.engine(name)).pid !== pids.get(name));
      row.recovered.push(good.ended - began);
    }),
  );
  // It is done between requests: not even those of the engine itself may fail.
  const { failed } = site.load.since(began, []);
  if (failed.length > 0) row.broke(`${failed.length} requests failed while a leaking engine was replaced: ${failed[0].why}`);
  await takeStock(site, row, { began, victims: kVictims, pids, members });
  return kVictims.length;
}

export async function run(campaign) {
  const engines = await copyEngines();
  await makeFaulty(engines, kVictims);
  const site = await Site.open(campaign.random, { env: { HEARTH_ENGINES: engines } });
  const { random } = site;
  const answering = (row, name, fault, kib) => strike(site, row, name, (pid) => switchOn(pid, fault, kib));
  await campaign.kind('garbage', 'engine answers garbage: no HTTP, a broken header, half an answer, a wrong length, half a JSON document', {}, (row) => {
    const name = random.pick(kVictims);
    return answering(row, name, random.pick(kGarbage[name]));
  });
  await campaign.kind('errors', 'engine answers nothing but errors (500)', {}, (row) => answering(row, random.pick(kVictims), 'server-error'));
  await campaign.kind('leak-limit', 'engine leaks memory up to its limit', {}, (row) => {
    const name = random.pick(Object.keys(kFast));
    return answering(row, name, 'leak', kFast[name]);
  });
  await campaign.kind('leak', 'engine leaks slowly: replaced between requests, none may fail', {}, (row) => leakSlowly(site, row));
  await campaign.close(site);
  await rm(engines, { recursive: true });
}
