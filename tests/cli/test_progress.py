"""The bars: on a terminal, after a moment, and never else."""

import io
import sys
import time

from inlay.cli.progress import Meter


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work(stream, monkeypatch, *, delay, pause):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with Meter("starting", delay=delay) as meter:
        time.sleep(pause)
        meter("read", 400, 2000, "bytes")
        time.sleep(pause)
        meter("read", 800, 2000, "bytes")
        meter("index", 5, 10, "vectors")
        time.sleep(pause)
    return stream.getvalue()


def test_bars_show_amount_rate_and_time_left(monkeypatch):
    shown = work(Terminal(), monkeypatch, delay=0.05, pause=0.3)
    assert "starting" in shown
    assert "800 B of 2.0 kB" in shown
    assert "B/s" in shown
    assert "left" in shown
    assert "5 vectors of 10 vectors" in shown


def test_short_work_shows_nothing(monkeypatch):
    assert work(Terminal(), monkeypatch, delay=30, pause=0.01) == ""


def test_quiet_without_a_terminal(monkeypatch):
    assert work(io.StringIO(), monkeypatch, delay=0.01, pause=0.1) == ""


def test_a_total_that_nobody_knows_is_left_out(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with Meter("starting", delay=0.01) as meter:
        time.sleep(0.1)
        meter("encoding", 400, 0, "items")
        time.sleep(0.3)
    assert "400 items" in stream.getvalue()
    assert " of " not in stream.getvalue()
