
(() => {
  'use strict';
  const form = document.getElementById('filter');
  const q = document.getElementById('q');
  const show = document.getElementById('show');
  const shown = document.getElementById('shown');
  const rows = [...document.querySelectorAll('[data-row]')];
  const texts = rows.map((row) => `${row.textContent} ${row.dataset.also || ''}`.toLowerCase());
  const chapters = [...document.querySelectorAll('section')];

  function apply() {
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtering = words.length > 0 || show.value !== '';
    let count = 0;
    rows.forEach((row, at) => {
      const fits = (!show.value || row.dataset.row === show.value) && words.every((word) => texts[at].includes(word));
      row.hidden = !fits;
      // What was searched for may stand in the folded part.
      row.querySelectorAll('details').forEach((fold) => { fold.open = fits && words.length > 0; });
      count += fits ? 1 : 0;
    });
    for (const chapter of chapters) {
      chapter.hidden = filtering && !chapter.querySelector('[data-row]:not([hidden])');
    }
    shown.textContent = filtering ? `${count} of ${rows.length} lines shown` : `${rows.length} lines`;
  }

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (!asked.has('q') && !asked.has('show')) return;
    q.value = asked.get('q') || '';
    show.value = asked.get('show') || '';
    if (show.selectedIndex < 0) show.value = '';
  }

  function write() {
    const asked = new URLSearchParams();
    if (q.value) asked.set('q', q.value);
    if (show.value) asked.set('show', show.value);
    const hash = asked.toString();
    history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
  }

  form.hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  for (const control of [q, show]) {
    control.addEventListener('input', () => { apply(); write(); });
  }
  addEventListener('hashchange', () => { read(); apply(); });
  addEventListener('beforeprint', () => rows.forEach((row) => row.querySelectorAll('details').forEach((fold) => { fold.open = true; })));
  read();
  apply();
})();
