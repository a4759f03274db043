
(() => {
  'use strict';
  const form = document.getElementById('filter');
  const q = document.getElementById('q');
  const show = document.getElementById('show');
  const shown = document.getElementById('shown');
  const card = document.getElementById('card');
  const rows = [...document.querySelectorAll('[data-row]')];
  const texts = rows.map((row) => `${row.textContent} ${row.dataset.who || ''} ${row.dataset.also || ''}`.toLowerCase());
  const chapters = [...document.querySelectorAll('section:not(#card)')];

  // Everybody that a row names, with the rows.
  const people = new Map();
  rows.forEach((row, at) => {
    for (const who of (row.dataset.who || '').split('|').map((one) => one.trim()).filter(Boolean)) {
      const id = who.split(' ', 1)[0];
      const known = people.get(id) || { who, rows: [] };
      if (who.length > known.who.length) known.who = who;
      known.rows.push(at);
      people.set(id, known);
    }
  });
  for (const one of people.values()) one.text = one.who.toLowerCase();

  function write(parent, name, text) {
    const element = document.createElement(name);
    element.textContent = text;
    return parent.appendChild(element);
  }

  // What a row says of a person: of a queue, the lists that name the person.
  function said(row, id) {
    const named = [...row.querySelectorAll('.person')].filter((one) => one.textContent.split(/[ (（]/, 1)[0] === id);
    if (named.length === 0) {
      const cells = [...row.querySelectorAll('td, p:not(.help)')].map((cell) => cell.textContent.trim());
      return cells.filter(Boolean).join(' · ') || row.textContent.trim();
    }
    const queue = row.querySelector('.queue strong').textContent;
    return named.map((one) => `${queue} · ${one.parentElement.querySelector('b').firstChild.textContent.trim()} · ${one.textContent}`).join(' · ');
  }

  // Shows all about the only person who fits the words.
  function about(words) {
    card.hidden = true;
    card.replaceChildren();
    if (words.length === 0) return;
    let found = null;
    for (const [id, one] of people) {
      if (!words.every((word) => one.text.includes(word))) continue;
      if (words.length === 1 && words[0] === id) { found = [id, one]; break; }
      if (found) return;
      found = [id, one];
    }
    if (!found) return;
    const [id, one] = found;
    write(card, 'h2', card.dataset.title + one.who);
    const list = write(card, 'ul', '');
    for (const at of one.rows) {
      const chapter = rows[at].closest('section');
      const heading = chapter && chapter.querySelector('h2, h3');
      const line = write(list, 'li', '');
      if (heading) write(line, 'b', heading.firstChild.textContent.trim());
      line.append(` ${said(rows[at], id)}`);
    }
    card.hidden = false;
  }

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  function apply() {
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtering = words.length > 0 || show.value !== '';
    let count = 0;
    rows.forEach((row, at) => {
      const fits = (!show.value || row.dataset.row === show.value) && words.every((word) => texts[at].includes(word));
      row.hidden = !fits;
      count += fits ? 1 : 0;
    });
    // What was searched for may stand in the folded part.
    for (const fold of document.querySelectorAll('[data-row] details')) fold.open = words.length > 0 && !fold.closest('[hidden]');
    for (const chapter of chapters) {
      chapter.hidden = filtering && !chapter.querySelector('[data-row]:not([hidden])');
    }
    about(words);
    const values = { shown: count, all: rows.length };
    shown.textContent = fill(filtering ? shown.dataset.found : shown.dataset.all, values);
  }

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (!asked.has('q') && !asked.has('show')) return;
    q.value = asked.get('q') || '';
    show.value = asked.get('show') || '';
    if (show.selectedIndex < 0) show.value = '';
  }

  function keep() {
    const asked = new URLSearchParams();
    if (q.value) asked.set('q', q.value);
    if (show.value) asked.set('show', show.value);
    const hash = asked.toString();
    history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
  }

  form.hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  for (const control of [q, show]) {
    control.addEventListener('input', () => { apply(); keep(); });
  }
  // During a search a tile leads to its chapter among what was found.
  for (const tile of document.querySelectorAll('a[data-show]')) {
    tile.addEventListener('click', (event) => {
      if (!q.value && !show.value) return;
      event.preventDefault();
      show.value = tile.dataset.show;
      apply();
      keep();
    });
  }
  addEventListener('hashchange', () => { read(); apply(); });
  addEventListener('beforeprint', () => document.querySelectorAll('[data-row] details').forEach((fold) => { fold.open = true; }));
  read();
  apply();
})();
