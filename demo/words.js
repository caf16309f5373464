// Words and figures as the page shows them, and the elements that show them.

export const $ = (id) => document.getElementById(id);

/** An element with properties, classes and children. */
export function element(tag, { className = '', text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** A button with a drawn icon of index.html, and a name that is read out. */
export function iconButton(icon, label, onClick, className = 'icon') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `#${icon}`);
  svg.append(use);
  const button = element('button', { type: 'button', className, title: label, onclick: onClick }, svg);
  button.setAttribute('aria-label', label);
  return button;
}

/** Minutes and seconds. */
export const clock = (seconds) =>
  Number.isFinite(seconds) ? `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}` : '–:––';

/** The same, for reading out. */
export function spoken(seconds) {
  if (!Number.isFinite(seconds)) return 'unknown';
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  return `${minutes > 0 ? `${minutes} min ` : ''}${rest} s`;
}

export const size = (bytes) =>
  bytes < 1e3 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
