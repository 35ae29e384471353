// Tapes: what is done to a game, as words. "idle*1 click QO*4 -*10 reset release tick".

export const KEYS = { Q: 1, W: 2, O: 4, P: 8 };
export const MAX_UPDATES = 10_000_000;
const TICK_SECONDS = 0.25;
const WORD = /^(idle|click|reset|release|tick|-|[QWOP]{1,4})(?:\*([1-9][0-9]{0,8}))?$/;
const SINGLE = ["click", "reset", "release", "tick"];

export function keysText(mask) {
  return Object.keys(KEYS).filter((name) => mask & KEYS[name]).join("") || "-";
}

/** Reads words into events {kind, count, keys}. */
export function parseEvents(text) {
  return text.split("\n").flatMap((line) => line.split("#", 1)[0].split(/\s+/)).filter(Boolean)
    .map((word) => {
      const [, name, count] = WORD.exec(word) ?? [];
      const single = SINGLE.includes(name);
      const letters = single || name === "-" || name === "idle" ? "" : name;
      if (!name || new Set(letters).size !== letters.length || (single && count)) {
        throw new Error(`“${word.slice(0, 40)}” is not a word of a recording`);
      }
      if (single || name === "idle") return { kind: name, count: Number(count ?? 1), keys: 0 };
      const keys = [...letters].reduce((mask, letter) => mask | KEYS[letter], 0);
      return { kind: "keys", count: Number(count ?? 1), keys };
    });
}

export function eventText(event) {
  if (event.kind === "keys") return `${keysText(event.keys)}*${event.count}`;
  return event.kind === "idle" ? `idle*${event.count}` : event.kind;
}

/** Adds an event to a list, joined with the last one where that says the same. */
export function push(events, event) {
  const last = events.at(-1);
  const same = last?.kind === event.kind && last.keys === event.keys;
  if (same && (event.kind === "keys" || event.kind === "idle")) last.count += event.count;
  else events.push({ ...event });
}

export function keyEvents(masks) {
  const events = [];
  for (const keys of masks) push(events, { kind: "keys", count: 1, keys });
  return events;
}

/** Does what an event says, and calls back after each row: the click, each update, each reset. */
export function playEvent(game, event, onRow = () => {}) {
  if (event.kind === "idle") {
    for (let i = 0; i < event.count; ++i) game.idle();
  } else if (event.kind === "keys") {
    for (let i = 0; i < event.count; ++i) {
      game.step(event.keys);
      onRow();
    }
  } else if (event.kind === "release") {
    game.release();
  } else {
    if (event.kind === "tick") game.tick(TICK_SECONDS);
    else game[event.kind]();
    onRow();
  }
}
