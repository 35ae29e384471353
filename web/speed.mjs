// How fast both builds of the engine are here, with and without SIMD: node web/speed.mjs [page]
// Both play the same games and plan the same plan; that they come to the same is checked.
import fs from "node:fs";
import path from "node:path";

const page = path.resolve(process.argv[2] ?? "build/web/page");
const { Game, instantiate } = await import(path.join(page, "js/engine.js"));
const { Planner } = await import(path.join(page, "js/planning.js"));
const GAMES = 64, STEPS = 60; // six frames each
const WIDTH = 60, DECISIONS = 40;

const cpuMs = () => process.cpuUsage().user / 1e3; // other programs do not count

async function measured(file) {
  const engine = await instantiate(fs.readFileSync(path.join(page, file)));
  engine.speed_play(GAMES, 10); // until it is compiled well
  let begun = cpuMs();
  const frames = engine.speed_play(GAMES, STEPS);
  const framesPerSecond = Math.round((1e3 * frames) / (cpuMs() - begun));
  const game = new Game(engine);
  game.idle();
  game.click();
  const planner = new Planner(engine, game, fs.readFileSync(path.join(page, "critic.bin")), cpuMs);
  planner.begin(game, 1);
  begun = cpuMs();
  const keys = Array.from({ length: DECISIONS }, () => planner.decide(0, WIDTH)).join(" ");
  const decisionMs = ((cpuMs() - begun) / DECISIONS).toFixed(1);
  console.log(`${file}: ${framesPerSecond} frames/s, ${decisionMs} ms a decision of ${WIDTH} states`);
  return `${engine.speed_hash()} ${keys}`;
}

const [scalar, simd] = [await measured("engine.wasm"), await measured("engine-simd.wasm")];
if (scalar !== simd) {
  console.error("the builds do not agree");
  process.exit(1);
}
console.log("both played the same, bit for bit");
