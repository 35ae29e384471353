// Recordings: the text file that docs/recordings.md describes, read and written.
import { FLAVORS } from "./engine.js";
import { MAX_UPDATES, eventText, keyEvents, parseEvents } from "./tape.js";

const MAGIC = "qwop-recording";
const SECTIONS = ["page", "keys", "hashes"];
const LINE_WIDTH = 100;

/**
 * A recording has: keys (Uint8Array, a mask a frame), sincos, page (events before the first
 * frame), hashes (Map from frame to BigInt) and values (everything else that the file names).
 */
export function parseRecording(text) {
  const lines = text.split(/\r?\n/);
  while (lines.length && !lines.at(-1).trim()) lines.pop();
  const [magic, version, ...more] = (lines[0] ?? "").trim().split(/\s+/);
  if (magic !== MAGIC || more.length) {
    throw new Error(
      "This is no recording of qwop-native; those are text files whose names end in .qwop.",
    );
  }
  if (version !== "1") {
    throw new Error(`This recording has version ${version}; this page knows version 1.`);
  }
  if (lines.at(-1).trim() !== "end") {
    throw new Error("This recording is cut off: its last line is not “end”.");
  }
  const { values, sections } = split(lines.slice(1, -1));
  for (const name of ["page", "keys"]) {
    if (!(name in sections)) throw new Error(`this recording has no “${name}:”`);
  }
  const { sincos, keys: count, page: _page, hashes: _hashes, ...rest } = values;
  if (!FLAVORS.includes(sincos)) throw new Error(`there is no sine and cosine “${sincos}”`);
  const recording = {
    keys: masks(sections.keys.join(" ")),
    sincos,
    page: checkedPage(parseEvents(sections.page.join(" "))),
    hashes: hashMap(sections.hashes ?? []),
    values: rest,
  };
  if (recording.keys.length !== count) {
    throw new Error(`“keys:” says ${count} frames, but ${recording.keys.length} follow`);
  }
  return recording;
}

function split(lines) {
  const values = {}, sections = {};
  let section;
  for (const line of lines) {
    const words = section ? line.split("#", 1)[0] : line;
    if (line.startsWith("#") || !words.trim()) continue;
    if (line.startsWith(" ")) {
      if (!section) throw new Error(`this line belongs to no section: ${line.slice(0, 60)}`);
      section.push(words.trim());
      continue;
    }
    const [, name, value] = /^([a-z][a-z0-9_]*):(?: (.*))?$/.exec(line.trimEnd()) ?? [];
    if (!name || name in values) throw new Error(`not understood: ${line.slice(0, 60)}`);
    section = SECTIONS.includes(name) ? (sections[name] = []) : undefined;
    try {
      values[name] = value === undefined && section ? null : JSON.parse(value);
    } catch {
      throw new Error(`the value of “${name}:” is not JSON`);
    }
  }
  return { values, sections };
}

function masks(words) {
  const events = parseEvents(words);
  if (events.some(({ kind }) => kind !== "keys")) throw new Error("only keys stand under “keys:”");
  const total = events.reduce((sum, { count }) => sum + count, 0);
  if (total > MAX_UPDATES) throw new Error(`a recording may have at most ${MAX_UPDATES} frames`);
  const keys = new Uint8Array(total);
  let at = 0;
  for (const event of events) keys.fill(event.keys, at, (at += event.count));
  return keys;
}

function checkedPage(events) {
  const click = events.findIndex(({ kind }) => kind === "click");
  const idle = events.map(({ kind }) => kind === "idle");
  const clicks = events.filter(({ kind }) => kind === "click").length;
  if (clicks !== 1 || idle.slice(0, click).includes(false) || idle.slice(click).includes(true)) {
    throw new Error("“page:” must have one click, with idle updates before it and nowhere else");
  }
  if (events.reduce((sum, { count }) => sum + count, 0) > MAX_UPDATES) {
    throw new Error(`“page:” may have at most ${MAX_UPDATES} updates`);
  }
  return events;
}

function hashMap(lines) {
  return new Map(lines.map((line) => {
    const [, frame, hex] = /^([0-9]{1,9}) ([0-9a-f]{16})$/.exec(line) ?? [];
    if (!frame) throw new Error(`not a frame and a hash: ${line.slice(0, 40)}`);
    return [Number(frame), BigInt(`0x${hex}`)];
  }));
}

export function recordingText({ keys, sincos, page, hashes, values }) {
  const lines = [`${MAGIC} 1`, `sincos: ${JSON.stringify(sincos)}`];
  for (const [name, value] of Object.entries(values)) lines.push(`${name}: ${JSON.stringify(value)}`);
  lines.push("page:", ...wrapped(page), `keys: ${keys.length}`, ...wrapped(keyEvents(keys)));
  lines.push("hashes:");
  for (const frame of [...hashes.keys()].sort((a, b) => a - b)) {
    lines.push(`  ${frame} ${hashes.get(frame).toString(16).padStart(16, "0")}`);
  }
  return [...lines, "end", ""].join("\n");
}

function wrapped(events) {
  const lines = [];
  let line = " ";
  for (const word of events.map(eventText)) {
    if (line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = " ";
    }
    line += ` ${word}`;
  }
  if (line.trim()) lines.push(line);
  return lines;
}

/** A recording as part of an address, and back. */
export async function packed(text) {
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export async function unpacked(words) {
  try {
    const binary = atob(words.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
    return new TextDecoder().decode(await through(new DecompressionStream("deflate-raw"), bytes));
  } catch {
    throw new Error(
      "The recording in this link is cut short or damaged; copy the whole link and try again.",
    );
  }
}

async function through(stream, bytes) {
  const answer = new Response(new Blob([bytes]).stream().pipeThrough(stream));
  return new Uint8Array(await answer.arrayBuffer());
}
