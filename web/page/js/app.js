// The page: playing, watching and racing, and the buttons for it.
import { FRAMES_PER_SECOND, loadEngine } from "./engine.js";
import { watchKeys } from "./keys.js";
import { packed, parseRecording, recordingText, unpacked } from "./recording.js";
import { LiveRun, Replay } from "./runs.js";
import { drawScene } from "./scene.js";

const FRAME_MS = 1000 / FRAMES_PER_SECOND;
const MOST_BEHIND_MS = 250; // a page that slept does not catch up with more than this
const EXAMPLE = "runs/example.qwop";

const $ = (id) => document.getElementById(id);
const canvas = $("picture");
const keys = watchKeys(document.querySelectorAll("#pads button"));

let engine;
let live; // the run that is being played
let after; // a copy of its game that goes on after the end, for the eye
let replay; // the recording that is open: watched, or raced against
let watching = false;
let paused = false;
let best;
let owed = 0; // ms of the game's time
let last; // time of the picture before

function newPage() {
  live?.free();
  after?.free();
  after = undefined;
  live = new LiveRun(engine, $("sincos").value);
  watching = false;
  replay?.seek(0);
  refresh();
}

function start() {
  keys.forget();
  live.start();
  owed = 0;
  refresh();
}

function restart() {
  if (watching || !live.started) {
    newPage();
    return start();
  }
  live.restart();
  after?.free();
  after = undefined;
  replay?.seek(0);
  keys.forget();
  owed = 0;
  refresh();
}

function watch() {
  watching = true;
  paused = false;
  if (replay.done) replay.seek(0);
  owed = 0;
  refresh();
}

function open(recording, toWatch = true) {
  const opened = new Replay(engine, recording);
  replay?.free();
  replay = opened;
  $("seek").max = replay.length;
  $("seek").value = 0;
  say("");
  if (toWatch) watch();
}

function close() {
  replay?.free();
  replay = undefined;
  if (watching) newPage();
  refresh();
}

/** Does something that can fail, and says why when it does. */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    say(error.message);
  }
}

function say(words) {
  $("message").textContent = words;
  if (words) $("message").scrollIntoView({ block: "nearest" }); // below the buttons of a low window
}

// ---- time ----------------------------------------------------------------------------------

function advance(now) {
  const passed = Math.min(now - (last ?? now), MOST_BEHIND_MS);
  last = now;
  const speed = watching ? Number($("speed").value) : 1;
  owed += paused && watching ? 0 : passed * speed;
  while (owed >= FRAME_MS) {
    owed -= FRAME_MS;
    oneFrame();
  }
  draw();
  requestAnimationFrame(advance);
}

function oneFrame() {
  if (watching) {
    replay.step();
    if (replay.done) paused = true, refresh();
    return;
  }
  if (!live.started) return;
  if (after) {
    after.step(keys.mask());
    return;
  }
  live.step(keys.mask());
  replay?.step();
  const { ended, score } = live.game.state;
  if (!ended) return;
  best = Math.max(best ?? -Infinity, score);
  after = live.game.copy();
  refresh();
}

function draw() {
  const state = (watching ? replay.game : after ?? live.game).state;
  const pixels = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth * pixels, canvas.clientHeight * pixels].map(Math.round);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  drawScene(canvas, {
    state,
    keys: watching ? replay.keys : keys.mask(),
    ghost: !watching && replay ? replay.game.state : undefined,
    status: watching ? proof() : undefined,
    best,
  });
  if (watching) $("seek").value = replay.frame;
  $("where").textContent = `${state.score.toFixed(1)} m, ${state.frames} frames`;
}

function proof() {
  if (replay.diverged !== undefined) return `not the recorded run from frame ${replay.diverged} on`;
  if (replay.recording.hashes.size === 0) return "this recording has no hashes";
  return replay.done && replay.checked === replay.length ? "every hash equal" : "";
}

// ---- what is shown beside the picture ------------------------------------------------------

