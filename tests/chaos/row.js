// What was seen of one kind of fault.
export class Row {
  constructor(key, title, { bound = Infinity, must = '' } = {}) {
    Object.assign(this, { key, title, bound, must, repeats: 0, noticed: [], recovered: [], sent: 0, failed: 0, needless: 0, collateral: 0, orphans: 0, actions: 0, broken: [], seconds: 0 });
  }

  broke(what) {
    this.broken.push(what);
  }

  // What a repeat's own requests came to.
  count(results) {
    this.sent += results.length;
    this.failed += results.filter((result) => !result.ok).length;
  }

  problems() {
    const all = [...new Set(this.broken)];
    if (this.needless > 0) all.push(`${this.needless} requests failed that an engine without a fault could serve`);
    if (this.collateral > 0) all.push(`${this.collateral} other engines were replaced`);
    if (this.orphans > 0) all.push(`${this.orphans} processes outlived the box`);
    if (this.actions > 0) all.push(`${this.actions} times it took a person's order`);
    if (Math.max(0, ...this.noticed) > this.bound * 1000) all.push(`it took ${(Math.max(...this.noticed) / 1000).toFixed(1)} s to notice, ${this.bound} s at most are allowed`);
    return all;
  }
}
