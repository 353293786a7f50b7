/* What the pages do beyond links and forms: keys, times, copying, and quiet polls. Every page works without it. */
"use strict";

(() => {
  const root = document.documentElement;
  const $ = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  root.classList.add("js");

  const say = (text) => {
    const said = $("#said");
    if (said) said.textContent = text;
  };

  /* times: the server writes UTC, this browser may show its own */
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const two = (number) => String(number).padStart(2, "0");
  const clock = (moment, local) => {
    const get = (part) => moment[`get${local ? "" : "UTC"}${part}`]();
    const year = get("FullYear") === new Date().getFullYear() ? "" : ` ${get("FullYear")}`;
    return `${get("Date")} ${months[get("Month")]}${year} ${two(get("Hours"))}:${two(get("Minutes"))}:${two(get("Seconds"))}`;
  };
  const isLocal = () => localStorage.getItem("bridge-times") === "local";
  const showTimes = (inside = document) => {
    const local = isLocal();
    for (const time of all("time[datetime]:not(.ago)", inside)) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.valueOf())) time.textContent = clock(moment, local);
    }
    for (const button of all("[data-times]")) {
      button.setAttribute("aria-pressed", String(local));
      $("[data-times-name]", button).textContent = local ? "Local" : "UTC";
    }
  };
  const switchTimes = () => {
    localStorage.setItem("bridge-times", isLocal() ? "utc" : "local");
    showTimes();
    say(isLocal() ? "Times are local" : "Times are UTC");
  };

  /* copying */
  const copy = async (text, told, button) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "hidden";
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    say(told);
    if (button) {
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), 1200);
    }
  };

  /* rows: one is marked; it is remembered with the page's place in the history, so that Back finds it */
  const rows = () => all("tr[data-row]");
  const marked = () => $("tr.at");
  const keep = (row) => history.replaceState({ ...history.state, row: row.dataset.row }, "");
  const markRow = (row, focus) => {
    marked()?.classList.remove("at");
    row.classList.add("at");
    keep(row);
    if (focus) $(".row-link", row)?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const move = (by) => {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(marked());
    const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1);
    markRow(list[next], true);
  };
  const findRow = () => {
    const id = history.state?.row;
    const row = id && rows().find((one) => one.dataset.row === id);
    if (row) markRow(row, document.activeElement === document.body);
  };

  /* keys */
  const typing = (target) => target.closest("input, textarea, select, [contenteditable], .cm-editor");
  const openKeys = () => $("#keys")?.showModal();
  const escape = () => {
    const open = all("details.pop[open], .account[open]");
    if (open.length) {
      for (const one of open) one.open = false;
      $("summary", open.at(-1))?.focus();
    } else document.activeElement?.blur();
  };
  const actions = {
    "?": openKeys,
    "/": () => $("#filter")?.select(),
    j: () => move(1),
    k: () => move(-1),
    r: () => location.reload(),
    t: switchTimes,
    c: () => {
      const command = $("#as-command");
      if (command) copy(command.textContent, "Command copied");
    },
    y: () => {
      const link = marked() && $(".row-link", marked());
      copy(link ? link.href : location.href, link ? "Address of the row copied" : "Address copied");
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && !$("dialog[open]") && !event.target.closest(".cm-editor")) return escape();
    if (typing(event.target) || $("dialog[open]")) return;
    if (event.key === "Enter" && marked() && event.target === document.body) return $(".row-link", marked())?.click();
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy, "Copied", button);
    if (event.target.closest("[data-times]")) switchTimes();
    const row = event.target.closest("tr[data-row]");
    if (row) keep(row);
    for (const pop of all("details.pop[open]")) if (!pop.contains(event.target)) pop.open = false;
  });

  /* the link of a row lies over its cells: the cell under the pointer shows its own links */
  document.addEventListener("pointermove", (event) => {
    const row = event.target.closest?.("tr[data-row]");
    const under = $("td.under");
    const cell = row && document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.matches("td"));
    if (under === cell) return;
    under?.classList.remove("under");
    cell?.classList.add("under");
  });

  /* polls: a hidden tab asks nothing; the frame's numbers go where they are shown */
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail?.ctx?.sourceElement ?? event.target;
    if (document.hidden && source.matches?.("[hx-trigger*='every']")) event.preventDefault();
  });
  const takePulse = () => {
    const pulse = $("#pulse");
    if (!pulse?.dataset.icon) return;
    const icon = $("#favicon");
    if (icon && icon.getAttribute("href") !== pulse.dataset.icon) icon.setAttribute("href", pulse.dataset.icon);
    for (const tally of all("[data-tally]")) {
      const number = Number(pulse.dataset[tally.dataset.tally] ?? 0);
      tally.textContent = number ? number.toLocaleString("en") : "";
    }
  };
  document.addEventListener("htmx:after:swap", () => {
    showTimes();
    takePulse();
  });

  document.addEventListener("DOMContentLoaded", () => {
    showTimes();
    findRow();
    const menu = $(".menu");
    if (menu && matchMedia("(max-width: 820px)").matches) menu.open = false;
  });
  addEventListener("pageshow", (event) => event.persisted && findRow());
})();
