#!/usr/bin/env python3
"""How many calls a second the server answers, and what each costs: sipp calls the echo and hangs up at once.

    scripts/invites.py [--server target/release/switchboard] [--rates 200,500,1000,1500] [--seconds 10] [--rounds 5]

Prints the median of the rounds for each rate: calls that failed, requests sent again, and the server's CPU time per call, of
all its threads as the scheduler counts it (proc(5), schedstat). sipp works on the same cores: its own cost stands beside.
"""
import argparse, glob, os, re, resource, signal, statistics, subprocess, sys, tempfile, time, urllib.request

SIP, HTTP, SIPP = 18060, 18080, 18100
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONFIG = """default_route = ""
[sip]
udp = "127.0.0.1:{sip}"
tcp = ""
max_calls = 8000
[rtp]
ports_from = 33000
ports_to = 60999
[bots]
dir = "{dir}/bots"
[store]
dir = "{dir}/data"
[http]
listen = "127.0.0.1:{http}"
[log]
level = "warn"
[widget]
public = []
[[route]]
user = "echo"
bot = "echo"
"""


def cpu(pid):
    """Seconds of CPU that the threads of a process have had."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            total += int(open(path).read().split()[0])
        except OSError:
            pass  # a thread that ended meanwhile
    return total / 1e9


def memory(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024


def load(rate, seconds, dir):
    """One round of sipp: its last line of statistics, and its own CPU seconds."""
    count, table = int(rate * seconds), f"{dir}/sipp.csv"
    if os.path.exists(table):
        os.remove(table)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["sipp", f"127.0.0.1:{SIP}", "-sf", f"{ROOT}/tests/scenarios/brief_call.xml", "-s", "echo", "-i", "127.0.0.1",
         "-mi", "127.0.0.1", "-p", str(SIPP), "-mp", str(SIPP + 2), "-nostdin", "-r", str(rate), "-m", str(count),
         "-l", str(rate * 8), "-timeout", str(int(seconds) + 40), "-recv_timeout", "20000", "-buff_size", "8000000",
         "-trace_stat", "-fd", "1", "-stf", table],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = open(table).read().splitlines()
    row = dict(zip(lines[0].split(";"), lines[-1].split(";")))
    return count, row, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--server", default=f"{ROOT}/target/release/switchboard")
    args.add_argument("--rates", default="200,500,1000,1500")
    args.add_argument("--seconds", type=float, default=10)
    args.add_argument("--rounds", type=int, default=5)
    args = args.parse_args()
    with tempfile.TemporaryDirectory() as dir:
        os.mkdir(f"{dir}/bots")
        with open(f"{dir}/server.toml", "w") as file:
            file.write(CONFIG.format(sip=SIP, http=HTTP, dir=dir))
        log = open(f"{dir}/log", "w+")
        server = subprocess.Popen([args.server, "serve", "--config", f"{dir}/server.toml"], cwd=ROOT, stdout=log, stderr=log)
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{HTTP}/health/live", timeout=1).read()
                    break
                except OSError:
                    if server.poll() is not None:
                        sys.exit(open(f"{dir}/log").read())
                    time.sleep(0.1)
            print("| calls/s | failed | sent again | server, ms of CPU per call | sipp, ms | memory, MB |\n|---|---|---|---|---|---|")
            for rate in map(int, args.rates.split(",")):
                rounds = []
                for _ in range(args.rounds):
                    before = cpu(server.pid)
                    count, row, own = load(rate, args.seconds, dir)
                    time.sleep(1)  # the calls' last words
                    failed, again = int(row["FailedCall(C)"]), int(row["Retransmissions(C)"])
                    rounds.append((failed, again, (cpu(server.pid) - before) * 1000 / count, own * 1000 / count))
                failed, again, ours, sipp = (statistics.median(column) for column in zip(*rounds))
                print(f"| {rate} | {failed:.0f} | {again:.0f} | {ours:.3f} | {sipp:.3f} | {memory(server.pid):.0f} |", flush=True)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


main()
