// The clock jumps while requests are worked on.
import { embed, form } from '../clients/support.js';
import { chat } from './packs.js';
import { ask } from './memory.js';
import { seconds } from './checks.js';
import { pause, waitFor } from './guest.js';

const kJumps = [
  ['a day on', '+1 day'],
  ['a day back', '-1 day'],
  ['ten years on', '+10 years'],
  ['ten years back', '-10 years'],
];

// A streamed answer: its parts, and whether it came to its proper end.
async function stream(guest, tokens) {
  const response = await chat(guest, { stream: true, max_tokens: tokens }, { signal: AbortSignal.timeout(900_000) });
  const seen = { status: response.status, parts: 0, text: '' };
  seen.done = (async () => {
    for await (const part of response.body) {
      ++seen.parts;
      seen.text += Buffer.from(part).toString();
    }
    seen.whole = /data: \[DONE\]\s*$/.test(seen.text) && !/"error"/.test(seen.text);
  })();
  return seen;
}

export async function clock(site, checks) {
  const { guest } = site;
  await waitFor(async () => (await chat(guest)).status === 200, 'chat answers');
  await waitFor(async () => (await embed(guest)).status === 200, 'embeddings answer');
  // A month is the longest that a file is kept for: ten years on it is past its time, by promise.
  const upload = await form(guest, '/v1/files', { purpose: 'ocr', 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '2592000', file: Buffer.from('kept') });
  const { id } = await upload.json();
  const before = await guest.status();
  for (const [words, jump] of kJumps) {
    await checks.step(`the clock jumps ${words}, amid a streamed chat and embeddings`, async () => {
      const others = ask((extra) => embed(guest, 'tea', extra), 300);
      const chats = await Promise.all([stream(guest, 100), stream(guest, 100)]);
      await waitFor(() => chats.every((one) => one.parts > 2), 'the streams have begun');
      const date = await guest.run(`date -s '${jump}' +%F`);
      await Promise.all(chats.map((one) => one.done));
      await pause(1500);
      const seen = await others.stop();
      const broken = chats.filter((one) => !one.whole).length;
      const kept = jump.includes('years') ? 200 : (await fetch(`${guest.url}/v1/files/${id}/content`, { headers: { authorization: `Bearer ${guest.key}` } })).status;
      const figure = `it is ${date}: ${chats.length - broken} of ${chats.length} streams whole, ${seen.failed.length} of ${seen.sent} embeddings failed${seen.failed[0] ? ` (${seen.failed[0]})` : ''}, the slowest ${seconds(seen.slowest)}`;
      return [figure, broken === 0 && seen.failed.length === 0 && kept === 200];
    });
  }
  await checks.step('afterwards', async () => {
    const after = await guest.status();
    const replaced = before.engines.filter((engine) => engine.pid > 0 && after.engines.find((now) => now.name === engine.name).pid !== engine.pid).map((engine) => engine.name);
    const restarts = await guest.run('systemctl show hearth -P NRestarts');
    const key = (await fetch(`${guest.url}/v1/models`, { headers: { authorization: `Bearer ${guest.key}` } })).status;
    return [`engines replaced: ${replaced.join(', ') || 'none'}; hearthd ${after.pid === before.pid ? 'the same process' : 'another process'}; the key is ${key === 200 ? 'valid' : 'refused'}; uptime ${seconds(after.uptime_seconds * 1000)}`, replaced.length === 0 && after.pid === before.pid && key === 200 && Number(restarts) <= 1];
  });
}
