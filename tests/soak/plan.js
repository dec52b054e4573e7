// Who asks for what, when: the same from the same seed. Nothing in it depends on how fast the answers are.
import { Random } from '../chaos/random.js';
import { models } from './models.js';
import { kTexts } from './requests.js';

// Seconds from one to the next, on average.
const kBetween = { session: 12, turn: 6, own: { embedding: 2, speech: 15, transcription: 40, ocr: 45 } };
const kTurns = 6; // requests of a session, on average

const kWords = 'the small kettle sings and our old cat dreams by its warm hearth a house near two trees where birds build nests in spring children walk to school along quiet road with their dog rain falls on roof while bread bakes slowly'.split(' ');

const exponential = (random, mean) => -Math.log(1 - random.next()) * mean;

function times(random, mean, seconds) {
  const all = [];
  for (let at = exponential(random, mean); at < seconds; at += exponential(random, mean)) all.push(at);
  return all;
}

// By Zipf's law: the first of the list twice as often as the second.
function popular(random, list) {
  let left = random.next() * list.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  return list.find((_, i) => (left -= 1 / (i + 1)) < 0) ?? list.at(-1);
}

// One request to a model. Prompts are short questions and, at times, a page.
function turn(random, model) {
  if (model.kind !== 'chat') return { kind: model.kind, model: model.name, text: Math.floor(random.next() * kTexts.length) };
  const words = Math.ceil(Math.min(300, 8 + exponential(random, 40)));
  return { kind: 'chat', model: model.name, prompt: Array.from({ length: words }, () => random.pick(kWords)).join(' ') };
}

// [{ at (seconds), kind, model or undefined for what the box has itself, … }], in order.
export function plan(seed, seconds) {
  const sessions = new Random(seed);
  const own = new Random(seed + 1);
  const items = [];
  for (let at of times(sessions, kBetween.session, seconds)) {
    const model = popular(sessions, models);
    // Whoever came stays with the model for some requests.
    do {
      items.push({ at, ...turn(sessions, model) });
      at += exponential(sessions, kBetween.turn);
    } while (at < seconds && sessions.next() > 1 / kTurns);
  }
  for (const [kind, mean] of Object.entries(kBetween.own))
    for (const at of times(own, mean, seconds)) items.push({ at, kind, text: Math.floor(own.next() * kTexts.length) });
  return items.sort((a, b) => a.at - b.at);
}
