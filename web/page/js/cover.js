// What stands over and beside the picture: the menu, the result of a run, the buttons.
import { secondsOf } from "./hud.js";

const $ = (id) => document.getElementById(id);
const MENU = ["race-record", "race-planner", "watch-record", "watch-policy", "open"];
const KEYS_DO = "Q and W move the thighs, O and P the calves.";

/** Whether somebody taps, rather than clicks. */
export const touch = () => matchMedia("(pointer: coarse)").matches;

export function say(words) { $("message").textContent = words; }

/** Brings everything but the picture up to date with a session. */
export function refresh(session) {
  const { intro, over, watching, kept, paused, replay, opponent } = session;
  document.body.classList.toggle("watching", watching);
  document.body.classList.toggle("running", session.running);
  $("cover").hidden = !intro && !over;
  $("cover").classList.toggle("over", over);
  if (intro) introWords(opponent);
  else if (over) overWords(session);
  for (const id of MENU) $(id).hidden = !intro || opponent !== undefined;
  $("again").hidden = !over;
  $("restart").firstChild.data = over || session.running ? "Again" : "Play";
  for (const id of ["save", "link"]) $(id).disabled = !kept;
  $("menu").disabled = intro && !opponent;
  $("replaying").hidden = !watching;
  $("pause").textContent = paused ? (replay?.done ? "Again" : "Go on") : "Pause";
  if (watching) $("seek").max = replay.length;
}

function introWords(opponent) {
  const begin = touch() ? "Tap to start" : "Click to start";
  $("headline").textContent = opponent ? `Race the ${opponent.name}` : begin;
  $("detail").textContent =
    opponent ? `${begin}; the ${opponent.name} starts when you do.` : KEYS_DO;
  $("go").textContent = opponent ? "Start" : "Play";
}

function overWords({ live, opponent }) {
  const { score, landed, frames } = live.game.state;
  const time = `${score.toFixed(1)} m in ${secondsOf(frames)} s`;
  $("headline").textContent = landed ? time : `${score.toFixed(1)} meters`;
  const again = touch() ? "Tap to run again." : "Click, or press R, to run again.";
  $("detail").textContent = landed ? `${verdict(opponent)} ${again}` : again;
  $("go").textContent = "Run again";
}

function verdict(opponent) {
  if (!opponent) return "You have landed in the sand!";
  const { name, state } = opponent;
  return state.ended ? `The ${name} was there before you.` : `You have beaten the ${name}!`;
}
