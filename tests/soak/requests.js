// How each kind is asked, how long a user would wait for it, and what is a right answer.
import { pdf } from '../clients/harness.js';
import { json, ocr, speak, transcribe } from '../clients/support.js';

export const kTexts = ['A cup of tea in the morning.', 'The old dog sleeps by the fire.', 'Rain falls on the roof.', 'Two birds build a nest in spring.', 'Please bring a cup of coffee and a sandwich.', 'The children walk to school.', 'Bread bakes slowly in the oven.', 'Where is the road to the river?'];
const kSentence = 'Every evening the small kettle sings and our old cat dreams by its warm hearth.';
const kHeard = 4; // the text that is spoken to be written down

const same = (a, b) => a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) <= 1e-3 * Math.max(1, Math.abs(b[i])));
const letters = (text) => text.replaceAll(/\s/g, '');
const samples = (bytes) => (bytes.subarray(0, 4).toString('latin1') === 'RIFF' ? bytes.length : 0);
const pages = kTexts.map((text) => pdf([text]));

// `deadline` in seconds: of a pulled model, it includes loading it. `gist` is what of an answer is compared with what the same
// request gave first, when nothing was short; `right` compares.
export const kinds = {
  chat: {
    deadline: 30,
    ask: (box, item, extra) => json(box, '/v1/chat/completions', { model: item.model, messages: [{ role: 'user', content: item.prompt }], temperature: 0 }, extra),
    gist: (body) => JSON.parse(body).choices[0].message.content.trim(),
    right: (gist) => gist === kSentence,
  },
  embedding: {
    deadline: 15,
    ask: (box, item, extra) => json(box, '/v1/embeddings', { model: item.model ?? 'hearth-static-minilm-256', input: kTexts[item.text] }, extra),
    gist: (body) => JSON.parse(body).data[0].embedding,
    right: same,
  },
  rerank: {
    deadline: 15,
    ask: (box, item, extra) => json(box, '/v1/rerank', { model: item.model, query: kTexts[item.text], documents: kTexts.slice(0, 3) }, extra),
    gist: (body) => JSON.parse(body).results.sort((a, b) => a.index - b.index).map((result) => result.relevance_score),
    right: same,
  },
  speech: {
    deadline: 10,
    ask: (box, item, extra) => speak(box, kTexts[item.text], { response_format: 'wav' }, extra),
    gist: (body) => samples(body),
    right: (gist, first) => gist > 10_000 && Math.abs(gist - first) < first / 20,
  },
  transcription: {
    deadline: 30,
    ask: (box, item, extra) => transcribe(box, item.sound, {}, extra),
    gist: (body) => JSON.parse(body).text,
    right: (gist, first) => gist === first && gist.length > 20,
  },
  ocr: {
    deadline: 30,
    ask: (box, item, extra) => ocr(box, 'application/pdf', pages[item.text], extra),
    gist: (body) => JSON.parse(body).pages[0].markdown,
    right: (gist, first, item) => letters(gist).includes(letters(kTexts[item.text])),
  },
};

// What is known of right answers: the first ones.
export class Answers {
  constructor() {
    this.first = new Map();
  }

  // Speech for the transcriber to hear, spoken by the box itself.
  async prepare(box) {
    const answer = await speak(box, kTexts[kHeard], { response_format: 'wav' });
    this.sound = new Uint8Array(await answer.arrayBuffer());
  }

  // One request to its end. `patience`: seconds, instead of the kind's own.
  async ask(box, item, patience) {
    const kind = kinds[item.kind];
    const key = `${item.kind} ${item.model ?? ''} ${item.kind === 'transcription' ? '' : (item.text ?? '')}`;
    const began = performance.now();
    const result = { kind: item.kind, model: item.model, at: item.at, ok: false, why: '' };
    try {
      const asked = item.kind === 'transcription' ? { ...item, sound: this.sound } : item;
      const answer = await kind.ask(box, asked, { signal: AbortSignal.timeout(1000 * (patience ?? kind.deadline)) });
      const body = Buffer.from(await answer.arrayBuffer());
      if (answer.status === 200) {
        const gist = kind.gist(body);
        if (!this.first.has(key)) this.first.set(key, gist);
        result.ok = kind.right(gist, this.first.get(key), item);
        if (!result.ok) result.why = `wrong: ${JSON.stringify(gist).slice(0, 120)}`;
      } else {
        result.why = `${answer.status} ${body.toString().slice(0, 300)}`;
      }
    } catch (error) {
      result.why = `${error.message}${error.cause ? `: ${error.cause.message}` : ''}`;
    }
    result.ms = performance.now() - began;
    return result;
  }
}
