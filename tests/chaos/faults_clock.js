// The clock jumps, to the future and to the past, by seconds and by decades: hearthd sees one of its own, libfaketime's.
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { form, json } from '../clients/support.js';
import { pause } from './processes.js';
import { newFolder, Site } from './site.js';
import { askUntil, takeStock, waitFor, warm } from './strike.js';

const kAll = ['embed', 'speech', 'ocr', 'llama-tiny'];
const kHour = 3600;
const kDay = 24 * kHour;
// Seconds. The last is a box whose clock has no battery, before it has asked for the time.
const kJumps = [2, -2, kHour, -kHour, kDay, -kDay, 3650 * kDay, -3650 * kDay, -Math.floor(Date.now() / 1000) + 60];

async function library() {
  for (const name of await readdir('/usr/lib')) {
    const found = await readdir(join('/usr/lib', name, 'faketime')).catch(() => []);
    if (found.includes('libfaketimeMT.so.1')) return join('/usr/lib', name, 'faketime/libfaketimeMT.so.1');
  }
  throw new Error('libfaketime is not there: apt-get install libfaketime');
}

const works = async (site, key) => (await fetch(`${site.box.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status === 200;

// A long answer, read as it comes.
async function stream(site) {
  const answer = await json(site.box, '/v1/chat/completions', { model: 'tiny', messages: [{ role: 'user', content: 'What sings?' }], stream: true, max_tokens: 400 });
  const text = await answer.text();
  return answer.status === 200 && text.includes('[DONE]');
}

export async function run(campaign) {
  const folder = await newFolder();
  const clock = join(folder, 'clock');
  const jump = async (seconds) => {
    await writeFile(`${clock}.next`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${clock}.next`, clock);
  };
  await jump(0);
  const env = { LD_PRELOAD: await library(), FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1', HEARTH_SERVER_AUTH: 'required' };
  const site = await Site.open(campaign.random, { env });
  const { random } = site;
  // How far hearthd's time is off, in seconds: without this the campaign would prove nothing.
  const offset = async () => (await (await form(site.box, '/v1/files', { file: Buffer.from('what time is it?'), purpose: 'ocr' })).json()).created_at - Date.now() / 1000;
  await campaign.kind('clock', 'clock jumps by seconds, hours, days, ten years, to 1970, and back: must not be felt', {}, async (row) => {
    await warm(site, kAll);
    const pids = await site.running();
    const members = await site.remember();
    const key = (await site.box.hearth('keys', 'new', 'before', '--quiet')).trim();
    const began = performance.now();
    const streaming = stream(site);
    const by = random.pick(kJumps);
    await pause(random.between(0, 50));
    await jump(by);
    const struck = performance.now();
    const off = await offset();
    if (!(Math.abs(off - by) < 1.5)) row.broke(`hearthd's clock does not follow: ${off} s instead of ${by} s`);
    const during = (await site.box.hearth('keys', 'new', 'during', '--quiet')).trim();
    const good = await askUntil(site, row, 'embeddings');
    row.recovered.push(good.ended - struck);
    await pause(random.between(500, 1500));
    await jump(0);
    if (!(await streaming)) row.broke('an answer under way broke off');
    for (const one of [key, during]) await waitFor(() => works(site, one), 'a key counts', 5000).catch((error) => row.broke(error.message));
    const all = await Promise.all(['speech', 'ocr', 'chat'].map((kind) => askUntil(site, row, kind)));
    if (all.some((one) => one.ended - one.sent > 5000)) row.broke('an answer took more than 5 s');
    await takeStock(site, row, { began, victims: [], pids, members });
  });
  await campaign.close(site);
  await rm(folder, { recursive: true });
}
