// The daemon itself: killed, started twice, without a disk that it may write to.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { environment } from '../clients/harness.js';
import { Load } from './load.js';
import { leftOf, pause, run as command } from './processes.js';
import { ask, engineNames } from './requests.js';
import { bin, newFolder, Site } from './site.js';
import { askUntil, takeStock, waitFor, warm } from './strike.js';

// A hearthd that is expected to end by itself.
const start = (data) =>
  new Promise((resolve) => execFile(join(bin, 'hearthd'), ['--data', data, '--listen', '127.0.0.1:0', '--log-format', 'json'], { env: environment, timeout: 60_000 }, (error, _, stderr) => resolve({ code: error ? (error.code ?? error.signal) : 0, stderr })));
const knows = async (site, key) => (await fetch(`${site.box.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status === 200;

export async function run(campaign) {
  const site = await Site.open(campaign.random, { env: { HEARTH_SERVER_AUTH: 'required' } });
  const { random } = site;
  const all = ['embed', 'speech', 'ocr', 'llama-tiny'];

  await campaign.kind('two', 'second hearthd on the same data folder: refused, the first goes on', {}, async (row) => {
    await warm(site, all);
    const pids = await site.running();
    const members = await site.remember();
    const began = performance.now();
    const { code, stderr } = await start(site.data);
    row.noticed.push(performance.now() - began);
    if (code === 0 || typeof code !== 'number') row.broke(`the second ended with ${code}`);
    if (!stderr.includes(site.data)) row.broke(`it does not say why: ${stderr.slice(-300)}`);
    const good = await askUntil(site, row, 'embeddings');
    row.recovered.push(good.ended - good.sent);
    await takeStock(site, row, { began, victims: [], pids, members });
  });

  await campaign.kind('daemon-killed', 'hearthd killed (`kill -9`) under load and started again', {}, async (row) => {
    await warm(site, all);
    await pause(random.between(0, 500));
    const members = await site.remember();
    // Keys are given out until it dies: those that were acknowledged must be there afterwards.
    const keys = [];
    let alive = true;
    const giving = (async () => {
      while (alive) await site.box.hearth('keys', 'new', 'more', '--quiet').then((more) => keys.push(more.trim()), () => {});
    })();
    await pause(random.between(50, 400));
    const began = performance.now();
    site.box.process.kill('SIGKILL');
    await site.box.exited;
    alive = false;
    await giving;
    const ended = performance.now();
    const left = await leftOf(members);
    row.orphans += left.length;
    row.noticed.push(performance.now() - ended); // its engines notice, and end
    await site.load.stop();
    const { sent, failed } = site.load.since(began, engineNames);
    row.sent += sent;
    row.failed += failed.length;
    const again = performance.now();
    await site.reopen();
    const good = await askUntil(site, row, 'embeddings');
    row.recovered.push(good.ended - again);
    for (const one of keys) if (!(await knows(site, one))) row.broke('a key that was acknowledged is lost');
    row.count(await Promise.all(['speech', 'ocr', 'chat'].map((kind) => ask(site.box, kind))));
    site.load = new Load(site.box);
  });
  await campaign.close(site);

  await campaign.kind('read-only-start', 'started on a read-only data folder, then on the same made writable', {}, async (row) => {
    const data = await newFolder();
    await command('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0755,ro', 'hearth-chaos', data]);
    try {
      const began = performance.now();
      const { code, stderr } = await start(data);
      row.noticed.push(performance.now() - began);
      if (code === 0 || typeof code !== 'number') row.broke(`it ended with ${code}`);
      if (!stderr.includes(data)) row.broke(`it does not say which folder: ${stderr.slice(-300)}`);
      await command('mount', ['-o', 'remount,rw', data]);
      const writable = performance.now();
      const after = await Site.open(random, { data, model: false, load: false });
      const good = await askUntil(after, row, 'embeddings');
      row.recovered.push(good.ended - writable);
      await after.box.hearth('keys', 'new', 'one');
      after.box.process.kill('SIGTERM');
      await after.box.exited;
    } finally {
      await waitFor(() => command('umount', [data]).then(() => true, () => false), 'the file system is free');
      await rm(data, { recursive: true });
    }
  });
}
