// Passkeys: the browser's own dialogues, and a plain form that carries what they answer.
(() => {
  'use strict';
  const form = document.querySelector('form[data-passkey]');
  if (!form) return;
  const making = form.dataset.passkey === 'create';
  const status = form.querySelector('[data-passkey-status]');
  const button = form.querySelector('[data-passkey-start]');
  const parts = document.querySelectorAll('[data-passkey-part]');
  const known = window.PublicKeyCredential;
  const parse = known && (making ? known.parseCreationOptionsFromJSON : known.parseRequestOptionsFromJSON);
  if (!parse || !known.prototype.toJSON) return;
  document.querySelectorAll('[data-passkey-missing]').forEach((part) => { part.hidden = true; });
  parts.forEach((part) => { part.hidden = false; });

  let waiting = null;
  let pressed = false;
  let sent = false;
  const say = (message) => { status.textContent = message; };

  const send = (credential) => {
    if (sent) return;
    sent = true;
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.elements.credential_id.value = credential.id;
    const keep = document.getElementById('remember');
    if (keep && keep.checked) form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'remember', value: 'yes' }));
    form.submit();
  };

  const ask = (extra) => {
    if (waiting) waiting.abort();
    const abort = waiting = new AbortController();
    const publicKey = parse.call(known, JSON.parse(form.dataset.options));
    const call = making ? navigator.credentials.create : navigator.credentials.get;
    return call.call(navigator.credentials, { publicKey, signal: abort.signal, ...extra });
  };

  form.addEventListener('submit', (event) => {
    if (event.submitter !== button) return;
    event.preventDefault();
    say('');
    pressed = true;
    button.setAttribute('aria-busy', 'true');
    ask({}).then(send, (error) => {
      if (error.name === 'AbortError') return;
      pressed = false;
      say(error.name === 'InvalidStateError' ? form.dataset.sayDuplicate : form.dataset.sayNothing);
      autofill();
    }).finally(() => button.removeAttribute('aria-busy'));
  });

  // The browser offers passkeys in the list of the name field; nothing happens until one is chosen.
  const autofill = async () => {
    if (!('autofill' in form.dataset) || !known.isConditionalMediationAvailable) return;
    if (!await known.isConditionalMediationAvailable()) return;
    // Whoever pressed the button meanwhile has a dialogue before them.
    if (pressed) return;
    ask({ mediation: 'conditional' }).then(send, () => {});
  };

  // A passkey that we do not know is of no use: the browser may forget it too.
  const unknown = form.dataset.unknown;
  if (unknown && known.signalUnknownCredential) {
    known.signalUnknownCredential({ rpId: form.dataset.rpId, credentialId: unknown }).catch(() => {});
  }
  autofill();
  // Whoever comes back to a page that the browser kept can send it again.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    sent = pressed = false;
    autofill();
  });
})();
