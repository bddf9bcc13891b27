//! Figures of performance: `cargo xtask bench`.
//!
//! Every figure that can be one is a ratio of two rates that were taken in turns in the same run, so that a slow or busy
//! machine slows both. Nothing here is a test: a target that is missed is printed, not failed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are what it is for")]

mod alike;
mod args;
mod bare;
mod commits;
mod contacts;
mod cpu;
mod figure;
mod imports;
mod line;
mod mail;
mod metrics;
mod people;
mod place;
mod process;
mod session_check;
mod sign_ins;

use args::Args;
use figure::Figure;

/// Every group of figures that `--only` can name.
const GROUPS: [&str; 10] =
    ["sign-ins", "session-check", "metrics", "commits", "import", "contacts", "mail", "memory", "cold-start", "alike"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let [word, url] = words.as_slice()
        && word == bare::WORD
    {
        return runtime.block_on(bare::serve(url));
    }
    let args = match Args::read(&words) {
        Ok(args) => args,
        Err(fault) => {
            eprintln!("error: {fault}");
            std::process::exit(2);
        }
    };
    let figures = runtime.block_on(all(&args));
    println!("{}", figure::table(&figures));
    if let Some(file) = &args.json {
        std::fs::write(file, figure::json(&figures)).expect("the file for --json can be written");
    }
}

async fn all(args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    eprintln!("load of the machine at the start: {}", cpu::load());
    for group in GROUPS.iter().copied().filter(|group| args.wants(group)) {
        eprintln!("{group} …");
        figures.extend(match group {
            "sign-ins" => sign_ins::figures(args).await,
            "session-check" => session_check::figures(args).await,
            "metrics" => metrics::figures(args).await,
            "commits" => commits::figures(args).await,
            "import" => imports::figures(args).await,
            "contacts" => contacts::figures(args).await,
            "mail" => mail::figures(args).await,
            "memory" => process::memory(args).await,
            "cold-start" => process::cold_start(args).await,
            _ => alike::figures(args).await,
        });
    }
    eprintln!("load of the machine at the end: {}", cpu::load());
    figures
}
