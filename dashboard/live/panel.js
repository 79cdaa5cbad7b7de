/**
 * Sliders whose answer moves with the hand. The elements of a page share a channel: the base (once), the sliders, the
 * answer, and sections. A move is answered here in the same frame; released, or held still, it goes to the server, which
 * alone knows intervals: until its answer to this very position has come, what it said of an older one is dimmed. A
 * section is asked for when the hand rests and the section is seen.
 *
 * @typedef {object} Control
 * @property {string} key
 * @property {string} label
 * @property {string} about
 * @property {number} low of the slider; high, step: of the slider; least, most: of what may be typed
 * @property {number} start where nothing is assumed
 * @property {number} value
 * @property {[number, number]|null} seen what it has been
 * @property {string} unit behind the number
 * @property {boolean} signed
 * @property {Shock} shock what it assumes, but for its value
 * @property {boolean} percent whether the slider moves percents of a scale
 * @property {number|null} level of one market, where nothing is assumed
 *
 * A gesture is what one undo takes back: from the first move to letting go.
 */
const HELD_STILL_MS = 150, REST_MS = 250, LOST_MS = 8000;

/** The index under shocks; undefined where the server alone can tell. */
function answered(base, shocks) {
  try {
    return LeptonIndex.run(base, shocks);
  } catch (error) {
    if (!(error instanceof LeptonIndex.NotHere)) throw error;
  }
}

class Channel {
  constructor() {
    this.sent = this.gesture = 0;
    this.session = this.turn = undefined;
    this.movedAt = -Infinity;
    this.values = new Map();
    this.groups = new Map();
    this.shocks = [];
    this.views = new Set();
  }

  takeBase(data) {
    this.base = LeptonIndex.open(data.base);
    this.locale = data.locale;
    [this.names, this.titles] = [data.names, data.titles];
    this.before = answered(this.base, []);
    this.draw();
  }

  /** The controls of one element, with values from the server, unless they answer an older position than the hand's. */
  takeControls(data) {
    const isNew = data.session !== this.session || data.turn !== this.turn;
    if (isNew) {
      [this.session, this.turn, this.sent, this.unsent] = [data.session, data.turn, data.seq, undefined];
      this.values.clear();
    }
    const isCurrent = data.seq >= this.sent && !this.unsent;
    this.groups.set(data.group, new Map(data.controls.map((control) => [control.key, control])));
    for (const { key, value } of data.controls) if (isCurrent || !this.values.has(key)) this.values.set(key, value);
    if (isCurrent) this.shocks = data.shocks;
    this.draw();
  }

  leave(group) {
    for (const key of this.groups.get(group)?.keys() ?? []) this.values.delete(key);
    this.groups.delete(group);
  }

  /** @returns {Control|undefined} */
  control(key) {
    for (const controls of this.groups.values()) if (controls.has(key)) return controls.get(key);
  }

  takeAnswer(data) {
    this.answer = data;
    this.draw();
  }

  get isAnswered() {
    return this.answer?.seq >= this.sent && this.answer?.session === this.session;
  }

  /** Whether nobody moves anything, and the answer is there or none is drawn. */
  get isAtRest() {
    return !this.isHeld && !this.unsent && (this.isAnswered || !this.answer) && performance.now() > this.movedAt + REST_MS;
  }

  move(key, value) {
    this.movedAt = performance.now();
    this.values.set(key, value);
    (this.unsent ??= new Map()).set(key, value);
    this.draw();
  }

  send(setStateValue) {
    if (!this.unsent) return;
    this.sent += 1;
    const { sent: seq, turn, gesture, session } = this;
    (this.tell ?? setStateValue)("moved", { seq, turn, gesture, session, values: Object.fromEntries(this.unsent) });
    this.unsent = undefined;
    this.lostAt = performance.now() + LOST_MS;
    for (const wait of [REST_MS, LOST_MS]) setTimeout(() => this.draw(), wait + 50);
    this.draw();
  }

