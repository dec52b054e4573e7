// The package on a machine that has never seen it: it installs, the service starts, and each engine answers from its sandbox.
import { dataUrl, pdf, wav } from '../clients/harness.js';
import { embed, json, ocr, speak, transcribe } from '../clients/support.js';
import { seconds } from './checks.js';
import { patience, waitFor } from './guest.js';

// An answer, in words. While an engine is being started on a slow machine, it may be refused at first.
async function answer(what, ask, look) {
  const began = performance.now();
  return waitFor(async () => {
    const response = await ask({ signal: AbortSignal.timeout(patience) });
    const body = Buffer.from(await response.arrayBuffer());
    if (response.status !== 200) throw new Error(`${response.status}: ${body.toString().slice(0, 300)}`);
    return `${look(body)}, ${seconds(performance.now() - began)}`;
  }, what);
}

const tasks = {
  embeddings: [(box, extra) => embed(box, 'a cup of tea', extra), (body) => `a vector of ${JSON.parse(body).data[0].embedding.length} numbers`],
  speech: [(box, extra) => speak(box, 'Good morning.', { response_format: 'wav' }, extra), (body) => `${body.length} bytes of sound`],
  transcription: [(box, extra) => transcribe(box, wav(0.5), {}, extra), (body) => `a text of ${JSON.parse(body).text.length} letters`],
  OCR: [
    (box, extra) => ocr(box, 'application/pdf', pdf(['The kettle sings.']), extra),
    (body) => {
      const text = JSON.parse(body).pages[0].markdown.trim();
      if (!/kettle/.test(text)) throw new Error(`it read "${text}"`);
      return `“${text}”`;
    },
  ],
  detection: [
    (box, extra) => json(box, '/v1/images/detections', { image: dataUrl('image/x-portable-bitmap', Buffer.concat([Buffer.from('P4\n160 48\n'), Buffer.alloc(20 * 48)])) }, extra),
    (body) => `${JSON.parse(body).detections?.length ?? 0} finds in a blank picture`,
  ],
};

// What the kernel says of an engine's process, seen from outside.
const look = (pid, daemon) => `
for n in net pid mnt ipc uts user; do [ "$(readlink /proc/${pid}/ns/$n)" != "$(readlink /proc/${daemon}/ns/$n)" ] || echo "shares $n"; done
grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/${pid}/status
cut -d: -f3 /proc/${pid}/cgroup`;

export async function engineSandboxes(guest, checks, names) {
  const status = await guest.status();
  const running = status.engines.filter((engine) => engine.pid > 0 && (!names || names.includes(engine.name)));
  const wrong = [];
  for (const engine of running) {
    const seen = await guest.run(look(engine.pid, status.pid));
    if (/shares/.test(seen)) wrong.push(`${engine.name} ${seen.match(/shares \w+/g).join(', ')} with hearthd`);
    if (!/CapEff:\s+0+\n/.test(seen)) wrong.push(`${engine.name} has capabilities`);
    if (!/NoNewPrivs:\s+1\n/.test(seen)) wrong.push(`${engine.name} may gain privileges`);
    if (!/Seccomp:\s+2\n/.test(seen)) wrong.push(`${engine.name} has no system call filter`);
    if (!new RegExp(`/hearth\\.service/${engine.name}\\.\\d+$`).test(seen)) wrong.push(`${engine.name} is in the group ${seen.split('\n').at(-1)}`);
  }
  checks.add('engines: own network, process, mount, IPC, host name and user namespaces, system call filter, no capabilities, own control group', wrong.length ? wrong.join('; ') : running.map((engine) => engine.name).join(', '), wrong.length === 0 && running.length > 0);
  const said = await guest.run("hearth engines | sed -n 's/^Containment: //p'");
  checks.add('`hearth engines` says', said, said === 'sandboxed, in a control group of its own');
}

export async function install(site, checks) {
  const guest = await site.boot(true);
  checks.add('the machine starts: until it takes commands', `${(await guest.up()).toFixed(0)} s`, true);
  await guest.run('mkdir -p /cargo && mount -o ro /dev/vdb /cargo');
  await checks.step('`dpkg -i` installs the package', async () => {
    const began = performance.now();
    await guest.run('DEBIAN_FRONTEND=noninteractive dpkg -i /cargo/hearth.deb');
    return seconds(performance.now() - began);
  });
  await checks.step('the service is up and ready', async () => {
    const began = performance.now();
    await waitFor(async () => (await guest.status()).ready, 'hearthd is ready');
    const state = await guest.run('systemctl is-active hearth');
    const restarts = await guest.run('systemctl show hearth -P NRestarts');
    return [`${state}, restarts: ${restarts}; ${seconds(performance.now() - began)} after the installation`, state === 'active' && restarts === '0'];
  });
  await checks.step('`systemd-analyze security`: exposure, 0 best, 10 worst', async () => {
    const level = Number(/exposure level for hearth\.service: ([0-9.]+)/.exec(await guest.run('systemd-analyze security --no-pager hearth.service'))[1]);
    return [level, level < 5];
  });

  // The network is the host's only way in, so keys are needed from here on. Without the cache each request reaches an
  // engine.
  const settings = { listen: '["0.0.0.0:8420"]', enabled: 'false', allow: '["10.0.2.2"]', mirror: site.mirror, keyring: '/etc/hearth/packs.gpg', keep_free: '64 MiB' };
  const edits = Object.entries(settings).map(([key, value]) => `-e 's|^  #${key}: .*|  ${key}: ${value}|'`);
  await guest.run(`cp /cargo/packs.gpg /etc/hearth/ && sed -i ${edits.join(' ')} /etc/hearth/hearth.yaml`);
  await guest.run('hearth config check && systemctl restart hearth');
  await guest.ready();
  site.key = guest.key = await guest.hearth('keys new host --quiet');
  for (const [task, [ask, words]] of Object.entries(tasks)) await checks.step(`${task} answers`, () => answer(task, (extra) => ask(guest, extra), words));
  await engineSandboxes(guest, checks);
  await checks.step('its own description is served', async () => {
    const { paths } = await (await fetch(`${guest.url}/openapi.json`)).json();
    return `${Object.keys(paths).length} paths in /openapi.json`;
  });
  await checks.step('without a key', async () => {
    const { status } = await fetch(`${guest.url}/v1/models`);
    return [`refused with ${status}`, status === 401];
  });
}
