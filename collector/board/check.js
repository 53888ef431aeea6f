// Checks a room from the browser: choose it, test the connection gently in each direction, show the answer. What is
// measured is judged by the collector; here it is only decided when to stop, so that no lesson feels the test. Nothing
// is kept in the browser but the room, in the address of the page.
"use strict";

(() => {
  const SAY = JSON.parse(document.currentScript.dataset.sentences);
  const LANGUAGE = document.documentElement.lang;
  const ASK_AGAIN_MS = 3000;
  const ASKS_WHILE_TAKEN = 30;
  const CONNECTIONS = 4; // opened before anything is measured, so that no round trip pays for opening one
  const IDLE_PINGS = 36;
  const PINGS_BETWEEN = 12;
  const IDLE_PING_MS = 50;
  const PING_MS = 100; // beside a test: a request and its answer have heads, so the watch itself weighs something
  const LATER_PING_MS = 200; // a queue shows itself in the first second
  const PINGS_AT_ONCE = 2;
  const LOOK_MS = 20;
  const ANSWER_MS = 10_000;

  const at = (id) => document.getElementById(id);
  const say = (key, values = {}) => (SAY[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  // Tablets of some years ago have no such signal; they wait without an end.
  const within = (ms) => AbortSignal.timeout?.(ms);
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  // Why a check came to no answer: the key of the sentence that says it.
  class Stopped extends Error {
    constructor(why) {
      super(why);
      this.why = why;
    }
  }

  // ---- Choosing a room

  let sites = [];
  let chosen = null;

  async function load() {
    at("loading").hidden = false;
    try {
      const answer = await fetch("/v1/checks/places", { signal: within(ANSWER_MS) });
      if (!answer.ok) throw new Stopped("refused");
      sites = (await answer.json()).sites;
    } catch (error) {
      return trouble(error.why ? `why_${error.why}` : "why_blocked");
    } finally {
      at("loading").hidden = true;
    }
    if (!sites.length) return trouble("no_rooms");
    const names = sites.map((one) => new Option(one.name, one.site));
    if (sites.length > 1) names.unshift(new Option(say("choose_school"), ""));
    at("school").replaceChildren(...names);
    at("schools").hidden = false;
    at("begin").hidden = false;
    restore();
  }

  function trouble(key) {
    at("trouble").textContent = say(key);
    at("trouble").hidden = false;
  }

  // The address names the room, so that it can stand as a code on a door: /check#room:oak-hill/204
  function restore() {
    const [, site, room] = /^#room:([^/]+)\/(.+)$/.exec(decodeURIComponent(location.hash)) ?? [];
    if (site && sites.some((one) => one.site === site)) at("school").value = site;
    showRooms();
    const radio = [...document.querySelectorAll("#room-list input")].find((one) => one.value === room);
    if (!radio) return;
    radio.checked = true;
    at("room-list").scrollTop = radio.closest("li").offsetTop - at("room-list").offsetTop;
    choose();
  }

  function showRooms() {
    const site = sites.find((one) => one.site === at("school").value);
    at("rooms").hidden = !site;
    at("find").value = "";
    at("room-list").replaceChildren(...(site ? site.rooms.map(choice) : []));
    filter();
    choose();
  }

  function choice(one) {
    const [item, label, radio] = ["li", "label", "input"].map((name) => document.createElement(name));
    Object.assign(radio, { type: "radio", name: "room", value: one.room });
    label.append(radio, one.name);
    item.append(label);
    return item;
  }

  function filter() {
    const wanted = at("find").value.trim().toLocaleLowerCase(LANGUAGE);
    let shown = 0;
    for (const item of at("room-list").children) {
      item.hidden = !item.textContent.toLocaleLowerCase(LANGUAGE).includes(wanted);
      shown += !item.hidden;
    }
    at("none").hidden = shown > 0;
  }

  function choose() {
    const site = sites.find((one) => one.site === at("school").value);
    const radio = document.querySelector("#room-list input:checked");
    const room = radio && site.rooms.find((one) => one.room === radio.value);
    chosen = room ? { site: site.site, school: site.name, room: room.room, name: room.name } : null;
    at("begin").disabled = !chosen;
    at("begin").textContent = chosen ? say("begin_room", { room: chosen.name }) : say("begin");
    if (chosen) history.replaceState(null, "", `#room:${encodeURIComponent(site.site)}/${encodeURIComponent(room.room)}`);
  }

  // ---- Asking

  let check = null; // the one under way: its address, and what stops it

  async function ask(address, options = {}) {
    const answer = await fetch(address, {
      cache: "no-store",
      ...options,
      signal: AbortSignal.any ? AbortSignal.any([check.stop.signal, within(ANSWER_MS)]) : check.stop.signal,
    });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw new Stopped(problem.error ?? "blocked");
  }

  const post = (address, value) =>
    ask(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

  // A check of the room as soon as no other test is in the way.
  async function begin() {
    const random = crypto.getRandomValues(new Uint8Array(8));
    let request = [...random].map((one) => one.toString(16).padStart(2, "0")).join("");
    for (let asked = 0; asked < ASKS_WHILE_TAKEN; asked += 1) {
      try {
        return await (await post("/v1/checks", { site: chosen.site, room: chosen.room, request })).json();
      } catch (error) {
        if (!["lease_taken", "too_soon"].includes(error.why)) throw error;
      }
      step("wait");
      await sleep(ASK_AGAIN_MS);
      if (check.stop.signal.aborted) throw new Stopped("hidden");
    }
    throw new Stopped("taken");
  }

  // ---- Measuring

  let number = 0;

  async function ping() {
    const began = performance.now();
    const answer = await ask(`${check.base}/ping?n=${(number += 1)}`);
    const took = performance.now() - began;
    await answer.text(); // read even when there is nothing in it, or the browser counts it as broken off
    return took;
  }

  async function openConnections() {
    await Promise.all(Array.from({ length: CONNECTIONS }, ping));
  }

  async function idle(count) {
    const found = [];
    for (let one = 0; one < count; one += 1) {
      const took = await ping();
      found.push(took);
      await sleep(Math.max(0, IDLE_PING_MS - took));
    }
    return found;
  }

  // Round trips beside a test. `risen` is wire/round_trips.py's: the newest that say anything are all far above idle.
  class Watch {
    constructor(plan, shortest) {
      this.limit = shortest + plan.rise_ms;
      this.inARow = plan.in_a_row;
      this.trips = [];
      this.late = 0;
      this.began = performance.now();
      this.looked = this.began;
    }

    async run() {
      while (!this.over) {
        if (this.trips.filter((one) => one.waiting).length < PINGS_AT_ONCE) this.send();
        await sleep(performance.now() - this.began > 1000 ? LATER_PING_MS : PING_MS);
      }
    }

    send() {
      const one = { sent: performance.now(), took: null, waiting: true };
      this.trips.push(one);
      ping()
        .then((took) => (one.took = took))
        .catch(() => {})
        .finally(() => (one.waiting = false));
    }

    // To be called every LOOK_MS: what comes later than that was this browser's own doing.
    look() {
      const now = performance.now();
      this.late += Math.max(0, now - this.looked - LOOK_MS - 25);
      this.looked = now;
    }

    risen() {
      const now = performance.now();
      const atLeast = (one) => one.took ?? now - one.sent;
      const newest = this.trips.filter((one) => !one.waiting || now - one.sent >= this.limit).slice(-this.inARow);
      return newest.length === this.inARow && newest.every((one) => atLeast(one) >= this.limit);
    }

    // What is told of a direction that began at `began`.
    told(began, endedBy) {
      this.over = true;
      const whole = (ms) => Math.max(0, Math.round(ms));
      const trips = this.trips.filter((one) => one.sent >= began);
      return {
        ended_by: endedBy,
        lasted_ms: whole(performance.now() - began),
        stalled_ms: whole(this.late),
        trips: trips.map((one) => [whole(one.sent - began), one.took === null ? null : whole(one.took * 1000)]),
      };
    }
  }

  // wire/sufficiency.py: whether the rate is held is known, one way or the other.
  function decided(plan, direction, ms, warm, total) {
    const needed = (direction.required_bps * (plan.longest_ms - plan.warm_up_ms)) / 8000;
    if (ms <= plan.warm_up_ms) return false;
    if (total - warm >= needed) return true;
    const left = plan.longest_ms - ms;
    const canCome = (direction.offered_bps * (left + plan.catch_up_ms)) / 8000 + 2 * plan.block_bytes;
    return left <= 0 || total - warm + canCome < needed;
  }

  async function receive(plan, shortest) {
    const stop = new AbortController();
    const abort = () => stop.abort();
    check.stop.signal.addEventListener("abort", abort);
    const answer = await fetch(`${check.base}/down`, { cache: "no-store", signal: stop.signal });
    if (!answer.ok) throw new Stopped((await answer.json().catch(() => ({}))).error ?? "blocked");
    const watch = new Watch(plan, shortest);
    const began = performance.now();
    const arrivals = [];
    let warm = 0;
    let total = 0;
    let endedBy = null;
    watch.run();
    const looking = setInterval(() => {
      watch.look();
      const ms = performance.now() - began;
      if (watch.risen()) endedBy = "rtt";
      else if (ms >= plan.longest_ms) endedBy = "time";
      else if (decided(plan, plan.down, ms, warm, total)) endedBy = "decided";
      if (endedBy) abort();
    }, LOOK_MS);
    try {
      const reader = answer.body.getReader();
      while (!endedBy) {
        const { done, value } = await reader.read();
        if (done) break;
        const ms = Math.round(performance.now() - began);
        total += value.byteLength;
        if (ms <= plan.warm_up_ms) warm = total;
        const last = arrivals[arrivals.length - 1];
        // In steps of ten milliseconds, none of which spans an edge that is judged by.
        const sameStep = last && ms - last.from < 10 && !(last.from <= plan.warm_up_ms && ms > plan.warm_up_ms);
        if (sameStep) last.total = total;
        else arrivals.push({ from: ms, total });
      }
      endedBy ??= total >= plan.down.most_bytes ? "bytes" : "peer";
    } catch (error) {
      endedBy ??= "peer";
    } finally {
      clearInterval(looking);
      check.stop.signal.removeEventListener("abort", abort);
      abort();
    }
    const steps = arrivals.filter((one) => one.from <= plan.longest_ms).map((one) => [one.from, one.total]);
    return { ...watch.told(began, endedBy), arrivals: steps };
  }

  // Small posts at an even pace: no browser but Chromium streams a body up, and that not over HTTP/1.1.
  async function send(plan, shortest) {
    const stop = new AbortController();
    const abort = () => stop.abort();
    check.stop.signal.addEventListener("abort", abort);
    const piece = new Uint8Array(plan.post_bytes);
    const watch = new Watch(plan, shortest);
    const began = performance.now();
    let due = began;
    let now = began;
    let underWay = 0;
    let endedBy = null;
    watch.run();
    const looking = setInterval(() => watch.look(), LOOK_MS);

    async function sendPiece() {
      underWay += 1;
      try {
        const options = { method: "POST", body: piece, cache: "no-store", signal: stop.signal };
        const answer = await fetch(`${check.base}/up`, options);
        if (!answer.ok) endedBy ??= "peer";
        else if ((await answer.json()).decided) endedBy ??= "decided";
      } catch (error) {
        endedBy ??= "peer";
      } finally {
        underWay -= 1;
      }
    }

    try {
      while (!endedBy) {
        now = performance.now();
        if (check.stop.signal.aborted) endedBy = "peer";
        else if (watch.risen()) endedBy = "rtt";
        else if (now - began >= plan.longest_ms) endedBy = "time";
        else if (underWay < plan.posts_at_once && now >= due) {
          // What it was held up for was the path's doing, and is made up for by one piece at the most.
          due = Math.max(due, now - plan.catch_up_ms) + plan.post_every_ms;
          sendPiece();
        } else await sleep(underWay < plan.posts_at_once ? Math.min(LOOK_MS, due - now) : 5);
      }
    } finally {
      clearInterval(looking);
      check.stop.signal.removeEventListener("abort", abort);
      abort();
    }
    return watch.told(began, endedBy);
  }

  async function measure(plan) {
    step("idle");
    await openConnections();
    const before = await idle(IDLE_PINGS);
    step("down");
    const down = await receive(plan, Math.min(...before));
    await openConnections();
    const between = await idle(PINGS_BETWEEN);
    step("up");
    const up = await send(plan, Math.min(...between));
    step("answer");
    const us = [...before, ...between].map((one) => Math.round(one * 1000));
    return { idle_rtt_us: us, before_up: between.length, down, up };
  }

  async function run() {
    check = { base: null, stop: new AbortController(), hidden: false };
    show("checking");
    at("what").textContent = say("checking", { room: chosen.name, school: chosen.school });
    at("what").focus();
    for (const item of document.querySelectorAll(".steps li")) item.className = "";
    at("step-wait").hidden = true;
    try {
      step("idle");
      const plan = await begin();
      check.base = `/v1/checks/${plan.check}`;
      check.began = performance.now();
      const told = await measure(plan);
      if (check.stop.signal.aborted) throw new Stopped("hidden");
      answer(await (await post(`${check.base}/end`, told)).json());
    } catch (error) {
      const gone = check.base;
      if (gone) fetch(gone, { method: "DELETE", keepalive: true }).catch(() => {});
      if (check.cancelled) return show("choose");
      noAnswer(check.hidden ? "hidden" : (error.why ?? "blocked"));
    }
  }

  // ---- Showing

  const SHARES = { wait: 0, idle: 4, down: 20, up: 60, answer: 96 };

  function show(id) {
    for (const one of ["choose", "checking", "found"]) at(one).hidden = one !== id;
    scrollTo(0, 0);
  }

  function step(name) {
    if (name === "wait") at("step-wait").hidden = false;
    const steps = [...document.querySelectorAll(".steps li")];
    const place = steps.findIndex((one) => one.id === `step-${name}`);
    steps.forEach((one, index) => (one.className = index < place ? "is-done" : index === place ? "is-on" : ""));
    at("progress").value = SHARES[name];
    if (at("heard").textContent !== say(`step_${name}`)) at("heard").textContent = say(`step_${name}`);
  }

  const decimal = (value, digits) => new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: digits }).format(value);
  // Rounded down, so that 0.998 of 1 Mbit/s does not read as enough.
  const rate = (bps) => say("mbit", { number: decimal(Math.floor(bps / 1e4) / 100, 2) });
  const time = (ms) => say("ms", { number: decimal(ms, ms < 10 ? 1 : 0) });
  const activity = (name) => say(`activity_${name}`);

  function answer(found) {
    const profile = found.profiles.find((one) => one.profile === found.profile);
    headline(found.answer, say(found.answer, { activity: activity(found.profile) }));
    at("why").textContent = found.answer === "can" ? say("ok_rate", { need: rate(profile.needed_down_bps) }) : reason(found, profile);
    at("activities").replaceChildren(...found.profiles.map((one) => activityItem(found, one)));
    at("activities").hidden = false;
    const limits = found.profiles.map((one) => one.rtt_limit_ms).filter((one) => one !== null);
    at("numbers").replaceChildren(
      row(say("arrives"), rate(found.down.required_bps), rateFound(found.down)),
      row(say("leaves"), rate(found.up.required_bps), rateFound(found.up)),
      row(say("round_trips_half"), "", found.rtt_p50_ms === null ? say("not_known") : time(found.rtt_p50_ms)),
      row(
        say("round_trips"),
        limits.length ? say("below", { limit: time(Math.min(...limits)) }) : "",
        found.rtt_p95_ms === null ? say("not_known") : time(found.rtt_p95_ms),
      ),
      row(say("used"), "", say("megabytes", { number: decimal(found.used_bytes / 1e6, 1) })),
    );
    at("figures").hidden = false;
    at("tell").hidden = false;
    at("telling").hidden = false;
    at("telling").textContent = say("tell_note");
    const seconds = decimal(Math.ceil((performance.now() - check.began) / 1000), 0);
    at("checked-at").textContent = say("checked_at", { time: clock(found.at), seconds });
    check.at = found.at;
  }

  const clock = (instant) => new Date(instant).toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit" });

  function noAnswer(word) {
    headline("unknown", say("unknown"));
    const known = { throughput_off: "off", too_many_checks: "too_many", check_over: "broken", lease_over: "broken" };
    const key = `why_${known[word] ?? word}`;
    at("why").textContent = say(key in SAY ? key : "why_refused");
    for (const one of ["activities", "figures", "tell", "telling"]) at(one).hidden = true;
  }

  function headline(word, text) {
    at("found").className = `answer is-${word}`;
    at("where").textContent = `${chosen.name}, ${chosen.school}`;
    const states = { can: "ok", stutters: "degraded", cannot: "bad", unknown: "unknown" };
    at("verdict").replaceChildren(state(states[word], text));
    document.title = text;
    show("found");
    at("verdict").focus();
    at("heard").textContent = "";
  }

  // A shape besides its colour, as on the board.
  function state(name, text) {
    const [span, words] = ["span", "span"].map((one) => document.createElement(one));
    const [glyph, use] = ["svg", "use"].map((one) => document.createElementNS("http://www.w3.org/2000/svg", one));
    use.setAttribute("href", `#state-${name}`);
    glyph.setAttribute("class", "glyph");
    glyph.setAttribute("width", "16");
    glyph.setAttribute("height", "16");
    glyph.setAttribute("aria-hidden", "true");
    glyph.append(use);
    words.textContent = text;
    words.className = "word";
    span.className = `state is-${name}`;
    span.append(glyph, words);
    return span;
  }

  function reason(found, profile) {
    const key = profile.answer === "stutters" ? "why_stutters" : `why_${profile.why}`;
    const down = profile.why === "down";
    return say(key, {
      arrived: rate((down ? found.down : found.up).received_bps ?? 0),
      need: rate(down ? profile.needed_down_bps : profile.needed_up_bps),
      p95: time(found.rtt_p95_ms ?? 0),
      limit: time(profile.rtt_limit_ms ?? 0),
    });
  }

  function activityItem(found, profile) {
    const item = document.createElement("li");
    const name = document.createElement("span");
    const states = { can: "ok", stutters: "degraded", cannot: "bad", unknown: "unknown" };
    name.textContent = SAY[`name_${profile.profile}`] ?? profile.label;
    item.append(name, state(states[profile.answer], say(`word_${profile.answer}`)));
    if (profile.why && profile.profile !== found.profile && profile.why !== found.why) {
      const why = document.createElement("span");
      why.className = "reason";
      why.textContent = reason(found, profile);
      item.append(why);
    }
    return item;
  }

  function rateFound(one) {
    if (one.sustained) return say("at_least", { rate: rate(one.required_bps) });
    return one.received_bps === null ? say("not_known") : rate(one.received_bps);
  }

  function row(what, needed, found) {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = what;
    line.append(head);
    for (const [text, label] of [[needed, say("needed")], [found, say("found")]]) {
      const cell = document.createElement("td");
      cell.className = "number";
      cell.dataset.label = label;
      cell.textContent = text || "\u2013";
      line.append(cell);
    }
    return line;
  }

  async function tell() {
    at("tell").hidden = true;
    at("telling").textContent = say("telling");
    try {
      const answer = await fetch(`${check.base}/tell`, { method: "POST", signal: within(ANSWER_MS) });
      if (!answer.ok) throw new Stopped("refused");
      at("telling").textContent = say("told");
    } catch (error) {
      at("telling").textContent = say("tell_failed", { room: chosen.name, time: clock(check.at) });
      at("tell").hidden = false;
    }
  }

  function again() {
    document.title = say("title");
    run();
  }

  function other() {
    document.title = say("title");
    show("choose");
    at("find").focus();
  }

  at("school").addEventListener("change", showRooms);
  at("find").addEventListener("input", filter);
  at("room-list").addEventListener("change", choose);
  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen) run();
  });
  at("again").addEventListener("click", again);
  at("other").addEventListener("click", other);
  at("tell").addEventListener("click", tell);
  at("cancel").addEventListener("click", () => {
    check.cancelled = true;
    check.stop.abort();
  });
  // A browser slows down what is not in view, and would blame the room for it.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden || at("checking").hidden) return;
    check.hidden = true;
    check.stop.abort();
  });
  addEventListener("pagehide", () => check?.base && !at("checking").hidden && check.stop.abort());
  addEventListener("hashchange", () => at("choose").hidden || restore());
  load();
})();