  /** The shocks as `Scenario.with_shock` and `without` would have them: each in its place, new ones at the end. */
  assumed() {
    const all = this.shocks.map((shock) => ({ ...shock }));
    for (const [key, value] of this.values) {
      const control = this.control(key);
      if (!control || value === control.value) continue;
      const at = all.findIndex((shock) => shock.place === control.shock.place);
      const isStart = Math.abs(value - control.start) <= control.step / 2;
      const made = { ...control.shock, value: control.percent ? 1 + value / 100 : value };
      if (isStart && at >= 0) all.splice(at, 1);
      else if (!isStart && at >= 0) all[at] = made;
      else if (!isStart) all.push(made);
    }
    return all;
  }

  draw() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      for (const view of this.views) view();
    });
  }
}

const channels = (window.leptonChannels ??= new Map());
const channelOf = (name) => channels.get(name) ?? channels.set(name, new Channel()).get(name);

const made = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && name !== "style" && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

/** Write what has changed only: to write the same again costs the browser a layout. */
const put = (target, values) => {
  for (const [name, value] of Object.entries(values)) if (target[name] !== value) target[name] = value;
};

/** A share as a style has it, as it is read back. */
const share = (part) => `${Math.round(10_000 * part) / 100}%`;

const formats = new Map();

/** How numbers are written; to make one takes longer than to draw a row. */
function formatOf(locale, options = {}) {
  const key = locale + JSON.stringify(options);
  return formats.get(key) ?? formats.set(key, new Intl.NumberFormat(locale, options)).get(key);
}

const decimals = (step) => Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));

function spelt(locale, control, value) {
  const places = decimals(control.step);
  const number = formatOf(locale, {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    signDisplay: control.signed ? "exceptZero" : "auto",
  }).format(value);
  const told = control.unit ? `${number}${control.unit}` : number;
  if (control.level === null || value === control.start) return told;
  const after = control.percent ? control.level * (1 + value / 100) : control.level + value;
  const level = formatOf(locale, { notation: "compact", maximumSignificantDigits: 3 }).format(after);
  return `${told} → ${level}`;
}

