// The end of the session, said two minutes before it comes; the form below does without this.
(() => {
  'use strict';
  const bar = document.getElementById('session-end');
  if (!bar) return;
  const WARN = 120;
  const form = bar.querySelector('form');
  const said = bar.querySelector('[data-said]');
  const button = form.querySelector('button');
  let timer;
  const sooner = (left) => Math.min(left.idle, left.absolute);
  const clock = (seconds) => new Date(Date.now() + seconds * 1000)
    .toLocaleTimeString(document.documentElement.lang, { hour: 'numeric', minute: '2-digit', timeZone: bar.dataset.zone });
  const show = (words, canStay) => {
    bar.classList.add('session-end-near');
    bar.hidden = false;
    said.textContent = words;
    form.hidden = !canStay;
  };
  const plan = (left) => {
    clearTimeout(timer);
    if (sooner(left) <= 0) { show(bar.dataset.over, false); return; }
    if (sooner(left) > WARN) {
      bar.hidden = true;
      // Timers sleep with the computer and have a longest time: it is looked at again in between.
      timer = setTimeout(look, Math.min((sooner(left) - WARN) * 1000 + 500, 600000));
      return;
    }
    show(left.absolute <= left.idle ? bar.dataset.absolute : bar.dataset.idle.replace('{when}', clock(left.idle)), left.absolute > left.idle);
    timer = setTimeout(look, Math.max(1, Math.min(sooner(left) + 1, 20)) * 1000);
  };
  const ask = (url, options) => fetch(url, { headers: { Accept: 'application/json' }, redirect: 'error', ...options })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)));
  const later = () => { timer = setTimeout(look, 20000); };
  const look = () => ask(bar.dataset.state).then(plan, later);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    ask(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) }).then((left) => {
      plan(left);
      if (bar.hidden) document.querySelector('main').focus();
    }, () => form.submit());
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
  plan({ idle: Number(bar.dataset.idleIn), absolute: Number(bar.dataset.absoluteIn) });
  button.removeAttribute('aria-disabled');
})();