function refresh() {
  const intro = !watching && !live.started;
  const over = !watching && after !== undefined;
  $("cover").hidden = !intro && !over;
  $("cover").classList.toggle("over", over);
  if (intro) {
    $("headline").textContent = "Click to start";
    $("detail").textContent = replay ? "The ghost runs with you." : "Q and W move the thighs, O and P the calves.";
  } else if (over) {
    const { score, landed, frames } = live.game.state;
    $("headline").textContent = landed ? `${score.toFixed(1)} m in ${seconds(frames)} s` : `${score.toFixed(1)} meters`;
    $("detail").textContent = landed ? "You have landed in the sand!" : "Click, or press R, to run again.";
  }
  for (const id of ["watch", "race", "close"]) $(id).hidden = !replay;
  $("watch").disabled = watching && !replay?.done;
  $("race").disabled = !watching;
  $("replaying").hidden = !watching;
  $("pause").textContent = paused ? (replay?.done ? "Again" : "Go on") : "Pause";
  for (const id of ["save", "link", "again"]) $(id).disabled = watching || !live.frame;
}

function seconds(frames) { return (frames / FRAMES_PER_SECOND).toFixed(2); }

function pause() {
  if (replay.done) replay.seek(0), paused = false;
  else paused = !paused;
  refresh();
}

function save() {
  const recording = live.recording();
  const { score, frames } = live.game.state;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([recordingText(recording)], { type: "text/plain" }));
  link.download = `qwop-${score.toFixed(1)}m-${frames}f.qwop`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function copyLink() {
  const address = new URL(location.href);
  address.search = "";
  address.hash = `run=${await packed(recordingText(live.recording()))}`;
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    await navigator.share({ title: "A run of QWOP", url: address.href });
    return;
  }
  await navigator.clipboard.writeText(address.href);
  say("The link is on the clipboard.");
}

async function openAddress(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`there is no recording at ${address}`);
  open(parseRecording(await answer.text()));
}

/** Opens what the page's own address names: #run=packed recording, or ?run=address of a file. */
async function openFromAddress() {
  const inside = new URLSearchParams(location.hash.slice(1)).get("run");
  const elsewhere = new URLSearchParams(location.search).get("run");
  if (inside) open(parseRecording(await unpacked(inside)));
  else if (elsewhere) await openAddress(elsewhere);
}

function listen() {
  $("cover").addEventListener("click", () => (live.started ? restart() : start()));
  $("restart").addEventListener("click", restart);
  $("watch").addEventListener("click", watch);
  $("race").addEventListener("click", newPage);
  $("close").addEventListener("click", close);
  $("pause").addEventListener("click", pause);
  $("save").addEventListener("click", save);
  $("link").addEventListener("click", () => attempt(copyLink));
  $("again").addEventListener("click", () => open(live.recording()));
  $("example").addEventListener("click", () => attempt(() => openAddress(EXAMPLE)));
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) attempt(async () => open(parseRecording(await file.text())));
    $("file").value = "";
  });
  $("seek").addEventListener("input", () => {
    paused = true;
    replay.seek(Number($("seek").value));
    refresh();
  });
  $("sincos").addEventListener("change", newPage);
  addEventListener("hashchange", () => attempt(openFromAddress));
  addEventListener("keydown", onKey);
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (file) attempt(async () => open(parseRecording(await file.text())));
  });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (/INPUT|SELECT|BUTTON/.test(event.target.tagName) && event.key !== "r") return;
  if (event.key.toLowerCase() === "r") restart();
  else if (event.key === " ") {
    event.preventDefault();
    if (watching) pause();
    else if (!live.started) start();
    else if (after) restart();
  } else if (watching && event.key.startsWith("Arrow")) {
    paused = true;
    replay.seek(replay.frame + { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 30, ArrowDown: -30 }[event.key]);
    refresh();
  }
}

try {
  engine = await loadEngine(new URL("../engine.wasm", import.meta.url));
  newPage();
  listen();
  requestAnimationFrame(advance);
  document.body.classList.add("ready");
  await attempt(openFromAddress);
} catch (error) {
  say(error.message);
}
