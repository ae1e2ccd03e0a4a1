// The loudness of a recording over its time: of a WAV file as it arrives, piece by piece; of any other what the browser decodes.

/** Of each side so many values for a second. */
export const RATE = 50;
/** The longest recording that is decoded as a whole, in bytes. */
const WHOLE = 40e6;

class Peaks {
  constructor() {
    this.sides = [[], []];
    this.most = [0, 0];
    this.count = 0;
  }

  add(left, right, perValue) {
    this.most[0] = Math.max(this.most[0], Math.abs(left));
    this.most[1] = Math.max(this.most[1], Math.abs(right));
    if (++this.count < perValue) return;
    for (const n of [0, 1]) this.sides[n].push(this.most[n]);
    this.most = [0, 0];
    this.count = 0;
  }
}

/** Reads a recording. `grow` is told from time to time. Gives the loudness of the caller's and the bot's side. */
export async function read(answer, grow) {
  const peaks = new Peaks();
  if ((answer.headers.get("content-type") ?? "").includes("wav")) await pieces(answer.body.getReader(), peaks, grow);
  else await decoded(answer, peaks);
  return peaks.sides;
}

async function decoded(answer, peaks) {
  const bytes = await answer.arrayBuffer();
  if (bytes.byteLength > WHOLE) return;
  const sound = await new OfflineAudioContext(2, 1, 8000).decodeAudioData(bytes);
  const [left, right] = [sound.getChannelData(0), sound.getChannelData(sound.numberOfChannels - 1)];
  const per = sound.sampleRate / RATE;
  for (let n = 0; n < left.length; n++) peaks.add(left[n], right[n], per);
}

/** 16-bit samples of two sides (RIFF WAVE), which may be cut anywhere between two pieces. */
async function pieces(reader, peaks, grow) {
  let rest = new Uint8Array(0);
  let format = null;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const bytes = new Uint8Array(rest.length + value.length);
    bytes.set(rest);
    bytes.set(value, rest.length);
    let at = 0;
    if (!format) {
      format = head(bytes);
      if (!format) {
        rest = bytes;
        continue;
      }
      at = format.data;
    }
    const view = new DataView(bytes.buffer);
    const frame = 2 * format.channels;
    for (; at + frame <= bytes.length; at += frame)
      peaks.add(view.getInt16(at, true) / 32768, view.getInt16(at + frame - 2, true) / 32768, format.rate / RATE);
    rest = bytes.slice(at);
    grow?.(peaks.sides);
  }
}

/** Where the samples of a WAV file begin, and what they are; `null`: not all of it is here. */
function head(bytes) {
  const view = new DataView(bytes.buffer);
  const tag = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  let found = null;
  for (
    let at = 12;
    at + 8 <= bytes.length;
    at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) % 2)
  ) {
    if (tag(at) === "fmt " && at + 24 <= bytes.length)
      found = { channels: view.getUint16(at + 10, true), rate: view.getUint32(at + 12, true) };
    if (tag(at) === "data" && found) return { ...found, data: at + 8 };
  }
  return null;
}

/** Stretches in which neither side is heard, as pairs of seconds, with a little left at both ends. */
export function silences(sides, { longest = 1.2, floor = 0.012, margin = 0.25 } = {}) {
  const found = [];
  let since = null;
  for (let n = 0; n <= sides[0].length; n++) {
    const loud = n === sides[0].length || sides[0][n] > floor || sides[1][n] > floor;
    if (!loud) since ??= n;
    else if (since !== null) {
      if ((n - since) / RATE > longest) found.push([since / RATE + margin, n / RATE - margin]);
      since = null;
    }
  }
  return found;
}

/** Draws both sides, the caller above; `done` of 1 has been played. */
export function draw(canvas, sides, done, colours) {
  const scale = devicePixelRatio || 1;
  const { clientWidth, clientHeight } = canvas;
  const [width, height] = [Math.round(clientWidth * scale), Math.round(clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const brush = canvas.getContext("2d");
  brush.clearRect(0, 0, width, height);
  const step = Math.max(1, Math.round(2 * scale));
  const many = sides[0].length;
  sides.forEach((side, n) => {
    const middle = height * (n ? 0.75 : 0.25);
    for (let x = 0; x < width; x += step + 1) {
      const [from, to] = [Math.floor((x * many) / width), Math.max(1, Math.ceil(((x + step) * many) / width))];
      let most = 0;
      for (let at = from; at < to && at < many; at++) most = Math.max(most, side[at]);
      const half = Math.max(scale / 2, Math.sqrt(most) * height * 0.23);
      brush.fillStyle = x / width < done ? colours[n] : colours[2];
      brush.fillRect(x, middle - half, step, half * 2);
    }
  });
  brush.fillStyle = colours[3];
  brush.fillRect(Math.round(done * width) - scale / 2, 0, Math.max(1, scale), height);
}
