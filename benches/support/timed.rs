//! Times several pieces of work in turns, so that noise on the machine affects all of them alike.

use std::env;
use std::process::{self, Command};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// The approximate duration of a turn.
const TURN: Duration = Duration::from_micros(250);
const WARM_UP: Duration = Duration::from_secs(2);

pub(crate) const BACKTRACE_VARIABLES: [&str; 2] = ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"];

/// If `RUST_BACKTRACE` is set, starts this program again without it and exits with its status.
/// Otherwise a signature that does not verify would also cost a captured backtrace.
pub(crate) fn without_backtraces() {
    if BACKTRACE_VARIABLES.into_iter().all(|name| env::var_os(name).is_none()) {
        return;
    }
    let mut without = Command::new(env::current_exe().expect("the path of this program"));
    for name in BACKTRACE_VARIABLES {
        without.env_remove(name);
    }
    let status = without.args(env::args_os().skip(1)).status();
    process::exit(status.expect("the same program").code().unwrap_or(1));
}

/// A piece of work that is timed, which becomes a line of the table.
pub(crate) struct Timed<'a> {
    work: Box<dyn Fn() + Sync + 'a>,
    threads: u32,
    times: u32,
    /// The microseconds of each round.
    pub(crate) rounds: Vec<f64>,
}

impl<'a> Timed<'a> {
    pub(crate) fn new(work: impl Fn() + Sync + 'a) -> Self {
        Self { work: Box::new(work), threads: 1, times: 1, rounds: Vec::new() }
    }

    /// The same work on two threads at once.
    #[allow(dead_code, reason = "one of the benchmarks has threads")]
    pub(crate) fn on_two_threads(work: impl Fn() + Sync + 'a) -> Self {
        Self { threads: 2, ..Self::new(work) }
    }

    /// The mean time of the work in one turn, in microseconds. With threads, each does all of the
    /// work, and this is the mean over them.
    fn turn(&self) -> f64 {
        if self.threads == 1 {
            // This part is not timed. It refills the caches after the line before.
            self.work(self.times / 4 + 1);
            let start = Instant::now();
            self.work(self.times);
            return start.elapsed().as_secs_f64() * 1e6 / f64::from(self.times);
        }
        // The turn is longer, because the threads do not start and end at the same instant.
        let times = self.times * 16;
        let started = Barrier::new(self.threads as usize);
        let seconds = |_| {
            self.work(self.times);
            started.wait();
            let start = Instant::now();
            self.work(times);
            start.elapsed().as_secs_f64()
        };
        let total: f64 = thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads).map(|thread| scope.spawn(move || seconds(thread))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        total * 1e6 / f64::from(times) / f64::from(self.threads)
    }

    fn work(&self, times: u32) {
        for _ in 0..times {
            (self.work)();
        }
    }

    /// Finds the number of repetitions that fill a turn.
    fn warm_up(&mut self, duration: Duration) {
        let start = Instant::now();
        while start.elapsed() < duration {
            let turn = Duration::from_secs_f64(self.turn() * f64::from(self.times) / 1e6);
            if turn < TURN {
                self.times = self.times.saturating_mul(2);
            }
        }
    }
}

/// Runs rounds until the time is over. Each round gives every line one turn.
pub(crate) fn measure(lines: &mut [Timed<'_>], duration: Duration) {
    let count = u32::try_from(lines.len()).expect("a few lines");
    for line in &mut *lines {
        line.warm_up(WARM_UP / count);
    }
    let start = Instant::now();
    while start.elapsed() < duration {
        for line in &mut *lines {
            let microseconds = line.turn();
            line.rounds.push(microseconds);
        }
    }
}

/// The median of the ratios. Each ratio is taken within one round.
pub(crate) fn ratio(rounds: &[f64], base: &[f64]) -> f64 {
    median(rounds.iter().zip(base).map(|(round, base)| round / base))
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints a row of the table. It says `missed` if the figure is above the aim.
pub(crate) fn row(name: &str, ratio: f64, microseconds: f64, aim: Option<f64>) {
    let aim = aim.map_or_else(String::new, |aim| verdict(ratio, aim));
    println!("{name:<58}{ratio:>8.3}{microseconds:>9.2}  {aim}");
}

pub(crate) fn verdict(figure: f64, aim: f64) -> String {
    let missed = if figure <= aim { "" } else { " missed" };
    format!("≤ {aim:.2}{missed}")
}
