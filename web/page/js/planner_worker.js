// The planner's own thread: it plans, at most a second ahead of what is shown, and posts keys.
import { Game, loadEngine } from "./engine.js";
import { FRAMES_PER_DECISION, Planner } from "./planning.js";

const AHEAD = 30; // frames that are planned before they are shown
const EASY_MS = 85, HURRIED_MS = 45; // of a decision of 100 ms, with and without some frames ahead
const EASY_FROM = 12; // frames ahead

let planner, game, wake;
let run = 0, shown = 0; // the run that is planned, and its frames that are shown already

onmessage = async ({ data }) => {
  if (data.load) await load(data.load);
  if (data.shown !== undefined && data.run === run) shown = data.shown;
  if (data.begin) plan(data.begin);
  wake?.();
};

async function load({ engine, critic, sincos }) {
  const [exports, answer] = await Promise.all([loadEngine(engine), fetch(critic)]);
  if (!answer.ok) throw new Error(`The planner's critic is missing: ${critic} (${answer.status}).`);
  game = new Game(exports, sincos);
  game.idle();
  game.click();
  planner = new Planner(exports, game, new Uint8Array(await answer.arrayBuffer()));
  postMessage({ ready: true });
}

async function plan(number) {
  run = number;
  shown = 0;
  planner.begin(game, number);
  for (let planned = 0; run === number && !planner.over;) {
    if (planned - shown < AHEAD) {
      const keys = planner.decide(planned - shown < EASY_FROM ? HURRIED_MS : EASY_MS);
      planned += FRAMES_PER_DECISION;
      postMessage({ run, keys, width: planner.width });
      await new Promise((resolve) => setTimeout(resolve)); // for what has been posted here
    } else {
      await new Promise((resolve) => (wake = resolve));
    }
  }
}
