// Clients that ask all the time: what a fault must not be felt in, but by those who ask the engine that has it.
import { pause } from './processes.js';
import { Random } from './random.js';
import { ask, kinds } from './requests.js';

const kKinds = ['embeddings', 'speech', 'ocr', 'chat'];
const kBetween = { embeddings: 60, speech: 180, ocr: 180, chat: 120 }; // ms from an answer to the next request

export class Load {
  constructor(box) {
    this.box = box;
    this.results = [];
    this.stopped = false;
    const random = new Random(1); // of its own: how often it is asked depends on the machine
    this.clients = kKinds.map((kind) => this.client(kind, random));
  }

  async client(kind, random) {
    while (!this.stopped) {
      this.results.push(await ask(this.box, kind));
      await pause(kBetween[kind] * random.between(0.5, 1.5));
    }
  }

  // What was answered since `at`; failures of it that engines other than `victims` could have served are told apart.
  since(at, victims) {
    const some = this.results.filter((result) => result.ended >= at);
    const failed = some.filter((result) => !result.ok);
    return { sent: some.length, failed, needless: failed.filter((result) => !kinds[result.kind].uses.some((engine) => victims.includes(engine))) };
  }

  async stop() {
    this.stopped = true;
    await Promise.all(this.clients);
  }
}
