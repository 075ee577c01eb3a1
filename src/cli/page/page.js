"use strict";
/* The dialogue as a sequence diagram. Only the rows in sight are in the document, whatever the
 * length of the trace. Everything of the trace is put in as text, never as markup.
 *
 * The part after # opens the page at a place: search=TEXT, only=1 (matches), expand=3,7 and at=100
 * (numbers of messages), with & between. */
(() => {
  const ROW = 34; /* pixels of a row that is closed, as in the style */
  const BEYOND = 12; /* rows kept above and below what is in sight */
  const SUMMARY = 90; /* characters of a value beside a message's name */
  const byId = (id) => document.getElementById(id);
  const [scroll, rows, input, only, found] = ["scroll", "rows", "search", "only", "found"].map(byId);

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  /* -- the trace -- */

  const trace = JSON.parse(byId("trace").textContent);
  const LINE = 0, TIME = 1, SESSION = 2, CALL = 3, TO_NODE = 4, NAME = 5, SIZE = 6, NODE = 7, VM = 8,
    WIRE = 9, FIELDS = 10, BODY = 11; /* a message's columns */
  const messages = trace.messages;
  const sessions = new Map(trace.sessions.map((one) => [one.session, one]));
  const calls = new Map(); /* "session.call": what it took */

  const callOf = (message) => `${message[SESSION]}.${message[CALL]}`;
  const items = []; /* what there is a row for: a message's index, or a dialogue that begins */
  messages.forEach((message, index) => {
    const session = sessions.get(message[SESSION]);
    if (!session.seen) {
      session.seen = true;
      items.push({ session });
    }
    items.push({ index, message });
    const call = calls.get(callOf(message)) ||
      { queries: 0, start: message[TIME], end: 0, [VM]: 0, [WIRE]: 0, [NODE]: 0 };
    call.queries += message[NAME].startsWith("Get") ? 1 : 0;
    call.end = message[TIME];
    if (message[NAME] !== "CallContext") for (const part of [VM, WIRE, NODE]) call[part] += message[part];
    calls.set(callOf(message), call);
  });

  const PARTS = [
    { column: VM, name: "VM", className: "in-vm" },
    { column: WIRE, name: "wire", className: "in-wire" },
    { column: NODE, name: "node's world", className: "in-node" },
  ];

  const duration = (seconds) =>
    seconds >= 1 ? `${seconds.toFixed(2)} s`
      : seconds >= 0.001 ? `${(seconds * 1e3).toFixed(2)} ms` : `${(seconds * 1e6).toFixed(1)} µs`;
  const many = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

  /* -- the head -- */

  function showHead() {
    const callCount = messages.filter((one) => one[NAME] === "CallContext").length;
    const parts = [many(messages.length, "message"), many(callCount, "call"), many(sessions.size, "session")];
    if (trace.started) parts.push(trace.started);
    byId("about").textContent = [trace.file, ...parts].join(" · ");
    document.title = `${trace.file} · extvm trace`;
    const kinds = [...new Set([...sessions.values()].map((one) => `${one.vm} ${one.protocol}`))];
    byId("vm").textContent = kinds.length === 1 ? kinds[0] : "VM";
    const totals = PARTS.map((part) => messages.reduce((sum, one) => sum + one[part.column], 0));
    PARTS.forEach((part, i) => {
      const piece = make("span", part.className);
      piece.style.flex = String(totals[i] / (totals.reduce((sum, one) => sum + one, 0) || 1));
      byId("times").append(piece);
      const entry = make("li");
      entry.append(make("i", part.className), `${part.name} `, make("b", "", duration(totals[i])));
      byId("legend").append(entry);
    });
    byId("times").setAttribute("aria-label",
      PARTS.map((part, i) => `${part.name} ${duration(totals[i])}`).join(", "));
  }

  /* -- one row -- */

  const longest = (() => {
    const all = messages.map((one) => one[VM] + one[WIRE] + one[NODE]).sort((a, b) => a - b);
    return all[Math.floor(all.length * 0.98)] || 1; /* the bar that is full */
  })();

  const valueText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

  function summary(message) {
    let text = "";
    if (message[NAME] === "CallResult") {
      const call = calls.get(callOf(message));
      text = `${duration(call.end - call.start)} · ${many(call.queries, "quer")}`
        .replace(/quers$/, "queries").replace(/quer$/, "query") + "  ";
    }
    for (const [name, value] of Object.entries(message[FIELDS] || {})) {
      if (text.length > 2 * SUMMARY) break;
      const shown = valueText(value);
      if (shown !== "[]") text += `${name}=${shown.length > SUMMARY ? `${shown.slice(0, SUMMARY)}…` : shown} `;
    }
    return text;
  }

  function spentCell(message) {
    const cell = make("span", "spent");
    const least = 0.02 * PARTS.reduce((sum, part) => sum + message[part.column], 0);
    const parts = PARTS.filter((part) => message[part.column] > least);
    cell.textContent = parts.map((part) => `${part.name.split("'")[0]} ${duration(message[part.column])}`).join(" · ");
    const bar = make("span", "bar");
    for (const part of parts) {
      const piece = make("span", part.className);
      piece.style.width = `${Math.min(100, (100 * message[part.column]) / longest)}%`;
      bar.append(piece);
    }
    cell.append(bar);
    return cell;
  }

  function fieldList(fields) {
    const list = make("dl");
    for (const [name, value] of Object.entries(fields)) {
      const shown = make("dd");
      if (Array.isArray(value) && value.length > 0) {
        value.forEach((one, i) => {
          const isObject = one !== null && typeof one === "object";
          shown.append(isObject ? fieldList(one) : make("div", "", valueText(one)));
          if (!isObject && i === value.length - 1) return;
        });
      } else {
        shown.textContent = Array.isArray(value) ? "none" : valueText(value);
      }
      list.append(make("dt", "", name), shown);
    }
    return list;
  }

  function hexDump(hex) {
    const lines = [];
    for (let at = 0; at < hex.length; at += 64) {
      const pairs = hex.slice(at, at + 64).match(/../g);
      const plain = pairs.map((pair) => {
        const code = parseInt(pair, 16);
        return code >= 32 && code < 127 ? String.fromCharCode(code) : ".";
      }).join("");
      lines.push(`${(at / 2).toString(16).padStart(6, "0")}  ${pairs.join(" ").padEnd(95)}  ${plain}`);
    }
    return lines.join("\n");
  }

  function detailOf(message) {
    const detail = make("div", "detail");
    const session = sessions.get(message[SESSION]);
    detail.append(make("h2", "", "Fields"), fieldList(message[FIELDS] || { none: "" }));
    const about = { "line of the file": String(message[LINE]), session: `${session.session}, ${session.peer}`,
      call: message[CALL] ? String(message[CALL]) : "none has begun", bytes: String(message[SIZE]) };
    for (const part of PARTS) about[`since the last: ${part.name}`] = duration(message[part.column]);
    const call = calls.get(callOf(message));
    if (message[CALL]) {
      about["the whole call"] = `${duration(call.end - call.start)}: ` +
        PARTS.map((part) => `${part.name} ${duration(call[part.column])}`).join(", ");
    }
    detail.append(make("h2", "", "Message"), fieldList(about));
    detail.append(make("h2", "", "Bytes"), make("pre", "bytes", hexDump(message[BODY])));
    return detail;
  }

  function sessionRow(session) {
    const row = make("div", "row session", `Session ${session.session}`);
    row.append(make("small", "", `${session.vm} protocol ${session.protocol} · ${session.peer || "no name"}` +
      ` · seen at the ${session.end === "vm" ? "VM" : "node"}'s end`));
    return row;
  }

  function messageRow(item) {
    const { message, index } = item;
    const toNode = message[TO_NODE] === 1;
    const row = make("div", `row message ${toNode ? "to-node" : "to-vm"}`);
    if (message[NAME] === "CallContext") row.classList.add("begins");
    const button = make("button");
    button.type = "button";
    const diagram = make("span", "diagram");
    const label = make("span", "label");
    const call = message[NAME] === "CallContext" || message[NAME] === "CallResult" ? ` · call ${message[CALL]}` : "";
    label.append(make("b", "", message[NAME] + call), make("code", "", summary(message)));
    diagram.append(label, make("span", "arrow"));
    button.append(make("span", "number", String(index + 1)),
      make("span", "when", `${(message[TIME] * 1e3).toFixed(3)} ms`), diagram, spentCell(message));
    button.setAttribute("aria-label", `${index + 1}: ${toNode ? "VM to node" : "node to VM"}, ` +
      `${message[NAME]}${call}, ${many(message[SIZE], "byte")}, ${summary(message)}`);
    row.append(button);
    return row;
  }

  /* -- which rows are in the document -- */

  let shown = items.map((_, i) => i); /* the items that have a place, in order */
  const placeOf = new Map();          /* the way back */
  const open = new Map();             /* item: pixels of its detail */
  let openPlaces = [], openSums = [0];
  const alive = new Map(); /* item: its row */
  let current = 0;         /* the item that Tab reaches */

  function layOut() {
    openPlaces = [...open.keys()].map((item) => placeOf.get(item)).filter((place) => place !== undefined)
      .sort((a, b) => a - b);
    openSums = [0];
    for (const place of openPlaces) openSums.push(openSums[openSums.length - 1] + open.get(shown[place]));
    rows.style.height = `${topOf(shown.length)}px`;
  }

  /* How many of a sorted list are below a number. */
  function below(list, number) {
    let from = 0, to = list.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (list[middle] < number) from = middle + 1; else to = middle;
    }
    return from;
  }

  const topOf = (place) => place * ROW + openSums[below(openPlaces, place)];

  function placeAt(pixel) {
    let from = 0, to = shown.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (topOf(middle + 1) <= pixel) from = middle + 1; else to = middle;
    }
    return from;
  }

  function setOpen(item, row) {
    const isOpen = open.has(item);
    const button = row.querySelector("button");
    let detail = row.querySelector(".detail");
    if (isOpen && !detail) {
      detail = detailOf(items[item].message);
      detail.id = `detail-${item}`;
      row.append(detail);
      button.setAttribute("aria-controls", detail.id);
    } else if (!isOpen && detail) {
      detail.remove();
      button.removeAttribute("aria-controls");
    }
    button.setAttribute("aria-expanded", String(isOpen));
  }

  function addRow(item) {
    const row = items[item].session ? sessionRow(items[item].session) : messageRow(items[item]);
    row.setAttribute("role", "listitem");
    row.dataset.item = String(item);
    rows.append(row);
    alive.set(item, row);
    return row;
  }

  function updateRow(item, place) {
    const row = alive.get(item) || addRow(item);
    row.style.top = `${topOf(place)}px`;
    row.setAttribute("aria-setsize", String(shown.length));
    row.setAttribute("aria-posinset", String(place + 1));
    if (items[item].session) return;
    row.classList.toggle("hit", hits.has(item));
    row.classList.toggle("here", item === here);
    row.querySelector("button").tabIndex = item === current ? 0 : -1;
    setOpen(item, row);
  }

  function render() {
    const first = Math.max(0, placeAt(scroll.scrollTop) - BEYOND);
    const last = Math.min(shown.length, placeAt(scroll.scrollTop + scroll.clientHeight) + 1 + BEYOND);
    for (const [item, row] of alive) {
      const place = placeOf.get(item);
      const inSight = place !== undefined && place >= first && place < last;
      if (!inSight && !(place !== undefined && row.contains(document.activeElement))) {
        row.remove();
        alive.delete(item);
      }
    }
    for (let place = first; place < last; place++) updateRow(shown[place], place);
    measure();
  }

  /* The height of a detail is known when it is drawn; rows below it move then. */
  function measure() {
    let changed = false;
    for (const [item, row] of alive) {
      const detail = row.querySelector(".detail");
      if (detail && open.get(item) !== detail.offsetHeight) {
        open.set(item, detail.offsetHeight);
        changed = true;
      }
    }
    if (changed) {
      layOut();
      for (const [item] of alive) if (placeOf.has(item)) updateRow(item, placeOf.get(item));
    }
  }

  function reveal(item, focus) {
    const place = placeOf.get(item);
    if (place === undefined) return;
    const top = topOf(place);
    if (top < scroll.scrollTop || top + ROW > scroll.scrollTop + scroll.clientHeight) {
      scroll.scrollTop = Math.max(0, top - scroll.clientHeight / 3);
    }
    current = item;
    render();
    if (focus) alive.get(item).querySelector("button").focus({ preventScroll: true });
  }

  function toggle(item, isOpen = !open.has(item)) {
    if (isOpen) open.set(item, open.get(item) || 0); else open.delete(item);
    layOut();
    render();
  }

  /* -- search -- */

  let hits = new Set(), hitList = [], here = -1;
  const itemOfMessage = items.reduce((map, item, i) => (item.message ? map.set(item.index, i) : map), new Map());
  const hay = []; /* what is searched, made when it is first needed */

  const hayOf = (item) => {
    if (hay[item] === undefined) {
      const message = items[item].message;
      const fields = message ? Object.entries(message[FIELDS] || {}) : [];
      const text = fields.map(([name, value]) => `${name}=${valueText(value)}`).join(" ");
      hay[item] = message ? `${message[NAME]} ${text} ${message[BODY]}`.toLowerCase() : "";
    }
    return hay[item];
  };

  function tell() {
    const text = input.value.trim();
    const at = hitList.indexOf(here);
    found.textContent = text === "" ? ""
      : hitList.length === 0 ? "no match"
        : at < 0 ? (hitList.length === 1 ? "1 match" : `${hitList.length.toLocaleString("en")} matches`)
          : `${(at + 1).toLocaleString("en")} of ${hitList.length.toLocaleString("en")}`;
    document.documentElement.dataset.found = String(hitList.length);
  }

  function choose() {
    const keep = only.checked && input.value.trim() !== "";
    shown = items.map((_, i) => i).filter((i) => !keep || hits.has(i));
    placeOf.clear();
    shown.forEach((item, place) => placeOf.set(item, place));
    layOut();
  }

  function find() {
    const wanted = input.value.trim().toLowerCase();
    hitList = wanted === "" ? [] : items.map((_, i) => i).filter((i) => hayOf(i).includes(wanted));
    hits = new Set(hitList);
    here = -1;
    choose();
    if (hitList.length > 0) go(1, false); else render();
    tell();
  }

  /* To the next match, or the one before. */
  function go(step, focus) {
    if (hitList.length === 0) return;
    const at = hitList.indexOf(here);
    const from = below(hitList, placeAt(scroll.scrollTop) < shown.length ? shown[placeAt(scroll.scrollTop)] : 0);
    const next = at >= 0 ? at + step : step > 0 ? from : from - 1;
    here = hitList[(next + hitList.length) % hitList.length];
    reveal(here, focus);
    tell();
  }

  /* -- what the reader does -- */

  function move(to) {
    let place = Math.max(0, Math.min(shown.length - 1, to));
    const step = to < placeOf.get(current) ? -1 : 1;
    while (shown[place] !== undefined && items[shown[place]].session) {
      place += place + step < 0 || place + step >= shown.length ? -step : step;
    }
    if (shown[place] !== undefined) reveal(shown[place], true);
  }

  const itemOf = (target) => Number(target.closest(".row").dataset.item);

  rows.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    current = itemOf(button);
    toggle(current);
  });

  rows.addEventListener("keydown", (event) => {
    if (!event.target.closest("button")) return;
    const item = itemOf(event.target);
    const place = placeOf.get(item);
    const page = Math.max(1, Math.floor(scroll.clientHeight / ROW) - 1);
    const keys = {
      ArrowDown: () => move(place + 1), ArrowUp: () => move(place - 1), PageDown: () => move(place + page),
      PageUp: () => move(place - page), Home: () => move(0), End: () => move(shown.length - 1),
      ArrowRight: () => toggle(item, true), ArrowLeft: () => toggle(item, false),
    };
    if (keys[event.key] && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      current = item;
      keys[event.key]();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== input) {
      event.preventDefault();
      input.select();
    } else if (event.key === "Escape" && event.target === input && input.value !== "") {
      input.value = "";
      find();
    } else if (event.key === "ArrowDown" && event.target === input) {
      event.preventDefault();
      reveal(here >= 0 ? here : current, true);
    }
  });

  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, 120);
  });
  only.addEventListener("change", find);
  byId("find").addEventListener("submit", (event) => {
    event.preventDefault();
    go(1, false);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      go(-1, false);
    }
  });
  byId("previous").addEventListener("click", () => go(-1, false));
  scroll.addEventListener("scroll", () => requestAnimationFrame(render), { passive: true });
  new ResizeObserver(render).observe(scroll);

  function openAtHash() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const numbers = (name) => (wanted.get(name) || "").split(",").map((text) => itemOfMessage.get(Number(text) - 1))
      .filter((item) => item !== undefined);
    if (wanted.has("search") || wanted.has("only")) {
      input.value = wanted.get("search") || "";
      only.checked = wanted.get("only") === "1";
      find();
    }
    for (const item of numbers("expand")) open.set(item, open.get(item) || 0);
    layOut();
    render();
    const [at] = [...numbers("at"), ...numbers("expand")];
    if (at !== undefined) reveal(at, false);
  }

  current = Math.max(0, items.findIndex((item) => item.message));
  if (messages.length === 0) {
    rows.append(make("p", "notice", "No message was recorded: a VM inside the library speaks over no wire."));
  }
  showHead();
  choose();
  openAtHash();
  window.addEventListener("hashchange", openAtHash);
  /* When the first rows are on the screen: milliseconds since the page was asked for. */
  requestAnimationFrame(() => setTimeout(() => {
    document.documentElement.dataset.rendered = performance.now().toFixed(0);
  }));
})();
