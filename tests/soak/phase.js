// One phase: a hearthd with a budget, the load, and an eye on its memory.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { Box } from '../clients/harness.js';
import { admin, status } from '../clients/support.js';
import { family, leftOf, pause } from '../chaos/processes.js';
import { models } from './models.js';

const kPatience = 300; // s, for what is asked once before the load begins

// Settings that all phases share: nobody leaves for not having been asked for a while, only for want of memory.
const names = ['embed', 'speech', 'transcribe', 'ocr', 'media', ...models.map(({ name }) => `llama-${name}`)];
const settings = Object.fromEntries(names.map((name) => [`HEARTH_ENGINES_${name.toUpperCase().replaceAll('-', '_')}_IDLE_STOP`, '10h']));

export async function openBox(data, budget) {
  await rm(join(data, 'engines-learned'), { force: true }); // what engines need is learned anew
  return Box.start([], { ...settings, HEARTH_ENGINES_MEMORY_BUDGET: String(budget) }, data);
}

// One request of each sort, so that everything is resident.
async function warmUp(box, answers) {
  const each = [...models.map(({ name, kind }) => ({ kind, model: name, text: 0, prompt: 'hello' })), ...['embedding', 'speech', 'transcription', 'ocr'].map((kind) => ({ kind, text: 0 }))];
  for (const item of each) {
    console.log(`  ${item.model ?? item.kind}`);
    const result = await answers.ask(box, { at: 0, ...item }, kPatience);
    if (!result.ok) throw new Error(`${item.model ?? item.kind} does not answer: ${result.why}`);
  }
}

function watch(pid) {
  const lines = [];
  let rest = '';
  const watcher = spawn(process.execPath, [new URL('watch_memory.js', import.meta.url).pathname, String(pid)], { stdio: ['ignore', 'pipe', 'inherit'] });
  watcher.stdout.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop();
    for (const line of parts) lines.push(line.split(' ').map(Number));
  });
  const ended = new Promise((resolve) => watcher.on('close', resolve));
  return { lines, ended };
}

// What hearthd's log tells of engines.
function events(log, began) {
  const list = [];
  for (const line of log.split('\n')) {
    if (!line.includes('"engines.')) continue;
    const { time, room, msg, seconds, why } = JSON.parse(line);
    const at = (Date.parse(time) - began) / 1000;
    if (msg === 'ready') list.push({ at, what: 'loaded', engine: room.slice(8), seconds: Number(seconds) });
    if (msg === 'leaves') list.push({ at, what: 'left', engine: room.slice(8), why });
  }
  return list;
}

// The requests of `items` that are due from second `from` until second `until`, at their times.
async function offer(box, answers, items, from, until) {
  const results = [];
  const asked = [];
  const begin = performance.now();
  for (const item of items.filter(({ at }) => at >= from && at < until)) {
    const wait = (item.at - from) * 1000 - (performance.now() - begin);
    if (wait > 0) await pause(wait);
    asked.push(answers.ask(box, item).then((result) => results.push(result)));
  }
  const rest = (until - from) * 1000 - (performance.now() - begin);
  if (rest > 0) await pause(rest);
  await Promise.all(asked);
  return results;
}

export async function phase({ name, data, budget, answers, items, from, until, resident }) {
  console.log(`${name}: ${((until - from) / 60).toFixed(1)} minutes`);
  const box = await openBox(data, budget);
  try {
    if (!answers.sound) await answers.prepare(box);
    if (resident) await warmUp(box, answers);
    return { name, budget, from, until, ...(await observe(box, answers, items, from, until)) };
  } catch (error) {
    box.process.kill('SIGKILL');
    await box.exited;
    throw new Error(`${name}: ${error.message}; the end of hearthd's log:\n${box.log.slice(-2000)}`, { cause: error });
  }
}

// The load itself, to the end of hearthd.
async function observe(box, answers, items, from, until) {
  const memory = watch(box.process.pid);
  const began = Date.now();
  const results = await offer(box, answers, items, from, until);
  const ended = Date.now();
  const { engines } = await status(box);
  const metrics = (await admin(box, '/metrics')).text;
  const members = await family(box.process.pid);
  box.process.kill('SIGTERM');
  const end = await box.exited;
  await memory.ended;
  const left = await leftOf(members);
  const problems = [];
  if (end.code !== 0) problems.push(`hearthd ended with ${end.code ?? end.signal}`);
  for (const { pid } of left) problems.push(`process ${pid} outlived the box`);
  for (const engine of engines) if (engine.restarts > 0) problems.push(`${engine.name} was restarted ${engine.restarts} times: ${engine.last_error}`);
  return {
    results,
    problems,
    samples: memory.lines
      .filter(([at]) => at >= began && at <= ended)
      .map(([at, pss, rss, ownPss, ownRss, processes, cost]) => ({ at: (at - began) / 1000, pss: pss * 1024, rss: rss * 1024, ownPss: ownPss * 1024, ownRss: ownRss * 1024, processes, cost })),
    events: events(box.log, began).filter(({ at }) => at >= 0 && at <= (ended - began) / 1000),
    evictions: Number(/^hearth_engine_evictions (\S+)$/m.exec(metrics)?.[1]),
    engines,
    load: loadavg()[2],
    log: box.log,
  };
}
