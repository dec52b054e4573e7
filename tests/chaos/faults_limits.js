// Engines and the daemon at the limits that the kernel sets them.
import assert from 'node:assert/strict';
import { dataUrl } from '../clients/harness.js';
import { Raw, embed, json, ocr, status } from '../clients/support.js';
import { dataBytes, limit, openFiles, pause, softLimit } from './processes.js';
import { ask, engineNames, kindOf } from './requests.js';
import { askUntil, strike, takeStock, waitFor, warm } from './strike.js';

const settle = async (row, asked) => {
  const answers = await Promise.all(asked.map((answer) => answer.then(async (a) => ({ ok: a.status === 200, body: await a.arrayBuffer() }), () => ({ ok: false }))));
  row.count(answers);
};

// Far more memory than a small request takes.
function greedy(site, name) {
  const side = 3200;
  const picture = () => Buffer.concat([Buffer.from(`P6\n${side} ${side}\n255\n`), Buffer.alloc(3 * side * side, 255)]);
  if (name === 'embed') return [embed(site.box, Array(2048).fill('a long sentence of many words, again and again '.repeat(200)))];
  if (name === 'ocr') return [ocr(site.box, 'image/x-portable-pixmap', picture())];
  return [json(site.box, '/v1/images/detections', { image: dataUrl('image/x-portable-pixmap', picture()) })];
}

export async function run(campaign) {
  const site = await campaign.site();
  const { random } = site;

  // What the engine has is all that it may have, while it is asked for more. It serves on, or is replaced.
  await campaign.kind('memory', 'engine at its memory limit (`RLIMIT_DATA`), large request', {}, async (row) => {
    const name = random.pick(['embed', 'ocr', 'vision', 'media']);
    let large;
    let refused = false;
    let lift;
    await strike(
      site,
      row,
      name,
      async (pid) => {
        const soft = await softLimit(pid, 'Max data size');
        await limit(pid, 'data', await dataBytes(pid));
        lift = () => limit(pid, 'data', soft).catch(() => {}); // it may be gone
        large = settle(row, greedy(site, name)).then(() => (refused = true));
      },
      { replaced: false, noticed: () => refused, after: () => large.then(lift) },
    );
  });

  // Open connections go on; nothing new can be opened: no connection, no file.
  await campaign.kind('engine-files', 'engine out of file descriptors', {}, async (row) => {
    const name = random.pick(['embed', 'speech', 'ocr', 'vision', 'llama-tiny']);
    let was;
    let soft;
    const inject = async (pid) => {
      was = pid;
      soft = await softLimit(pid, 'Max open files');
      await limit(pid, 'nofile', 3);
    };
    await strike(site, row, name, inject, {
      replaced: false,
      // All at once, so that connections beyond those that are open are needed.
      after: async () => {
        const began = performance.now();
        let over = false;
        const watching = waitFor(async () => over || (await site.engine(name)).pid !== was, 'the end').then(() => over || row.noticed.push(performance.now() - began));
        const answers = await Promise.all(Array.from({ length: 6 }, () => ask(site.box, kindOf[name])));
        row.count(answers);
        const good = await askUntil(site, row, kindOf[name]);
        row.recovered[row.recovered.length - 1] = good.ended - began; // this is when it is felt
        over = true;
        await watching;
        await limit(was, 'nofile', soft).catch(() => {}); // it may be gone
      },
    });
  });

  await campaign.kind('daemon-files', 'hearthd out of file descriptors, 200 connections more than it can take', {}, async (row) => {
    await warm(site, ['embed', 'speech', 'ocr', 'llama-tiny']);
    const pids = await site.running();
    const members = await site.remember();
    const began = performance.now();
    const { pid } = site.box.process;
    const soft = await softLimit(pid, 'Max open files');
    await limit(pid, 'nofile', (await openFiles(pid)) + 20);
    const opening = Array.from({ length: 200 }, () => Raw.open(site.box.url).catch(() => null));
    const open = Promise.all(opening);
    await Promise.race([open, pause(2000)]);
    await pause(random.between(500, 1500));
    for (const raw of opening) raw.then((connection) => connection?.destroy());
    const left = performance.now();
    const good = await askUntil(site, row, 'embeddings');
    row.recovered.push(good.ended - left);
    await limit(pid, 'nofile', soft);
    assert.equal((await status(site.box)).pid, pid);
    await takeStock(site, row, { began, victims: [...engineNames], pids: new Map(), members });
    const now = await site.running();
    for (const [name, was] of pids) if (now.get(name) !== was) ++row.collateral;
  });
}
