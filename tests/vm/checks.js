// What was looked at, what came out, and whether that is as it must be.
export class Checks {
  constructor() {
    this.rows = [];
    this.group = '';
  }

  begin(group) {
    this.group = group;
    console.log(`== ${group}`);
  }

  // `figure`: in words, for people.
  add(what, figure, good) {
    this.rows.push({ group: this.group, what, figure: String(figure), good: Boolean(good) });
    console.log(`${good ? 'ok    ' : 'FAILED'} ${what}: ${figure}`);
  }

  // A step that may throw: its figure, or [figure, good].
  async step(what, work) {
    try {
      const result = await work();
      if (Array.isArray(result)) this.add(what, ...result);
      else this.add(what, result, true);
    } catch (error) {
      this.add(what, error.message.replace(/\s+/g, ' ').slice(0, 300), false);
      console.error(error.stack);
    }
  }

  get failed() {
    return this.rows.filter((row) => !row.good).length;
  }
}

export const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
export const MiB = (bytes) => `${(bytes / (1 << 20)).toFixed(0)} MiB`;
