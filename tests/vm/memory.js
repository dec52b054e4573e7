// An engine that takes memory without end is stopped at the limit of its control group, and nobody else feels it.
import { embed, speak, transcribe } from '../clients/support.js';
import { wav } from '../clients/harness.js';
import { MiB, seconds } from './checks.js';
import { pause, waitFor } from './guest.js';

const kGroups = '/sys/fs/cgroup/system.slice/hearth.service';

// Asks one after the other until it is told to stop; what became of it.
export function ask(what, pauseMs = 100) {
  const seen = { sent: 0, failed: [], slowest: 0, stopped: false };
  seen.done = (async () => {
    while (!seen.stopped) {
      const began = performance.now();
      ++seen.sent;
      try {
        const response = await what({ signal: AbortSignal.timeout(900_000) });
        const body = await response.text();
        if (response.status !== 200) seen.failed.push(`${response.status}: ${body.slice(0, 200)}`);
      } catch (error) {
        seen.failed.push(`${error.message} ${error.cause?.message ?? ''}`);
      }
      seen.slowest = Math.max(seen.slowest, performance.now() - began);
      await pause(pauseMs);
    }
  })();
  seen.stop = async () => ((seen.stopped = true), await seen.done, seen);
  return seen;
}

const hear = (guest, extra) => transcribe(guest, wav(0.3), { model: 'leaky-1' }, extra);

export async function memory(site, checks) {
  const { guest } = site;
  await guest.run('mountpoint -q /cargo || mount -o ro /dev/vdb /cargo; cp -r /cargo/leaky /usr/libexec/hearth/engines/ && chmod 755 /usr/libexec/hearth/engines/leaky/program && systemctl restart hearth');
  await guest.ready();
  await waitFor(async () => (await hear(guest)).status === 200, 'the engine answers');
  await waitFor(async () => (await embed(guest)).status === 200 && (await speak(guest, 'one')).status === 200, 'the others answer');

  const before = await guest.status();
  const leaky = before.engines.find((engine) => engine.name === 'leaky');
  await checks.step('the limits of its control group', async () => {
    const text = await guest.run(`cd ${kGroups}/leaky.*/ && cat memory.max memory.high memory.oom.group pids.max`);
    const [max, high, together, processes] = text.split('\n').map(Number);
    return [`memory.max ${MiB(max)}, memory.high ${MiB(high)}, pids.max ${processes}`, max === leaky.memory_limit && high < max && together === 1 && processes > 0];
  });

  // What it takes is seen from outside, ten times a second.
  const others = [ask((extra) => embed(guest, 'tea', extra), 500), ask((extra) => speak(guest, 'one', { response_format: 'wav' }, extra), 1000)];
  await pause(1000);
  const began = performance.now();
  const leak = guest.try(`group=$(echo ${kGroups}/leaky.*)
curl -s -m 600 --unix-socket /run/hearth/engines/leaky/engine.sock -X POST http://engine/leak >/dev/null &
most=0; while now=$(cat $group/memory.current 2>/dev/null); do [ "$now" -le $most ] || most=$now; sleep 0.1; done; echo $most; wait`);
  const { out } = await leak;
  const took = performance.now() - began;
  await checks.step('memory it took at most, seen ten times a second from outside', async () => [`${MiB(Number(out))}, then it was ended; ${seconds(took)} after it began`, Number(out) > leaky.memory_limit / 2 && Number(out) <= leaky.memory_limit]);
  const said = await waitFor(async () => ((engine) => engine.pid !== leaky.pid && engine)(await guest.engine('leaky')), 'hearthd notices');
  checks.add('`hearth engines` says why', `“${said.last_error}”`, /memory limit/.test(said.last_error));
  await checks.step('the kernel says what it did', async () => {
    const line = await guest.run("dmesg | grep -o 'constraint=CONSTRAINT_[A-Z]*' | sort | uniq -c");
    return [line.trim().replace(/\s+/g, ' '), /^\d+ constraint=CONSTRAINT_MEMCG$/.test(line.trim())];
  });
  await checks.step('the next request for it is answered by a new process', async () => {
    const asked = performance.now();
    await waitFor(async () => (await hear(guest)).status === 200, 'the engine answers again');
    const now = await guest.engine('leaky');
    return [`after ${seconds(performance.now() - asked)}, restarts: ${now.restarts}`, now.pid !== leaky.pid && now.pid > 0];
  });
  await pause(500);
  for (const [i, name] of ['embeddings', 'speech'].entries()) {
    const seen = await others[i].stop();
    checks.add(`${name} meanwhile: failed, of sent`, `${seen.failed.length} of ${seen.sent}; the slowest ${seconds(seen.slowest)}${seen.failed[0] ? ` (${seen.failed[0]})` : ''}`, seen.failed.length === 0);
  }
  await checks.step('hearthd and the other engines', async () => {
    const after = await guest.status();
    const replaced = before.engines.filter((engine) => engine.pid > 0 && engine.name !== 'leaky' && after.engines.find((now) => now.name === engine.name).pid !== engine.pid).map((engine) => engine.name);
    return [replaced.length || after.pid !== before.pid ? `replaced: ${[...replaced, after.pid !== before.pid ? 'hearthd' : ''].join(' ')}` : 'the same processes', replaced.length === 0 && after.pid === before.pid];
  });

  // Its groups are systemd's to clear; the next one makes its own.
  await checks.step('hearthd killed with `kill -9`: systemd starts it anew, engines get control groups again', async () => {
    const killed = performance.now();
    const { pid } = await guest.status();
    await guest.run(`kill -9 ${pid}`);
    await waitFor(async () => (await guest.status()).pid !== pid, 'another hearthd');
    await waitFor(async () => (await embed(guest)).status === 200, 'embeddings');
    const engine = await guest.engine('embed');
    const groups = (await guest.run(`cd ${kGroups} && ls -d */`)).replace(/\/\n?/g, ' ').trim();
    return [`${seconds(performance.now() - killed)} until an embedding; groups: ${groups}`, engine.memory_limit > 0 && groups.split(' ').sort().join() === 'daemon,embed.1'];
  });
}
