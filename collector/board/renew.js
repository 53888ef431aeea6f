// Renews the page in place: fetches it anew and changes only what differs, so that nothing flickers and scroll,
// focus, selection and open details stay. Rests while the page is hidden. When the collector does not answer, the
// page says so, and since when; without this script the page is loaded again as a whole (see <noscript>).
"use strict";

(() => {
  const PERIOD_MS = Number(document.currentScript.dataset.seconds) * 1000;
  const PATIENCE_MS = 10_000;
  const RENEWED = ["header.top", "main", "footer.bottom"];
  const ASSETS = "script[src], link[rel=stylesheet]";

  let timer = 0;
  let asking = false;

  async function renew() {
    clearTimeout(timer);
    if (asking) return;
    asking = true;
    try {
      show(new DOMParser().parseFromString(await page(), "text/html"));
      found();
    } catch (error) {
      lost();
    } finally {
      asking = false;
      if (!document.hidden) timer = setTimeout(renew, PERIOD_MS);
    }
  }

  // The page's text. A redirect or another's page (a captive portal's) is no answer.
  async function page() {
    const answer = await fetch(location.pathname + location.search, {
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await answer.text(); // read even when there is nothing in it, or the browser counts it as broken off
    if (answer.status !== 200 && answer.status !== 404) throw new Error(answer.status);
    if (!text.includes('<meta name="application-name" content="Bandroom">')) throw new Error("not the board");
    return text;
  }

  function show(fresh) {
    if (addresses(fresh) !== addresses(document) && fresh.querySelector(ASSETS)) {
      if (fresh.querySelector("script[src]")) return location.reload(); // the collector was updated
    }
    const headline = document.querySelector("h1")?.textContent;
    const kept = { focus: document.activeElement, selection: selection(), seen: inSight() };
    document.title = fresh.title;
    for (const part of RENEWED) morph(document.querySelector(part), fresh.querySelector(part));
    restore(kept);
    const now = document.querySelector("h1");
    if (now.textContent !== headline) document.getElementById("heard").textContent = now.textContent.trim();
  }

  function addresses(page) {
    return [...page.querySelectorAll(ASSETS)].map((one) => one.getAttribute("src") ?? one.getAttribute("href")).join();
  }

  // Makes `old` like `fresh`. Elements with an id are found again wherever they moved; others by their place.
  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.localName === "details")) old.removeAttribute(name);
    }
    const named = new Map();
    for (const child of old.children) if (child.id) named.set(child.id, child);
    let place = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      const same = child.id ? named.get(child.id) : place && !place.id && place.nodeName === child.nodeName ? place : null;
      if (!same || same.nodeName !== child.nodeName) {
        old.insertBefore(document.importNode(child, true), place);
        continue;
      }
      if (same === place) place = place.nextSibling;
      else move(old, same, place);
      if (same.nodeType === Node.ELEMENT_NODE) morph(same, child);
      else if (same.data !== child.data) same.data = child.data;
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  }

  // Where the browser can, without losing focus and selection in what moves.
  function move(parent, node, before) {
    if (parent.moveBefore) parent.moveBefore(node, before);
    else parent.insertBefore(node, before);
  }

  // What the reader looks at: everything in sight that has an id, and where it stands.
  function inSight() {
    if (scrollY === 0) return [];
    return [...document.querySelectorAll("main [id]")]
      .map((one) => ({ one, top: one.getBoundingClientRect().top }))
      .filter(({ top }) => top >= 0 && top < innerHeight);
  }

  // How far that has moved. The median, because a room that got worse leaves its place and the others do not.
  function moved(seen) {
    const all = seen.filter(({ one }) => one.isConnected).map(({ one, top }) => one.getBoundingClientRect().top - top);
    return all.length ? all.sort((a, b) => a - b)[all.length >> 1] : 0;
  }

  function selection() {
    const one = getSelection();
    return one.isCollapsed ? null : [one.anchorNode, one.anchorOffset, one.focusNode, one.focusOffset];
  }

  function restore({ focus, selection: selected, seen }) {
    if (focus !== document.activeElement && focus?.isConnected) focus.focus({ preventScroll: true });
    if (selected && selected[0].isConnected && selected[2].isConnected) {
      const within = (node, offset) => Math.min(offset, node.nodeType === Node.TEXT_NODE ? node.length : node.childNodes.length);
      const [from, start, to, end] = selected;
      getSelection().setBaseAndExtent(from, within(from, start), to, within(to, end));
    }
    scrollBy({ top: moved(seen), behavior: "instant" });
  }

  function lost() {
    const said = document.getElementById("lost");
    if (!said.hidden) return;
    const then = document.querySelector("header.top time").textContent;
    said.textContent = `No answer from the collector since ${then}. What you see is from then; asking again every ${PERIOD_MS / 1000} seconds.`;
    said.hidden = false;
  }

  function found() {
    document.getElementById("lost").hidden = true;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else renew();
  });
  addEventListener("online", renew);
  addEventListener("pageshow", (event) => event.persisted && renew());
  if (!document.hidden) timer = setTimeout(renew, PERIOD_MS);
})();