/** One slider with its past on the track, the number to type, and the way back. @param {Control} control */
function slider(channel, control, words, setStateValue) {
  const { key } = control;
  const id = `lepton-${control.key}`.replace(/[^\w-]/g, "_");
  const range = made("input", { type: "range", id, min: control.low, max: control.high, step: control.step });
  const typed = made("input", { type: "number", min: control.least, max: control.most, step: "any" });
  typed.setAttribute("aria-label", control.label);
  const back = made("button", { type: "button", className: "lepton-back", title: words.reset, textContent: "↺" });
  back.setAttribute("aria-label", `${words.reset}: ${control.label}`);
  const shown = made("output", { htmlFor: id });
  const track = made("div", { className: "lepton-track", title: words.past });
  const along = (value) => share((value - control.low) / (control.high - control.low));
  if (control.seen) {
    const [low, high] = control.seen.map((value) => Math.min(Math.max(value, control.low), control.high));
    const past = made("i", { className: "lepton-past" });
    past.style.insetInlineStart = along(low);
    past.style.inlineSize = `max(2px, calc(${along(high)} - ${along(low)}))`;
    track.append(past);
  }
  if (control.start >= control.low && control.start <= control.high) {
    const now = made("i", { className: "lepton-now" });
    now.style.insetInlineStart = along(control.start);
    track.append(now);
  }
  let held, hasMoved = false;
  const letGo = () => {
    channel.send(setStateValue);
    channel.gesture += 1;
  };
  const moved = (value, isReleased) => {
    clearTimeout(held);
    channel.move(key, value);
    if (isReleased) letGo();
    else wait();
  };
  const wait = () => {
    clearTimeout(held);
    held = setTimeout(() => requestAnimationFrame(still), HELD_STILL_MS); // after moves that a busy page held up
  };
  const still = () => {
    if (performance.now() - channel.movedAt < HELD_STILL_MS) return;
    if (channel.isHeld) channel.send(setStateValue);
    else letGo();
  };
  range.addEventListener("pointerdown", () => ([channel.isHeld, hasMoved] = [true, false]));
  range.addEventListener("pointermove", () => {
    if (channel.isHeld && channel.unsent) wait(); // within a step of the slider
  });
  range.addEventListener("input", () => {
    hasMoved = true;
    moved(range.valueAsNumber, false);
  });
  for (const end of ["change", "pointerup", "pointercancel"]) // back where it began, a slider tells no change
    range.addEventListener(end, () => {
      if (channel.isHeld && hasMoved) moved(range.valueAsNumber, true); // a key is no hand: the next may follow at once
      channel.isHeld = false;
    });
  back.addEventListener("click", () => moved(control.start, true));
  typed.addEventListener("change", () => {
    const value = typed.valueAsNumber;
    typed.setCustomValidity(Number.isFinite(value) && value >= control.least && value <= control.most ? "" : words.range);
    if (!typed.reportValidity()) return;
    typed.value = value.toFixed(decimals(control.step));
    moved(value, true);
  });
  const label = made("label", { htmlFor: id }), swatch = made("i", { className: "lepton-swatch" }), title = made("span");
  label.append(swatch, title);
  const draw = () => {
    const value = channel.values.get(key), { label: name, about } = channel.control(key) ?? control;
    if (value === undefined) return;
    put(title, { textContent: name });
    put(label, { title: about });
    const part = control.shock.kind === "weight" ? (channel.base?.dimensions.indexOf(control.shock.target) ?? -1) : -1;
    put(swatch, { className: part < 0 ? "" : `lepton-swatch ${partClass(part)}` });
    if (range.valueAsNumber !== value) range.value = value;
    if (document.activeElement !== typed && typed.valueAsNumber !== value) typed.value = value.toFixed(decimals(control.step));
    put(shown, { value: spelt(channel.locale, control, value) });
    put(range, { ariaValueText: shown.value });
    put(back, { hidden: Math.abs(value - control.start) <= control.step / 2 });
  };
  const element = made(
    "div",
    { className: "lepton-slider" },
    made("div", { className: "lepton-line" }, label, shown, back),
    made("div", { className: "lepton-line" }, made("div", { className: "lepton-rail" }, range, track), typed),
  );
  return { element, draw };
}

/** The element of the sliders. */
function sliders({ data, parentElement, setStateValue }) {
  const channel = channelOf(data.channel), root = (parentElement.leptonRoot ??= made("div", { className: "lepton-panel" }));
  if (!root.isConnected) parentElement.append(root);
  const layout = JSON.stringify([data.words, data.controls.map(({ label, about, value, ...rest }) => rest)]);
  channel.takeControls(data);
  if (root.leptonLayout !== layout) {
    root.leptonLayout = layout;
    if (root.leptonDraw) channel.views.delete(root.leptonDraw);
    const all = data.controls.map((control) => slider(channel, control, data.words, setStateValue));
    root.replaceChildren(...all.map(({ element }) => element));
    root.leptonDraw = () => all.forEach(({ draw }) => draw());
  }
  channel.views.add(root.leptonDraw);
  root.leptonDraw();
  return () => {
    channel.views.delete(root.leptonDraw);
    channel.leave(data.group);
  };
}

const partClass = (number) => `lepton-part-${number % 8}`;

