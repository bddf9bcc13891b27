//! The machine, and what its cores do without us.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::time::Instant;

use crate::{
    figure::{Figure, Target, median},
    line::{self, Line},
};

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The system's own word on how busy it is.
pub(crate) fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

/// Processor time of a process so far, in seconds.
pub(crate) fn spent(process: u32) -> f64 {
    // The name in parentheses may hold anything; the 14th and 15th fields are ticks, of which Linux has a hundred a second.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// What was done in a second, and the processor time of one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) seconds: f64,
}

/// Passwords hashed by one thread for each core, each with memory that it uses again and again.
pub(crate) async fn raw_hashes(span: Duration) -> Rate {
    let threads: Vec<_> = (0..cores()).map(|_| tokio::task::spawn_blocking(move || hash_for(span))).collect();
    let (mut per_second, mut seconds) = (0.0, Vec::new());
    for thread in threads {
        let rate = thread.await.unwrap();
        per_second += rate.per_second;
        seconds.push(rate.seconds);
    }
    Rate { per_second, seconds: median(&seconds) }
}

fn hash_for(span: Duration) -> Rate {
    let cost = portal_argon2::Params::default();
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(32)).unwrap();
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut output, mut count) = ([0; 32], 0.0);
    let (begun, spent) = (Instant::now(), own_thread());
    while begun.elapsed() < span {
        argon2.hash_password_into_with_memory(b"correct horse", &[7; 16], &mut output, &mut memory).unwrap();
        std::hint::black_box(output);
        count += 1.0;
    }
    Rate { per_second: count / begun.elapsed().as_secs_f64(), seconds: (own_thread() - spent) / count }
}

/// Processor time of this thread so far, in seconds.
fn own_thread() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Answers of a process, with its own processor time.
pub(crate) async fn rate(
    process: u32,
    lines: &mut [Line],
    span: Duration,
    status: u16,
    next: impl Fn() -> Vec<u8>,
) -> Rate {
    let (begun, before) = (Instant::now(), spent(process));
    let per_second = line::rate(lines, span, &[status], next).await;
    let count = per_second * begun.elapsed().as_secs_f64();
    Rate { per_second, seconds: (spent(process) - before) / count }
}

/// Two lines of the table: of the bare rate, and of the bare processor time.
pub(crate) fn figures(name: &str, target: f64, rates: &[(Rate, Rate)], note: &str) -> [Figure; 2] {
    let by_clock: Vec<_> = rates.iter().map(|(ours, bare)| 100.0 * ours.per_second / bare.per_second).collect();
    let by_work: Vec<_> = rates.iter().map(|(ours, bare)| 100.0 * bare.seconds / ours.seconds).collect();
    let work = "the same by the processes' own processor time, whatever else the machine does";
    [
        Figure::of(name, " %", Target::AtLeast(target), &by_clock).noted(note),
        Figure::of(format!("{name}, work"), " %", Target::None, &by_work).noted(work),
    ]
}
