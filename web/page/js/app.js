// The page: playing, watching and racing, and the buttons for it.
import { refresh, say, touch } from "./cover.js";
import { FRAMES_PER_SECOND, chooseEngine, loadEngine } from "./engine.js";
import { readAddress, readFile, readOwnAddress, saveFile, shareLink, watchDrops } from "./files.js";
import { framesText, meters } from "./hud.js";
import { watchKeys } from "./keys.js";
import { PlannerOpponent } from "./planner_opponent.js";
import { loadRunner } from "./runner.js";
import { drawScene } from "./scene.js";
import { GhostOpponent, Session } from "./session.js";

const FRAME_MS = 1000 / FRAMES_PER_SECOND;
const MOST_BEHIND_MS = 250; // a page that slept does not catch up with more than this
const MOST_PIXELS = 2; // canvas pixels for one of the page, each way
const RUNS = { record: "runs/record.qwop", policy: "runs/policy.qwop" };
const COLORS = { record: "#b0457b", recording: "#5b5fc7", planner: "#2e8b57" };

const $ = (id) => document.getElementById(id);
const canvas = $("picture");
const keys = watchKeys(document.querySelectorAll("#pads button"));
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let session;
let engine;
let address; // of the engine
let owed = 0; // ms of the game's time
let last; // time of the picture before

/** Does something, then brings the page up to date; says why if it cannot be done. */
async function act(work) {
  say("");
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") say(error.message); // somebody who does not share after all
  }
  keys.forget();
  owed = 0;
  refresh(session);
}

const play = () => act(() => session.restart());
const menu = () => act(() => session.alone());
const watch = (recording, title) => act(() => session.watch(recording, title));
const ghost = (recording, name) =>
  session.against(new GhostOpponent(engine, recording, name, COLORS[name]));
const racePlanner = () => act(() => session.against(new PlannerOpponent(engine, {
  sincos: session.live.game.sincos, color: COLORS.planner, address, onError: say,
})));
const watchOwn = (name, title) =>
  act(async () => session.watch(await readAddress(RUNS[name]), title));

// ---- time ----------------------------------------------------------------------------------

function advance(now) {
  const passed = Math.min(now - (last ?? now), MOST_BEHIND_MS);
  last = now;
  const still = $("about").open;
  if (!still) owed += passed * (session.watching ? Number($("speed").value) : 1);
  while (owed >= FRAME_MS) {
    owed -= FRAME_MS;
    if (session.frame(keys.mask())) refresh(session);
  }
  draw();
  requestAnimationFrame(advance);
}

function draw() {
  const pixels = Math.min(devicePixelRatio || 1, MOST_PIXELS);
  const width = Math.round(canvas.clientWidth * pixels);
  const height = Math.round(canvas.clientHeight * pixels);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const { watching, replay, opponent, shown, intro } = session;
  drawScene(canvas, {
    state: session.state,
    shown,
    keys: watching ? replay.keys : keys.mask(),
    lamps: watching || (!touch() && !intro),
    ghosts: !watching && opponent ? [opponent] : [],
    status: watching ? session.proof : opponent?.note,
    best: watching ? undefined : session.best,
    started: !intro,
    calm: calm.matches,
  });
  if (watching) $("seek").value = replay.frame;
  const far = opponent && !watching && meters(opponent.state).toFixed(1);
  const beside = far ? `; ${opponent.name} ${far} m` : "";
  $("where").textContent =
    intro ? "" : `${shown.score.toFixed(1)} m, ${framesText(shown.frames)}${beside}`;
}

// ---- buttons and keys ----------------------------------------------------------------------

function listen() {
  const on = (id, work) => $(id).addEventListener("click", work);
  on("restart", play);
  on("go", play);
  on("menu", menu);
  on("cover", (event) => event.target.closest("button") ?? play());
  on("again", () => watch(session.kept, "your run"));
  on("save", () => saveFile(session.kept));
  on("link", () => act(async () => {
    const words = await shareLink(session.kept);
    say(words);
  }));
  on("watch-record", () => watchOwn("record", "the fastest run known"));
  on("watch-policy", () => watchOwn("policy", "the policy's run"));
  on("race-record", () => act(async () => ghost(await readAddress(RUNS.record), "record")));
  on("race-planner", racePlanner);
  on("race", () => act(() => ghost(session.replay.recording, "recording")));
  on("pause", () => act(() => session.pause()));
  on("full", toggleFull);
  on("help", () => $("about").showModal());
  on("open", () => $("file").click());
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) openFile(file);
    $("file").value = "";
  });
  $("seek").addEventListener("input", () => act(() => session.seek(Number($("seek").value))));
  $("sincos").addEventListener("change", () => act(() => session.newPage($("sincos").value)));
  $("full").hidden = !document.fullscreenEnabled;
  addEventListener("hashchange", openOwnAddress);
  addEventListener("keydown", onKey);
  watchDrops(openFile);
}

const openFile = (file) => act(async () => session.watch(await readFile(file), file.name));

const openOwnAddress = () => act(async () => {
  const recording = await readOwnAddress();
  if (!recording) return;
  session.watch(recording, "a shared run");
  session.paused = calm.matches;
});

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch((error) => say(error.message));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || $("about").open) return;
  const onControl = /INPUT|SELECT|BUTTON/.test(event.target.tagName);
  const key = event.key.toLowerCase();
  if (key === "r") play();
  else if (key === "m") menu();
  else if (key === "f") toggleFull();
  else if (onControl) return;
  else if (key === " ") onSpace(event);
  else if (session.watching && key.startsWith("arrow")) {
    const second = FRAMES_PER_SECOND;
    const by = { arrowleft: -1, arrowright: 1, arrowup: second, arrowdown: -second };
    event.preventDefault();
    act(() => session.seek(session.replay.frame + by[key]));
  }
}

function onSpace(event) {
  event.preventDefault();
  if (session.watching) act(() => session.pause());
  else if (!session.running) play();
}

async function begin() {
  const base = new URL("..", import.meta.url);
  const chosen = chooseEngine();
  address = new URL(chosen.file, base).href;
  [engine] = await Promise.all([loadEngine(address), loadRunner(new URL("runner.json", base))]);
  session = new Session(engine, $("sincos").value);
  $("build").textContent = chosen.words;
  listen();
  refresh(session);
  requestAnimationFrame(advance);
  document.body.classList.add("ready");
  await openOwnAddress();
  if (!chosen.simd && !$("message").textContent) say(chosen.words);
}

begin().catch((error) => say(error.message));
