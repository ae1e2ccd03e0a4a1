// What the call tells the server of ICE, and reads of it (RFC 8840, RFC 9725).

/** TURN servers out of `Link` headers (RFC 9725, section 4.6). */
function linked(header) {
  const found = [];
  for (const [, url, rest] of (header || "").matchAll(/<((?:stun|turns?):[^>]+)>([^<]*)/g)) {
    if (!/rel="?ice-server/.test(rest)) continue;
    const of = (name) => new RegExp(`[;\\s]${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(rest)?.[1].replace(/\\(.)/g, "$1");
    found.push(of("username") ? { urls: url, username: of("username"), credential: of("credential") } : { urls: url });
  }
  return found;
}

/** The SDP fragment with these candidates; `null` is the end of them. */
function fragment(candidates, { sdp }) {
  const of = (line) => new RegExp(`^${line}.*$`, "m").exec(sdp)?.[0].trim();
  const lines = ["a=group:BUNDLE", "m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:"].map(of).filter(Boolean);
  for (const candidate of candidates) lines.push(candidate ? `a=${candidate.candidate}` : "a=end-of-candidates");
  return `${lines.join("\r\n")}\r\n`;
}

/** The answer that the call began with, with the ICE session that the fragment's `lines` describe. */
function restarted(answer, lines) {
  const of = (name) => lines.find((line) => line.startsWith(`a=${name}:`));
  return answer
    .split("\r\n")
    .filter((line) => !/^a=(candidate:|end-of-candidates)/.test(line))
    .map((line) => (/^a=(ice-ufrag|ice-pwd):/.test(line) ? of(line.slice(2, line.indexOf(":"))) || line : line))
    .join("\r\n");
}
