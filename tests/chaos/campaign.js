// Runs fault kinds, repeats them, keeps what was seen.
import { Random } from './random.js';
import { Row } from './row.js';
import { Site } from './site.js';

// "20 stopped=5": so many repeats, but of these kinds as many as they say.
export function parseRepeats(text) {
  const repeats = { of: {}, others: 20 };
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const [, key, count] = /^(?:([a-z-]+)=)?(\d+)$/.exec(word) ?? [];
    if (!count || count === '0') throw new Error(`CHAOS_REPEATS: "${word}" is neither a number nor KIND=NUMBER`);
    if (key) repeats.of[key] = Number(count);
    else repeats.others = Number(count);
  }
  return repeats;
}

export class Campaign {
  constructor({ repeats, seed }) {
    Object.assign(this, { repeats: parseRepeats(repeats), seed, rows: [], leftovers: [] });
  }

  // Each group has numbers of its own, so that one can be run again alone.
  begin(group) {
    let seed = this.seed;
    for (const letter of group) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0;
    this.random = new Random(seed);
    if (this.shared) this.shared.random = this.random;
  }

  // The box of those groups that need nothing special of it.
  async site() {
    this.shared ??= await Site.open(this.random);
    return this.shared;
  }

  async end() {
    if (this.shared) await this.close(this.shared);
  }

  async kind(key, title, options, repeat) {
    const row = new Row(key, title, options);
    this.rows.push(row);
    const times = this.repeats.of[key] ?? this.repeats.others;
    const began = performance.now();
    let thrown = 0;
    while (row.repeats < times && thrown < 3) {
      const number = row.repeats + 1;
      try {
        row.repeats += (await repeat(row)) ?? 1; // some strike several engines at once
      } catch (error) {
        ++row.repeats;
        ++thrown;
        row.broke(error.message);
        console.error(`${key}, repeat ${number}: ${error.stack}`);
      }
    }
    row.seconds = (performance.now() - began) / 1000;
    const problems = row.problems();
    console.log(`${problems.length ? 'BROKEN' : 'ok    '} ${key}: ${row.repeats} in ${row.seconds.toFixed(0)} s${problems.map((problem) => `\n         ${problem}`).join('')}`);
  }

  async close(site) {
    const { end, early, left } = await site.close();
    if (early) this.leftovers.push(`hearthd ended although nobody had told it to: ${site.box.log.slice(-500)}`);
    else if (end.code !== 0) this.leftovers.push(`hearthd ended with ${end.code ?? end.signal}: ${site.box.log.slice(-500)}`);
    for (const { pid } of left) this.leftovers.push(`process ${pid} outlived the box`);
  }

  get failed() {
    return this.leftovers.length > 0 || this.rows.some((row) => row.problems().length > 0);
  }
}
