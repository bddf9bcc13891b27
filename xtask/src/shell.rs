//! Running other programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::workspace;

/// The `cargo` that started us, working at the workspace root.
///
/// It is not told which package we are: build scripts look at that, and what they built would be built again after each command
/// that was typed by hand.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    let ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    command.current_dir(workspace::root());
    command
}

/// How a finished program ended, with what it printed on both streams.
pub(crate) struct Output {
    /// Whether it ended with exit code 0.
    pub(crate) success: bool,
    /// Standard output, then standard error.
    pub(crate) text: String,
}

/// Runs a program and keeps what it prints.
pub(crate) fn capture(command: &mut Command) -> anyhow::Result<Output> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", line(command)))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok(Output { success: output.status.success(), text })
}

/// Runs a program and shows what it printed only where it failed.
pub(crate) fn quietly(command: &mut Command) -> anyhow::Result<()> {
    let output = capture(command)?;
    if !output.success {
        bail!("`{}` failed:\n{}", line(command), output.text.trim_end());
    }
    Ok(())
}

/// Runs a program and returns its standard output.
pub(crate) fn read(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        bail!("`{}` failed:\n{}", line(command), String::from_utf8_lossy(&output.stderr).trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no UTF-8", line(command)))
}

/// Runs a program that prints to our own terminal; `false` where it failed.
pub(crate) fn pass(command: &mut Command) -> anyhow::Result<bool> {
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    Ok(status.success())
}

/// Whether a program starts and ends well, for probes such as `cargo nextest --version`.
pub(crate) fn works(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Where a program lies, by the search path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

/// `2.3 min`, or seconds below one minute.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 { format!("{seconds:.1} s") } else { format!("{:.1} min", seconds / 60.0) }
}
