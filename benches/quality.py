"""Judges what benches/quality.rs wrote: PESQ narrow band, STOI and lag of each degraded file, and prints the table."""
import collections
import multiprocessing
import os
import statistics
import sys
import wave

import numpy as np

# Measured by the same scale on other servers: PESQ narrow band and lag in ms.
PEERS = {
    "unimpaired": "no network at all 4.55",
    "jitter 15": "Asterisk adaptive 4.55 at 102 ms, Janus 1.36",
    "jitter 40": "Asterisk adaptive 4.55 at 202 ms, Janus 1.10",
    "loss 5": "Asterisk 2.62, Janus 2.74, zero fill alone 2.73",
    "half-normal 15": "as above: the shape of its network is not known",
    "half-normal 40": "as above",
    "bursts 5 + jitter 30": "Asterisk 2.15 at 162 ms, Janus 1.11",
}


def sound(path):
    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)


def lag(reference, degraded, rate=8000):
    """Mean lag in ms: each 300 ms of speech is sought in the degraded sound by normalised cross-correlation."""
    window, hop, reach = int(0.3 * rate), int(0.15 * rate), int(0.7 * rate)
    loud = 0.3 * np.sqrt(np.mean(reference**2))
    lags = []
    for start in range(0, len(reference) - window - reach, hop):
        piece = reference[start : start + window]
        if np.sqrt(np.mean(piece**2)) < loud:
            continue
        field = degraded[start : start + window + reach]
        size = 1 << int(np.ceil(np.log2(len(field) + window)))
        dot = np.fft.irfft(np.fft.rfft(field, size) * np.conj(np.fft.rfft(piece, size)), size)[: reach + 1]
        energy = np.concatenate(([0.0], np.cumsum(field**2)))
        energy = energy[window : window + reach + 1] - energy[: reach + 1]
        likeness = dot / np.sqrt(np.maximum(energy, 1.0) * np.sum(piece**2))
        best = int(np.argmax(likeness))
        if likeness[best] > 0.6:
            lags.append(best * 1000.0 / rate)
    return statistics.mean(lags) if lags else float("nan")


def judge(job):
    from pesq import pesq
    from pystoi import stoi

    folder, row = job
    reference, degraded = (sound(os.path.join(folder, row[n])) for n in (5, 6))
    length = min(len(reference), len(degraded))
    reference, degraded = reference[:length], degraded[:length]
    score = pesq(8000, reference.astype(np.int16), degraded.astype(np.int16), "nb")
    measured = lag(reference, degraded)
    shift = 0 if np.isnan(measured) else int(round(measured * 8))
    heard = stoi(reference[: length - shift], degraded[shift:], 8000) if os.environ.get("STOI", "1") != "0" else 0.0
    # The reference begins when its first sample is spoken, the degraded sound with a tick before it.
    return row, score, measured - float(row[10]), heard


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "manifest.tsv")) as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    with multiprocessing.Pool(int(os.environ.get("JUDGES", os.cpu_count() or 1))) as pool:
        results = pool.map(judge, [(folder, row) for row in rows], chunksize=4)
    with open(os.path.join(folder, "results.tsv"), "w") as file:
        for row, score, measured, heard in results:
            file.write("\t".join(row + [f"{score:.4f}", f"{measured:.2f}", f"{heard:.4f}"]) + "\n")
    table = collections.OrderedDict()
    for result in results:
        row = result[0]
        table.setdefault(row[0], collections.OrderedDict()).setdefault(row[1], []).append(result)
    print("PESQ narrow band, median of voices and seeds. Lag in ms, mean, from capture to playout (20 ms of packet,")
    print("the network's jitter and the buffer): counted by the buffer / measured by cross-correlation.")
    for scenario, setups in table.items():
        peers = f"   [{PEERS[scenario]}]" if scenario in PEERS else ""
        print(f"\n{scenario}{peers}")
        print(f"  {'':22} {'PESQ':>5} {'even':>6} {'odd':>6} {'p10':>6} {'STOI':>6} {'lag':>13} {'made':>7} {'stretches':>9}")
        for setup, found in setups.items():
            median = lambda values: statistics.median(values) if values else float("nan")
            scores = [score for _, score, _, _ in found]
            half = {side: median([s for row, s, _, _ in found if row[4] == side]) for side in ("even", "odd")}
            counted = statistics.mean(float(row[7]) for row, *_ in found)
            lags = [measured for _, _, measured, _ in found if not np.isnan(measured)]
            measured = statistics.mean(lags) if lags else float("nan")
            made = 100 * statistics.mean(float(row[8]) for row, *_ in found)
            stretches = statistics.mean(float(row[9]) for row, *_ in found)
            print(
                f"  {setup:22} {median(scores):5.2f} {half['even']:6.2f} {half['odd']:6.2f} {np.percentile(scores, 10):6.2f}"
                f" {median([h for *_, h in found]):6.3f} {counted:5.0f} /{measured:5.0f} {made:6.1f}% {stretches:9.0f}"
            )


if __name__ == "__main__":
    main()
