// An engine pack is made inside the service's sandbox, from a signed repository; a model is pulled; a chat is answered from it.
import { json } from '../clients/support.js';
import { seconds } from './checks.js';
import { waitFor } from './guest.js';
import { engineSandboxes } from './install.js';

export const chat = (box, fields = {}, extra = {}) => json(box, '/v1/chat/completions', { model: 'tiny', messages: [{ role: 'user', content: 'What sings?' }], temperature: 0, max_tokens: 8, ...fields }, extra);

export async function packs(site, checks) {
  const { guest } = site;
  await checks.step('`hearth engines install llama.cpp`', async () => {
    const began = performance.now();
    await guest.hearth('engines install llama.cpp');
    const id = await guest.run('basename $(readlink /var/lib/hearth/packs/llama.cpp/current)');
    return `${id}, ${seconds(performance.now() - began)}`;
  });
  await checks.step('`hearth pull` of a language model', async () => {
    const began = performance.now();
    await guest.hearth(`pull --insist --name tiny '${await site.makeModel('tiny', ['context=2048', 'endless=1'])}'`);
    return seconds(performance.now() - began);
  });
  await checks.step('chat answers', async () => {
    const began = performance.now();
    const text = await waitFor(async () => {
      const response = await chat(guest);
      const body = await response.text();
      if (response.status !== 200) throw new Error(`${response.status}: ${body.slice(0, 300)}`);
      return JSON.parse(body).choices[0].message.content;
    }, 'an answer');
    return `“${text.trim()}”, ${seconds(performance.now() - began)}`;
  });
  await checks.step('its process has the pack for its root', async () => {
    const { pid, pack } = await guest.engine('llama-tiny');
    const host = await guest.run(`stat -c %d:%i /usr/bin; stat -c %d:%i /proc/${pid}/root/usr/bin; ls /proc/${pid}/root/usr/bin/llama-server`);
    const [ours, its] = host.split('\n');
    return [pack, ours !== its];
  });
  await engineSandboxes(guest, checks, ['llama-tiny']);
  await checks.step('`hearth models verify`', () => guest.hearth('models verify'));
}
