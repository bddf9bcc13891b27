//! The machine, and what its cores do without us.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::time::Instant;

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The system's own word on how busy it is.
pub(crate) fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

/// Passwords hashed in a second by one thread for each core, each with memory that it uses again and again.
pub(crate) async fn raw_hashes(span: Duration) -> f64 {
    let threads: Vec<_> = (0..cores()).map(|_| tokio::task::spawn_blocking(move || hash_for(span))).collect();
    let mut rate = 0.0;
    for thread in threads {
        rate += thread.await.unwrap();
    }
    rate
}

fn hash_for(span: Duration) -> f64 {
    let cost = portal_argon2::Params::default();
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(32)).unwrap();
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut output, mut count) = ([0; 32], 0.0);
    let begun = Instant::now();
    while begun.elapsed() < span {
        argon2.hash_password_into_with_memory(b"correct horse", &[7; 16], &mut output, &mut memory).unwrap();
        std::hint::black_box(output);
        count += 1.0;
    }
    count / begun.elapsed().as_secs_f64()
}
