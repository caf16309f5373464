// What this tab is to the demo's server: every tab has a network of its own, which a header names.
sessionStorage.session ??= crypto.randomUUID?.() ?? String(Math.random());

/** Sent with every request for a track, and for the network. */
export const headers = { 'x-demo-session': sessionStorage.session };