/** The element of the answer: the market in question, the first ones, and who moves most. It tells the server of moves. */
function answer({ data, parentElement, setStateValue }) {
  const channel = channelOf(data.channel), root = (parentElement.leptonRoot ??= made("div", { className: "lepton-answer" }));
  if (!root.isConnected) parentElement.append(root);
  if (root.leptonDraw) channel.views.delete(root.leptonDraw);
  const state = made("p", { className: "lepton-state" });
  state.setAttribute("role", "status");
  const lists = [
    { title: data.words.movers, rows: rowsOf(data.movers), pick: (now) => moversOf(channel, now, data) },
    { title: data.words.first, rows: rowsOf(data.first), pick: (now) => firstOf(now, data.first) },
  ].filter(({ rows }) => rows.length);
  const subject = made("p", { className: "lepton-subject" });
  const drawn = lists.map(({ title, rows }) => {
    const heading = made("p", { className: "lepton-group", textContent: title });
    return made("div", {}, heading, made("ol", {}, ...rows.map((row) => row.element)));
  });
  root.replaceChildren(subject, state, made("div", { className: "lepton-lists" }, ...drawn));
  root.leptonDraw = () => drawAnswer(channel, root, data, lists, subject, state);
  channel.views.add(root.leptonDraw);
  channel.tell = setStateValue;
  channel.takeAnswer(data);
  return () => {
    channel.views.delete(root.leptonDraw);
    if (channel.answer === data) channel.tell = channel.answer = undefined;
    document.documentElement.removeAttribute("data-lepton-moving"); // another page has nothing to wait for
  };
}

function rowsOf(count) {
  return Array.from({ length: count }, () => {
    const [rank, name, change, score, interval] = ["rank", "name", "change", "score", "interval"].map((part) =>
      made("span", { className: `lepton-${part}` }),
    );
    const bar = made("span", { className: "lepton-bar" });
    const [span, point] = [made("i", { className: "lepton-span" }), made("i", { className: "lepton-point" })];
    const forest = made("span", { className: "lepton-forest" }, span, point);
    const element = made("li", {}, rank, name, bar, score, change, forest, interval);
    return { element, rank, name, bar, score, change, interval, span, point };
  });
}

function firstOf({ ranks }, count) {
  return ranks.map((_, row) => row).sort((one, other) => ranks[one] - ranks[other] || one - other).slice(0, count);
}

function moversOf({ before }, { ranks }, data) {
  const by = (row) => Math.abs(before.ranks[row] - ranks[row]);
  const moved = ranks.map((_, row) => row).filter((row) => by(row) > 0);
  return moved.sort((one, other) => by(other) - by(one) || ranks[one] - ranks[other]).slice(0, data.movers);
}

