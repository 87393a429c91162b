// Comforts on top of pages that work without them.
(() => {
  'use strict';
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const byId = (id) => document.getElementById(id);

  each('[data-script]', (part) => { part.hidden = false; });

  each('[data-reveal]', (button) => {
    const input = byId(button.dataset.reveal);
    const text = button.querySelector('[data-text]');
    const show = (plain) => {
      input.type = plain ? 'text' : 'password';
      text.textContent = plain ? button.dataset.hide : button.dataset.show;
      button.setAttribute('aria-label', plain ? button.dataset.hideLabel : button.dataset.showLabel);
    };
    show(false);
    button.hidden = false;
    button.parentElement.classList.add('has-reveal');
    button.addEventListener('click', () => { show(input.type === 'password'); input.focus(); });
    // A browser offers to save only what is still a password field when the form goes out.
    input.form.addEventListener('submit', () => show(false));
  });

  each('[data-caps]', (line) => {
    const input = byId(line.dataset.caps);
    const tell = (on) => {
      const message = on ? line.dataset.message : '';
      if (line.textContent !== message) line.textContent = message;
    };
    for (const kind of ['keydown', 'keyup', 'mousedown']) {
      input.addEventListener(kind, (event) => { if (event.getModifierState) tell(event.getModifierState('CapsLock')); });
    }
    input.addEventListener('blur', () => tell(false));
  });

  each('[data-copy]', (button) => {
    const source = byId(button.dataset.copy);
    const told = byId(button.dataset.tell);
    const lines = source.querySelectorAll('li');
    const text = lines.length ? Array.from(lines, (line) => line.textContent.trim()).join('\n') : source.textContent.replace(/\s/g, '');
    if (!navigator.clipboard) { button.hidden = true; return; }
    button.hidden = false;
    button.addEventListener('click', () => {
      navigator.clipboard.writeText(text).then(
        () => { told.textContent = button.dataset.done; },
        () => { getSelection().selectAllChildren(source); },
      );
    });
  });

  // Other apps sign out in frames; whoever does not answer is not waited for.
  each('[data-onward]', (link) => {
    const go = () => location.replace(link.href);
    if (document.readyState === 'complete') go();
    else { addEventListener('load', go); setTimeout(go, 3000); }
  });

  each('[data-print]', (button) => button.addEventListener('click', () => print()));

  // A complete code goes out by itself, once: whoever corrects a digit afterwards presses the button.
  each('[data-complete]', (input) => {
    let done = false;
    input.addEventListener('input', () => {
      const digits = input.value.replace(/[\s-]/g, '');
      if (done || digits.length !== Number(input.dataset.complete) || !/^\p{Nd}+$/u.test(digits)) return;
      done = true;
      input.form.requestSubmit(input.form.querySelector('button.primary'));
    });
  });

  // One press, one request. The button stays focusable, and comes back if the page does or the answer is slow.
  const sent = new Set();
  const release = (form) => {
    sent.delete(form);
    form.querySelectorAll('[aria-disabled]').forEach((button) => { button.removeAttribute('aria-disabled'); button.classList.remove('busy'); });
  };
  each('form[data-once]', (form) => form.addEventListener('submit', (event) => {
    if (sent.has(form)) { event.preventDefault(); return; }
    sent.add(form);
    form.querySelectorAll('button[type=submit]').forEach((button) => button.setAttribute('aria-disabled', 'true'));
    if (event.submitter) event.submitter.classList.add('busy');
    setTimeout(release, 10000, form);
  }));
  addEventListener('pageshow', () => [...sent].forEach(release));
})();