function drawAnswer(channel, root, data, lists, subject, state) {
  if (!channel.base) return;
  const now = channel.before && answered(channel.base, channel.assumed());
  const isMoving = !channel.isAnswered || Boolean(channel.unsent);
  document.documentElement.toggleAttribute("data-lepton-moving", isMoving);
  root.classList.toggle("is-moving", isMoving);
  const leader = now ? channel.names[now.ranks.indexOf(1)] : "";
  const isLost = isMoving && !channel.unsent && performance.now() > channel.lostAt;
  const words = isLost ? "lost" : !now ? "unknown" : isMoving ? "moving" : "still";
  put(state, { textContent: data.words[words].replace("{market}", () => leader) });
  root.classList.toggle("is-unknown", !now);
  root.classList.toggle("is-none", !channel.before);
  if (!now) return;
  const one = formatOf(channel.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const whole = formatOf(channel.locale);
  const told = (row) => {
    const iso3 = channel.base.markets[row], before = channel.before.ranks[row], after = now.ranks[row];
    const points = LeptonIndex.points(channel.base, now.normalised, now.overall, row, now);
    return { iso3, before, after, points, interval: data.intervals[row] };
  };
  if (data.subject) {
    const row = channel.base.markets.indexOf(data.subject), { before, after } = told(row);
    subject.textContent = data.words.subject
      .replace("{market}", () => channel.names[row])
      .replace("{before}", whole.format(before))
      .replace("{after}", whole.format(after))
      .replace("{score}", one.format(now.scores[row]))
      .replace("{gain}", formatOf(channel.locale, { maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(
        now.scores[row] - channel.before.scores[row],
      ));
  }
  for (const { rows, pick } of lists) {
    const picked = pick(now);
    const last = Math.max(rows.length, ...picked.map((row) => data.intervals[row]?.[1] ?? 0));
    const along = (rank) => share((Math.min(rank, last) - 0.5) / last);
    rows.forEach((parts, place) => {
      const row = picked[place];
      put(parts.element, { hidden: row === undefined });
      if (row === undefined) return;
      const { iso3, before, after, points, interval } = told(row);
      const [way, places] = [before > after ? "up" : "down", whole.format(Math.abs(before - after))];
      put(parts.rank, { textContent: whole.format(after) });
      put(parts.name, { textContent: channel.names[row] });
      put(parts.element, { className: iso3 === data.subject ? "is-subject" : "" });
      put(parts.score, { textContent: one.format(now.scores[row]) });
      put(parts.change, { textContent: before === after ? "" : `${way === "up" ? "▲" : "▼"} ${places}` });
      put(parts.change.dataset, { way });
      put(parts.interval, { textContent: interval?.map((rank) => whole.format(rank)).join("–") ?? "" });
      put(parts.span, { hidden: !interval });
      if (interval) put(parts.span.style, { insetInlineStart: along(interval[0]), inlineSize: along(interval[1] - interval[0] + 0.5) });
      put(parts.point.style, { insetInlineStart: along(after) });
      stacked(parts.bar, channel.base, points, channel.titles);
    });
  }
}

/** A bar as long as the score, in parts as long as what each dimension adds. */
function stacked(bar, base, points, titles) {
  while (bar.children.length < base.dimensions.length) bar.append(made("i", { className: partClass(bar.children.length) }));
  base.members.forEach((inside, number) => {
    const part = inside.reduce((total, place) => total + Math.max(points[place], 0), 0);
    put(bar.children[number], { title: titles[number] });
    put(bar.children[number].style, { width: share(part / 100) });
  });
}

/** The element of a section that the server drew: it asks for it anew when it is out of date, at rest and seen. */
function later({ data, parentElement, setStateValue }) {
  const channel = channelOf(data.channel), place = parentElement.closest('[class*="st-key-lepton_server"]');
  const own = (parentElement.leptonLater ??= watched(place, channel)); // called again with new data, not made again
  channel.views.delete(own.draw);
  own.draw = () => {
    const isOld = data.session === channel.session && (data.seq < channel.sent || Boolean(channel.unsent));
    if (isOld) place.dataset.leptonOld = data.old;
    else delete place.dataset.leptonOld;
    if (channel.asked?.place === place && !isOld) {
      channel.asked = undefined;
      channel.draw(); // the next may ask
    }
    if (!isOld || !own.isSeen || performance.now() < channel.asked?.until || !channel.isAtRest) return;
    channel.asked = { place, until: performance.now() + LOST_MS }; // of two that are told at once, one is lost
    setStateValue("wanted", channel.sent);
  };
  channel.views.add(own.draw);
  channel.draw();
  return () => {
    own.watch.disconnect();
    channel.views.delete(own.draw);
    parentElement.leptonLater = undefined;
  };
}

/** Notes whether a place is seen. */
function watched(place, channel) {
  const own = { isSeen: false };
  own.watch = new IntersectionObserver((seen) => {
    own.isSeen = seen.at(-1).isIntersecting;
    channel.draw();
  });
  own.watch.observe(place);
  return own;
}

/** The element that brings the base: it shows nothing. */
function base({ data }) {
  const told = JSON.parse(new TextDecoder().decode(data));
  channelOf(told.channel).takeBase(told);
}

window.leptonLive = { base, sliders, answer, later };
document.dispatchEvent(new Event("lepton-live"));
